/// Why a deadline was missed; values are appended, never renumbered.
public enum MissCause: UInt8, Sendable, CaseIterable {
  /// The trigger's content was old when it arrived.
  case lateSensor = 0
  /// The release waited for other sensors.
  case alignmentHold = 1
  /// The frame's thread ran long after the release was possible.
  case releaseLateness = 2
  /// A stage took more than its budget, by the clock.
  case stageOverrun = 3
  /// The frame's thread was taken off its processor while a stage ran.
  case preemption = 4
  case pageFault = 5
  case logStall = 6
  /// Handing over or sending took too long.
  case publishStall = 7
  /// The machine itself stood still; seen by the sentinel.
  case hostStall = 8
  /// No trigger came for the slot.
  case noTrigger = 9
  /// A stage gave no answer.
  case stageFailed = 10

  public var name: String {
    switch self {
    case .lateSensor: "late_sensor"
    case .alignmentHold: "alignment_hold"
    case .releaseLateness: "release_lateness"
    case .stageOverrun: "stage_overrun"
    case .preemption: "preemption"
    case .pageFault: "page_fault"
    case .logStall: "log_stall"
    case .publishStall: "publish_stall"
    case .hostStall: "host_stall"
    case .noTrigger: "no_trigger"
    case .stageFailed: "stage_failed"
    }
  }
}

/// What the kernel counted for the frame's thread while the frame ran.
public struct FrameEvidence: BitwiseCopyable, Sendable, Equatable {
  public var involuntarySwitches: UInt32 = 0
  public var voluntarySwitches: UInt32 = 0
  public var minorFaults: UInt32 = 0
  public var majorFaults: UInt32 = 0
  /// The longest gap of the host itself that overlaps the frame.
  public var hostGapNanoseconds: Int64 = 0
  public init() {}
}

/// One deadline that was not met, with why and what went out instead.
public struct Miss: BitwiseCopyable, Sendable, Equatable {
  public static let topic = "/fusion/miss"
  public static let layout = RecordLayout(
    "fusion.Miss", version: 1,
    [
      RecordField("frame", .u64), RecordField("slot", .u64), RecordField("deadline", .i64, unit: "ns"),
      RecordField("finished", .i64, unit: "ns"), RecordField("overshoot", .i64, unit: "ns"),
      RecordField("chain", .u16), RecordField("cause", .u8), RecordField("published", .u8),
      RecordField("culprit_stage", .i32), RecordField("culprit_time", .i64, unit: "ns"),
      RecordField("involuntary_switches", .u32), RecordField("voluntary_switches", .u32),
      RecordField("minor_faults", .u32), RecordField("major_faults", .u32),
      RecordField("host_gap", .i64, unit: "ns"), RecordField("trigger_sequence", .u64),
    ])

  public var frame: UInt64 = 0
  public var slot: UInt64 = 0
  public var deadline: Stamp = .zero
  /// When the frame's thread was done, or the send returned.
  public var finished: Stamp = .zero
  public var chain: UInt16 = 0
  public var cause: UInt8 = 0
  /// `SlotWinner`: what left in the slot.
  public var published: UInt8 = 0
  /// The stage's index where the culprit is a stage, else −1.
  public var culpritStage: Int32 = -1
  /// What the culprit took.
  public var culpritNanoseconds: Int64 = 0
  public var evidence = FrameEvidence()
  public var triggerSequence: UInt64 = 0

  public init() {}
  public var overshootNanoseconds: Int64 { finished - deadline }

  func encode(into buffer: TopicBuffer) {
    buffer.clear()
    buffer.append(frame)
    buffer.append(slot)
    buffer.append(deadline)
    buffer.append(finished)
    buffer.append(overshootNanoseconds)
    buffer.append(chain)
    buffer.append(cause)
    buffer.append(published)
    buffer.append(culpritStage)
    buffer.append(culpritNanoseconds)
    buffer.append(evidence.involuntarySwitches)
    buffer.append(evidence.voluntarySwitches)
    buffer.append(evidence.minorFaults)
    buffer.append(evidence.majorFaults)
    buffer.append(evidence.hostGapNanoseconds)
    buffer.append(triggerSequence)
  }

  public init?(decoding bytes: [UInt8]) {
    var reader = TopicReader(bytes)
    frame = reader.next()
    slot = reader.next()
    deadline = reader.nextStamp()
    finished = reader.nextStamp()
    _ = reader.next(Int64.self)
    chain = reader.next()
    cause = reader.next()
    published = reader.next()
    culpritStage = reader.next()
    culpritNanoseconds = reader.next()
    evidence.involuntarySwitches = reader.next()
    evidence.voluntarySwitches = reader.next()
    evidence.minorFaults = reader.next()
    evidence.majorFaults = reader.next()
    evidence.hostGapNanoseconds = reader.next()
    triggerSequence = reader.next()
    guard !reader.isShort else { return nil }
  }
}
