/// What happens to a decided slot, live and in virtual time alike: publish, ledger, miss, books, log.
///
/// Thread: the output thread.
public final class SlotDesk {
  public let books: SlotBooks
  public let publisher: CommandPublisher
  private let chain: UInt16
  private let budgets: [Int64]
  private let timing: ChainTiming
  private let tap: RecordTap
  /// The last decided slot commanded: it was no inhibit.
  private var isCommanding = false
  /// The longest gap of the host that overlaps an interval; nanoseconds.
  private let hostGap: (_ from: Stamp, _ to: Stamp) -> Int64

  public init(
    books: SlotBooks, publisher: CommandPublisher, chain: UInt16, budgets: [Int64], timing: ChainTiming,
    tap: RecordTap, hostGap: @escaping (Stamp, Stamp) -> Int64
  ) {
    self.books = books
    self.publisher = publisher
    self.chain = chain
    self.budgets = budgets
    self.timing = timing
    self.tap = tap
    self.hostGap = hostGap
  }

  /// Sends the slot's commands and settles its accounts.
  /// - Parameter now: read again after the last send; in virtual time it stands still.
  public func handle(_ decided: DecidedSlot, woken: Stamp, now: () -> Stamp) {
    let failures = publisher.publish(decided.set, at: woken)
    let sent = now()
    publisher.endSlot()
    let isFrame = decided.winner == SlotWinner.frame.rawValue
    // A frame's cutoff is its deadline; a guard's has the publish reserve behind it.
    let latest = isFrame ? decided.cutoff : decided.cutoff + timing.publishReserveNanoseconds
    let isLate = sent > latest
    var isExplained = false
    if isFrame {
      let entry = LedgerEntry(set: decided.set, marks: decided.marks, woken: woken, sent: sent)
      books.count(entry, marks: decided.marks, sent: sent)
      entry.encode(into: tap.buffer)
      tap.push(TopicNumber.ledger, at: sent)
      if isLate {
        report(miss(of: entry, decided, sent: sent))
        isExplained = true
      }
    } else {
      isExplained = isLate && hostGap(decided.cutoff, sent) > Self.hostStallNanoseconds
      noteUnreleased(decided, sent: sent)
    }
    isCommanding = decided.set.mode != CommandMode.inhibit.rawValue
    books.count(decided, isLate: isLate, isExplained: isExplained)
    record(decided, woken: woken, sent: sent, isLate: isLate, failures: failures)
  }

  /// Takes over what the frame's thread found out about a frame that lost its slot.
  ///
  /// A stage that gives no answer while nothing is commanded (before the first plan, say, for want of odometry)
  /// takes no command from anybody: the slots' reasons count it, and it is no miss.
  public func report(_ lost: LostFrame) {
    books.countStages(lost.marks)
    if lost.miss.cause == MissCause.stageFailed.rawValue, !isCommanding { return }
    explain(lost.miss)
  }

  private func explain(_ found: Miss) {
    var miss = found
    miss.chain = chain
    miss.evidence.hostGapNanoseconds = hostGap(miss.deadline - timing.deadlineNanoseconds, miss.finished)
    if miss.evidence.hostGapNanoseconds > Self.hostStallNanoseconds {
      miss.cause = MissCause.hostStall.rawValue
    }
    report(miss)
  }

  /// Gaps of the host beyond this explain lateness.
  public static let hostStallNanoseconds: Int64 = 5_000_000

  /// A slot that no frame was released for is a miss, once there have been frames at all: of the sensor's, or of
  /// the stages' that an earlier frame still ran in.
  private func noteUnreleased(_ decided: DecidedSlot, sent: Stamp) {
    let isOverrun = decided.fillReason == CommandReason.overrunSkip.rawValue
    guard isOverrun || decided.fillReason == CommandReason.noTrigger.rawValue, books.byFrame > 0 else {
      return
    }
    var miss = Miss()
    miss.slot = decided.slot
    miss.deadline = decided.cutoff
    miss.finished = sent
    miss.chain = chain
    miss.cause = (isOverrun ? MissCause.stageOverrun : .noTrigger).rawValue
    miss.published = SlotWinner.guardFill.rawValue
    explain(miss)
  }

