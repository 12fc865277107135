/// Finds where reading a damaged log can go on.
///
/// Cost: one pass over the bytes searched, and a checksum per place that looks like a chunk.
@safe struct McapResync: ~Copyable {
  private let total: UInt64
  private var window: ByteWindow
  private var candidate: ByteWindow
  /// Longer chunks are not believed.
  private static var maximumChunkBytes: UInt64 { 256 << 20 }

  init(_ source: any ByteSource) {
    total = source.byteCount
    window = ByteWindow(source, capacity: 256 * 1024)
    candidate = ByteWindow(source, capacity: 256 * 1024)
  }

  /// The first place from `offset` on where a chunk with a right checksum begins; with `loose`, also three
  /// messages in a row outside of chunks.
  mutating func nextGoodPlace(from offset: UInt64, loose: Bool) throws(StorageFailure) -> UInt64? {
    var at = offset
    let headBytes = UInt64(McapFormat.recordHeadBytes)
    while at < total, total - at > headBytes {
      let count = Int(min(total - at, 64 * 1024))
      guard let block = unsafe try window.bytes(at: at, count: count) else { return nil }
      for index in 0..<count {
        let opcode = unsafe block[index]
        guard opcode == McapOpcode.chunk.rawValue || (loose && opcode == McapOpcode.message.rawValue)
        else { continue }
        let place = at + UInt64(index)
        // The high half of any length believed is zero: most places end here, without a look at the file.
        if index + 9 <= count, unsafe block[index + 5] | block[index + 6] | block[index + 7] != 0 {
          continue
        }
        if opcode == McapOpcode.chunk.rawValue {
          if try isGoodChunk(at: place) { return place }
        } else if try isPlausibleRun(at: place, records: 3) {
          return place
        }
      }
      at += UInt64(count)
    }
    return nil
  }

  private mutating func isGoodChunk(at offset: UInt64) throws(StorageFailure) -> Bool {
    let prefix = McapFormat.recordHeadBytes + McapFormat.chunkHeadBytes
    guard let head = unsafe try candidate.bytes(at: offset, count: prefix) else { return false }
    let length = unsafe UInt64(littleEndian: head.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    var cursor = unsafe RecordCursor(
      UnsafeRawBufferPointer(rebasing: head[McapFormat.recordHeadBytes...]))
    guard let chunk = try? McapRecord.chunk(&cursor), chunk.compression.isEmpty,
      length >= UInt64(McapFormat.chunkHeadBytes), length <= Self.maximumChunkBytes,
      chunk.recordsByteCount > 0, chunk.recordsByteCount <= length - UInt64(McapFormat.chunkHeadBytes),
      let records = unsafe try candidate.bytes(
        at: offset + UInt64(prefix), count: Int(chunk.recordsByteCount))
    else { return false }
    if chunk.uncompressedCRC != 0 { return unsafe CRC32.of(records) == chunk.uncompressedCRC }
    var walk = unsafe ChunkWalk(records, at: 0, isTorn: false)
    while true {
      switch walk.step() {
      case .record: continue
      case .end: return true
      case .broken: return false
      }
    }
  }

  /// What lies at `offset` could be that many records in a row, or the rest of the log.
  mutating func isPlausibleRun(at offset: UInt64, records: Int) throws(StorageFailure) -> Bool {
    var at = offset
    for _ in 0..<records {
      if at == total { return true }
      guard let head = unsafe try candidate.bytes(at: at, count: McapFormat.recordHeadBytes) else {
        return false
      }
      let opcode = unsafe head[0]
      let length = unsafe UInt64(littleEndian: head.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
      guard length <= total - at - UInt64(McapFormat.recordHeadBytes),
        Self.isPlausible(opcode, length: length)
      else { return false }
      if opcode == McapOpcode.footer.rawValue { return true }
      at += UInt64(McapFormat.recordHeadBytes) + length
    }
    return true
  }

  /// The shortest content that each kind of record can have.
  private static func isPlausible(_ opcode: UInt8, length: UInt64) -> Bool {
    switch McapOpcode(rawValue: opcode) {
    case .header, .metadata: length >= 8
    case .footer: length == 20
    case .schema: length >= 14
    case .channel: length >= 16
    case .message: length >= 22
    case .chunk: length >= 40
    case .messageIndex: length >= 6
    case .chunkIndex: length >= 64
    case .attachment: length >= 36
    case .attachmentIndex: length >= 48
    case .statistics: length >= 46
    case .metadataIndex: length >= 20
    case .summaryOffset: length >= 17
    case .dataEnd: length == 4
    case nil: opcode >= 0x80
    }
  }
}
