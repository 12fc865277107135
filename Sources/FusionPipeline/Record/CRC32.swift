/// The CRC-32 of zlib, PNG and MCAP: polynomial 0x04C11DB7 reflected, start and final value inverted.
///
/// Incremental, and sums of neighbouring blocks can be joined without reading the bytes again, so that one
/// pass over a chunk serves both its own sum and the file's. The check value of "123456789" is 0xCBF43926.
/// Thread: a value; any. Cost: no allocation after the tables' first use (16 KiB); long runs go through four
/// independent lanes, because one lane waits for its own table look-ups.
/// Source: ISO 3309; the slicing tables after Kounavis and Berry, "A Systematic Approach to Building High
/// Performance Software-Based CRC Generators", 2005.
public struct CRC32: BitwiseCopyable, Sendable, Equatable {
  /// The register, inverted as the algorithm keeps it.
  private var register: UInt32 = 0xFFFF_FFFF

  public init() {}

  /// The sum of all bytes so far; 0 for none.
  public var value: UInt32 { ~register }

  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum = CRC32()
    unsafe sum.update(bytes)
    return sum.value
  }

  public static func of(_ bytes: RawSpan) -> UInt32 {
    var sum = CRC32()
    sum.update(bytes)
    return sum.value
  }

  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { raw in unsafe update(raw) }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard var cursor = bytes.baseAddress else { return }
    let tables = unsafe CRC32Tables.shared
    var left = bytes.count
    while left >= Self.blockBytes {
      unsafe register = Self.advanceInLanes(register, cursor, tables)
      unsafe cursor += Self.blockBytes
      left &-= Self.blockBytes
    }
    unsafe register = Self.advance(register, cursor, left, tables)
  }

  /// Joins the sum of the `byteCount` bytes that follow these, as if they had been read here.
  ///
  /// Cost: about `log2(byteCount)` polynomial products, below a microsecond.
  public mutating func append(_ following: CRC32, byteCount: UInt64) {
    register = ~(Self.product(Self.powerOfX(bytes: byteCount), value) ^ following.value)
  }

  private static var laneBytes: Int { 4096 }
  private static var blockBytes: Int { 4 * laneBytes }

  @inline(__always)
  private static func step(
    _ register: UInt32, _ at: UnsafeRawPointer, _ tables: UnsafePointer<UInt32>
  ) -> UInt32 {
    let word = unsafe UInt64(littleEndian: at.loadUnaligned(as: UInt64.self)) ^ UInt64(register)
    let near =
      unsafe tables[1792 + Int(word & 0xFF)] ^ tables[1536 + Int(word >> 8 & 0xFF)]
      ^ tables[1280 + Int(word >> 16 & 0xFF)] ^ tables[1024 + Int(word >> 24 & 0xFF)]
    let far =
      unsafe tables[768 + Int(word >> 32 & 0xFF)] ^ tables[512 + Int(word >> 40 & 0xFF)]
      ^ tables[256 + Int(word >> 48 & 0xFF)] ^ tables[Int(word >> 56)]
    return near ^ far
  }

  private static func advance(
    _ start: UInt32, _ from: UnsafeRawPointer, _ count: Int, _ tables: UnsafePointer<UInt32>
  ) -> UInt32 {
    var register = start
    var offset = 0
    while count &- offset >= 8 {
      unsafe register = step(register, from + offset, tables)
      offset &+= 8
    }
    while offset < count {
      let byte = unsafe from.load(fromByteOffset: offset, as: UInt8.self)
      unsafe register = tables[Int((register ^ UInt32(byte)) & 0xFF)] ^ (register >> 8)
      offset &+= 1
    }
    return register
  }

  /// Four lanes side by side, then moved past each other by x^(8·laneBytes).
  private static func advanceInLanes(
    _ start: UInt32, _ from: UnsafeRawPointer, _ tables: UnsafePointer<UInt32>
  ) -> UInt32 {
    var (a, b, c, d) = (start, UInt32(0), UInt32(0), UInt32(0))
    var offset = 0
    while offset < laneBytes {
      unsafe a = step(a, from + offset, tables)
      unsafe b = step(b, from + (offset &+ laneBytes), tables)
      unsafe c = step(c, from + (offset &+ 2 &* laneBytes), tables)
      unsafe d = step(d, from + (offset &+ 3 &* laneBytes), tables)
      offset &+= 8
    }
    let shift = CRC32Tables.laneShift
    return product(shift, product(shift, product(shift, a) ^ b) ^ c) ^ d
  }

  /// a·b modulo the polynomial; bit 31 is the coefficient of x⁰.
  fileprivate static func product(_ a: UInt32, _ b: UInt32) -> UInt32 {
    var sum: UInt32 = 0
    var factor = b
    var bit: UInt32 = 1 << 31
    while bit != 0 {
      sum ^= factor & (a & bit == 0 ? 0 : 0xFFFF_FFFF)
      factor = (factor >> 1) ^ (factor & 1 == 0 ? 0 : 0xEDB8_8320)
      bit >>= 1
    }
    return sum
  }

  /// x^(8·bytes) modulo the polynomial, by squaring.
  fileprivate static func powerOfX(bytes: UInt64) -> UInt32 {
    var power: UInt32 = 1 << 31
    var square: UInt32 = 1 << 23
    var left = bytes
    while left != 0 {
      if left & 1 == 1 { power = product(square, power) }
      square = product(square, square)
      left >>= 1
    }
    return power
  }

  fileprivate static var laneShiftValue: UInt32 { powerOfX(bytes: UInt64(laneBytes)) }
}

private enum CRC32Tables {
  /// Table k maps a byte to its remainder after k further zero bytes; never freed.
  nonisolated(unsafe) static let shared: UnsafePointer<UInt32> = {
    let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 { remainder = (remainder >> 1) ^ (remainder & 1 == 0 ? 0 : 0xEDB8_8320) }
      unsafe (tables + byte).initialize(to: remainder)
    }
    for entry in 256..<2048 {
      let previous = unsafe tables[entry - 256]
      unsafe (tables + entry).initialize(to: (previous >> 8) ^ tables[Int(previous & 0xFF)])
    }
    return unsafe UnsafePointer(tables)
  }()

  static let laneShift = CRC32.laneShiftValue
}
