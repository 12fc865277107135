import Foundation
import Glibc

@testable import FusionPipeline

/// A message as a test compares it.
struct PlainMessage: Hashable {
  var channel: UInt16
  var sequence: UInt32
  var logTime: UInt64
  var payload: [UInt8]
  init(_ message: McapMessage) {
    channel = message.channelID
    sequence = message.sequence
    logTime = message.logTime
    payload = message.payload
  }
  init(channel: UInt16, sequence: UInt32, logTime: UInt64, payload: [UInt8]) {
    self.channel = channel
    self.sequence = sequence
    self.logTime = logTime
    self.payload = payload
  }
}

enum McapFixture {
  static let shared = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data/mcap")

  static var conformanceArchive: URL { shared.appendingPathComponent("conformance_416.tar.xz") }
  static var rosbags: URL { shared.appendingPathComponent("rosbag2") }
  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  static func temporaryDirectory(_ name: String) throws -> URL {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("mcap-\(name)-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  /// Exit code and standard output.
  static func run(_ arguments: [String]) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// The conformance files, unpacked; the caller removes the directory.
  static func unpackConformance() throws -> URL {
    let target = try temporaryDirectory("conformance")
    let (code, _) = try run(["tar", "-xJf", conformanceArchive.path, "-C", target.path])
    guard code == 0 else { throw CocoaError(.fileReadUnknown) }
    return target
  }

  static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  /// Two channels, messages of varying length, an attachment and metadata; ends with a summary.
  static func log(
    messages: Int, payload: Int = 40, options: McapWriterOptions = .recording, seed: UInt64 = 1
  ) throws -> (bytes: [UInt8], messages: [PlainMessage]) {
    var random = SplitMix(seed: seed)
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "test", library: "fusion", options: options)
    let schema = try writer.addSchema(name: "Sample", encoding: "fusion", data: [1, 2, 3])
    let lidar = try writer.addChannel(
      topic: "lidar", messageEncoding: "raw", schemaID: schema, metadata: ["rate": "10"])
    let imu = try writer.addChannel(topic: "imu", messageEncoding: "raw", schemaID: 0)
    try writer.add(McapMetadata(name: "build", properties: ["id": "7", "mode": "test"]))
    var expected: [PlainMessage] = []
    for index in 0..<messages {
      let channel = random.next() % 3 == 0 ? lidar : imu
      let count = payload == 0 ? 0 : Int(random.next() % UInt64(2 * payload))
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      // Neighbours are out of order now and then, as from several sensors.
      let time = UInt64(index) * 1000 + random.next() % 2500
      try writer.write(channel: channel, sequence: UInt32(index), logTime: time, payload: bytes)
      expected.append(
        PlainMessage(channel: channel, sequence: UInt32(index), logTime: time, payload: bytes))
    }
    try writer.attach(
      McapAttachment(logTime: 5, name: "calibration.json", mediaType: "application/json", data: [9, 8, 7]))
    try writer.finish()
    return (sink.bytes, expected)
  }

  /// Everything a streaming reader gives, with how it ended.
  static func read(
    _ bytes: [UInt8], damagedChunks: McapRecordReader.DamagedChunks = .skip
  ) throws -> (messages: [PlainMessage], reader: McapRecordReader) {
    let reader = McapRecordReader(source: MemorySource(bytes), damagedChunks: damagedChunks)
    var messages: [PlainMessage] = []
    while let record = try reader.next() {
      if case .message(let message) = record { messages.append(PlainMessage(message)) }
    }
    return (messages, reader)
  }

  static func ordered(_ messages: McapMessages) throws -> [PlainMessage] {
    var result: [PlainMessage] = []
    while let message = try messages.next() { result.append(PlainMessage(message)) }
    return result
  }
}

extension CRC32 {
  mutating func add(_ bytes: [UInt8]) { unsafe update(bytes.span.bytes) }
  static func of(bytes: [UInt8]) -> UInt32 { unsafe of(bytes.span.bytes) }
}

extension McapWriter {
  func write(
    channel: UInt16, sequence: UInt32 = 0, logTime: UInt64, publishTime: UInt64? = nil, payload: [UInt8]
  ) throws(StorageFailure) {
    try write(
      channel: channel, sequence: sequence, logTime: logTime, publishTime: publishTime ?? logTime,
      payload: unsafe payload.span.bytes)
  }
}
