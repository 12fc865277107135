/// Where the time from capture to the return of the last send went, part by part, nanoseconds.
///
/// Every part is the difference of two neighbours in one chain of clock reads; `unattributed` is what the
/// total, measured from the chain's ends, has beyond their sum: zero unless a part is missing.
public struct LedgerEntry: BitwiseCopyable, Sendable {
  public var frame: UInt64 = 0
  public var slot: UInt64 = 0
  /// Capture (or a periodic frame's release) to the return of the last send.
  public var total: Int64 = 0
  /// Capture to the kernel's receipt.
  public var transport: Int64 = 0
  /// Receipt to the sample's place in its ring.
  public var decode: Int64 = 0
  /// Waiting for other sensors.
  public var hold: Int64 = 0
  /// From when the release was possible to when the frame's thread ran.
  public var release: Int64 = 0
  /// Draining rings, choosing the bundle.
  public var align: Int64 = 0
  public var stages: InlineArray<24, Int64> = InlineArray(repeating: 0)
  public var stageCount: Int32 = 0
  public var reserved: Int32 = 0
  /// The guard's limits and the submission.
  public var guardPart: Int64 = 0
  /// Submission to the output thread's waking.
  public var handover: Int64 = 0
  /// Encoding and sending all actuators' commands.
  public var publish: Int64 = 0
  public var unattributed: Int64 = 0

  /// - Parameters:
  ///   - woken: when the output thread had the decided slot in hand.
  ///   - sent: the return of the last actuator's send.
  public init(set: CommandSet, marks: FrameMarks, woken: Stamp, sent: Stamp) {
    frame = set.frame
    slot = set.slot
    transport = marks.arrival - marks.capture
    decode = marks.ready - marks.arrival
    hold = marks.due - marks.ready
    release = marks.start - marks.due
    align = marks.aligned - marks.start
    stageCount = marks.stageCount
    var previous = marks.aligned.nanoseconds
    for index in 0..<Int(marks.stageCount) {
      stages[index] = marks.stageEnds[index] &- previous
      previous = marks.stageEnds[index]
    }
    guardPart = marks.guarded - marks.lastStageEnd
    handover = woken - marks.guarded
    publish = sent - woken
    total = sent - marks.capture
    unattributed = total &- attributed
  }

  public var stageSum: Int64 {
    var sum: Int64 = 0
    for index in 0..<Int(stageCount) { sum &+= stages[index] }
    return sum
  }

  public var attributed: Int64 {
    transport &+ decode &+ hold &+ release &+ align &+ stageSum &+ guardPart &+ handover &+ publish
  }

  public subscript(part: LedgerPart) -> Int64 {
    switch part {
    case .transport: transport
    case .decode: decode
    case .hold: hold
    case .release: release
    case .align: align
    case .stage: stageSum
    case .guardPart: guardPart
    case .handover: handover
    case .publish: publish
    case .unattributed: unattributed
    }
  }
}

public enum LedgerPart: String, Sendable, CaseIterable {
  case transport, decode, hold, release, align, stage
  case guardPart = "guard"
  case handover, publish, unattributed
}
