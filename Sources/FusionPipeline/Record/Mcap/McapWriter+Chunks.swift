extension McapWriter {
  /// Completes the pending chunk in place and sends it with its indexes in one write.
  func storeChunk() throws(StorageFailure) {
    let state = unsafe self.state
    let messages = unsafe state.pointee.counters.pendingMessages
    let start = unsafe messages == 0 ? 0 : state.pointee.earliest
    let end = unsafe state.pointee.latest
    let head = unsafe state.pointee.headBytes
    let recordsEnd = unsafe state.pointee.pending.count
    let size = UInt64(recordsEnd - head)
    var records = CRC32()
    unsafe records.update(state.pointee.pending.bytes(head..<recordsEnd))

    var offset = 0
    func fill<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
      unsafe state.pointee.pending.overwrite(value, at: offset)
      offset += MemoryLayout<T>.size
    }
    fill(McapOpcode.chunk.rawValue)
    fill(size + UInt64(McapFormat.chunkHeadBytes))
    fill(start)
    fill(end)
    fill(size)
    fill(records.value)
    fill(UInt32(0))
    fill(size)

    let chunkStart = unsafe state.pointee.storedBytes
    let firstIndexEntry = unsafe state.pointee.chunkIndexes.count
    let index = unsafe state.pointee.chunkIndexes.beginRecord(.chunkIndex)
    unsafe state.pointee.chunkIndexes.put(start)
    unsafe state.pointee.chunkIndexes.put(end)
    unsafe state.pointee.chunkIndexes.put(chunkStart)
    unsafe state.pointee.chunkIndexes.put(UInt64(recordsEnd))
    appendMessageIndexes(chunkStart)
    unsafe state.pointee.chunkIndexes.put(UInt64(state.pointee.pending.count - recordsEnd))
    unsafe state.pointee.chunkIndexes.put(UInt32(0))
    unsafe state.pointee.chunkIndexes.put(size)
    unsafe state.pointee.chunkIndexes.put(size)
    unsafe state.pointee.chunkIndexes.put(options.recordExtension)
    unsafe state.pointee.chunkIndexes.endRecord(index)

    do throws(StorageFailure) {
      unsafe try store(state.pointee.pending.bytes)
    } catch {
      unsafe state.pointee.chunkIndexes.shrink(to: firstIndexEntry)
      unsafe state.pointee.counters.lostChunks &+= 1
      unsafe state.pointee.settle(stored: false)
      throw error
    }
    unsafe state.pointee.dataSum.update(state.pointee.pending.bytes(0..<head))
    unsafe state.pointee.dataSum.append(records, byteCount: size)
    unsafe state.pointee.dataSum.update(
      state.pointee.pending.bytes(recordsEnd..<state.pointee.pending.count))
    unsafe state.pointee.counters.storedChunks &+= 1
    unsafe state.pointee.settle(stored: true)
    if options.repeatsDefinitionsInEachChunk { forgetDefinitions() }
  }

  /// Message indexes behind the chunk, and their places into the chunk's index.
  private func appendMessageIndexes(_ chunkStart: UInt64) {
    let state = unsafe self.state
    let mapAt = unsafe state.pointee.chunkIndexes.count
    unsafe state.pointee.chunkIndexes.put(UInt32(0))
    guard options.writesMessageIndex else { return }
    for slot in unsafe 0..<state.pointee.channelCount {
      let entries = unsafe state.pointee.channels[slot].indexBytes
      guard entries.count > 0 else { continue }
      let channel = unsafe state.pointee.channels[slot].id
      unsafe state.pointee.chunkIndexes.put(channel)
      unsafe state.pointee.chunkIndexes.put(chunkStart + UInt64(state.pointee.pending.count))
      let record = unsafe state.pointee.pending.beginRecord(.messageIndex)
      unsafe state.pointee.pending.put(channel)
      unsafe state.pointee.pending.put(UInt32(truncatingIfNeeded: entries.count))
      unsafe state.pointee.pending.put(bytes: entries)
      unsafe state.pointee.pending.put(options.recordExtension)
      unsafe state.pointee.pending.endRecord(record)
    }
    let mapBytes = unsafe state.pointee.chunkIndexes.count - mapAt - 4
    unsafe state.pointee.chunkIndexes.overwrite(UInt32(truncatingIfNeeded: mapBytes), at: mapAt)
  }

  /// Without chunks: the gathered records as they are.
  func storeRecords() throws(StorageFailure) {
    do throws(StorageFailure) {
      unsafe try store(state.pointee.pending.bytes)
    } catch {
      unsafe state.pointee.settle(stored: false)
      throw error
    }
    unsafe state.pointee.dataSum.update(state.pointee.pending.bytes)
    unsafe state.pointee.settle(stored: true)
  }

  private func forgetDefinitions() {
    for slot in unsafe 0..<state.pointee.channelCount {
      unsafe state.pointee.channels[slot].isDefined = false
    }
    for schema in unsafe state.pointee.schemaIsDefined.indices {
      unsafe state.pointee.schemaIsDefined[schema] = false
    }
  }
}
