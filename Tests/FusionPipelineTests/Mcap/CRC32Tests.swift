import Testing

@testable import FusionPipeline

@Suite("CRC-32")
struct CRC32Tests {
  /// One bit at a time, straight from the definition.
  static func slow(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var register: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 { register = (register >> 1) ^ (register & 1 == 0 ? 0 : 0xEDB8_8320) }
    }
    return ~register
  }

  static func random(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test("the check value is the standard's, and no bytes give 0")
  func checkValue() {
    #expect(CRC32.of(bytes: Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32().value == 0)
    #expect(CRC32.of(bytes: [UInt8]()) == 0)
  }

  @Test("every length from 0 to 300, and lengths around the lanes' blocks, agree with the definition")
  func lengths() {
    let bytes = Self.random(50_000, seed: 3)
    let long = [4095, 4096, 16383, 16384, 16385, 16391, 16392, 32768, 40_000, 49_999]
    for count in Array(0...300) + long {
      let part = Array(bytes[..<count])
      #expect(CRC32.of(bytes: part) == Self.slow(part), "\(count) bytes")
    }
  }

  @Test("any split gives the same sum, read on or joined afterwards")
  func splits() {
    let bytes = Self.random(40_000, seed: 4)
    let whole = Self.slow(bytes)
    for split in [0, 1, 7, 8, 9, 1000, 16384, 20_001, 39_999, 40_000] {
      let (head, tail) = (Array(bytes[..<split]), Array(bytes[split...]))
      var read = CRC32()
      read.add(head)
      var joined = read
      read.add(tail)
      #expect(read.value == whole, "split at \(split)")
      var after = CRC32()
      after.add(tail)
      joined.append(after, byteCount: UInt64(tail.count))
      #expect(joined.value == whole, "joined at \(split)")
      #expect(joined == read, "joined at \(split): reading on from there must work too")
    }
  }

  @Test("unaligned starts change nothing")
  func unaligned() {
    let bytes = Self.random(20_000, seed: 5)
    for start in 0..<16 {
      let part = bytes[start...]
      let sum = unsafe bytes.withUnsafeBytes { raw in
        unsafe CRC32.of(UnsafeRawBufferPointer(rebasing: raw[start...]))
      }
      #expect(sum == Self.slow(part))
    }
  }
}
