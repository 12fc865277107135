/// One chunk in memory with its wanted messages in the order of log time; the memory is used again.
@safe final class LoadedChunk {
  struct Entry: BitwiseCopyable {
    var logTime: UInt64
    /// Of the message's content inside the records.
    var start: Int
    var byteCount: Int
  }

  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var recordsAt = 0
  private var recordsOffset: UInt64 = 0
  private var entries: [Entry] = []
  private var nextEntry = 0

  init() {
    capacity = 320 * 1024
    unsafe base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { unsafe base.deallocate() }

  /// What orders messages of different chunks: log time, then place in the file. Nil when none are left.
  var key: (logTime: UInt64, offset: UInt64)? {
    guard nextEntry < entries.count else { return nil }
    let entry = entries[nextEntry]
    return (entry.logTime, recordsOffset &+ UInt64(truncatingIfNeeded: entry.start))
  }

  /// The next message, valid until this chunk is loaded anew.
  func takeMessage() -> McapMessage? {
    guard nextEntry < entries.count else { return nil }
    let entry = entries[nextEntry]
    nextEntry += 1
    let content = unsafe UnsafeRawBufferPointer(
      start: base + recordsAt + entry.start, count: entry.byteCount)
    return unsafe try? McapRecord.message(content)
  }

  /// Reads a chunk; gives what is wrong with it, in which case it holds no messages.
  func load(
    _ index: McapChunkIndex, from source: any ByteSource, where isWanted: (UInt16, UInt64) -> Bool
  ) throws(McapFailure) -> McapProblem.Kind? {
    entries.removeAll(keepingCapacity: true)
    nextEntry = 0
    let total = source.byteCount
    guard index.chunkStartOffset <= total, index.chunkLength <= total - index.chunkStartOffset else {
      return .malformed("the index places a chunk beyond the file's end")
    }
    guard index.chunkLength <= 1 << 30 else { return .tooLong(byteCount: index.chunkLength) }
    let count = Int(index.chunkLength)
    reserve(count)
    let room = unsafe UnsafeMutableRawBufferPointer(start: base, count: count)
    do throws(StorageFailure) {
      guard try unsafe source.read(at: index.chunkStartOffset, into: room) == count else {
        return .malformed("the file became shorter while it was read")
      }
    } catch {
      throw .storage(error)
    }
    let record = UnsafeRawBufferPointer(room)
    guard count > McapFormat.recordHeadBytes, unsafe record[0] == McapOpcode.chunk.rawValue else {
      return .malformed("the index names a chunk where there is none")
    }
    var cursor = unsafe RecordCursor(
      UnsafeRawBufferPointer(rebasing: record[McapFormat.recordHeadBytes...]))
    let head: McapChunk
    do throws(McapMalformed) { head = try McapRecord.chunk(&cursor) } catch {
      return .malformed("chunk: \(error.reason)")
    }
    guard head.compression.isEmpty else {
      throw .unsupportedCompression(name: head.compression, chunkOffset: index.chunkStartOffset)
    }
    recordsAt = McapFormat.recordHeadBytes + cursor.position
    recordsOffset = index.chunkStartOffset + UInt64(recordsAt)
    // Shorter only for a torn last chunk, whose sum cannot be tested.
    let isWhole = head.recordsByteCount <= UInt64(cursor.left)
    let length = isWhole ? Int(head.recordsByteCount) : cursor.left
    let records = unsafe UnsafeRawBufferPointer(rebasing: record[recordsAt..<recordsAt + length])
    if isWhole, head.uncompressedCRC != 0 {
      let computed = unsafe CRC32.of(records)
      guard computed == head.uncompressedCRC else {
        return .checksum(.chunk, stored: head.uncompressedCRC, computed: computed)
      }
    }
    unsafe collect(records, where: isWanted)
    return nil
  }

  private func collect(_ records: UnsafeRawBufferPointer, where isWanted: (UInt16, UInt64) -> Bool) {
    var walk = unsafe ChunkWalk(records, at: recordsOffset, isTorn: true)
    var isSorted = true
    var latest: UInt64 = 0
    while case .record(let opcode, let range) = walk.step() {
      guard opcode == McapOpcode.message.rawValue, range.count >= McapFormat.messageHeadBytes else {
        continue
      }
      let at = range.lowerBound
      let channel = unsafe UInt16(littleEndian: records.loadUnaligned(fromByteOffset: at, as: UInt16.self))
      let logTime = unsafe UInt64(
        littleEndian: records.loadUnaligned(fromByteOffset: at + 6, as: UInt64.self))
      guard isWanted(channel, logTime) else { continue }
      if logTime < latest { isSorted = false }
      latest = logTime
      entries.append(Entry(logTime: logTime, start: at, byteCount: range.count))
    }
    if !isSorted { entries.sort { ($0.logTime, $0.start) < ($1.logTime, $1.start) } }
  }

  private func reserve(_ count: Int) {
    guard count > capacity else { return }
    unsafe base.deallocate()
    capacity = count
    unsafe base = .allocate(byteCount: capacity, alignment: 16)
  }
}
