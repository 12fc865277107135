/// What a chain did, counted and measured: the numbers of the report.
///
/// Thread: filled by the output thread; read after it has stopped.
public final class SlotBooks {
  public let stageNames: [String]
  /// Release to the return of the last send.
  public let latency = Histogram()
  /// Trigger's capture (or release) to the return of the last send.
  public let reaction = Histogram()
  public private(set) var slots: UInt64 = 0
  public private(set) var byFrame: UInt64 = 0
  /// Slots that the guard filled, by why it had to: what a command says may be another reason, such as
  /// "not engaged".
  public private(set) var byGuard: [CommandReason: UInt64] = [:]
  public private(set) var modes: [CommandMode: UInt64] = [:]
  /// Slots that left more than the publish reserve after their cutoff.
  public private(set) var late: UInt64 = 0
  /// Late slots for which no miss and no host stall gives the reason.
  public private(set) var lateUnexplained: UInt64 = 0
  public private(set) var maximumLedgerError: Int64 = 0
  public private(set) var unattributed: Int64 = 0
  public private(set) var attributedTotal: Int64 = 0
  /// Sums of the ledger's parts over all frames, for the table.
  public private(set) var partSums: [LedgerPart: Int64] = [:]
  public private(set) var partMaxima: [LedgerPart: Int64] = [:]
  /// Of all frames that ended, also of those that lost their slots: the slowest ones do.
  public let stageTimes: [Histogram]
  /// Per sensor: publish − capture for the first published frame that used the sample; and from its oldest
  /// content.
  public let sensorReaction: [Histogram]
  public let sensorReactionOldest: [Histogram]
  /// The first misses, each whole; the counts below go on beyond them.
  public private(set) var misses: [Miss] = []
  public private(set) var missCount: UInt64 = 0
  /// All misses by the cause's raw value and by the culprit stage.
  public private(set) var missesByCause: [UInt64]
  public private(set) var missesByStage: [UInt64]
  private static let keptMisses = 1024

  public init(stageNames: [String], tapCount: Int) {
    self.stageNames = stageNames
    sensorReaction = (0..<tapCount).map { _ in Histogram() }
    sensorReactionOldest = (0..<tapCount).map { _ in Histogram() }
    stageTimes = stageNames.map { _ in Histogram() }
    // All of them now: the output thread must not grow an array.
    misses.reserveCapacity(Self.keptMisses)
    missesByCause = [UInt64](repeating: 0, count: 256)
    missesByStage = [UInt64](repeating: 0, count: stageNames.count)
    for part in LedgerPart.allCases {
      partSums[part] = 0
      partMaxima[part] = 0
    }
    for reason in CommandReason.allCases { byGuard[reason] = 0 }
    for mode in CommandMode.allCases { modes[mode] = 0 }
  }

  public func count(_ decided: DecidedSlot, isLate: Bool, isExplained: Bool) {
    slots &+= 1
    if decided.winner == SlotWinner.frame.rawValue {
      byFrame &+= 1
    } else if let reason = CommandReason(rawValue: decided.fillReason) {
      byGuard[reason, default: 0] &+= 1
    }
    if let mode = CommandMode(rawValue: decided.set.mode) { modes[mode, default: 0] &+= 1 }
    if isLate {
      late &+= 1
      if !isExplained { lateUnexplained &+= 1 }
    }
  }

  public func count(_ entry: LedgerEntry, marks: FrameMarks, sent: Stamp) {
    let release = marks.start
    for index in 0..<min(sensorReaction.count, FrameMarks.maximumTaps) where marks.newCaptures[index] != .min
    {
      sensorReaction[index].record(sent.nanoseconds &- marks.newCaptures[index])
      sensorReactionOldest[index].record(sent.nanoseconds &- marks.newOldest[index])
    }
    latency.record(sent - release)
    reaction.record(entry.total)
    maximumLedgerError = max(maximumLedgerError, abs(entry.total &- entry.attributed))
    unattributed &+= abs(entry.unattributed)
    attributedTotal &+= entry.total
    for part in LedgerPart.allCases {
      partSums[part, default: 0] &+= entry[part]
      partMaxima[part] = max(partMaxima[part] ?? 0, entry[part])
    }
    countStages(marks)
  }

  /// Takes what each stage took in a frame, whether its commands left or not.
  public func countStages(_ marks: FrameMarks) {
    var previous = marks.aligned.nanoseconds
    for index in 0..<min(Int(marks.stageCount), stageTimes.count) {
      stageTimes[index].record(marks.stageEnds[index] &- previous)
      previous = marks.stageEnds[index]
    }
  }

  public func count(_ miss: Miss) {
    missCount &+= 1
    missesByCause[Int(miss.cause)] &+= 1
    let stage = Int(miss.culpritStage)
    if missesByStage.indices.contains(stage) { missesByStage[stage] &+= 1 }
    if misses.count < Self.keptMisses { misses.append(miss) }
  }

  public var unattributedFraction: Double {
    attributedTotal > 0 ? Double(unattributed) / Double(attributedTotal) : 0
  }
}
