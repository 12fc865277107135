/// Who filled a slot and when it left: with the frames' records, everything a faithful replay needs.
public struct SlotRecord: BitwiseCopyable, Sendable, Equatable {
  public static let topic = "/fusion/slot"
  public static let layout = RecordLayout(
    "fusion.Slot", version: 1,
    [
      RecordField("slot", .u64), RecordField("frame", .u64), RecordField("instant", .i64, unit: "ns"),
      RecordField("cutoff", .i64, unit: "ns"), RecordField("woken", .i64, unit: "ns"),
      RecordField("sent", .i64, unit: "ns"), RecordField("chain", .u16), RecordField("winner", .u8),
      RecordField("reason", .u8), RecordField("mode", .u8), RecordField("is_final", .u8),
      RecordField("is_late", .u8), RecordField("send_failures", .u8),
    ])

  public var slot: UInt64 = 0
  public var frame: UInt64 = 0
  public var instant: Stamp = .zero
  public var cutoff: Stamp = .zero
  /// When the output thread had the decision in hand, and when the last actuator's send returned.
  public var woken: Stamp = .zero
  public var sent: Stamp = .zero
  public var chain: UInt16 = 0
  public var winner: UInt8 = 0
  public var reason: UInt8 = 0
  public var mode: UInt8 = 0
  public var isFinal: UInt8 = 0
  public var isLate: UInt8 = 0
  public var sendFailures: UInt8 = 0

  public init() {}

  func encode(into buffer: TopicBuffer) {
    buffer.clear()
    buffer.append(slot)
    buffer.append(frame)
    buffer.append(instant)
    buffer.append(cutoff)
    buffer.append(woken)
    buffer.append(sent)
    buffer.append(chain)
    buffer.append(winner)
    buffer.append(reason)
    buffer.append(mode)
    buffer.append(isFinal)
    buffer.append(isLate)
    buffer.append(sendFailures)
  }

  public init?(decoding bytes: [UInt8]) {
    var reader = TopicReader(bytes)
    slot = reader.next()
    frame = reader.next()
    instant = reader.nextStamp()
    cutoff = reader.nextStamp()
    woken = reader.nextStamp()
    sent = reader.nextStamp()
    chain = reader.next()
    winner = reader.next()
    reason = reader.next()
    mode = reader.next()
    isFinal = reader.next()
    isLate = reader.next()
    sendFailures = reader.next()
    guard !reader.isShort else { return nil }
  }
}
