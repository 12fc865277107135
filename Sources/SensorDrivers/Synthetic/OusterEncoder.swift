import FusionPipeline

/// Writes lidar packets as an Ouster OS sensor sends them, in the legacy and the single-return profile.
///
/// Ranges have steps of 1 mm. Fields that no reader here uses (serial number, temperatures) are zero.
/// Thread: any; it has no state. Cost: no allocation; the single profile's checksum one table step a byte.
/// Source: Ouster Sensor Documentation, "Lidar Data Packet Format".
public struct OusterEncoder: Sendable {
  /// What one pixel saw; range zero for nothing.
  public struct Pixel: BitwiseCopyable, Sendable, Equatable {
    public var rangeMillimetres: UInt32
    public var reflectivity: UInt8
    public var signal: UInt16
    public var nearInfrared: UInt16

    public init(rangeMillimetres: UInt32, reflectivity: UInt8, signal: UInt16 = 0, nearInfrared: UInt16 = 0) {
      self.rangeMillimetres = rangeMillimetres
      self.reflectivity = reflectivity
      self.signal = signal
      self.nearInfrared = nearInfrared
    }
  }

  /// The profile, and its legacy or single layout's sizes.
  private let isLegacy: Bool
  private let columns: Int
  private let rows: Int
  private let columnsPerFrame: Int
  private let headerBytes: Int
  private let columnHeaderBytes: Int
  private let columnBytes: Int
  public let byteCount: Int
  private let crc = CRC64()
  private static let pixelBytes = 12
  /// Counts of the encoder in a turn, in the legacy columns.
  private static let encoderCounts: UInt32 = 90_112

  /// Nil for a profile other than legacy and single, or sizes that no sensor has.
  public init?(profile: OusterProfile, columnsPerFrame: Int, columnsPerPacket: Int, rows: Int) {
    guard profile == .legacy || profile == .single, (1...4096).contains(columnsPerFrame),
      (1...columnsPerFrame).contains(columnsPerPacket), (1...512).contains(rows)
    else { return nil }
    isLegacy = profile == .legacy
    columns = columnsPerPacket
    self.rows = rows
    self.columnsPerFrame = columnsPerFrame
    headerBytes = isLegacy ? 0 : 32
    columnHeaderBytes = isLegacy ? 16 : 12
    columnBytes = columnHeaderBytes + rows * Self.pixelBytes + (isLegacy ? 4 : 0)
    byteCount = headerBytes + columns * columnBytes + (isLegacy ? 0 : 32)
  }

  /// Writes one packet into the first `byteCount` bytes; false, and nothing written, where there are fewer.
  ///
  /// - Parameters:
  ///   - number: the packet's place in the frame; its first column is that many times the packet's columns.
  ///   - nanoseconds: the sensor's clock at a column of the frame.
  ///   - pixel: what a row saw at a column of the frame.
  public func encode(
    into packet: inout [UInt8], frame: UInt16, number: Int, nanoseconds: (_ column: Int) -> UInt64,
    pixel: (_ column: Int, _ row: Int) -> Pixel
  ) -> Bool {
    guard packet.count >= byteCount, number >= 0, number < (columnsPerFrame + columns - 1) / columns else {
      return false
    }
    for index in 0..<byteCount { packet[index] = 0 }
    if !isLegacy {
      packet.put(littleEndian: UInt16(1), at: 0)
      packet.put(littleEndian: frame, at: 2)
    }
    for index in 0..<columns {
      let column = number * columns + index
      guard column < columnsPerFrame else { break }
      write(&packet, at: headerBytes + index * columnBytes, column: column, frame: frame, nanoseconds(column))
      for row in 0..<rows {
        let at = headerBytes + index * columnBytes + columnHeaderBytes + row * Self.pixelBytes
        let seen = pixel(column, row)
        packet.put(littleEndian: min(seen.rangeMillimetres, isLegacy ? 0xF_FFFF : 0x7_FFFF), at: at)
        packet[at + 4] = seen.reflectivity
        packet.put(littleEndian: seen.signal, at: at + 6)
        packet.put(littleEndian: seen.nearInfrared, at: at + 8)
      }
    }
    if !isLegacy {
      let sum = unsafe crc.of(packet.span.bytes, count: byteCount - 8)
      packet.put(littleEndian: sum, at: byteCount - 8)
    }
    return true
  }

  /// A measured column's own fields.
  private func write(
    _ packet: inout [UInt8], at start: Int, column: Int, frame: UInt16, _ nanoseconds: UInt64
  ) {
    packet.put(littleEndian: nanoseconds, at: start)
    packet.put(littleEndian: UInt16(truncatingIfNeeded: column), at: start + 8)
    if isLegacy {
      packet.put(littleEndian: frame, at: start + 10)
      let count = UInt32(truncatingIfNeeded: column) * Self.encoderCounts / UInt32(columnsPerFrame)
      packet.put(littleEndian: count, at: start + 12)
      packet.put(littleEndian: UInt32.max, at: start + columnBytes - 4)
    } else {
      packet.put(littleEndian: UInt16(1), at: start + 10)
    }
  }
}
