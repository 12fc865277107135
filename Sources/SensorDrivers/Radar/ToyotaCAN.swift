/// What Toyota's CAN frames have in common.
enum ToyotaCAN {
  /// The last of `length` bytes is the low byte of the sum of the identifier's bytes, the length and the others.
  static func hasGoodChecksum(_ frame: CANFrame, length: Int) -> Bool {
    guard length >= 1, length <= 8, Int(frame.length) >= length else { return false }
    var sum = (frame.id & 0xFF) &+ (frame.id >> 8 & 0xFF) &+ UInt32(length)
    for index in 0..<(length &- 1) { sum &+= UInt32(frame.data[index]) }
    return UInt8(truncatingIfNeeded: sum) == frame.data[length &- 1]
  }

  /// A signal in Motorola order: `start` is its highest bit in DBC numbering (byte × 8 + bit).
  static func unsigned(_ frame: CANFrame, start: Int, bits: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<8 { word = word << 8 | UInt64(frame.data[index]) }
    let fromTop = start / 8 &* 8 &+ (7 &- start % 8)
    let down = 64 &- fromTop &- bits
    guard start >= 0, bits > 0, bits < 64, down >= 0 else { return 0 }
    return word >> UInt64(down) & (1 << UInt64(bits) &- 1)
  }

  static func signed(_ frame: CANFrame, start: Int, bits: Int) -> Int {
    let raw = Int(unsigned(frame, start: start, bits: bits))
    return bits > 0 && raw >> (bits &- 1) == 1 ? raw &- (1 << bits) : raw
  }
}
