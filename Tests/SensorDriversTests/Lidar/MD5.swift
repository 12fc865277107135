import Foundation

/// MD5 of RFC 1321, fed piece by piece: the digests that Ouster publishes for its recordings.
struct MD5 {
  private var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
  private var pending: [UInt8] = []
  private var total: UInt64 = 0

  private static let shifts: [UInt32] = [
    7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21,
  ]
  private static let constants: [UInt32] = (0..<64).map { step in
    // floor(2^32 |sin(step + 1)|)
    UInt32(abs(sin(Double(step + 1))) * 4_294_967_296)
  }

  mutating func update(_ bytes: [UInt8]) {
    total += UInt64(bytes.count)
    pending += bytes
    var at = 0
    while pending.count - at >= 64 {
      process(at)
      at += 64
    }
    pending.removeFirst(at)
  }

  private mutating func process(_ start: Int) {
    var words = [UInt32](repeating: 0, count: 16)
    for index in 0..<64 { words[index / 4] |= UInt32(pending[start + index]) << (8 * UInt32(index % 4)) }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    for step in 0..<64 {
      let mix: UInt32
      let word: Int
      switch step / 16 {
      case 0: (mix, word) = ((b & c) | (~b & d), step)
      case 1: (mix, word) = ((d & b) | (~d & c), (5 * step + 1) % 16)
      case 2: (mix, word) = (b ^ c ^ d, (3 * step + 5) % 16)
      default: (mix, word) = (c ^ (b | ~d), (7 * step) % 16)
      }
      let sum = mix &+ a &+ Self.constants[step] &+ words[word]
      let shift = Self.shifts[step / 16 * 4 + step % 4]
      (a, d, c, b) = (d, c, b, b &+ ((sum << shift) | (sum >> (32 - shift))))
    }
    state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d]
  }

  mutating func hexadecimal() -> String {
    let bits = total * 8
    var tail: [UInt8] = [0x80]
    while (pending.count + tail.count) % 64 != 56 { tail.append(0) }
    for byte in 0..<8 { tail.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte)))) }
    update(tail)
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
