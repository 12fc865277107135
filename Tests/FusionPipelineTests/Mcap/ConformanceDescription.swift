import Foundation

@testable import FusionPipeline

/// One of the suite's descriptions: the records of a file without chunks and message indexes, and the
/// features that its writer was asked for.
struct ConformanceDescription {
  struct Record: Hashable, CustomStringConvertible {
    var type: String
    /// Field by field as text; lists joined, maps sorted by key.
    var fields: [String: String]
    var description: String { "\(type) \(fields.sorted { $0.key < $1.key })" }
  }
  var records: [Record]
  var features: Set<String>

  init(_ data: Data) throws {
    guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any],
      let listed = root["records"] as? [[String: Any]],
      let meta = root["meta"] as? [String: Any], let variant = meta["variant"] as? [String: Any],
      let names = variant["features"] as? [String]
    else { throw CocoaError(.coderReadCorrupt) }
    features = Set(names)
    records = listed.map { entry in
      var fields: [String: String] = [:]
      for field in entry["fields"] as? [[Any]] ?? [] where field.count == 2 {
        fields[field[0] as? String ?? ""] = Self.text(field[1])
      }
      return Record(type: entry["type"] as? String ?? "", fields: fields)
    }
  }

  static func text(_ value: Any) -> String {
    if let list = value as? [String] { return list.joined(separator: ",") }
    if let map = value as? [String: String] {
      return map.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
    }
    return value as? String ?? "?"
  }

  static func text(_ bytes: [UInt8]) -> String { bytes.map(String.init).joined(separator: ",") }
  static func text(_ values: [McapChannelValue]) -> String {
    values.sorted { $0.channelID < $1.channelID }.map { "\($0.channelID)=\($0.value)" }
      .joined(separator: ";")
  }
  static func text(_ properties: McapProperties) -> String {
    properties.entries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
  }

  /// A record as the suite describes it; nil for those that the descriptions leave out.
  static func describe(_ record: McapRecord) -> Record? {
    switch record {
    case .chunk, .messageIndex, .unknown: nil
    case .header(let h): Record(type: "Header", fields: ["library": h.library, "profile": h.profile])
    case .footer(let f):
      Record(
        type: "Footer",
        fields: [
          "summary_crc": "\(f.summaryCRC)", "summary_offset_start": "\(f.summaryOffsetStart)",
          "summary_start": "\(f.summaryStart)",
        ])
    case .schema(let s):
      Record(
        type: "Schema",
        fields: ["data": text(s.data), "encoding": s.encoding, "id": "\(s.id)", "name": s.name])
    case .channel(let c):
      Record(
        type: "Channel",
        fields: [
          "id": "\(c.id)", "message_encoding": c.messageEncoding, "metadata": text(c.metadata),
          "schema_id": "\(c.schemaID)", "topic": c.topic,
        ])
    case .message(let m):
      Record(
        type: "Message",
        fields: [
          "channel_id": "\(m.channelID)", "data": text(m.payload), "log_time": "\(m.logTime)",
          "publish_time": "\(m.publishTime)", "sequence": "\(m.sequence)",
        ])
    case .attachment(let a):
      Record(
        type: "Attachment",
        fields: [
          "create_time": "\(a.createTime)", "data": text(a.data), "log_time": "\(a.logTime)",
          "media_type": a.mediaType, "name": a.name,
        ])
    case .metadata(let m):
      Record(type: "Metadata", fields: ["metadata": text(m.properties), "name": m.name])
    case .dataEnd(let crc): Record(type: "DataEnd", fields: ["data_section_crc": "\(crc)"])
    default: describeSummary(record)
    }
  }

  private static func describeSummary(_ record: McapRecord) -> Record? {
    switch record {
    case .statistics(let s):
      Record(
        type: "Statistics",
        fields: [
          "attachment_count": "\(s.attachmentCount)", "channel_count": "\(s.channelCount)",
          "channel_message_counts": text(s.channelMessageCounts), "chunk_count": "\(s.chunkCount)",
          "message_count": "\(s.messageCount)", "message_end_time": "\(s.messageEndTime)",
          "message_start_time": "\(s.messageStartTime)", "metadata_count": "\(s.metadataCount)",
          "schema_count": "\(s.schemaCount)",
        ])
    case .chunkIndex(let c):
      Record(
        type: "ChunkIndex",
        fields: [
          "chunk_length": "\(c.chunkLength)", "chunk_start_offset": "\(c.chunkStartOffset)",
          "compressed_size": "\(c.compressedSize)", "compression": c.compression,
          "message_end_time": "\(c.messageEndTime)", "message_index_length": "\(c.messageIndexLength)",
          "message_index_offsets": text(c.messageIndexOffsets),
          "message_start_time": "\(c.messageStartTime)", "uncompressed_size": "\(c.uncompressedSize)",
        ])
    case .attachmentIndex(let a):
      Record(
        type: "AttachmentIndex",
        fields: [
          "create_time": "\(a.createTime)", "data_size": "\(a.dataSize)", "length": "\(a.length)",
          "log_time": "\(a.logTime)", "media_type": a.mediaType, "name": a.name, "offset": "\(a.offset)",
        ])
    case .metadataIndex(let m):
      Record(
        type: "MetadataIndex",
        fields: ["length": "\(m.length)", "name": m.name, "offset": "\(m.offset)"])
    case .summaryOffset(let s):
      Record(
        type: "SummaryOffset",
        fields: [
          "group_length": "\(s.groupLength)", "group_opcode": "\(s.groupOpcode)",
          "group_start": "\(s.groupStart)",
        ])
    default: nil
    }
  }

  /// What our writer has to be told to produce this file.
  var options: McapWriterOptions {
    var options = McapWriterOptions.bare
    options.usesChunks = features.contains("ch")
    options.writesMessageIndex = features.contains("mx")
    options.writesStatistics = features.contains("st")
    options.repeatsSchemas = features.contains("rsh")
    options.repeatsChannels = features.contains("rch")
    options.writesAttachmentIndex = features.contains("ax")
    options.writesMetadataIndex = features.contains("mdx")
    options.writesChunkIndex = features.contains("chx")
    options.writesSummaryOffsets = features.contains("sum")
    if features.contains("pad") { options.recordExtension = [0x01, 0xFF, 0xFF] }
    return options
  }
}
