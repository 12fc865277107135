import FusionPipeline

/// Offsets of one sensor's lidar packets, and reading by column and row.
///
/// Readers check the packet's length against `byteCount` first; columns and rows outside the packet give 0.
public struct OusterPacketLayout: Sendable {
  public let profile: OusterProfile
  public let columns: Int
  public let rows: Int
  public let columnBytes: Int
  public let byteCount: Int
  private let crc = CRC64()

  public init(profile: OusterProfile, columnsPerPacket: Int, pixelsPerColumn: Int) {
    self.profile = profile
    columns = min(max(columnsPerPacket, 1), 4096)
    rows = min(max(pixelsPerColumn, 1), 4096)
    columnBytes = profile.columnHeaderBytes + rows * profile.pixelBytes + profile.columnFooterBytes
    byteCount = profile.packetHeaderBytes + columns * columnBytes + profile.packetFooterBytes
  }

  @inline(__always) func start(ofColumn column: Int) -> Int {
    profile.packetHeaderBytes &+ column &* columnBytes
  }

  private func holds(_ packet: RawSpan, column: Int, row: Int = 0) -> Bool {
    packet.byteCount == byteCount && column >= 0 && column < columns && row >= 0 && row < rows
  }

  /// Nanoseconds of the sensor's clock.
  public func timestamp(_ packet: RawSpan, column: Int) -> UInt64 {
    holds(packet, column: column) ? packet.littleEndian(start(ofColumn: column)) : 0
  }

  /// The column's place in the turn.
  public func measurement(_ packet: RawSpan, column: Int) -> UInt16 {
    holds(packet, column: column) ? packet.littleEndian(start(ofColumn: column) &+ 8) : 0
  }

  public func status(_ packet: RawSpan, column: Int) -> UInt32 {
    guard holds(packet, column: column) else { return 0 }
    let start = start(ofColumn: column)
    return profile.isLegacy
      ? packet.littleEndian(start &+ columnBytes &- 4)
      : UInt32(packet.littleEndian(start &+ 10, as: UInt16.self))
  }

  /// Legacy only; 0 elsewhere.
  public func encoderCount(_ packet: RawSpan, column: Int) -> UInt32 {
    guard profile.isLegacy, holds(packet, column: column) else { return 0 }
    return packet.littleEndian(start(ofColumn: column) &+ 12)
  }

  public func frame(_ packet: RawSpan) -> UInt16 {
    holds(packet, column: 0) ? packet.littleEndian(profile.isLegacy ? 10 : 2) : 0
  }

  /// Whether the sensor measured this column. Legacy: all ones; else the lowest bit.
  public func isValid(_ packet: RawSpan, column: Int) -> Bool {
    let status = status(packet, column: column)
    return profile.isLegacy ? status == .max : status & 1 == 1
  }

  /// A pixel's field as the sensor sent it, or nil where the profile has no such field.
  public func value(of field: OusterField, _ packet: RawSpan, column: Int, row: Int) -> UInt32? {
    guard holds(packet, column: column, row: row), let placement = profile.placement(of: field) else {
      return nil
    }
    let pixel = start(ofColumn: column) &+ profile.columnHeaderBytes &+ row &* profile.pixelBytes
    return placement.value(in: packet, pixel: pixel)
  }

  public enum Checksum: Sendable, Equatable {
    /// Legacy packets and firmware before 3.2 carry none.
    case absent
    case good
    case bad
  }

  /// The CRC-64 in a packet's last eight bytes. Cost: one table step a byte.
  public func checksum(_ packet: RawSpan) -> Checksum {
    guard !profile.isLegacy, packet.byteCount == byteCount else { return .absent }
    let stored: UInt64 = packet.littleEndian(byteCount &- 8)
    // Older firmware leaves zeros or this constant there.
    if stored == 0 || stored == 0xDEAD_BEEF_0000_C0DE { return .absent }
    return crc.of(packet, count: byteCount &- 8) == stored ? .good : .bad
  }
}

/// CRC-64 with the polynomial of ECMA-182, reflected, all ones in and out.
struct CRC64: Sendable {
  private let table: [UInt64] = (0..<256).map { byte in
    (0..<8).reduce(UInt64(byte)) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0xC96C_5795_D787_0F42 : crc >> 1 }
  }

  func of(_ bytes: RawSpan, count: Int) -> UInt64 {
    var crc = UInt64.max
    for index in 0..<min(max(count, 0), bytes.byteCount) {
      crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes.byte(index))] ^ (crc >> 8)
    }
    return ~crc
  }
}
