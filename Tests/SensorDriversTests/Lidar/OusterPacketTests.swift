import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

/// Builds packets of a small sensor: 64 columns of 4 rows, 8 columns a packet.
struct OusterPacketMaker {
  var metadata = OusterMetadata()
  var rangeMillimetres: UInt32 = 8000
  var isColumnValid: (Int) -> Bool = { _ in true }

  init(_ profile: OusterProfile = .single) {
    metadata.profile = profile
    metadata.columnsPerFrame = 64
    metadata.columnsPerPacket = 8
    metadata.pixelsPerColumn = 4
    metadata.columnWindow = .init(first: 0, last: 63)
    metadata.beamAltitudeAngles = [15, 5, -5, -15]
    metadata.beamAzimuthAngles = [3, 1, -1, -3]
    metadata.lidarOriginToBeamOriginMillimetres = 15.806
  }

  var layout: OusterPacketLayout {
    OusterPacketLayout(profile: metadata.profile, columnsPerPacket: 8, pixelsPerColumn: 4)
  }

  func packet(frame: UInt16, index: Int, checksum: Bool = false) -> [UInt8] {
    let layout = layout
    let profile = metadata.profile
    var bytes = [UInt8](repeating: 0, count: layout.byteCount)
    func put(_ value: UInt64, at offset: Int, bytes count: Int) {
      for byte in 0..<count { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte))) }
    }
    if profile != .legacy {
      put(1, at: 0, bytes: 2)
      put(UInt64(frame), at: 2, bytes: 2)
    }
    for column in 0..<8 {
      let start = layout.start(ofColumn: column)
      let measurement = index * 8 + column
      put(UInt64(frame) * 100_000_000 + UInt64(measurement) * 1_500_000, at: start, bytes: 8)
      put(UInt64(measurement), at: start + 8, bytes: 2)
      let valid = isColumnValid(measurement)
      if profile == .legacy {
        put(UInt64(frame), at: start + 10, bytes: 2)
        put(valid ? 0xFFFF_FFFF : 0, at: start + layout.columnBytes - 4, bytes: 4)
      } else {
        put(valid ? 1 : 0, at: start + 10, bytes: 2)
      }
      for row in 0..<4 {
        let pixel = start + profile.columnHeaderBytes + row * profile.pixelBytes
        let isEighths = profile == .lowBandwidth
        put(
          UInt64(isEighths ? rangeMillimetres / 8 : rangeMillimetres), at: pixel, bytes: isEighths ? 2 : 4)
        if profile == .dual { put(UInt64(rangeMillimetres + 1000), at: pixel + 4, bytes: 4) }
        if let place = profile.placement(of: .reflectivity) { put(99, at: pixel + place.offset, bytes: 1) }
        if let place = profile.placement(of: .reflectivity2) { put(55, at: pixel + place.offset, bytes: 1) }
      }
    }
    if checksum {
      let crc = unsafe CRC64().of(bytes.span.bytes, count: bytes.count - 8)
      put(crc, at: bytes.count - 8, bytes: 8)
    }
    return bytes
  }

  func frame(_ number: UInt16, without lost: Set<Int> = []) -> [[UInt8]] {
    (0..<8).filter { !lost.contains($0) }.map { packet(frame: number, index: $0) }
  }
}

@Suite("Ouster packets") struct OusterPacketTests {
  let pool = PayloadPool(id: 4, slots: 3, capacity: 64 * 4 * 2, zero: noLidarPoint)

