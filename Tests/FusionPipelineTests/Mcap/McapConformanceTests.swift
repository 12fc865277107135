import Foundation
import Testing

@testable import FusionPipeline

@Suite("MCAP: the conformance suite's 416 files")
struct McapConformanceTests {
  static let isPresent = McapFixture.exists(McapFixture.conformanceArchive)

  static func files(in directory: URL) throws -> [URL] {
    let paths = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
    return (paths?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "json" }
      .sorted { $0.path < $1.path }
  }

  @Test(
    "every file reads as its description says, without a problem",
    .enabled(if: isPresent, "../shared/data/mcap/conformance_416.tar.xz is not here"))
  func reads() throws {
    let directory = try McapFixture.unpackConformance()
    defer { try? FileManager.default.removeItem(at: directory) }
    var files = 0
    for json in try Self.files(in: directory) {
      let expected = try ConformanceDescription(Data(contentsOf: json))
      let bytes = try McapFixture.bytes(json.deletingPathExtension().appendingPathExtension("mcap"))
      let reader = McapRecordReader(source: MemorySource(bytes))
      var found: [ConformanceDescription.Record] = []
      while let record = try reader.next() {
        if let described = ConformanceDescription.describe(record) { found.append(described) }
      }
      #expect(found == expected.records, "\(json.lastPathComponent)")
      #expect(reader.ending == .complete, "\(json.lastPathComponent)")
      #expect(reader.problems == [], "\(json.lastPathComponent)")
      files += 1
    }
    #expect(files == 416)
  }

  @Test(
    "the index finds each file's messages in the order of log time",
    .enabled(if: isPresent, "../shared/data/mcap/conformance_416.tar.xz is not here"))
  func indexes() throws {
    let directory = try McapFixture.unpackConformance()
    defer { try? FileManager.default.removeItem(at: directory) }
    var indexed = 0
    for json in try Self.files(in: directory) {
      let expected = try ConformanceDescription(Data(contentsOf: json))
      let bytes = try McapFixture.bytes(json.deletingPathExtension().appendingPathExtension("mcap"))
      let index = try McapIndex(MemorySource(bytes))
      let times = try McapFixture.ordered(McapMessages(index)).map(\.logTime)
      let wanted = expected.records.filter { $0.type == "Message" }
        .compactMap { $0.fields["log_time"].flatMap(UInt64.init) }
      #expect(times == wanted.sorted(), "\(json.lastPathComponent)")
      let topics = Set(index.channels.values.map(\.topic))
      #expect(topics == Set(expected.records.compactMap { $0.fields["topic"] }))
      #expect(try McapFixture.ordered(McapMessages(index, topics: topics)).count == times.count)
      if !index.isFromScan { indexed += 1 }
    }
    // Those with statistics, channels, schemas and chunk indexes, and those without messages to find.
    #expect(indexed > 0)
    print("MCAP conformance: \(indexed) of 416 files read by their summary alone, the others by a scan")
  }

  @Test(
    "our writer gives every file byte for byte",
    .enabled(if: isPresent, "../shared/data/mcap/conformance_416.tar.xz is not here"))
  func writes() throws {
    let directory = try McapFixture.unpackConformance()
    defer { try? FileManager.default.removeItem(at: directory) }
    var equal = 0
    for json in try Self.files(in: directory) {
      let description = try ConformanceDescription(Data(contentsOf: json))
      let expected = try McapFixture.bytes(json.deletingPathExtension().appendingPathExtension("mcap"))
      let written = try Self.write(description)
      #expect(written == expected, "\(json.lastPathComponent)")
      if written == expected { equal += 1 }
    }
    print("MCAP conformance: \(equal) of 416 files written byte for byte")
    #expect(equal == 416)
  }

  /// Writes the data records that a file's description lists, with the options that its features name.
  static func write(_ description: ConformanceDescription) throws -> [UInt8] {
    let sink = MemorySink()
    let header = description.records[0].fields
    let writer = try McapWriter(
      sink: sink, profile: header["profile"] ?? "", library: header["library"] ?? "",
      options: description.options)
    func number<T: FixedWidthInteger>(_ record: ConformanceDescription.Record, _ field: String) -> T {
      record.fields[field].flatMap { T($0) } ?? 0
    }
    func bytes(_ record: ConformanceDescription.Record) -> [UInt8] {
      (record.fields["data"] ?? "").split(separator: ",").compactMap { UInt8($0) }
    }
    func properties(_ record: ConformanceDescription.Record) -> McapProperties {
      McapProperties(
        (record.fields["metadata"] ?? "").split(separator: ";").map { pair in
          let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
          return McapProperties.Entry(parts[0], parts[1])
        })
    }
    records: for record in description.records {
      switch record.type {
      case "DataEnd": break records
      case "Schema":
        try writer.addSchema(
          McapSchema(
            id: number(record, "id"), name: record.fields["name"] ?? "",
            encoding: record.fields["encoding"] ?? "", data: bytes(record)))
      case "Channel":
        try writer.addChannel(
          McapChannel(
            id: number(record, "id"), schemaID: number(record, "schema_id"),
            topic: record.fields["topic"] ?? "", messageEncoding: record.fields["message_encoding"] ?? "",
            metadata: properties(record)))
      case "Message":
        let payload = bytes(record)
        try writer.write(
          channel: number(record, "channel_id"), sequence: number(record, "sequence"),
          logTime: number(record, "log_time"), publishTime: number(record, "publish_time"),
          payload: payload)
      case "Attachment":
        try writer.attach(
          McapAttachment(
            logTime: number(record, "log_time"), createTime: number(record, "create_time"),
            name: record.fields["name"] ?? "", mediaType: record.fields["media_type"] ?? "",
            data: bytes(record)))
      case "Metadata":
        try writer.add(McapMetadata(name: record.fields["name"] ?? "", properties: properties(record)))
      default: break
      }
    }
    try writer.finish()
    return sink.bytes
  }
}
