/// Builds data packets of a VLP-16 that turns evenly.
struct VelodynePacketMaker {
  var returnMode: UInt8 = 0x37
  var azimuth = 0
  var step = 40
  var microseconds: UInt32 = 1_000_000
  /// Distance units (2 mm) and reflectivity of a channel.
  var channel: (_ block: Int, _ firing: Int, _ laser: Int) -> (UInt16, UInt8) = { _, _, _ in (1000, 7) }

  var groups: Int { returnMode == 0x39 ? 6 : 12 }

  mutating func next() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1206)
    for block in 0..<12 {
      let group = returnMode == 0x39 ? block / 2 : block
      let angle = (azimuth + group * step) % 36_000
      bytes[block * 100] = 0xFF
      bytes[block * 100 + 1] = 0xEE
      bytes[block * 100 + 2] = UInt8(angle & 0xFF)
      bytes[block * 100 + 3] = UInt8(angle >> 8)
      for index in 0..<32 {
        let (distance, reflectivity) = channel(block, index / 16, index % 16)
        let at = block * 100 + 4 + index * 3
        bytes[at] = UInt8(distance & 0xFF)
        bytes[at + 1] = UInt8(distance >> 8)
        bytes[at + 2] = reflectivity
      }
    }
    for byte in 0..<4 { bytes[1200 + byte] = UInt8(truncatingIfNeeded: microseconds >> (8 * UInt32(byte))) }
    bytes[1204] = returnMode
    bytes[1205] = 0x22
    skip()
    return bytes
  }

  /// Time and angle pass, the packet is lost.
  mutating func skip() {
    azimuth = (azimuth + groups * step) % 36_000
    microseconds += UInt32((Double(groups) * 110.592).rounded())
    if microseconds >= 3_600_000_000 { microseconds -= 3_600_000_000 }
  }
}
