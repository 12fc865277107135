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
  private var outcomes: [UInt64: CommandSet] = [:]
  /// What the last decided slots carried, by slot: a frame's limits were measured against one of them.
  private var published: [UInt64: CommandSet] = [:]
  private var last: CommandSet?
  private var outcome = FrameOutcome(release: .none)
  private let timer = ModelledTimer(stageNanoseconds: [])
  /// Frames whose input the log does not hold: a gap in the recording.
  public private(set) var unreplayableFrames: UInt64 = 0
  public private(set) var firstUnreplayable: String?
  public private(set) var framesRun: UInt64 = 0
  public private(set) var slotsRun: UInt64 = 0
  /// Called after each slot with its position in all slots, for progress and pacing.
  public var onSlot: ((_ done: Int, _ of: Int, _ slot: SlotRecord) -> Void)?

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

  public func run() throws(ReplayFailure) {
    for (index, slot) in slots.enumerated() {
      try handle(slot)
      slotsRun += 1
      onSlot?(index + 1, slots.count, slot)
    }
  }

  private func handle(_ slot: SlotRecord) throws(ReplayFailure) {
    var set: CommandSet
    if slot.winner == SlotWinner.frame.rawValue {
      try runFrames(through: slot.frame)
      guard let planned = outcomes.removeValue(forKey: slot.frame) else {
        throw ReplayFailure(
          "slot \(slot.slot) was won by frame \(slot.frame), but the log holds no record of that frame: it is incomplete; try `fusiond log recover`")
      }
      set = planned
    } else {
      set = chain.slotGuard.fill(
        slot: slot.slot, instant: slot.instant, reason: CommandReason(rawValue: slot.reason) ?? .none, last: last)
      if slot.isFinal != 0 { set.flags.insert(.final) }
    }
    last = set
    published[slot.slot] = set
    if slot.slot >= 64 { published[slot.slot - 64] = nil }
    _ = publisher.publish(set, at: slot.woken)
  }

  private func runFrames(through frame: UInt64) throws(ReplayFailure) {
    while nextFrame < frames.count, frames[nextFrame].outcome.release.frame <= frame {
      let record = frames[nextFrame]
      // Only what a frame will pick is kept: payloads decoded for nobody would hold all slots of their pool.
      for (index, tap) in chain.runner.taps.enumerated() { tap.forget(below: needed[nextFrame][index]) }
      nextFrame += 1
      try fill(record)
      run(record)
    }
  }

  /// Puts the samples that the frame used into the ports, decoding packets until they are all there.
  private func fill(_ record: FrameRecord) throws(ReplayFailure) {
    for tap in chain.runner.taps { tap.clearPort() }
    var isComplete = true
    for pick in record.picks where Int(pick.tap) < chain.runner.taps.count {
      let tap = chain.runner.taps[Int(pick.tap)]
      while tap.stash() < pick.sequence, try ingestNext() {}
      let kind = PickKind(rawValue: pick.kind) ?? .exact
      guard
        tap.refill(sequence: pick.sequence, kind: kind, weight: pick.weight, instant: record.outcome.release.instant)
      else {
        isComplete = false
        firstUnreplayable =
          firstUnreplayable
          ?? "frame \(record.outcome.release.frame): sample \(pick.sequence) of \(tap.name) is not in the log"
        continue
      }
    }
    if !isComplete { unreplayableFrames += 1 }
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
    outcome.failure = max(outcome.failure, record.outcome.failure)
    outcome.isSubmitted = record.outcome.isSubmitted
    chain.runner.conclude(outcome)
    framesRun += 1
  }

  private func ingestNext() throws(ReplayFailure) -> Bool {
    guard let packet = try packets.next() else { return false }
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
