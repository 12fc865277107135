extension McapWriterState {
  /// Everything after the data section, with the closing magic.
  func ending(_ options: McapWriterOptions) -> RecordBuffer {
    var ending = RecordBuffer(capacity: 4096 + chunkIndexes.count)
    ending.putDataEnd(crc: dataSum.value)
    let summaryAt = ending.count
    var groups: [McapSummaryOffset] = []
    func group(
      _ opcode: McapOpcode, _ isWritten: Bool, _ out: inout RecordBuffer,
      _ put: (inout RecordBuffer) -> Void
    ) {
      let start = out.count
      if isWritten { put(&out) }
      guard out.count > start else { return }
      groups.append(
        McapSummaryOffset(
          groupOpcode: opcode.rawValue, groupStart: storedBytes + UInt64(start),
          groupLength: UInt64(out.count - start)))
    }
    let extra = options.recordExtension
    group(.schema, options.repeatsSchemas, &ending) { out in
      for schema in schemaRecords { out.put(schema, extra: extra) }
    }
    group(.channel, options.repeatsChannels, &ending) { out in
      for channel in channelRecords { out.put(channel, extra: extra) }
    }
    group(.statistics, options.writesStatistics, &ending) { out in out.put(statistics, extra: extra) }
    group(.chunkIndex, options.writesChunkIndex, &ending) { out in unsafe out.put(bytes: chunkIndexes.bytes) }
    group(.attachmentIndex, options.writesAttachmentIndex, &ending) { out in
      unsafe out.put(bytes: attachmentIndexes.bytes)
    }
    group(.metadataIndex, options.writesMetadataIndex, &ending) { out in
      unsafe out.put(bytes: metadataIndexes.bytes)
    }
    let offsetsAt = ending.count
    if options.writesSummaryOffsets {
      for group in groups { ending.put(group, extra: extra) }
    }
    let summaryStart = offsetsAt > summaryAt ? storedBytes + UInt64(summaryAt) : 0
    let offsetsStart = ending.count > offsetsAt ? storedBytes + UInt64(offsetsAt) : 0
    let footer = ending.beginRecord(.footer)
    ending.overwrite(UInt64(McapFormat.footerBytes), at: footer - 8)
    ending.put(summaryStart)
    ending.put(offsetsStart)
    var sum = CRC32()
    unsafe sum.update(ending.bytes(summaryAt..<ending.count))
    ending.put(sum.value)
    ending.put(McapFormat.magic)
    return ending
  }

  private var statistics: McapStatistics {
    var statistics = McapStatistics()
    statistics.messageCount = counters.storedMessages
    statistics.schemaCount = UInt16(truncatingIfNeeded: schemaRecords.count)
    statistics.channelCount = UInt32(truncatingIfNeeded: channelCount)
    statistics.attachmentCount = attachmentCount
    statistics.metadataCount = metadataCount
    statistics.chunkCount = UInt32(truncatingIfNeeded: counters.storedChunks)
    statistics.messageStartTime = counters.storedMessages == 0 ? 0 : messageStart
    statistics.messageEndTime = messageEnd
    for slot in 0..<channelCount {
      let count = unsafe channels[slot].storedMessages
      if count > 0 {
        statistics.channelMessageCounts.append(
          McapChannelValue(unsafe channels[slot].id, count))
      }
    }
    return statistics
  }
}
