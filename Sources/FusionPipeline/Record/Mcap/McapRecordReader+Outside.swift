extension McapRecordReader {
  /// The next record outside of chunks; nil when there is none to give yet (`chunk` or `ending` may be set).
  func nextOutside() throws(McapFailure) -> McapRecord? {
    let offset = position
    let headBytes = McapFormat.recordHeadBytes
    guard let head = unsafe try bytes(at: offset, count: headBytes) else {
      let rest = source.byteCount - min(offset, source.byteCount)
      ending = .truncated(
        at: offset, reason: rest == 0 ? "there is no footer" : "the file ends inside a record's head")
      return nil
    }
    let opcode = unsafe head[0]
    let length = unsafe UInt64(littleEndian: head.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    guard opcode != 0 else {
      ending = .damaged(at: offset, reason: "a record cannot have the opcode 0")
      return nil
    }
    // The head was read, so this cannot go below zero.
    let available = source.byteCount - offset - UInt64(headBytes)
    recordOffset = offset
    outerOffset = offset
    trust = .unchecked
    guard length <= available else {
      ending = .truncated(
        at: offset, reason: "a record of \(length) bytes (opcode \(opcode)) where \(available) are left")
      if opcode == McapOpcode.chunk.rawValue, available <= maximumRecordBytes {
        return try beginTornChunk(at: offset, available: Int(available))
      }
      return nil
    }
    guard length <= maximumRecordBytes else {
      note(.tooLong(byteCount: length), at: offset)
      try sumOver(offset, length + UInt64(headBytes))
      position = offset + UInt64(headBytes) + length
      return nil
    }
    guard let record = unsafe try bytes(at: offset, count: headBytes + Int(length)) else {
      ending = .truncated(at: offset, reason: "the file became shorter while it was read")
      return nil
    }
    position = offset + UInt64(headBytes) + length
    switch McapOpcode(rawValue: opcode) {
    case .chunk: return unsafe try beginChunk(record, at: offset)
    case .footer: return unsafe try readFooter(record, at: offset)
    default: break
    }
    do throws(McapMalformed) {
      return unsafe try read(opcode, record, at: offset)
    } catch {
      note(.malformed("opcode \(opcode): \(error.reason)"), at: offset)
      return nil
    }
  }

  /// Everything but chunk and footer. `record` is with its head.
  private func read(
    _ opcode: UInt8, _ record: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(McapMalformed) -> McapRecord {
    let content = unsafe UnsafeRawBufferPointer(rebasing: record[McapFormat.recordHeadBytes...])
    if opcode == McapOpcode.dataEnd.rawValue { return unsafe try readDataEnd(content, at: offset) }
    // Before it is taken apart: what is malformed belongs to the sum as well.
    unsafe sum(record)
    guard opcode == McapOpcode.attachment.rawValue else {
      return unsafe try McapRecord.decode(opcode, content)
    }
    var cursor = unsafe RecordCursor(content)
    let (attachment, stored, summedBytes) = try McapRecord.attachment(&cursor)
    if stored != 0 {
      let computed = unsafe CRC32.of(UnsafeRawBufferPointer(rebasing: content[..<summedBytes]))
      trust = stored == computed ? .verified : .damaged
      if stored != computed {
        note(.checksum(.attachment, stored: stored, computed: computed), at: offset)
      }
    }
    return .attachment(attachment)
  }

  private func readDataEnd(
    _ content: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(McapMalformed) -> McapRecord {
    let computed = dataSum?.value
    dataSum = nil
    if dataEndsAt == nil {
      summarySum = CRC32()
      dataEndsAt = position
    }
    let decoded = unsafe try McapRecord.decode(McapOpcode.dataEnd.rawValue, content)
    if case .dataEnd(let stored) = decoded, let computed, stored != 0, stored != computed {
      note(.checksum(.dataSection, stored: stored, computed: computed), at: offset)
    }
    return decoded
  }

  private func readFooter(
    _ record: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(McapFailure) -> McapRecord? {
    let content = unsafe UnsafeRawBufferPointer(rebasing: record[McapFormat.recordHeadBytes...])
    var footer: McapFooter?
    do throws(McapMalformed) {
      if case .footer(let found) = unsafe try McapRecord.decode(McapOpcode.footer.rawValue, content) {
        footer = found
      }
    } catch {
      ending = .damaged(at: offset, reason: "footer: \(error.reason)")
      return nil
    }
    guard let footer else { return nil }
    if let dataEndsAt {
      if footer.summaryStart != 0, footer.summaryStart != dataEndsAt {
        note(.malformed("the footer places the summary at byte \(footer.summaryStart)"), at: offset)
      } else if var sum = summarySum, footer.summaryCRC != 0 {
        // Its sum includes the footer up to the sum itself.
        let summed = McapFormat.recordHeadBytes + McapFormat.footerBytes - 4
        unsafe sum.update(UnsafeRawBufferPointer(rebasing: record[..<summed]))
        if sum.value != footer.summaryCRC {
          note(.checksum(.summary, stored: footer.summaryCRC, computed: sum.value), at: offset)
        }
      }
    } else {
      note(.malformed("a footer without an end of the data section"), at: offset)
    }
    try readClosingMagic()
    return .footer(footer)
  }

  private func readClosingMagic() throws(McapFailure) {
    let rest = source.byteCount - position
    let count = Int(min(rest, UInt64(McapFormat.magicBytes)))
    let found = unsafe try bytes(at: position, count: count).map { raw in unsafe [UInt8](raw) } ?? []
    if found != McapFormat.magic {
      ending =
        McapFormat.magic.starts(with: found)
        ? .truncated(at: position, reason: "the file ends inside the closing magic")
        : .damaged(at: position, reason: "the closing magic is wrong")
      return
    }
    if rest > UInt64(McapFormat.magicBytes) {
      note(.malformed("\(rest - 8) bytes after the closing magic"), at: position + 8)
    }
    ending = .complete
  }

  /// Adds whole records to the sum that runs here.
  func sum(_ bytes: UnsafeRawBufferPointer) {
    unsafe dataSum?.update(bytes)
    unsafe summarySum?.update(bytes)
  }

  /// Adds a range too long for memory to the sums.
  private func sumOver(_ offset: UInt64, _ byteCount: UInt64) throws(McapFailure) {
    guard dataSum != nil || summarySum != nil else { return }
    var done: UInt64 = 0
    while done < byteCount {
      let piece = Int(min(byteCount - done, 256 * 1024))
      guard let bytes = unsafe try bytes(at: offset + done, count: piece) else { return }
      unsafe sum(bytes)
      done += UInt64(piece)
    }
  }
}
