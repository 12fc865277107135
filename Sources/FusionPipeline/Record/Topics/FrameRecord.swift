/// A frame's choices, as a faithful replay needs them: release, picks, how it ended.
public struct FrameRecord: Sendable, Equatable {
  public static let topic = "/fusion/frame"
  public static let layout = RecordLayout(
    "fusion.Frame", version: 1,
    [
      RecordField("frame", .u64), RecordField("slot", .u64), RecordField("instant", .i64, unit: "ns"),
      RecordField("due", .i64, unit: "ns"), RecordField("release", .i64, unit: "ns"),
      RecordField("deadline", .i64, unit: "ns"), RecordField("trigger_sequence", .u64),
      RecordField("trigger_capture", .i64, unit: "ns"), RecordField("trigger_arrival", .i64, unit: "ns"),
      RecordField("trigger_ready", .i64, unit: "ns"), RecordField("basis_slot", .u64),
      RecordField("aligned", .i64, unit: "ns"), RecordField("guarded", .i64, unit: "ns"),
      RecordField("chain", .u16), RecordField("failure", .u8), RecordField("submitted", .u8),
      RecordField("stage_count", .u16), RecordField("pick_count", .u32),
      RecordField("stage_ends_then_picks", .repeated, unit: "i64 ns each, pick each"),
    ],
    repeated: [
      RecordField("tap", .u16), RecordField("kind", .u8), RecordField("reserved", .u8),
      RecordField("sequence", .u64), RecordField("weight", .f64),
    ])

  public var outcome: FrameOutcome
  public var chain: UInt16
  public var picks: [PickRecord]

  /// Writes a frame that has just ended; the taps still hold its picks. No allocation.
  static func encode(_ outcome: FrameOutcome, of chain: ChainRunner, into buffer: TopicBuffer) {
    let release = outcome.release
    buffer.clear()
    buffer.append(release.frame)
    buffer.append(release.slot)
    buffer.append(release.instant)
    buffer.append(release.due)
    buffer.append(release.release)
    buffer.append(release.deadline)
    buffer.append(release.trigger.sequence)
    buffer.append(release.trigger.capture)
    buffer.append(release.trigger.arrival)
    buffer.append(release.trigger.ready)
    buffer.append(outcome.basisSlot)
    buffer.append(outcome.marks.aligned)
    buffer.append(outcome.marks.guarded)
    buffer.append(chain.number)
    buffer.append(outcome.failure)
    buffer.append(UInt8(outcome.isSubmitted ? 1 : 0))
    buffer.append(UInt16(truncatingIfNeeded: outcome.marks.stageCount))
    var pickCount: UInt32 = 0
    for tap in chain.taps { tap.forEachPick { _, _, _ in pickCount &+= 1 } }
    buffer.append(pickCount)
    for index in 0..<Int(outcome.marks.stageCount) { buffer.append(outcome.marks.stageEnds[index]) }
    for index in chain.taps.indices {
      chain.taps[index].forEachPick { header, kind, weight in
        buffer.append(UInt16(truncatingIfNeeded: index))
        buffer.append(kind.rawValue)
        buffer.append(UInt8(0))
        buffer.append(header.sequence)
        buffer.append(weight)
      }
    }
  }

  /// Nil when the bytes are not a whole record.
  public init?(decoding bytes: [UInt8]) {
    var reader = TopicReader(bytes)
    var release = FrameRelease(
      frame: reader.next(), slot: reader.next(), instant: reader.nextStamp(), due: reader.nextStamp(),
      release: reader.nextStamp(), deadline: reader.nextStamp(), trigger: SampleHeader())
    release.trigger.sequence = reader.next()
    release.trigger.capture = reader.nextStamp()
    release.trigger.arrival = reader.nextStamp()
    release.trigger.ready = reader.nextStamp()
    outcome = FrameOutcome(release: release)
    outcome.basisSlot = reader.next()
    outcome.marks.aligned = reader.nextStamp()
    outcome.marks.guarded = reader.nextStamp()
    chain = reader.next()
    outcome.failure = reader.next()
    outcome.isSubmitted = reader.next(UInt8.self) != 0
    let stageCount = reader.next(UInt16.self)
    let pickCount = reader.next(UInt32.self)
    picks = []
    // Checked before anything is reserved: the counts come from a file.
    let needed = 8 * Int(stageCount) + 20 * Int(pickCount)
    guard !reader.isShort, Int(stageCount) <= FrameMarks.maximumStages, reader.remaining >= needed else {
      return nil
    }
    outcome.marks.stageCount = Int32(stageCount)
    for index in 0..<Int(stageCount) { outcome.marks.stageEnds[index] = reader.next() }
    for _ in 0..<pickCount {
      let tap = reader.next(UInt16.self)
      let kind = reader.next(UInt8.self)
      _ = reader.next(UInt8.self)
      picks.append(PickRecord(tap: tap, kind: kind, sequence: reader.next(), weight: reader.nextDouble()))
    }
    guard !reader.isShort else { return nil }
  }

  public static func == (a: FrameRecord, b: FrameRecord) -> Bool {
    a.outcome.release == b.outcome.release && a.outcome.basisSlot == b.outcome.basisSlot
      && a.outcome.failure == b.outcome.failure && a.outcome.isSubmitted == b.outcome.isSubmitted
      && a.chain == b.chain && a.picks == b.picks
  }
}
