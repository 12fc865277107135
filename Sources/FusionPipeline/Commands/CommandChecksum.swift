/// zlib's CRC-32 (reflected polynomial 0xEDB88320), a byte at a time.
enum CommandChecksum {
  private static let table: InlineArray<256, UInt32> = {
    var table = InlineArray<256, UInt32>(repeating: 0)
    for index in table.indices {
      var remainder = UInt32(truncatingIfNeeded: index)
      for _ in 0..<8 { remainder = remainder & 1 == 1 ? 0xEDB8_8320 ^ (remainder >> 1) : remainder >> 1 }
      table[index] = remainder
    }
    return table
  }()

  static func crc32(of bytes: RawSpan) -> UInt32 {
    var remainder: UInt32 = .max
    for offset in bytes.byteOffsets {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      remainder = table[Int((remainder ^ UInt32(byte)) & 0xFF)] ^ (remainder >> 8)
    }
    return ~remainder
  }
}
