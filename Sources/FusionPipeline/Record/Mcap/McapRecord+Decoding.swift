extension McapRecord {
  /// Takes one record's content apart; fields beyond the known ones are passed over, as the format asks.
  static func decode(
    _ opcode: UInt8, _ content: UnsafeRawBufferPointer
  ) throws(McapMalformed) -> McapRecord {
    var cursor = unsafe RecordCursor(content)
    switch McapOpcode(rawValue: opcode) {
    case .message: return .message(unsafe try message(content))
    case .header:
      let profile = try cursor.text()
      return .header(McapHeader(profile: profile, library: try cursor.text()))
    case .footer:
      return .footer(
        McapFooter(
          summaryStart: try cursor.integer(), summaryOffsetStart: try cursor.integer(),
          summaryCRC: try cursor.integer()))
    case .schema: return .schema(try schema(&cursor))
    case .channel: return .channel(try channel(&cursor))
    case .chunk: return .chunk(try chunk(&cursor))
    case .messageIndex: return .messageIndex(try messageIndex(&cursor))
    case .chunkIndex: return .chunkIndex(try chunkIndex(&cursor))
    case .attachment: return .attachment(try attachment(&cursor).attachment)
    case .attachmentIndex:
      return .attachmentIndex(
        McapAttachmentIndex(
          offset: try cursor.integer(), length: try cursor.integer(), logTime: try cursor.integer(),
          createTime: try cursor.integer(), dataSize: try cursor.integer(), name: try cursor.text(),
          mediaType: try cursor.text()))
    case .statistics: return .statistics(try statistics(&cursor))
    case .metadata:
      let name = try cursor.text()
      return .metadata(McapMetadata(name: name, properties: try cursor.properties()))
    case .metadataIndex:
      return .metadataIndex(
        McapMetadataIndex(
          offset: try cursor.integer(), length: try cursor.integer(), name: try cursor.text()))
    case .summaryOffset:
      return .summaryOffset(
        McapSummaryOffset(
          groupOpcode: try cursor.integer(), groupStart: try cursor.integer(),
          groupLength: try cursor.integer()))
    case .dataEnd: return .dataEnd(crc: try cursor.integer())
    case nil: return .unknown(opcode: opcode, byteCount: UInt64(content.count))
    }
  }

  static func message(_ content: UnsafeRawBufferPointer) throws(McapMalformed) -> McapMessage {
    let head = McapFormat.messageHeadBytes
    guard content.count >= head else { throw McapMalformed("a message of \(content.count) bytes") }
    return unsafe McapMessage(
      channelID: UInt16(littleEndian: content.loadUnaligned(fromByteOffset: 0, as: UInt16.self)),
      sequence: UInt32(littleEndian: content.loadUnaligned(fromByteOffset: 2, as: UInt32.self)),
      logTime: UInt64(littleEndian: content.loadUnaligned(fromByteOffset: 6, as: UInt64.self)),
      publishTime: UInt64(littleEndian: content.loadUnaligned(fromByteOffset: 14, as: UInt64.self)),
      payloadBytes: UnsafeRawBufferPointer(rebasing: content[head...]))
  }

  private static func schema(_ cursor: inout RecordCursor) throws(McapMalformed) -> McapSchema {
    let schema = McapSchema(
      id: try cursor.integer(), name: try cursor.text(), encoding: try cursor.text(),
      data: unsafe [UInt8](try cursor.counted()))
    guard schema.id != 0 else { throw McapMalformed("a schema with the invalid id 0") }
    return schema
  }

  private static func channel(_ cursor: inout RecordCursor) throws(McapMalformed) -> McapChannel {
    McapChannel(
      id: try cursor.integer(), schemaID: try cursor.integer(), topic: try cursor.text(),
      messageEncoding: try cursor.text(), metadata: try cursor.properties())
  }

  /// Leaves the cursor at the first byte of the chunk's records.
  static func chunk(_ cursor: inout RecordCursor) throws(McapMalformed) -> McapChunk {
    McapChunk(
      messageStartTime: try cursor.integer(), messageEndTime: try cursor.integer(),
      uncompressedSize: try cursor.integer(), uncompressedCRC: try cursor.integer(),
      compression: try cursor.text(), recordsByteCount: try cursor.integer())
  }

  private static func messageIndex(
    _ cursor: inout RecordCursor
  ) throws(McapMalformed) -> McapMessageIndex {
    let channel: UInt16 = try cursor.integer()
    var inner = unsafe RecordCursor(try cursor.counted())
    guard inner.left % 16 == 0 else { throw McapMalformed("an index that ends inside an entry") }
    var entries: [McapMessageIndex.Entry] = []
    entries.reserveCapacity(inner.left / 16)
    while inner.left > 0 {
      let logTime: UInt64 = try inner.integer()
      entries.append(McapMessageIndex.Entry(logTime: logTime, offset: try inner.integer()))
    }
    return McapMessageIndex(channelID: channel, entries: entries)
  }

  private static func chunkIndex(_ cursor: inout RecordCursor) throws(McapMalformed) -> McapChunkIndex {
    var index = McapChunkIndex()
    index.messageStartTime = try cursor.integer()
    index.messageEndTime = try cursor.integer()
    index.chunkStartOffset = try cursor.integer()
    index.chunkLength = try cursor.integer()
    index.messageIndexOffsets = try cursor.channelValues()
    index.messageIndexLength = try cursor.integer()
    index.compression = try cursor.text()
    index.compressedSize = try cursor.integer()
    index.uncompressedSize = try cursor.integer()
    return index
  }

  /// `summedBytes` is how much of the content its `crc` covers.
  static func attachment(
    _ cursor: inout RecordCursor
  ) throws(McapMalformed) -> (attachment: McapAttachment, crc: UInt32, summedBytes: Int) {
    let logTime: UInt64 = try cursor.integer()
    let createTime: UInt64 = try cursor.integer()
    let name = try cursor.text()
    let mediaType = try cursor.text()
    let length: UInt64 = try cursor.integer()
    let data = unsafe [UInt8](try cursor.slice(length))
    let summed = cursor.position
    let crc: UInt32 = try cursor.integer()
    let attachment = McapAttachment(
      logTime: logTime, createTime: createTime, name: name, mediaType: mediaType, data: data)
    return (attachment, crc, summed)
  }

  private static func statistics(_ cursor: inout RecordCursor) throws(McapMalformed) -> McapStatistics {
    var statistics = McapStatistics()
    statistics.messageCount = try cursor.integer()
    statistics.schemaCount = try cursor.integer()
    statistics.channelCount = try cursor.integer()
    statistics.attachmentCount = try cursor.integer()
    statistics.metadataCount = try cursor.integer()
    statistics.chunkCount = try cursor.integer()
    statistics.messageStartTime = try cursor.integer()
    statistics.messageEndTime = try cursor.integer()
    statistics.channelMessageCounts = try cursor.channelValues()
    return statistics
  }
}
