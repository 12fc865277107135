extension McapIndex {
  /// Reads the whole file and makes the index that its summary should have been.
  func scan() throws(McapFailure) {
    isFromScan = true
    forget()
    let reader = McapRecordReader(source: source)
    var counts = McapStatistics()
    counts.messageStartTime = .max
    var perChannel: [UInt16: UInt64] = [:]
    var openChunk: OpenChunk?
    while let record = try reader.next() {
      if reader.isInSummary {
        // Definitions in the summary may be the only ones left when a chunk is damaged.
        switch record {
        case .schema(let schema) where schemas[schema.id] == nil: schemas[schema.id] = schema
        case .channel(let channel) where channels[channel.id] == nil: channels[channel.id] = channel
        default: break
        }
        continue
      }
      if reader.outerOffset != openChunk?.index.chunkStartOffset { close(&openChunk) }
      switch record {
      case .header(let found): header = found
      case .schema(let schema): schemas[schema.id] = schema
      case .channel(let channel): channels[channel.id] = channel
      case .message(let message):
        counts.messageCount &+= 1
        counts.messageStartTime = min(counts.messageStartTime, message.logTime)
        counts.messageEndTime = max(counts.messageEndTime, message.logTime)
        perChannel[message.channelID, default: 0] &+= 1
        if openChunk != nil {
          openChunk?.note(message, chunkEnd: reader.chunkEnd)
        } else {
          looseMessages.append(
            LooseMessage(
              channelID: message.channelID, logTime: message.logTime, offset: reader.recordOffset,
              byteCount: UInt64(
                message.payloadByteCount + McapFormat.recordHeadBytes + McapFormat.messageHeadBytes)))
        }
      case .chunk(let chunk):
        counts.chunkCount &+= 1
        openChunk = OpenChunk(chunk, at: reader.outerOffset)
      case .attachment(let attachment):
        counts.attachmentCount &+= 1
        attachments.append(
          McapAttachmentIndex(
            offset: reader.recordOffset, length: reader.position - reader.recordOffset,
            logTime: attachment.logTime, createTime: attachment.createTime,
            dataSize: UInt64(attachment.data.count), name: attachment.name,
            mediaType: attachment.mediaType))
      case .metadata(let found):
        counts.metadataCount &+= 1
        metadata.append(
          McapMetadataIndex(
            offset: reader.recordOffset, length: reader.position - reader.recordOffset, name: found.name))
      default: break
      }
    }
    close(&openChunk)
    if counts.messageCount == 0 { counts.messageStartTime = 0 }
    counts.schemaCount = UInt16(truncatingIfNeeded: schemas.count)
    counts.channelCount = UInt32(truncatingIfNeeded: channels.count)
    counts.channelMessageCounts = perChannel.sorted { $0.key < $1.key }.map {
      McapChannelValue($0.key, $0.value)
    }
    statistics = counts
    problems += reader.problems
    ending = reader.ending
  }

  private func close(_ chunk: inout OpenChunk?) {
    // Without messages there is nothing to find in it.
    if let finished = chunk, finished.index.chunkLength > 0 { chunks.append(finished.index) }
    chunk = nil
  }

  /// A chunk's index entry as its messages go by: its own words about times are not relied on.
  private struct OpenChunk {
    var index = McapChunkIndex()
    private var isEmpty = true

    init(_ chunk: McapChunk, at offset: UInt64) {
      index.chunkStartOffset = offset
      index.compression = chunk.compression
      index.compressedSize = chunk.recordsByteCount
      index.uncompressedSize = chunk.uncompressedSize
    }

    mutating func note(_ message: McapMessage, chunkEnd: UInt64) {
      index.chunkLength = chunkEnd - index.chunkStartOffset
      index.messageStartTime =
        isEmpty ? message.logTime : min(index.messageStartTime, message.logTime)
      index.messageEndTime = max(index.messageEndTime, message.logTime)
      isEmpty = false
    }
  }
}
