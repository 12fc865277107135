extension McapWriter {
  /// Adds a schema under the next free id and gives that id.
  public func addSchema(name: String, encoding: String, data: [UInt8]) throws(StorageFailure) -> UInt16 {
    let used = unsafe Set(state.pointee.schemaRecords.map(\.id))
    guard let id = (1...UInt16.max).first(where: { !used.contains($0) }) else {
      throw StorageFailure(.invalid, "a log has at most 65535 schemas; record a new log")
    }
    try addSchema(McapSchema(id: id, name: name, encoding: encoding, data: data))
    return id
  }

  /// Adds a schema under its own id; does nothing when the same is there already.
  public func addSchema(_ schema: McapSchema) throws(StorageFailure) {
    try requireOpen()
    guard schema.id != 0 else { throw StorageFailure(.invalid, "a schema cannot have the id 0") }
    guard schema.data.count < Int(UInt32.max) else {
      throw StorageFailure(.invalid, "the schema \(schema.name) is longer than 4 GiB")
    }
    if let known = unsafe state.pointee.schemaRecords.first(where: { $0.id == schema.id }) {
      guard known == schema else {
        throw StorageFailure(.invalid, "schema \(schema.id) is already \(known.name) with other content")
      }
      return
    }
    unsafe state.pointee.schemaRecords.append(schema)
    unsafe state.pointee.schemaIsDefined.append(false)
    unsafe state.pointee.schemaIsPending.append(false)
    define(schemaAt: unsafe state.pointee.schemaRecords.count - 1)
  }

  /// Adds a channel under the next free id and gives that id. `schemaID` 0: without a schema.
  public func addChannel(
    topic: String, messageEncoding: String, schemaID: UInt16, metadata: McapProperties = [:]
  ) throws(StorageFailure) -> UInt16 {
    guard let id = (1...UInt16.max).first(where: { unsafe state.pointee.slot(of: $0) == nil }) else {
      throw StorageFailure(.invalid, "a log has at most 65535 channels; record a new log")
    }
    try addChannel(
      McapChannel(
        id: id, schemaID: schemaID, topic: topic, messageEncoding: messageEncoding, metadata: metadata))
    return id
  }

  /// Adds a channel under its own id; does nothing when the same is there already.
  public func addChannel(_ channel: McapChannel) throws(StorageFailure) {
    try requireOpen()
    if let slot = unsafe state.pointee.slot(of: channel.id) {
      let known = unsafe state.pointee.channelRecords[slot]
      guard known == channel else {
        throw StorageFailure(
          .invalid, "channel \(channel.id) is already \(known.topic) with other properties")
      }
      return
    }
    var schema: Int?
    if channel.schemaID != 0 {
      schema = unsafe state.pointee.schemaRecords.firstIndex { $0.id == channel.schemaID }
      guard schema != nil else {
        throw StorageFailure(
          .invalid, "channel \(channel.topic) names schema \(channel.schemaID); add that first")
      }
    }
    define(channelAt: unsafe state.pointee.addChannel(channel, schema: schema))
  }

  /// Puts the schema's record into the pending records.
  private func define(schemaAt index: Int) {
    unsafe state.pointee.pending.put(
      state.pointee.schemaRecords[index], extra: options.usesChunks ? [] : options.recordExtension)
    unsafe state.pointee.schemaIsDefined[index] = true
    unsafe state.pointee.schemaIsPending[index] = true
  }

  /// Puts the channel's record, after its schema's, into the pending records.
  func define(channelAt slot: Int) {
    if let schema = unsafe state.pointee.channels[slot].schema,
      unsafe !state.pointee.schemaIsDefined[schema]
    {
      define(schemaAt: schema)
    }
    unsafe state.pointee.pending.put(
      state.pointee.channelRecords[slot], extra: options.usesChunks ? [] : options.recordExtension)
    unsafe state.pointee.channels[slot].isDefined = true
    unsafe state.pointee.channels[slot].isDefinedInPendingChunk = true
  }

  /// Adds a file to the log; it goes to the sink at once, before the pending chunk.
  public func attach(_ attachment: McapAttachment) throws(StorageFailure) {
    try requireOpen()
    if !options.usesChunks { try flushChunk() }
    var head = RecordBuffer(capacity: 256)
    var sum = head.putHead(attachment, extra: options.recordExtension)
    var content = CRC32()
    unsafe attachment.data.withUnsafeBytes { raw in unsafe content.update(raw) }
    sum.append(content, byteCount: UInt64(attachment.data.count))
    // One write, so that a failing sink is cut back to before the attachment as a whole.
    head.put(attachment.data)
    head.put(sum.value)
    head.put(options.recordExtension)
    let index = McapAttachmentIndex(
      offset: unsafe state.pointee.storedBytes, length: UInt64(head.count), logTime: attachment.logTime,
      createTime: attachment.createTime, dataSize: UInt64(attachment.data.count), name: attachment.name,
      mediaType: attachment.mediaType)
    unsafe try store(head.bytes)
    unsafe state.pointee.dataSum.update(head.bytes)
    unsafe state.pointee.attachmentIndexes.put(index, extra: options.recordExtension)
    unsafe state.pointee.attachmentCount &+= 1
  }

  /// Adds named text pairs to the log; they go to the sink at once, before the pending chunk.
  public func add(_ metadata: McapMetadata) throws(StorageFailure) {
    try requireOpen()
    if !options.usesChunks { try flushChunk() }
    var record = RecordBuffer(capacity: 256)
    record.put(metadata, extra: options.recordExtension)
    let index = McapMetadataIndex(
      offset: unsafe state.pointee.storedBytes, length: UInt64(record.count), name: metadata.name)
    unsafe try store(record.bytes)
    unsafe state.pointee.dataSum.update(record.bytes)
    unsafe state.pointee.metadataIndexes.put(index, extra: options.recordExtension)
    unsafe state.pointee.metadataCount &+= 1
  }
}
