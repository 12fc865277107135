/// A command as JSON text for people and dashboards: topic `json/act/steering`, one NUL, one JSON object.
///
/// One ZeroMQ frame, so that CONFLATE subscribers get it whole; `frame.split(b"\0", 1)[1]` is the text. It is
/// a view, not an interface for actuators: it has no CRC and no promise about fields beyond their names.
/// Thread: one. Cost: number formatting allocates; the buffer is reused.
public struct CommandMirror: Sendable {
  public static let topicPrefix = "json/"
  /// The newest text written, topic included.
  public private(set) var bytes: [UInt8] = []

  public init() { bytes.reserveCapacity(1024) }

  /// Replaces `bytes` by one command's mirror.
  public mutating func write(_ frame: CommandFrame) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: Self.topicPrefix.utf8)
    for index in 0..<frame.topic.count { bytes.append(frame.topic.byte(index)) }
    bytes.append(0)
    text("{\"topic\":\"")
    topicText(frame.topic)
    // A 64-bit number loses bits in JavaScript; a session is only ever compared.
    text("\",\"session\":\"")
    hexadecimal(frame.session)
    text("\",\"counter\":\(frame.counter),\"source\":\(frame.source),\"data_id\":\(frame.dataID)")
    text(",\"frame\":\(frame.frame),\"slot\":\(frame.slot)")
    text(",\"sensed_at_ns\":\(frame.sensedAt.nanoseconds)")
    text(",\"decided_at_ns\":\(frame.decidedAt.nanoseconds)")
    text(",\"valid_for_us\":\(frame.validForMicroseconds)")
    text(",\"mode\":\"\(frame.mode.name)\",\"reason\":\"")
    if let reason = CommandReason(rawValue: frame.reason) {
      text(reason.name)
    } else {
      text("\(frame.reason)")
    }
    text("\",\"from_guard\":\(frame.flags.contains(.fromGuard))")
    text(",\"limited\":\(frame.flags.contains(.limited)),\"final\":\(frame.flags.contains(.final))")
    text(",\"value\":")
    number(frame.command.value)
    text(",\"second_value\":")
    number(frame.command.secondValue)
    text(",\"rate_limit\":")
    number(frame.command.rateLimit)
    text(",\"ages_us\":{")
    var first = true
    for index in frame.ages.indices where frame.ages[index].source != 0 {
      text("\(first ? "" : ",")\"\(frame.ages[index].source)\":\(frame.ages[index].ageMicroseconds)")
      first = false
    }
    text("},\"tail\":[")
    var end: UInt32 = 0
    for index in frame.command.tail.indices {
      let point = frame.command.tail[index]
      guard point.afterMicroseconds > end else { break }
      text("\(end == 0 ? "" : ",")[\(point.afterMicroseconds),")
      number(Double(point.value))
      text("]")
      end = point.afterMicroseconds
    }
    text("]}")
  }

  /// The wire's names of modes, as in the documentation.
  private mutating func text(_ string: String) { bytes.append(contentsOf: string.utf8) }

  /// JSON has no infinity; null stands for "none".
  private mutating func number(_ value: Double) { text(value.isFinite ? "\(value)" : "null") }

  private mutating func hexadecimal(_ value: UInt64) {
    let digits = String(value, radix: 16)
    for _ in digits.utf8.count..<16 { bytes.append(UInt8(ascii: "0")) }
    text(digits)
  }

  /// Quotes, backslashes, control bytes and bytes outside ASCII become `?`: a topic has none of them.
  private mutating func topicText(_ topic: CommandTopic) {
    for index in 0..<topic.count {
      let byte = topic.byte(index)
      let isPlain =
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
      bytes.append(isPlain ? byte : UInt8(ascii: "?"))
    }
  }
}
