/// A command's topic as it lies on the wire: 16 bytes, NUL-padded, the last always NUL.
///
/// ZeroMQ subscriptions match prefixes; a subscriber that asks for all 16 bytes (or for the name and one
/// NUL) receives `act/brake` without `act/brakelight`.
public struct CommandTopic: BitwiseCopyable, Sendable, Hashable {
  public static let byteCount = 16
  /// Bytes 0–7 and 8–15 as little-endian words.
  public let low: UInt64
  public let high: UInt64

  /// Nil unless `text` has 1 to 15 bytes and none of them is NUL. Cost: no allocation.
  public init?(_ text: String) {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var count: UInt64 = 0
    for byte in text.utf8 {
      guard byte != 0, count < 15 else { return nil }
      if count < 8 {
        low |= UInt64(byte) << (count &* 8)
      } else {
        high |= UInt64(byte) << ((count &- 8) &* 8)
      }
      count &+= 1
    }
    guard count > 0 else { return nil }
    self.low = low
    self.high = high
  }

  /// Nil unless the 16 bytes are a name, then only NULs.
  public init?(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
    let length = count
    guard length > 0, length < Self.byteCount else { return nil }
    for index in length..<Self.byteCount where byte(index) != 0 { return nil }
  }

  /// Bytes before the first NUL.
  public var count: Int {
    for index in 0..<Self.byteCount where byte(index) == 0 { return index }
    return Self.byteCount
  }

  /// The byte at 0…15; 0 outside.
  public func byte(_ index: Int) -> UInt8 {
    guard index >= 0, index < Self.byteCount else { return 0 }
    let word = index < 8 ? low : high
    return UInt8(truncatingIfNeeded: word >> (UInt64(truncatingIfNeeded: index & 7) &* 8))
  }

  /// The name. Invalid UTF-8 is repaired, for people. Cost: may allocate.
  public var text: String {
    var bytes: [UInt8] = []
    for index in 0..<count { bytes.append(byte(index)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
