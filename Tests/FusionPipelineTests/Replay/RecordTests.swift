import Testing

@testable import FusionPipeline

/// One record of each topic with a different value in every field, as bytes.
private enum RecordedTopic: CaseIterable, CustomTestStringConvertible {
  case frame, slot, ledger, miss, gap

  var layout: RecordLayout {
    switch self {
    case .frame: FrameRecord.layout
    case .slot: SlotRecord.layout
    case .ledger: LedgerEntry.layout
    case .miss: Miss.layout
    case .gap: RecordingGap.layout
    }
  }

  var testDescription: String { layout.name }

  /// Repetitions behind the fixed part, in bytes.
  var tailBytes: Int {
    switch self {
    case .frame: 3 * 8 + 2 * FrameRecord.layout.repeatedSize
    case .ledger: 3 * LedgerEntry.layout.repeatedSize
    default: 0
    }
  }

  func isDecoded(_ bytes: [UInt8]) -> Bool {
    switch self {
    case .frame: FrameRecord(decoding: bytes) != nil
    case .slot: SlotRecord(decoding: bytes) != nil
    case .ledger: LedgerEntry(decoding: bytes) != nil
    case .miss: Miss(decoding: bytes) != nil
    case .gap: RecordingGap(decoding: bytes) != nil
    }
  }

  func bytes() -> [UInt8] {
    let buffer = TopicBuffer(capacity: 4096)
    switch self {
    case .frame: return frameBytes()
    case .slot: Samples.slot.encode(into: buffer)
    case .ledger: Samples.ledger.encode(into: buffer)
    case .miss: Samples.miss.encode(into: buffer)
    case .gap:
      buffer.append(UInt32(3))
      buffer.append(UInt64(4))
      buffer.append(UInt64(5))
    }
    return unsafe Array(buffer.contents)
  }

  /// As a chain with two sensors and three stages writes it.
  private func frameBytes() -> [UInt8] {
    var machine = ProbeMachine(
      sensors: [.init(name: "a", number: 1), .init(name: "b", number: 2)],
      timing: ChainTiming(trigger: .sensor(0), periodNanoseconds: .millis(50)))
    machine.stages = [.sum, .idle("two"), .idle("three")]
    let chain = machine.build()
    for sensor in chain.sensors {
      unsafe ProbePacket(value: 1).bytes.withUnsafeBytes {
        unsafe sensor.ingest($0.bytes, arrival: .millis(5), flags: [], readyAt: { .millis(6) })
      }
    }
    for tap in chain.chain.runner.taps {
      tap.drain { _ in }
      tap.pick(at: .millis(7))
    }
    let buffer = TopicBuffer(capacity: 4096)
    FrameRecord.encode(Samples.outcome, of: chain.chain.runner, into: buffer)
    return unsafe Array(buffer.contents)
  }
}

private enum Samples {
  static var outcome: FrameOutcome {
    var trigger = SampleHeader()
    trigger.sequence = 107
    trigger.capture = .millis(108)
    trigger.arrival = .millis(109)
    trigger.ready = .millis(110)
    var outcome = FrameOutcome(
      release: FrameRelease(
        frame: 101, slot: 102, instant: .millis(103), due: .millis(104), release: .millis(105),
        deadline: .millis(106),
        trigger: trigger))
    outcome.basisSlot = 111
    outcome.failure = CommandReason.stageFailed.rawValue
    outcome.isSubmitted = true
    outcome.marks.aligned = .millis(112)
    outcome.marks.guarded = .millis(113)
    outcome.marks.stageCount = 3
    for index in 0..<3 { outcome.marks.stageEnds[index] = Int64(114 + index) }
    return outcome
  }

  static var slot: SlotRecord {
    var record = SlotRecord()
    record.slot = 1
    record.frame = 2
    record.instant = .millis(3)
    record.cutoff = .millis(4)
    record.woken = .millis(5)
    record.sent = .millis(6)
    record.chain = 7
    record.winner = 8
    record.reason = 9
    record.mode = 10
    record.isFinal = 11
    record.isLate = 12
    record.sendFailures = 13
    return record
  }

  static var ledger: LedgerEntry {
    var entry = LedgerEntry(set: CommandSet(), marks: FrameMarks(), woken: .zero, sent: .zero)
    entry.frame = 1
    entry.slot = 2
    entry.total = -3
    entry.transport = 4
    entry.decode = 5
    entry.hold = 6
    entry.release = 7
    entry.align = 8
    entry.guardPart = 9
    entry.handover = 10
    entry.publish = 11
    entry.unattributed = 12
    entry.stageCount = 3
    for index in 0..<3 { entry.stages[index] = Int64(13 + index) }
    return entry
  }