  private func miss(of entry: LedgerEntry, _ decided: DecidedSlot, sent: Stamp) -> Miss {
    var evidence = FrameEvidence()
    evidence.hostGapNanoseconds = hostGap(decided.marks.capture, sent)
    var miss = MissClassifier(budgets: budgets, timing: timing).miss(
      entry, deadline: decided.marks.deadline, finished: sent, evidence: evidence)
    miss.chain = chain
    miss.published = SlotWinner.frame.rawValue
    return miss
  }

  private func report(_ miss: Miss) {
    books.count(miss)
    miss.encode(into: tap.buffer)
    tap.push(TopicNumber.miss, at: miss.finished)
  }

  private func record(_ decided: DecidedSlot, woken: Stamp, sent: Stamp, isLate: Bool, failures: UInt8) {
    guard tap.isRecording else { return }
    var record = SlotRecord()
    record.slot = decided.slot
    record.frame = decided.set.frame
    record.instant = decided.instant
    record.cutoff = decided.cutoff
    record.woken = woken
    record.sent = sent
    record.chain = chain
    record.winner = decided.winner
    record.reason = decided.winner == SlotWinner.frame.rawValue ? 0 : decided.fillReason
    record.mode = decided.set.mode
    record.isFinal = decided.set.flags.contains(.final) ? 1 : 0
    record.isLate = isLate ? 1 : 0
    record.sendFailures = failures
    record.encode(into: tap.buffer)
    tap.push(TopicNumber.slot, at: woken)
  }
}

/// Names what made a frame late: the part of the ledger that went furthest beyond its allowance.
public struct MissClassifier {
  let budgets: [Int64]
  let timing: ChainTiming
  /// What waking a thread and choosing a bundle may take before they are called late.
  static let wakeAllowance: Int64 = 1_000_000

  public init(budgets: [Int64], timing: ChainTiming) {
    self.budgets = budgets
    self.timing = timing
  }

  public func miss(_ entry: LedgerEntry, deadline: Stamp, finished: Stamp, evidence: FrameEvidence) -> Miss {
    var miss = Miss()
    miss.frame = entry.frame
    miss.slot = entry.slot
    miss.deadline = deadline
    miss.finished = finished
    miss.evidence = evidence
    let stageBudget = budgets.reduce(0, &+)
    // What is left of the deadline when every stage keeps its budget is the sensor's and transport's share.
    let transportShare = max(
      timing.deadlineNanoseconds - stageBudget - timing.publishReserveNanoseconds - 2 * Self.wakeAllowance, 0)
    var worst: (cause: MissCause, excess: Int64, stage: Int32, took: Int64) = (
      .lateSensor, entry.transport &+ entry.decode &- transportShare, -1, entry.transport &+ entry.decode
    )
    func consider(_ cause: MissCause, _ took: Int64, allowance: Int64, stage: Int32 = -1) {
      if took - allowance > worst.excess { worst = (cause, took - allowance, stage, took) }
    }
    consider(.alignmentHold, entry.hold, allowance: 0)
    consider(.releaseLateness, entry.release &+ entry.align, allowance: Self.wakeAllowance)
    for index in 0..<Int(entry.stageCount) {
      let cause: MissCause =
        evidence.majorFaults > 0 ? .pageFault : evidence.involuntarySwitches > 0 ? .preemption : .stageOverrun
      consider(
        cause, entry.stages[index], allowance: index < budgets.count ? budgets[index] : 0,
        stage: Int32(truncatingIfNeeded: index))
    }
    consider(
      .publishStall, entry.guardPart &+ entry.handover &+ entry.publish,
      allowance: timing.publishReserveNanoseconds)
    miss.cause = worst.cause.rawValue
    miss.culpritStage = worst.stage
    miss.culpritNanoseconds = worst.took
    if evidence.hostGapNanoseconds > SlotDesk.hostStallNanoseconds {
      miss.cause = MissCause.hostStall.rawValue
    }
    return miss
  }
}
