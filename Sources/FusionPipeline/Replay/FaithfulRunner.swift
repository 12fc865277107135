/// Repeats a recorded session from its own choices: same picks, same winners, same instants.
///
/// Nothing is scheduled and no time passes: frames run in the order of the log on the samples they ran on,
/// slots carry what won them. So the commands are the same bytes, at any speed, on any machine of the
/// architecture, or the first one that differs is named.
/// Thread: one.
public final class FaithfulRunner {
  private let chain: ChainAssembly
  private let sensors: [UInt16: any AnySensor]
  private let publisher: CommandPublisher
  private let frames: [FrameRecord]
  /// Per frame and tap, the lowest sequence that this frame or a later one picks.
  private let needed: [[UInt64]]
  private let slots: [SlotRecord]
  private let packets: any PacketSource
  private var nextFrame = 0
  private var firstSlot: UInt64 = 0
  private var outcomes: [UInt64: CommandSet] = [:]
  /// What the last decided slots carried, by slot: a frame's limits were measured against one of them.
  private var published: [UInt64: CommandSet] = [:]
  private var last: CommandSet?
  private var outcome = FrameOutcome(release: .none)
  private let timer = ModelledTimer(stageNanoseconds: [])
  /// Per tap, the samples that packets which the log has lost would have made or been part of.
  private var lostSamples: [Int: [ClosedRange<UInt64>]] = [:]
  private var hasEnded = false
  /// Frames whose input the log does not hold, and those after them until the next snapshot: what the stages
  /// remembered of the missing input is not known either.
  public private(set) var unreplayableFrames: UInt64 = 0
  public private(set) var firstUnreplayable: String?
  /// What is missing lies behind the end of the log, not in it.
  public private(set) var isMissingAtEnd = false
  /// The first snapshot behind a frame, from which to go on after one that cannot be repeated.
  var restart: ((_ frame: UInt64) -> ReplayStart?)?
  /// Frames that are lost for want of what stopped the run; set while it stands still.
  private var framesLost: Int?
  public private(set) var framesRun: UInt64 = 0
  public private(set) var slotsRun: UInt64 = 0
  /// Called after each slot with its position in all slots, for progress and pacing.
  public var onSlot: ((_ done: Int, _ of: Int, _ slot: SlotRecord) -> Void)?
  /// Counts what left, and how; nil counts nothing.
  public var books: SlotBooks?
  /// The recorded ledgers by frame, for the books.
  public var ledgers: [UInt64: LedgerEntry] = [:]
  private var marks: [UInt64: FrameMarks] = [:]