  static var miss: Miss {
    var miss = Miss()
    miss.frame = 1
    miss.slot = 2
    miss.deadline = .millis(3)
    miss.finished = .millis(5)
    miss.chain = 6
    miss.cause = 7
    miss.published = 1
    miss.culpritStage = -9
    miss.culpritNanoseconds = 10
    miss.evidence.involuntarySwitches = 11
    miss.evidence.voluntarySwitches = 12
    miss.evidence.minorFaults = 13
    miss.evidence.majorFaults = 14
    miss.evidence.hostGapNanoseconds = 15
    miss.triggerSequence = 16
    return miss
  }
}

@Suite("Records")
struct RecordTests {
  @Test(
    "The encoded fixed part is as long as its layout says, for every topic", arguments: RecordedTopic.allCases
  )
  fileprivate func size(topic: RecordedTopic) {
    #expect(topic.bytes().count == topic.layout.fixedSize + topic.tailBytes)
  }

  @Test("Fewer bytes than a record has are no record, at every length", arguments: RecordedTopic.allCases)
  fileprivate func truncated(topic: RecordedTopic) {
    let bytes = topic.bytes()
    #expect(topic.isDecoded(bytes))
    // Fields may be appended by a later version.
    #expect(topic.isDecoded(bytes + [1, 2, 3]))
    for count in 0..<bytes.count { #expect(!topic.isDecoded(Array(bytes[..<count])), "\(count) bytes") }
  }

  @Test("No bytes trap a decoder", arguments: RecordedTopic.allCases)
  fileprivate func fuzz(topic: RecordedTopic) {
    let whole = topic.bytes()
    var random = RandomSource(seed: 4)
    var decoded = 0
    for round in 0..<3000 {
      var bytes = whole
      if round % 4 == 0 {
        bytes = (0..<Int(random.below(400))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      } else {
        for _ in 0...random.below(4) {
          bytes[Int(random.below(UInt64(bytes.count)))] =
            random.chance(0.3) ? 0xFF : UInt8(truncatingIfNeeded: random.next())
        }
      }
      if topic.isDecoded(bytes) { decoded += 1 }
    }
    #expect(decoded > 0 && decoded <= 3000)
  }

  @Test("Every field of every record comes back as it was written")
  func roundTrip() throws {
    #expect(SlotRecord(decoding: RecordedTopic.slot.bytes()) == Samples.slot)
    #expect(Miss(decoding: RecordedTopic.miss.bytes()) == Samples.miss)
    #expect(
      RecordingGap(decoding: RecordedTopic.gap.bytes()) == RecordingGap(queue: 3, messages: 4, bytes: 5))
    let entry = try #require(LedgerEntry(decoding: RecordedTopic.ledger.bytes()))
    #expect(entry.frame == 1 && entry.slot == 2 && entry.total == -3 && entry.stageCount == 3)
    for part in LedgerPart.allCases { #expect(entry[part] == Samples.ledger[part]) }
    for index in 0..<3 { #expect(entry.stages[index] == Int64(13 + index)) }
    let frame = try #require(FrameRecord(decoding: RecordedTopic.frame.bytes()))
    #expect(frame.outcome.release == Samples.outcome.release && frame.outcome.basisSlot == 111)
    #expect(frame.outcome.failure == CommandReason.stageFailed.rawValue && frame.outcome.isSubmitted)
    #expect(frame.outcome.marks.aligned == .millis(112) && frame.outcome.marks.guarded == .millis(113))
    #expect((0..<3).allSatisfy { frame.outcome.marks.stageEnds[$0] == Int64(114 + $0) })
    #expect(frame.chain == 1)
    #expect(
      frame.picks == [
        PickRecord(tap: 0, kind: PickKind.latestBefore.rawValue, sequence: 1, weight: 1),
        PickRecord(tap: 1, kind: PickKind.latestBefore.rawValue, sequence: 1, weight: 1),
      ])
  }

  @Test("Frame records that differ in how the frame ended are not equal")
  func equality() throws {
    let frame = try #require(FrameRecord(decoding: RecordedTopic.frame.bytes()))
    var other = frame
    other.outcome.isSubmitted.toggle()
    #expect(frame != other)
    other = frame
    other.outcome.basisSlot = 1
    #expect(frame != other)
  }

  @Test("A record that outgrows its buffer is refused as a whole")
  func overflow() {
    let buffer = TopicBuffer(capacity: 10)
    buffer.append(UInt64(1))
    #expect(unsafe buffer.contents.count == 8)
    buffer.append(UInt32(2))
    buffer.append(UInt8(3))
    #expect(unsafe buffer.contents.isEmpty)
    buffer.clear()
    buffer.append(UInt8(4))
    #expect(unsafe Array(buffer.contents) == [4])
  }

  @Test("A reader past the end gives zeros and says so")
  func reader() {
    var reader = TopicReader([1, 0, 0, 0, 9])
    #expect(reader.next(UInt32.self) == 1 && !reader.isShort && reader.remaining == 1)
    #expect(reader.next(UInt16.self) == 0 && reader.isShort && reader.remaining == 1)
  }

  /// A change of these lines changes logs that exist: it needs a new version, with fields appended.
  @Test("The schema texts of version 1 stay as they were released")
  func golden() {
    #expect(
      SlotRecord.layout.schemaText == """
        # fusion.Slot v1, little-endian, packed: offset type name [unit]
        0 u64 slot
        8 u64 frame
        16 i64 instant [ns]
        24 i64 cutoff [ns]
        32 i64 woken [ns]
        40 i64 sent [ns]
        48 u16 chain
        50 u8 winner
        51 u8 reason
        52 u8 mode
        53 u8 is_final
        54 u8 is_late
        55 u8 send_failures

        """)
    #expect(
      LedgerEntry.layout.schemaText == """
        # fusion.Ledger v1, little-endian, packed: offset type name [unit]
        0 u64 frame
        8 u64 slot
        16 i64 total [ns]
        24 i64 transport [ns]
        32 i64 decode [ns]
        40 i64 hold [ns]
        48 i64 release [ns]
        56 i64 align [ns]
        64 i64 guard [ns]
        72 i64 handover [ns]
        80 i64 publish [ns]
        88 i64 unattributed [ns]
        96 u32 stage_count
        100 repeated stages
        repeated
          0 i64 stage [ns]

        """)
    #expect(
      Miss.layout.schemaText == """
        # fusion.Miss v1, little-endian, packed: offset type name [unit]
        0 u64 frame
        8 u64 slot
        16 i64 deadline [ns]
        24 i64 finished [ns]
        32 i64 overshoot [ns]
        40 u16 chain
        42 u8 cause
        43 u8 published
        44 i32 culprit_stage
        48 i64 culprit_time [ns]
        56 u32 involuntary_switches
        60 u32 voluntary_switches
        64 u32 minor_faults
        68 u32 major_faults
        72 i64 host_gap [ns]
        80 u64 trigger_sequence

        """)
    #expect(
      FrameRecord.layout.schemaText == """
        # fusion.Frame v1, little-endian, packed: offset type name [unit]
        0 u64 frame
        8 u64 slot
        16 i64 instant [ns]
        24 i64 due [ns]
        32 i64 release [ns]
        40 i64 deadline [ns]
        48 u64 trigger_sequence
        56 i64 trigger_capture [ns]
        64 i64 trigger_arrival [ns]
        72 i64 trigger_ready [ns]
        80 u64 basis_slot
        88 i64 aligned [ns]
        96 i64 guarded [ns]
        104 u16 chain
        106 u8 failure
        107 u8 submitted
        108 u16 stage_count
        110 u32 pick_count
        114 repeated stage_ends_then_picks [i64 ns each, pick each]
        repeated
          0 u16 tap
          2 u8 kind
          3 u8 reserved
          4 u64 sequence
          12 f64 weight

        """)
    #expect(
      RawPacket.layout.schemaText == """
        # fusion.RawPacket v1, little-endian, packed: offset type name [unit]
        0 u32 flags
        4 u64 first_sequence
        12 bytes packet

        """)
    #expect(
      RecordingGap.layout.schemaText == """
        # fusion.RecordingGap v1, little-endian, packed: offset type name [unit]
        0 u32 queue
        4 u64 messages
        12 u64 bytes

        """)
    #expect(
      StateSnapshot.layout.schemaText == """
        # fusion.Snapshot v1, little-endian, packed: offset type name [unit]
        0 u64 frame
        8 u64 slot
        16 u16 chain
        18 u32 state_bytes
        22 bytes state

        """)
  }
}
