import FusionPipeline

/// What a data packet of a Velodyne VLP-16 says of itself, and where its channels lie.
///
/// Twelve blocks of 100 bytes (flag, azimuth, two firings of sixteen lasers), a time stamp in microseconds
/// past the hour, and two factory bytes. Source: VLP-16 User Manual 63-9243, section 9.3.
struct VelodyneVLP16Packet {
  static let byteCount = 1206
  static let blocks = 12
  static let lasers = 16
  static let hourMicroseconds: UInt32 = 3_600_000_000

  enum ReturnMode: UInt8, Sendable {
    case strongest = 0x37
    case last = 0x38
    case dual = 0x39
  }

  enum Refusal: Error {
    /// Another model's packet, or none at all.
    case foreign
    case damaged
  }

  let returnMode: ReturnMode
  let microsecondsPastHour: UInt32

  init(_ bytes: RawSpan) throws(Refusal) {
    guard bytes.byteCount == Self.byteCount, bytes.byte(1205) == 0x22 else { throw .foreign }
    guard let mode = ReturnMode(rawValue: bytes.byte(1204)) else { throw .damaged }
    let time = bytes.littleEndian(1200, as: UInt32.self)
    guard time < Self.hourMicroseconds else { throw .damaged }
    for block in 0..<Self.blocks {
      let start = block &* 100
      guard bytes.littleEndian(start, as: UInt16.self) == 0xEEFF,
        bytes.littleEndian(start &+ 2, as: UInt16.self) < 36_000
      else { throw .damaged }
    }
    returnMode = mode
    microsecondsPastHour = time
  }

  /// Blocks that hold the same firings: two in dual-return mode, one otherwise.
  var blocksPerGroup: Int { returnMode == .dual ? 2 : 1 }
  /// Pairs of firings in the packet.
  var groups: Int { returnMode == .dual ? 6 : 12 }

  /// Hundredths of a degree, clockwise from above, at the first firing of a group.
  @inline(__always) func azimuth(group: Int, in bytes: RawSpan) -> Int {
    Int(bytes.littleEndian(group &* blocksPerGroup &* 100 &+ 2, as: UInt16.self))
  }

  /// The distance in units of 2 mm, 0 for no return, and the reflectivity.
  @inline(__always) static func channel(
    block: Int, firing: Int, laser: Int, in bytes: RawSpan
  ) -> (distance: UInt16, reflectivity: UInt8) {
    let offset = block &* 100 &+ 4 &+ (firing &* lasers &+ laser) &* 3
    return (bytes.littleEndian(offset, as: UInt16.self), bytes.byte(offset &+ 2))
  }
}
