import FusionPipeline

/// What one laser of one firing saw: range zero for nothing.
public struct LidarEcho: BitwiseCopyable, Sendable, Equatable {
  public var rangeMetres: Double
  public var reflectivity: UInt8

  public init(rangeMetres: Double, reflectivity: UInt8) {
    self.rangeMetres = rangeMetres
    self.reflectivity = reflectivity
  }
  public static let none = LidarEcho(rangeMetres: 0, reflectivity: 0)
}

/// Writes data packets as a Velodyne VLP-16 in "strongest" mode sends them.
///
/// Twelve blocks of two firings of sixteen lasers, 55.296 µs a firing, distances in steps of 2 mm. Axes are
/// the decoder's: azimuth 0 is forward, clockwise from above.
/// Thread: any; it has no state. Cost: no allocation. Source: VLP-16 User Manual 63-9243, chapter 9.
public struct VelodyneVLP16Encoder: Sendable {
  public static let byteCount = 1206
  public static let lasers = 16
  public static let firingsPerPacket = 24
  public static let laserNanoseconds: Int64 = 2_304
  public static let firingNanoseconds: Int64 = 55_296
  /// From one packet's first firing to the next one's.
  public static let packetNanoseconds: Int64 = 1_327_104
  /// From a packet's first laser to its last.
  public static let contentNanoseconds: Int64 = 23 * 55_296 + 15 * 2_304
  static let stepsPerTurn = 36_000.0

  /// Hundredths of a degree that the motor turns in a nanosecond.
  public let hundredthsPerNanosecond: Double

  /// A VLP-16 turns 300 to 1200 times a minute.
  public init(turnsPerMinute: Double) {
    hundredthsPerNanosecond = turnsPerMinute / 60 * Self.stepsPerTurn / 1e9
  }

  /// Writes one packet into the first 1206 bytes; false, and nothing written, where there are fewer.
  ///
  /// - Parameters:
  ///   - azimuthHundredths: where the first laser of the first firing looks.
  ///   - echo: what the laser sees that looks at this azimuth so long after the packet's first.
  public func encode(
    into packet: inout [UInt8], azimuthHundredths: Double, microsecondsPastHour: UInt32,
    echo: (_ firing: Int, _ laser: Int, _ azimuthHundredths: Double) -> LidarEcho
  ) -> Bool {
    guard packet.count >= Self.byteCount else { return false }
    for firing in 0..<Self.firingsPerPacket {
      let delay = Int64(firing) &* Self.firingNanoseconds
      let start = firing / 2 &* 100
      if firing % 2 == 0 {
        let azimuth = azimuthHundredths + hundredthsPerNanosecond * Double(delay)
        packet.put(littleEndian: UInt16(0xEEFF), at: start)
        packet.put(littleEndian: Self.reported(azimuth), at: start &+ 2)
      }
      for laser in 0..<Self.lasers {
        let time = delay &+ Int64(laser) &* Self.laserNanoseconds
        let seen = echo(firing, laser, azimuthHundredths + hundredthsPerNanosecond * Double(time))
        let at = start &+ 4 &+ (firing % 2 &* Self.lasers &+ laser) &* 3
        let steps = (seen.rangeMetres * 500).rounded(within: 0...Int(UInt16.max))
        packet.put(littleEndian: UInt16(steps), at: at)
        packet[at &+ 2] = seen.reflectivity
      }
    }
    packet.put(littleEndian: microsecondsPastHour % 3_600_000_000, at: 1200)
    packet[1204] = 0x37
    packet[1205] = 0x22
    return true
  }

  private static func reported(_ azimuth: Double) -> UInt16 {
    let turned = azimuth - (azimuth / stepsPerTurn).rounded(.down) * stepsPerTurn
    let rounded = turned.rounded(within: 0...36_000)
    return UInt16(rounded == 36_000 ? 0 : rounded)
  }
}
