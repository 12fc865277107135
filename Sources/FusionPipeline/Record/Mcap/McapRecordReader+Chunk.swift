/// The records of the chunk that is being read, where they lie in the reader's window.
@safe struct ChunkWalk {
  let records: UnsafeRawBufferPointer
  /// Of the first record's first byte in the file.
  let recordsOffset: UInt64
  /// The file ends inside this chunk.
  let isTorn: Bool
  var position = 0

  init(_ records: UnsafeRawBufferPointer, at recordsOffset: UInt64, isTorn: Bool) {
    unsafe self.records = unsafe records
    self.recordsOffset = recordsOffset
    self.isTorn = isTorn
  }

  enum Step {
    case record(opcode: UInt8, content: Range<Int>)
    case end
    /// What follows `position` is no whole record.
    case broken(String)
  }

  mutating func step() -> Step {
    let left = unsafe records.count &- position
    guard left > 0 else { return .end }
    guard left >= McapFormat.recordHeadBytes else { return .broken("ends inside a record's head") }
    let opcode = unsafe records[position]
    let length = unsafe UInt64(
      littleEndian: records.loadUnaligned(fromByteOffset: position &+ 1, as: UInt64.self))
    guard opcode != 0 else { return .broken("a record cannot have the opcode 0") }
    guard length <= UInt64(left &- McapFormat.recordHeadBytes) else {
      return .broken("a record of \(length) bytes (opcode \(opcode)) reaches beyond its end")
    }
    let start = position &+ McapFormat.recordHeadBytes
    position = start &+ Int(length)
    return .record(opcode: opcode, content: start..<position)
  }

  func content(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: records[range])
  }
}

extension McapRecordReader {
  /// A whole chunk: checks its sum, then lets its records follow.
  func beginChunk(_ record: UnsafeRawBufferPointer, at offset: UInt64) throws(McapFailure) -> McapRecord? {
    let content = unsafe UnsafeRawBufferPointer(rebasing: record[McapFormat.recordHeadBytes...])
    var cursor = unsafe RecordCursor(content)
    let head: McapChunk
    let records: UnsafeRawBufferPointer
    let headBytes: Int
    do throws(McapMalformed) {
      head = try McapRecord.chunk(&cursor)
      headBytes = McapFormat.recordHeadBytes + cursor.position
      unsafe records = unsafe try cursor.slice(head.recordsByteCount)
    } catch {
      unsafe sum(record)
      note(.malformed("chunk: \(error.reason)"), at: offset)
      return nil
    }
    var recordsSum = CRC32()
    unsafe recordsSum.update(records)
    unsafe sum(UnsafeRawBufferPointer(rebasing: record[..<headBytes]))
    dataSum?.append(recordsSum, byteCount: head.recordsByteCount)
    summarySum?.append(recordsSum, byteCount: head.recordsByteCount)
    unsafe sum(UnsafeRawBufferPointer(rebasing: record[(headBytes + records.count)...]))

    guard head.compression.isEmpty else {
      throw .unsupportedCompression(name: head.compression, chunkOffset: offset)
    }
    if head.uncompressedSize != head.recordsByteCount {
      note(.malformed("an uncompressed chunk's two sizes differ"), at: offset)
    }
    if head.uncompressedCRC == 0 {
      trust = .unchecked
    } else if head.uncompressedCRC == recordsSum.value {
      trust = .verified
    } else {
      trust = .damaged
      note(.checksum(.chunk, stored: head.uncompressedCRC, computed: recordsSum.value), at: offset)
      if damagedChunks == .skip { return nil }
    }
    chunk = unsafe ChunkWalk(records, at: offset + UInt64(headBytes), isTorn: false)
    return .chunk(head)
  }

  /// A chunk that the file's end cuts, or whose length says so: its whole records are still to be had.
  func beginTornChunk(at offset: UInt64, available: Int) throws(McapFailure) -> McapRecord? {
    let start = offset + UInt64(McapFormat.recordHeadBytes)
    guard let content = unsafe try bytes(at: start, count: available) else { return nil }
    var cursor = unsafe RecordCursor(content)
    var found: McapChunk?
    do throws(McapMalformed) { found = try McapRecord.chunk(&cursor) } catch {}
    guard let head = found else { return nil }
    guard head.compression.isEmpty else {
      throw .unsupportedCompression(name: head.compression, chunkOffset: offset)
    }
    // The records' own length may be right where the chunk's is not.
    let isWhole = head.recordsByteCount <= UInt64(cursor.left)
    let count = isWhole ? Int(head.recordsByteCount) : cursor.left
    let records = unsafe UnsafeRawBufferPointer(
      rebasing: content[cursor.position..<cursor.position + count])
    if isWhole, head.uncompressedCRC != 0 {
      let computed = unsafe CRC32.of(records)
      trust = computed == head.uncompressedCRC ? .verified : .damaged
      if trust == .damaged {
        note(.checksum(.chunk, stored: head.uncompressedCRC, computed: computed), at: offset)
        if damagedChunks == .skip { return nil }
      }
    }
    chunk = unsafe ChunkWalk(records, at: start + UInt64(cursor.position), isTorn: true)
    return .chunk(head)
  }

  /// Where the chunk that is being read ends in the file; a torn one ends with its record given last.
  var chunkEnd: UInt64 {
    guard let chunk, chunk.isTorn else { return position }
    return chunk.recordsOffset + UInt64(chunk.position)
  }

  /// The chunk's next record; nil, and no chunk any more, when there is none.
  func nextInChunk() -> McapRecord? {
    while let step = chunk?.step() {
      guard case .record(let opcode, let range) = step, let walk = chunk else {
        endChunk(step)
        return nil
      }
      recordOffset = walk.recordsOffset + UInt64(range.lowerBound - McapFormat.recordHeadBytes)
      switch McapOpcode(rawValue: opcode) {
      case .message, .schema, .channel: break
      case nil: return .unknown(opcode: opcode, byteCount: UInt64(range.count))
      default:
        // In a torn chunk the chunk's own length may be what is wrong: its records end here then.
        if walk.isTorn {
          chunk = nil
          return nil
        }
        note(.malformed("a record of opcode \(opcode) cannot be inside a chunk"), at: recordOffset)
        continue
      }
      do throws(McapMalformed) {
        return unsafe try McapRecord.decode(opcode, walk.content(range))
      } catch {
        note(.malformed("opcode \(opcode): \(error.reason)"), at: recordOffset)
      }
    }
    return nil
  }

  private func endChunk(_ step: ChunkWalk.Step) {
    guard let walk = chunk else { return }
    chunk = nil
    guard case .broken(let reason) = step else { return }
    let offset = walk.recordsOffset + UInt64(walk.position)
    if walk.isTorn {
      ending = .truncated(at: offset, reason: "in the last chunk: \(reason)")
    } else {
      note(.malformed("in the chunk at byte \(outerOffset): \(reason)"), at: offset)
    }
  }
}
