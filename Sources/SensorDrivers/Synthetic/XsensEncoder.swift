import FusionPipeline

/// Writes MTData2 messages as an Xsens MTi sends them: counter, fine time, orientation, specific force, rate
/// of turn, status.
///
/// Numbers are float32 in big-endian order, axes east-north-up; fine time has steps of 100 µs.
/// Thread: one at a time. Cost: no allocation.
/// Source: Xsens MT Low-Level Communication Protocol, sections 2 (message structure) and 4.3 (MTData2).
public struct XsensEncoder: Sendable {
  public static let byteCount = 73
  static let dataBytes = 68
  /// The counter of the next message.
  public private(set) var packetCounter: UInt16

  public init(packetCounter: UInt16 = 0) { self.packetCounter = packetCounter }

  /// Writes one message into the first 73 bytes; false, and nothing written, where there are fewer.
  public mutating func encode(
    into packet: inout [UInt8], fineTicks: UInt32, sample: ImuSample
  ) -> Bool {
    guard packet.count >= Self.byteCount else { return false }
    packet[0] = 0xFA
    packet[1] = 0xFF
    packet[2] = 0x36
    packet[3] = UInt8(Self.dataBytes)
    Self.head(0x1020, 2, at: 4, &packet)
    packet.put(bigEndian: packetCounter, at: 7)
    Self.head(0x1060, 4, at: 9, &packet)
    packet.put(bigEndian: fineTicks, at: 12)
    Self.head(0x2010, 16, at: 16, &packet)
    Self.put(sample.orientationW, at: 19, &packet)
    Self.put(sample.orientationX, at: 23, &packet)
    Self.put(sample.orientationY, at: 27, &packet)
    Self.put(sample.orientationZ, at: 31, &packet)
    Self.head(0x4020, 12, at: 35, &packet)
    Self.put(sample.accelerationX, at: 38, &packet)
    Self.put(sample.accelerationY, at: 42, &packet)
    Self.put(sample.accelerationZ, at: 46, &packet)
    Self.head(0x8020, 12, at: 50, &packet)
    Self.put(sample.rateX, at: 53, &packet)
    Self.put(sample.rateY, at: 57, &packet)
    Self.put(sample.rateZ, at: 61, &packet)
    Self.head(0xE020, 4, at: 65, &packet)
    // Self test passed and filter valid.
    packet.put(bigEndian: UInt32(3), at: 68)
    var sum: UInt8 = 0
    for index in 1..<(Self.byteCount - 1) { sum &+= packet[index] }
    packet[Self.byteCount - 1] = 0 &- sum
    packetCounter &+= 1
    return true
  }

  private static func head(_ identifier: UInt16, _ length: UInt8, at offset: Int, _ packet: inout [UInt8]) {
    packet.put(bigEndian: identifier, at: offset)
    packet[offset &+ 2] = length
  }

  private static func put(_ value: Double, at offset: Int, _ packet: inout [UInt8]) {
    packet.put(bigEndian: Float(value).bitPattern, at: offset)
  }
}
