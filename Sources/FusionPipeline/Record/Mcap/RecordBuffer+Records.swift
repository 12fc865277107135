/// Records in their wire form; `extra` is appended to the fields of those records that may be extended.
extension RecordBuffer {
  mutating func put(_ header: McapHeader, extra: [UInt8] = []) {
    let record = beginRecord(.header)
    put(header.profile)
    put(header.library)
    put(extra)
    endRecord(record)
  }

  mutating func put(_ schema: McapSchema, extra: [UInt8] = []) {
    let record = beginRecord(.schema)
    put(schema.id)
    put(schema.name)
    put(schema.encoding)
    putCounted(schema.data)
    put(extra)
    endRecord(record)
  }

  mutating func put(_ channel: McapChannel, extra: [UInt8] = []) {
    let record = beginRecord(.channel)
    put(channel.id)
    put(channel.schemaID)
    put(channel.topic)
    put(channel.messageEncoding)
    put(channel.metadata)
    put(extra)
    endRecord(record)
  }

  mutating func put(_ metadata: McapMetadata, extra: [UInt8] = []) {
    let record = beginRecord(.metadata)
    put(metadata.name)
    put(metadata.properties)
    put(extra)
    endRecord(record)
  }

  /// The fields around an attachment's data; the data itself is not copied here. Gives the sum of the fields.
  mutating func putHead(_ attachment: McapAttachment, extra: [UInt8] = []) -> CRC32 {
    let record = beginRecord(.attachment)
    put(attachment.logTime)
    put(attachment.createTime)
    put(attachment.name)
    put(attachment.mediaType)
    put(UInt64(attachment.data.count))
    let content = UInt64(count &- record &+ attachment.data.count &+ 4 &+ extra.count)
    overwrite(content, at: record &- 8)
    var sum = CRC32()
    unsafe sum.update(bytes(record..<count))
    return sum
  }

  mutating func put(_ index: McapAttachmentIndex, extra: [UInt8] = []) {
    let record = beginRecord(.attachmentIndex)
    put(index.offset)
    put(index.length)
    put(index.logTime)
    put(index.createTime)
    put(index.dataSize)
    put(index.name)
    put(index.mediaType)
    put(extra)
    endRecord(record)
  }

  mutating func put(_ index: McapMetadataIndex, extra: [UInt8] = []) {
    let record = beginRecord(.metadataIndex)
    put(index.offset)
    put(index.length)
    put(index.name)
    put(extra)
    endRecord(record)
  }

  mutating func put(_ statistics: McapStatistics, extra: [UInt8] = []) {
    let record = beginRecord(.statistics)
    put(statistics.messageCount)
    put(statistics.schemaCount)
    put(statistics.channelCount)
    put(statistics.attachmentCount)
    put(statistics.metadataCount)
    put(statistics.chunkCount)
    put(statistics.messageStartTime)
    put(statistics.messageEndTime)
    put(statistics.channelMessageCounts)
    put(extra)
    endRecord(record)
  }

  mutating func put(_ offset: McapSummaryOffset, extra: [UInt8] = []) {
    let record = beginRecord(.summaryOffset)
    put(offset.groupOpcode)
    put(offset.groupStart)
    put(offset.groupLength)
    put(extra)
    endRecord(record)
  }

  mutating func putDataEnd(crc: UInt32) {
    let record = beginRecord(.dataEnd)
    put(crc)
    endRecord(record)
  }
}
