import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Lidar packets, encoded and decoded")
struct LidarEncoderTests {
  private func pool(_ capacity: Int) -> PayloadPool<LidarPoint> {
    PayloadPool(
      id: 4, slots: 2, capacity: capacity,
      zero: LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0))
  }

  @Test(
    "Any ranges in an Ouster packet come back to a millimetre with their reflectivity and column's time",
    arguments: [OusterProfile.legacy, .single])
  func ouster(profile: OusterProfile) throws {
    var metadata = OusterMetadata()
    metadata.profile = profile
    metadata.columnsPerFrame = 64
    metadata.columnsPerPacket = 16
    metadata.pixelsPerColumn = 16
    metadata.columnWindow = .init(first: 0, last: 63)
    metadata.beamAltitudeAngles = (0..<16).map { 15 - Double($0) * 2 }
    metadata.beamAzimuthAngles = (0..<16).map { Double($0 % 4) - 1.5 }
    metadata.lidarToSensorTransform = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    let pool = pool(64 * 16)
    let decoder = try OusterDecoder(metadata: metadata, pool: pool)
    let encoder = try #require(
      OusterEncoder(profile: profile, columnsPerFrame: 64, columnsPerPacket: 16, rows: 16))
    #expect(encoder.byteCount == decoder.layout.byteCount)
    var packet = [UInt8](repeating: 0xAA, count: encoder.byteCount)
    var random = RandomSource(seed: 9)
    let farthest: UInt64 = profile == .legacy ? 0xF_FFFF : 0x7_FFFF
    var sweeps = 0
    for frame in 0..<5 {
      let pixels = (0..<(64 * 16)).map { _ in
        OusterEncoder.Pixel(
          rangeMillimetres: random.chance(0.1) ? 0 : UInt32(random.below(farthest - 1) + 1),
          reflectivity: UInt8(random.below(256)), signal: UInt16(random.below(65_536)),
          nearInfrared: UInt16(random.below(65_536)))
      }
      let expected = pixels.filter { $0.rangeMillimetres > 0 }
      for number in 0..<4 {
        let wrote = encoder.encode(
          into: &packet, frame: UInt16(truncatingIfNeeded: 65_534 + frame), number: number,
          nanoseconds: { UInt64(frame * 64 + $0) * 1_562_500 }, pixel: { pixels[$0 * 16 + $1] })
        #expect(wrote)
        unsafe decoder.decode(packet.span.bytes, arrival: .zero) { timing, sweep in
          sweeps += 1
          #expect(timing.device.nanoseconds == Int64(frame * 64 + 63) * 1_562_500)
          #expect(pool.pin(sweep.points))
          let points = unsafe Array(pool.elements(of: sweep.points))
          #expect(points.count == expected.count)
          for (point, pixel) in zip(points, expected) {
            let range = Vector3(Double(point.x), Double(point.y), Double(point.z)).length
            #expect(abs(range * 1000 - Double(pixel.rangeMillimetres)) < 0.1)
            #expect(point.intensity == Float(pixel.reflectivity))
          }
          pool.unpin(sweep.points)
        }
      }
    }
    #expect(sweeps == 5)
    #expect(decoder.counters.invalid == 0 && decoder.counters.ignored == 0 && decoder.counters.missing == 0)
  }

  @Test("Any ranges in VLP-16 packets come back within 2 cm of their beams' points, over the hour's end")
  func velodyne() {
    let encoder = VelodyneVLP16Encoder(turnsPerMinute: 600)
    let pool = pool(70_000)
    let decoder = VelodyneVLP16Decoder(pool: pool)
    var packet = [UInt8](repeating: 0, count: VelodyneVLP16Encoder.byteCount)
    var random = RandomSource(seed: 3)
    var sent: [(Vector3, UInt8)] = []
    var worst = 0.0
    var compared = 0
    for number in 0..<240 {
      let start = Int64(number) * VelodyneVLP16Encoder.packetNanoseconds
      let azimuth = Double(start) * encoder.hundredthsPerNanosecond
      let microseconds = (UInt32(3_599_900_000) + UInt32(start / 1000)) % 3_600_000_000
      #expect(
        encoder.encode(into: &packet, azimuthHundredths: azimuth, microsecondsPastHour: microseconds) {
          _, laser, azimuth in
          guard !random.chance(0.1) else { return .none }
          let echo = LidarEcho(rangeMetres: random.uniform(0.5, 100), reflectivity: UInt8(random.below(256)))
          let elevation = Pinned.sincos(
            Pinned.radians(degrees: VelodyneVLP16Geometry.elevationsDegrees[laser]))
          let turn = Pinned.sincos(Pinned.radians(degrees: azimuth / 100))
          sent.append(
            (
              Vector3(
                echo.rangeMetres * elevation.cos * turn.cos, -echo.rangeMetres * elevation.cos * turn.sin,
                echo.rangeMetres * elevation.sin
                  + VelodyneVLP16Geometry.verticalOffsetsMillimetres[laser] / 1000), echo.reflectivity
            ))
          return echo
        })
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { _, sweep in
        #expect(pool.pin(sweep.points))
        for point in unsafe Array(pool.elements(of: sweep.points)) {
          let (expected, reflectivity) = sent[compared]
          worst = max(
            worst, (Vector3(Double(point.x), Double(point.y), Double(point.z)) - expected).length)
          #expect(point.intensity == Float(reflectivity))
          compared += 1
        }
        pool.unpin(sweep.points)
      }
    }
    #expect(compared > 60_000)
    #expect(worst < 0.02)
    #expect(decoder.counters.invalid == 0 && decoder.counters.missing == 0)
  }

  @Test("A buffer that is too short is left as it is")
  func refusesShortBuffers() throws {
    var short = [UInt8](repeating: 7, count: 70)
    let lidar = VelodyneVLP16Encoder(turnsPerMinute: 1200)
    #expect(!lidar.encode(into: &short, azimuthHundredths: 0, microsecondsPastHour: 0) { _, _, _ in .none })
    var imu = XsensEncoder()
    #expect(!imu.encode(into: &short, fineTicks: 0, sample: ImuSample()))
    let ouster = try #require(
      OusterEncoder(profile: .single, columnsPerFrame: 512, columnsPerPacket: 16, rows: 16))
    let empty = OusterEncoder.Pixel(rangeMillimetres: 0, reflectivity: 0)
    #expect(
      !ouster.encode(
        into: &short, frame: 0, number: 0, nanoseconds: { _ in 0 }, pixel: { _, _ in empty }))
    #expect(short.allSatisfy { $0 == 7 })
    #expect(OusterEncoder(profile: .dual, columnsPerFrame: 512, columnsPerPacket: 16, rows: 16) == nil)
  }
}
