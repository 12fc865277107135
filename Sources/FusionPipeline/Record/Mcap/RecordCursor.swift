/// Reads fields one after the other and refuses to go beyond the end: every length in a file may be a lie.
@safe struct RecordCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

  var left: Int { unsafe bytes.count &- position }

  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type = T.self
  ) throws(McapMalformed) -> T {
    let size = MemoryLayout<T>.size
    guard left >= size else { throw McapMalformed("ends inside a field of \(size) bytes") }
    let value = unsafe bytes.loadUnaligned(fromByteOffset: position, as: T.self)
    position &+= size
    return T(littleEndian: value)
  }

  /// The next `byteCount` bytes in place.
  mutating func slice(_ byteCount: UInt64) throws(McapMalformed) -> UnsafeRawBufferPointer {
    guard byteCount <= UInt64(left) else {
      throw McapMalformed("a field of \(byteCount) bytes where \(left) are left")
    }
    let start = position
    position &+= Int(byteCount)
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<position])
  }

  /// A 32-bit length, then bytes.
  mutating func counted() throws(McapMalformed) -> UnsafeRawBufferPointer {
    let length: UInt32 = try integer()
    return unsafe try slice(UInt64(length))
  }

  mutating func text() throws(McapMalformed) -> String {
    let raw = unsafe try counted()
    guard let text = unsafe String(validating: raw, as: UTF8.self) else {
      throw McapMalformed("text that is not UTF-8")
    }
    return text
  }

  mutating func properties() throws(McapMalformed) -> McapProperties {
    var inner = unsafe RecordCursor(try counted())
    var entries: [McapProperties.Entry] = []
    while inner.left > 0 {
      let key = try inner.text()
      entries.append(McapProperties.Entry(key, try inner.text()))
    }
    return McapProperties(entries)
  }

  mutating func channelValues() throws(McapMalformed) -> [McapChannelValue] {
    var inner = unsafe RecordCursor(try counted())
    guard inner.left % 10 == 0 else { throw McapMalformed("a map that ends inside an entry") }
    var values: [McapChannelValue] = []
    values.reserveCapacity(inner.left / 10)
    while inner.left > 0 {
      let channel: UInt16 = try inner.integer()
      values.append(McapChannelValue(channel, try inner.integer()))
    }
    return values
  }
}

/// Why a record's content is not what its opcode promises.
struct McapMalformed: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}
