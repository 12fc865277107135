extension ToyotaCAN {
  /// Puts a signal in Motorola order: `start` is its highest bit in DBC numbering (byte × 8 + bit).
  static func put(_ value: Int, start: Int, bits: Int, in frame: inout CANFrame) {
    for index in 0..<bits {
      let fromTop = start / 8 &* 8 &+ (7 &- start % 8) &+ index
      let mask = UInt8(1) << UInt8(7 &- fromTop % 8)
      if value >> (bits &- 1 &- index) & 1 == 1 {
        frame.data[fromTop / 8] |= mask
      } else {
        frame.data[fromTop / 8] &= ~mask
      }
    }
  }

  /// Writes the frame's last byte: the sum that `hasGoodChecksum` wants.
  static func seal(_ frame: inout CANFrame) {
    guard frame.length >= 1, frame.length <= 8 else { return }
    var sum = (frame.id & 0xFF) &+ (frame.id >> 8 & 0xFF) &+ UInt32(frame.length)
    for index in 0..<(Int(frame.length) &- 1) { sum &+= UInt32(frame.data[index]) }
    frame.data[Int(frame.length) &- 1] = UInt8(truncatingIfNeeded: sum)
  }
}

extension CANFrame {
  /// Writes a classic frame's record into the first sixteen bytes.
  func write(into packet: inout [UInt8]) {
    packet.put(littleEndian: id, at: 0)
    packet[4] = length
    packet[5] = 0
    packet[6] = bus
    packet[7] = 0
    for index in 0..<8 { packet[8 &+ index] = index < Int(length) ? data[index] : 0 }
  }
}
