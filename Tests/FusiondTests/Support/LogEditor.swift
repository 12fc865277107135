import Foundation

@testable import FusionPipeline

/// Writes a log again with some of its messages changed or left out, all else as it was.
enum LogEditor {
  /// - Parameter edit: given topic, the message's place in its topic from 0, and its bytes; nil leaves it out.
  static func rewrite(
    _ path: String, to target: String, edit: (_ topic: String, _ place: Int, _ payload: [UInt8]) -> [UInt8]?
  ) throws {
    let index = try McapIndex(FileSource(path: path))
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: index.header.profile, library: index.header.library)
    for schema in index.schemas.values.sorted(by: { $0.id < $1.id }) { try writer.addSchema(schema) }
    for channel in index.channels.values.sorted(by: { $0.id < $1.id }) { try writer.addChannel(channel) }
    for entry in index.metadata { if let metadata = try index.metadata(entry) { try writer.add(metadata) } }
    for entry in index.attachments { if let file = try index.attachment(entry) { try writer.attach(file) } }
    var places: [String: Int] = [:]
    let messages = McapMessages(index)
    while let message = try messages.next() {
      let topic = index.channels[message.channelID]?.topic ?? ""
      let place = places[topic, default: 0]
      places[topic] = place + 1
      guard let payload = edit(topic, place, message.payload) else { continue }
      unsafe try writer.write(
        channel: message.channelID, sequence: message.sequence, logTime: message.logTime,
        publishTime: message.publishTime, payload: payload.span.bytes)
    }
    try writer.finish()
    try Data(sink.bytes).write(to: URL(fileURLWithPath: target))
  }

  /// A recorded command with another value and a CRC that fits it.
  static func withValue(_ value: Double, _ frame: [UInt8]) -> [UInt8] {
    var frame = frame
    let bits = value.bitPattern
    for byte in 0..<8 {
      frame[CommandFrameLayout.Offset.value + byte] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte))
    }
    let crc = unsafe CRC32.of(frame.span.bytes.extracting(0..<CommandFrameLayout.Offset.checksum))
    for byte in 0..<4 {
      frame[CommandFrameLayout.Offset.checksum + byte] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * byte))
    }
    return frame
  }
}