  private func sweeps(
    _ packets: [[UInt8]], _ metadata: OusterMetadata, finish: Bool = false
  ) throws -> (taken: [TakenSweep], decoder: OusterDecoder) {
    let decoder = try OusterDecoder(metadata: metadata, pool: pool)
    let collector = SweepCollector(pool: pool)
    for packet in packets { unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take) }
    if finish { decoder.finish(emit: collector.take) }
    return (collector.sweeps, decoder)
  }

  @Test("A pixel's point lies where the published formula puts it", arguments: OusterProfile.allCases)
  func geometry(_ profile: OusterProfile) throws {
    let maker = OusterPacketMaker(profile)
    let points = try sweeps(maker.frame(1), maker.metadata).taken[0].points
    let returns = profile == .dual ? 2 : 1
    #expect(points.count == 64 * 4 * returns)
    let n = 0.015806
    for (index, point) in points.enumerated() {
      let (column, row, echo) = (index / (4 * returns), index / returns % 4, index % returns)
      let range = echo == 0 ? 8.0 : 9.0
      let encoder = 2 * Double.pi * (1 - Double(column) / 64)
      let azimuth = encoder - [3.0, 1, -1, -3][row] * .pi / 180
      let altitude = [15.0, 5, -5, -15][row] * .pi / 180
      let x = (range - n) * cos(azimuth) * cos(altitude) + n * cos(encoder)
      let y = (range - n) * sin(azimuth) * cos(altitude) + n * sin(encoder)
      let z = (range - n) * sin(altitude)
      // The usual sensor frame is turned by half a turn, and 36.18 mm lower.
      let wanted = SIMD3(-x, -y, z + 0.03618)
      let distance = wanted - SIMD3(Double(point.x), Double(point.y), Double(point.z))
      #expect((distance * distance).sum() < 1e-11)
      #expect(point.ring == UInt16(3 - row))
      #expect(point.returnIndex == UInt8(echo))
      #expect(point.intensity == (echo == 0 ? 99 : 55))
      #expect(point.timeNanoseconds == UInt32(column) * 1_500_000)
    }
  }

  @Test("A frame is handed on with its last packet, stamped with its last column's time")
  func closesWithLastPacket() throws {
    let maker = OusterPacketMaker()
    let (taken, decoder) = try sweeps(maker.frame(1) + maker.frame(2), maker.metadata)
    #expect(taken.count == 2)
    #expect(taken.map(\.timing.flags) == [[], []])
    #expect(taken.map(\.timing.beforePacketNanoseconds) == [0, 0])
    #expect(taken[1].timing.device.nanoseconds == 294_500_000)
    #expect(taken[1].timing.spanNanoseconds == 94_500_000)
    #expect(decoder.missingColumns == 0)
  }

  @Test(
    "Lost packets, a lost end and whole lost frames are counted", arguments: [OusterProfile.legacy, .single])
  func countsMissing(_ profile: OusterProfile) throws {
    let maker = OusterPacketMaker(profile)
    let stream = maker.frame(65_535, without: [3, 4]) + maker.frame(0, without: [7]) + maker.frame(3)
    let (taken, decoder) = try sweeps(stream, maker.metadata)
    #expect(taken.map(\.sweep.missingPackets) == [2, 1, 0])
    #expect(taken.map(\.timing.flags) == [.partial, .partial, []])
    // Three packets of the frames seen, two frames of eight in between.
    #expect(decoder.counters.missing == 19)
    #expect(decoder.missingColumns == 24)
    // The one that ended with another frame's packet had ended before that one's content.
    #expect(taken[1].timing.beforePacketNanoseconds == 0)
  }

  @Test("A start inside a frame gives a partial sweep without missing packets")
  func startsInside() throws {
    let maker = OusterPacketMaker()
    let (taken, decoder) = try sweeps(Array(maker.frame(9)[5...]), maker.metadata)
    #expect(taken.map(\.timing.flags) == [.partial])
    #expect(taken.map(\.sweep.packets) == [3])
    #expect(decoder.counters.missing == 0)
  }

  @Test(
    "Columns that the sensor marks invalid give no points and are counted", arguments: OusterProfile.allCases)
  func invalidColumns(_ profile: OusterProfile) throws {
    var maker = OusterPacketMaker(profile)
    maker.isColumnValid = { $0 % 16 != 5 }
    let (taken, decoder) = try sweeps(maker.frame(1), maker.metadata)
    #expect(taken.first?.points.count == 60 * 4 * (profile == .dual ? 2 : 1))
    #expect(decoder.missingColumns == 4)
    #expect(taken.first?.timing.flags == .partial)
  }

  @Test("Only the column window is expected and decoded, one that passes column 0 included")
  func columnWindow() throws {
    var maker = OusterPacketMaker()
    maker.metadata.columnWindow = .init(first: 12, last: 40)
    let inside = (1...5).map { maker.packet(frame: 1, index: $0) }
    var (taken, decoder) = try sweeps(inside, maker.metadata)
    #expect(taken.first?.points.count == 29 * 4)
    #expect(taken.first?.timing.flags == [])
    maker.metadata.columnWindow = .init(first: 56, last: 7)
    (taken, decoder) = try sweeps([0, 7].map { maker.packet(frame: 1, index: $0) }, maker.metadata)
    #expect(taken.first?.points.count == 16 * 4)
    #expect(decoder.counters.missing == 0)
  }

  @Test("A packet sent twice, or of a frame already handed on, is ignored")
  func latePackets() throws {
    let maker = OusterPacketMaker()
    let next = maker.frame(5)
    let stream =
      maker.frame(4).flatMap { [$0, $0] } + [next[0], maker.packet(frame: 4, index: 7)] + next.dropFirst()
    let (taken, decoder) = try sweeps(stream, maker.metadata)
    #expect(taken.map(\.points.count) == [256, 256])
    #expect(decoder.counters.ignored == 9)
    #expect(decoder.counters.missing == 0)
  }

  @Test(
    "A restarted sensor, whose clock and frame numbers begin anew, gives whole sweeps from its first packet")
  func restart() throws {
    let maker = OusterPacketMaker()
    for restarted in [UInt16(9), 8, 1] {
      let (taken, decoder) = try sweeps(maker.frame(9) + maker.frame(restarted), maker.metadata)
      #expect(taken.map(\.points.count) == [256, 256])
      #expect(taken.allSatisfy { $0.timing.flags == [] })
      #expect(decoder.counters.ignored == 0 && decoder.counters.missing == 0)
    }
  }

  @Test("A packet whose checksum is wrong is invalid; one without a checksum is taken")
  func checksum() throws {
    let maker = OusterPacketMaker()
    let good = maker.packet(frame: 1, index: 0, checksum: true)
    var bad = maker.packet(frame: 1, index: 1, checksum: true)
    bad[100] ^= 1
    let decoder = try sweeps([good, bad, maker.packet(frame: 1, index: 2)], maker.metadata).decoder
    #expect(decoder.counters.invalid == 1)
    #expect(unsafe maker.layout.checksum(good.span.bytes) == .good)
    #expect(unsafe maker.layout.checksum(bad.span.bytes) == .bad)
  }

  @Test(
    "Every packet of the recording with checksums has a good one, and one changed bit breaks it",
    .enabled(if: OusterTests.isThere, "\(Recorded.absent)"))
  func recordedChecksums() throws {
    let capture = OusterTests.captures[4]
    let metadata = try OusterTests.metadata(capture.metadata)
    let layout = OusterPacketLayout(
      profile: metadata.profile, columnsPerPacket: metadata.columnsPerPacket,
      pixelsPerColumn: metadata.pixelsPerColumn)
    var good = 0
    for (index, packet) in try OusterTests.packets(capture).enumerated() {
      if unsafe layout.checksum(packet.span.bytes) == .good { good += 1 }
      var changed = packet
      changed[index * 37 % (packet.count - 8)] ^= 1 << UInt8(index % 8)
      #expect(unsafe layout.checksum(changed.span.bytes) == .bad)
    }
    #expect(good == 34)
    print("ouster crc_test: \(good) of 34 checksums good")
  }

  @Test("Metadata that no decoder can be made of is refused with what to do")
  func refusesMetadata() {
    let broken: [(inout OusterMetadata) -> Void] = [
      { $0.columnsPerFrame = 0 }, { $0.columnsPerPacket = 65 }, { $0.pixelsPerColumn = -1 },
      { $0.columnWindow.last = 64 }, { $0.beamAzimuthAngles = [1] }, { $0.beamAltitudeAngles[0] = .nan },
      { $0.lidarToSensorTransform = [] }, { $0.lidarToSensorTransform[3] = .infinity },
      { $0.lidarOriginToBeamOriginMillimetres = .nan },
    ]
    for breakIt in broken {
      var metadata = OusterPacketMaker().metadata
      breakIt(&metadata)
      #expect(throws: OusterMetadataError.self) { try OusterDecoder(metadata: metadata, pool: pool) }
    }
  }

  @Test("A metadata file's problem is reported at its line and column")
  func metadataProblem() throws {
    let text = """
      {"lidar_mode": "1024x10",
       "beam_altitude_angles": [1, 2],
       "beam_azimuth_angles": [1, "two"]}
      """
    let node = try JSONNode(parsing: text, file: "os.json")
    do throws(ConfigurationProblem) {
      _ = try OusterMetadata(json: node)
      Issue.record("accepted a beam angle that is a string")
    } catch {
      #expect((error.file, error.line, error.column) == ("os.json", 3, 29))
    }
    for text in [
      #"{"udp_profile_lidar": "RNG99"}"#, #"{"columns_per_frame": -9223372036854775808}"#,
      #"{"columns_per_frame": 1e300}"#, #"{"column_window": [1]}"#, #"{"lidar_mode": "x"}"#, "[]",
    ] {
      let node = try JSONNode(parsing: text, file: "os.json")
      #expect(throws: ConfigurationProblem.self, "\(text)") { try OusterMetadata(json: node) }
    }
  }

  @Test("Metadata of old firmware is completed from its mode and product line")
  func oldMetadata() throws {
    let text =
      #"{"lidar_mode": "512x20", "prod_line": "OS-1-2", "beam_altitude_angles": [1, -1], "beam_azimuth_angles": [0, 0]}"#
    let metadata = try OusterMetadata(json: JSONNode(parsing: text, file: "os.json"))
    #expect(metadata.profile == .legacy)
    #expect(metadata.columnsPerFrame == 512 && metadata.pixelsPerColumn == 2)
    #expect(metadata.columnWindow == .init(first: 0, last: 511))
    #expect(metadata.lidarOriginToBeamOriginMillimetres == 15.806)
  }

  @Test(
    "Damaged packets never trap the decoder and never give a number that is not finite",
    arguments: OusterProfile.allCases)
  func survivesGarbage(_ profile: OusterProfile) throws {
    var random = SeededBytes(seed: 64)
    let maker = OusterPacketMaker(profile)
    let templates = (0..<40).map { maker.packet(frame: UInt16($0 / 8), index: $0 % 8) }
    let pool = PayloadPool(id: 5, slots: 2, capacity: 64 * 4 * 2, zero: noLidarPoint)
    let decoder = try OusterDecoder(metadata: maker.metadata, pool: pool)
    var impossible = 0
    for round in 0..<100_000 {
      var packet = random.damaged(templates[round % 40])
      // The frame's number moves on, so that frames end.
      if packet.count > 4, profile != .legacy { packet[2] = UInt8(truncatingIfNeeded: round / 8) }
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { timing, sweep in
        guard pool.pin(sweep.points) else { return }
        defer { pool.unpin(sweep.points) }
        if timing.spanNanoseconds < 0 || timing.beforePacketNanoseconds < 0 { impossible += 1 }
        guard round % 10 == 0 else { return }
        let points = unsafe Array(pool.elements(of: sweep.points))
        impossible += points.count { !($0.x.isFinite && $0.y.isFinite && $0.z.isFinite) }
      }
    }
    #expect(impossible == 0)
    #expect(decoder.counters.packets == 100_000)
    #expect(decoder.counters.samples > 100)
  }
}
