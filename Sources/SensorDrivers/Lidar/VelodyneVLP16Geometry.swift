import FusionPipeline

/// Where the sixteen lasers of a VLP-16 look and when they fire.
///
/// Source: VLP-16 User Manual 63-9243, table 9-1 (elevation, vertical correction) and section 9.3.3 (timing).
struct VelodyneVLP16Geometry: Sendable {
  struct Laser: Sendable {
    var cosineElevation: Float
    var sineElevation: Float
    var verticalOffsetMetres: Float
    /// Counted from the lowest elevation.
    var ring: UInt16
  }

  static let firingNanoseconds: Int64 = 2_304
  static let sequenceNanoseconds: Int64 = 55_296
  static let groupNanoseconds: Int64 = 110_592

  static let elevationsDegrees: [Double] = [
    -15, 1, -13, 3, -11, 5, -9, 7, -7, 9, -5, 11, -3, 13, -1, 15,
  ]
  static let verticalOffsetsMillimetres: [Double] = [
    11.2, -0.7, 9.7, -2.2, 8.1, -3.7, 6.6, -5.1, 5.1, -6.6, 3.7, -8.1, 2.2, -9.7, 0.7, -11.2,
  ]

  let lasers: [Laser]
  /// The share of a group's azimuth step that has passed when a laser fires, by firing × 16 + laser.
  let azimuthShares: [Float]

  init() {
    lasers = (0..<VelodyneVLP16Packet.lasers).map { laser in
      let elevation = Pinned.sincos(Pinned.radians(degrees: Self.elevationsDegrees[laser]))
      return Laser(
        cosineElevation: Float(elevation.cos), sineElevation: Float(elevation.sin),
        verticalOffsetMetres: Float(Self.verticalOffsetsMillimetres[laser] / 1000),
        ring: UInt16(laser / 2 + (laser % 2) * 8))
    }
    azimuthShares = (0..<32).map { index in
      let delay = Int64(index / 16) * Self.sequenceNanoseconds + Int64(index % 16) * Self.firingNanoseconds
      return Float(Double(delay) / Double(Self.groupNanoseconds))
    }
  }
}
