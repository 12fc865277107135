import FusionPipeline

/// From column, row and range to a point in the sensor's frame.
///
/// With n from the lidar's origin to a beam's, θe the encoder's angle, θa and φ the beam's azimuth and
/// altitude, and r the measured range:
/// x = (r − n) cos(θe + θa) cos φ + n cos θe, y = (r − n) sin(θe + θa) cos φ + n sin θe, z = (r − n) sin φ,
/// then `sensorFromLidar`. Source: Ouster Sensor Documentation, "Lidar Range to XYZ".
struct OusterGeometry: Sendable {
  struct Beam: Sendable {
    var cosineAzimuth: Double
    var sineAzimuth: Double
    var cosineAltitude: Double
    var sineAltitude: Double
    /// Counted from the lowest altitude.
    var ring: UInt16
  }

  struct Direction: Sendable {
    var cosine: Double
    var sine: Double
  }

  let beams: [Beam]
  /// By measurement number.
  let encoder: [Direction]
  private let beamOriginMetres: Double
  private let rotation: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
  private let translationMetres: SIMD3<Double>

  init(_ metadata: OusterMetadata) {
    let lowestFirst = metadata.beamAltitudeAngles.indices.sorted {
      metadata.beamAltitudeAngles[$0] < metadata.beamAltitudeAngles[$1]
    }
    var rings = [UInt16](repeating: 0, count: lowestFirst.count)
    for (ring, row) in lowestFirst.enumerated() { rings[row] = UInt16(ring) }
    beams = metadata.beamAltitudeAngles.indices.map { row in
      let azimuth = Pinned.sincos(-Pinned.radians(degrees: metadata.beamAzimuthAngles[row]))
      let altitude = Pinned.sincos(Pinned.radians(degrees: metadata.beamAltitudeAngles[row]))
      return Beam(
        cosineAzimuth: azimuth.cos, sineAzimuth: azimuth.sin, cosineAltitude: altitude.cos,
        sineAltitude: altitude.sin, ring: rings[row])
    }
    encoder = (0..<metadata.columnsPerFrame).map { measurement in
      let turns = 1 - Double(measurement) / Double(metadata.columnsPerFrame)
      let angle = Pinned.sincos(2 * .pi * turns)
      return Direction(cosine: angle.cos, sine: angle.sin)
    }
    beamOriginMetres = metadata.lidarOriginToBeamOriginMillimetres / 1000
    let m = metadata.lidarToSensorTransform
    // Columns of the rotation, so that a point is three multiplications and three additions of vectors.
    rotation = (SIMD3(m[0], m[4], m[8]), SIMD3(m[1], m[5], m[9]), SIMD3(m[2], m[6], m[10]))
    translationMetres = SIMD3(m[3], m[7], m[11]) / 1000
  }

  @inline(__always) func point(rangeMillimetres: UInt32, beam: Beam, encoder: Direction) -> SIMD3<Double> {
    let along = Double(rangeMillimetres) / 1000 - beamOriginMetres
    let cosine = encoder.cosine * beam.cosineAzimuth - encoder.sine * beam.sineAzimuth
    let sine = encoder.sine * beam.cosineAzimuth + encoder.cosine * beam.sineAzimuth
    let flat = along * beam.cosineAltitude
    let x = flat * cosine + beamOriginMetres * encoder.cosine
    let y = flat * sine + beamOriginMetres * encoder.sine
    let z = along * beam.sineAltitude
    return rotation.0 * x + rotation.1 * y + rotation.2 * z + translationMetres
  }
}