  public init(
    chain: ChainAssembly, sensors: [any AnySensor], publisher: CommandPublisher, frames: [FrameRecord],
    slots: [SlotRecord], packets: any PacketSource
  ) {
    self.chain = chain
    self.sensors = Dictionary(sensors.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    self.publisher = publisher
    let frames = frames.sorted { $0.outcome.release.frame < $1.outcome.release.frame }
    self.frames = frames
    needed = Self.needed(by: frames, taps: chain.runner.taps.count)
    self.slots = slots.sorted { $0.slot < $1.slot }
    self.packets = packets
  }

  /// Begins behind a snapshot; false, and nothing changed, when it is of another layout or frames lack.
  func begin(at start: ReplayStart) -> Bool {
    guard let index = frames.firstIndex(where: { $0.outcome.release.frame == start.snapshot.frame }),
      UInt64(index + 1) == start.snapshot.frame,
      unsafe start.snapshot.state.withUnsafeBytes({ unsafe chain.runner.state.thaw($0) })
    else { return false }
    nextFrame = index + 1
    published = start.published
    last = start.published[start.snapshot.slot]
    firstSlot = start.snapshot.slot + 1
    publisher.resume(after: start.counters)
    return true
  }

  private static func needed(by frames: [FrameRecord], taps: Int) -> [[UInt64]] {
    var lowest = [UInt64](repeating: .max, count: taps)
    var needed: [[UInt64]] = []
    needed.reserveCapacity(frames.count)
    for frame in frames.reversed() {
      for pick in frame.picks where Int(pick.tap) < taps {
        lowest[Int(pick.tap)] = min(lowest[Int(pick.tap)], pick.sequence)
      }
      needed.append(lowest)
    }
    return needed.reversed()
  }

  /// Runs to the end of the slots, or to the first whose frame cannot be repeated.
  public func run() throws(ReplayFailure) {
    for (index, slot) in slots.enumerated() where slot.slot >= firstSlot {
      try handle(slot)
      if framesLost != nil, !goOn() { return }
      guard slot.slot >= firstSlot else { continue }
      slotsRun += 1
      onSlot?(index + 1, slots.count, slot)
    }
    // Frames behind the last slot have no commands any more, but they took their time.
    for record in frames[min(nextFrame, frames.count)...] where !record.outcome.isSubmitted {
      books?.countStages(record.outcome.marks)
    }
  }

  private func handle(_ slot: SlotRecord) throws(ReplayFailure) {
    var set: CommandSet
    if slot.winner == SlotWinner.frame.rawValue {
      try runFrames(through: slot.frame)
      if framesLost != nil { return }
      guard let planned = outcomes.removeValue(forKey: slot.frame) else {
        isMissingAtEnd = slot.frame > frames.last?.outcome.release.frame ?? 0
        return stop(
          "frame \(slot.frame), which won slot \(slot.slot): the log holds no record of it", frames: 1)
      }
      set = planned
    } else {
      set = chain.slotGuard.filled(
        slot: slot.slot, instant: slot.instant, reason: CommandReason(rawValue: slot.reason) ?? .none,
        last: last,
        timing: chain.timing)
      if slot.isFinal != 0 { set.flags.insert(.final) }
    }
    last = set
    published[slot.slot] = set
    if slot.slot >= 64 { published[slot.slot - 64] = nil }
    _ = publisher.publish(set, at: slot.woken)
    count(slot, set)
  }

  private func count(_ slot: SlotRecord, _ set: CommandSet) {
    guard let books else { return }
    if slot.winner == SlotWinner.frame.rawValue, let entry = ledgers[slot.frame],
      let marks = marks.removeValue(forKey: slot.frame)
    {
      books.count(entry, marks: marks, sent: slot.sent)
    }
    let decided = DecidedSlot(
      slot: slot.slot, winner: slot.winner, fillReason: slot.reason, instant: slot.instant,
      cutoff: slot.cutoff,
      set: set, marks: FrameMarks())
    // Why a slot was late is not in its record, so a replay accuses nobody.
    books.count(decided, isLate: slot.isLate != 0, isExplained: true)
  }

  private func stop(_ what: String, frames: Int) {
    firstUnreplayable = firstUnreplayable ?? what
    framesLost = frames
  }

  /// Goes on behind the next snapshot; false when there is none, and the rest of the log is lost.
  private func goOn() -> Bool {
    guard let lost = framesLost else { return true }
    let stoppedAt = nextFrame
    guard !isMissingAtEnd, stoppedAt < frames.count,
      let start = restart?(frames[stoppedAt].outcome.release.frame), begin(at: start)
    else {
      unreplayableFrames += UInt64(lost)
      return false
    }
    unreplayableFrames += UInt64(nextFrame - stoppedAt)
    framesLost = nil
    outcomes.removeAll()
    return true
  }

  private func runFrames(through frame: UInt64) throws(ReplayFailure) {
    while nextFrame < frames.count, frames[nextFrame].outcome.release.frame <= frame {
      let record = frames[nextFrame]
      // Frames are numbered without gaps; a missing one would have changed the state.
      let expected = UInt64(nextFrame + 1)
      guard record.outcome.release.frame == expected else {
        return stop("frame \(expected): the log holds no record of it", frames: frames.count - nextFrame + 1)
      }
      // Only what a frame will pick is kept: payloads decoded for nobody would hold all slots of their pool.
      for (index, tap) in chain.runner.taps.enumerated() { tap.forget(below: needed[nextFrame][index]) }
      if let lacking = try fill(record) {
        return stop(lacking, frames: frames.count - nextFrame)
      }
      nextFrame += 1
      run(record)
    }
  }

  /// Puts the samples that the frame used into the ports, decoding packets until they are all there.
  /// - Returns: what the log lacks for it; nil where the frame can run.
  private func fill(_ record: FrameRecord) throws(ReplayFailure) -> String? {
    for tap in chain.runner.taps { tap.clearPort() }
    for pick in record.picks where Int(pick.tap) < chain.runner.taps.count {
      let tap = chain.runner.taps[Int(pick.tap)]
      while tap.stash() < pick.sequence, try ingestNext() {}
      if let lost = lostSamples[Int(pick.tap)], lost.contains(where: { $0.contains(pick.sequence) }) {
        return
          "\(Self.place(record, pick, tap)) cannot be decoded, since the log has lost packets of that sensor"
      }
      let kind = PickKind(rawValue: pick.kind) ?? .exact
      guard
        tap.refill(
          sequence: pick.sequence, kind: kind, weight: pick.weight, instant: record.outcome.release.instant)
      else {
        isMissingAtEnd = hasEnded
        return "\(Self.place(record, pick, tap)) is not in the log"
      }
    }
    return nil
  }

  private static func place(_ record: FrameRecord, _ pick: PickRecord, _ tap: any SensorTap) -> String {
    let release = record.outcome.release
    return "frame \(release.frame) (slot \(release.slot)): sample \(pick.sequence) of \(tap.name)"
  }

  private func run(_ record: FrameRecord) {
    outcome = FrameOutcome(release: record.outcome.release)
    chain.runner.execute(record.outcome.release, timer: timer, outcome: &outcome)
    if outcome.hasCommands {
      chain.runner.limit(previous: published[record.outcome.basisSlot], timer: timer, outcome: &outcome)
    }
    if record.outcome.isSubmitted {
      // A stage that fails only here: what the guard would have said is held against what was said.
      outcomes[record.outcome.release.frame] =
        outcome.hasCommands
        ? outcome.set
        : chain.slotGuard.fill(
          slot: record.outcome.release.slot, instant: record.outcome.release.release,
          reason: CommandReason(rawValue: outcome.failure) ?? .stageFailed, last: last)
    }
    count(record)
    outcome.failure = max(outcome.failure, record.outcome.failure)
    outcome.isSubmitted = record.outcome.isSubmitted
    chain.runner.conclude(outcome)
    framesRun += 1
  }

  /// Keeps what a frame took while it was recorded: here it took no time that means anything.
  private func count(_ record: FrameRecord) {
    guard let books else { return }
    guard record.outcome.isSubmitted else { return books.countStages(record.outcome.marks) }
    var recorded = outcome.marks
    recorded.aligned = record.outcome.marks.aligned
    recorded.stageEnds = record.outcome.marks.stageEnds
    recorded.stageCount = record.outcome.marks.stageCount
    marks[record.outcome.release.frame] = recorded
  }

  /// A sample that was begun before the hole may lack points without lacking itself, so it counts as lost.
  private func noteLoss(before packet: RecordedPacket) {
    guard let tap = chain.runner.taps.firstIndex(where: { $0.number == packet.sensor }) else { return }
    let next = chain.runner.taps[tap].stash() + 1
    guard packet.isAfterLoss || packet.firstSequence > next else { return }
    // Where the packet does not say its samples' numbers, none behind it is known.
    let through = packet.firstSequence == 0 ? UInt64.max : max(packet.firstSequence, next)
    lostSamples[tap, default: []].append(next...through)
  }

  private func ingestNext() throws(ReplayFailure) -> Bool {
    guard let packet = try packets.next() else {
      hasEnded = true
      return false
    }
    noteLoss(before: packet)
    guard let sensor = sensors[packet.sensor] else { return true }
    if packet.firstSequence > 0 { sensor.resume(at: packet.firstSequence) }
    unsafe packet.bytes.withUnsafeBytes { bytes in
      unsafe sensor.ingest(
        bytes.bytes, arrival: packet.arrival, flags: packet.flags, readyAt: { packet.arrival })
    }
    // Every tap stashes at once, so that no ring laps.
    for tap in chain.runner.taps { _ = tap.stash() }
    return true
  }
}
