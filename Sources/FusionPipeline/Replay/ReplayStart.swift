/// Where a faithful replay begins when not at the start: behind a snapshot of the chain's state.
///
/// What earlier slots carried comes from the recorded commands, which hold every field of a set; so nothing
/// before the snapshot has to be computed again but the decoding of packets, whose samples are numbered.
struct ReplayStart {
  var snapshot: StateSnapshot
  /// The sets of the slots up to the snapshot's, by slot.
  var published: [UInt64: CommandSet] = [:]
  /// Each actuator's counter and number of commands up to there.
  var counters: [UInt32]
  var counts: [Int]

  /// - Parameter recorded: each actuator's command frames in the order of the log; nil where it lost one.
  /// - Returns: nil when the log lacks a command that the start needs.
  init?(_ snapshot: StateSnapshot, recorded: [[[UInt8]?]]) {
    self.snapshot = snapshot
    counters = [UInt32](repeating: 0, count: recorded.count)
    counts = [Int](repeating: 0, count: recorded.count)
    for (actuator, frames) in recorded.enumerated() {
      for bytes in frames {
        guard let bytes, let frame = try? unsafe CommandFrame(decoding: bytes.span.bytes) else { return nil }
        guard frame.slot <= snapshot.slot else { break }
        counters[actuator] = frame.counter
        counts[actuator] += 1
        // Limits reach back a few slots at most.
        guard snapshot.slot - frame.slot < 64 else { continue }
        var set = published[frame.slot] ?? CommandSet(frame, count: recorded.count)
        set.commands[actuator] = frame.command
        published[frame.slot] = set
      }
    }
    guard published[snapshot.slot] != nil else { return nil }
  }

  /// The newest snapshot of the log that was taken at or before `instant`; nil where there is none.
  static func newest(
    _ snapshots: [StateSnapshot], frames: [FrameRecord], notAfter instant: Stamp
  ) -> StateSnapshot? {
    var releases: [UInt64: Stamp] = [:]
    for frame in frames { releases[frame.outcome.release.frame] = frame.outcome.release.release }
    return snapshots.last { snapshot in releases[snapshot.frame].map { $0 <= instant } ?? false }
  }
}

extension CommandSet {
  /// The parts of a set that all its actuators' frames share.
  fileprivate init(_ frame: CommandFrame, count: Int) {
    self.init(count: count)
    slot = frame.slot
    self.frame = frame.frame
    sensedAt = frame.sensedAt
    decidedAt = frame.decidedAt
    validForMicroseconds = frame.validForMicroseconds
    mode = frame.mode.rawValue
    reason = frame.reason
    flags = frame.flags
    ages = frame.ages
  }
}
