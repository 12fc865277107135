import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

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

@Suite("VLP-16") struct VelodyneVLP16Tests {
  let pool = PayloadPool(id: 1, slots: 3, capacity: 64_000, zero: noLidarPoint)

  private func sweeps(
    _ packets: [[UInt8]], settings: VelodyneVLP16Decoder.Settings = .init(), finish: Bool = false
  ) -> (taken: [TakenSweep], decoder: VelodyneVLP16Decoder) {
    let decoder = VelodyneVLP16Decoder(pool: pool, settings: settings)
    let collector = SweepCollector(pool: pool)
    for packet in packets {
      unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take)
    }
    if finish { decoder.finish(emit: collector.take) }
    return (collector.sweeps, decoder)
  }

  private static let folder = "lidar-packets/velodyne-vlp16"
  private static let reference = folder + "/reference_1673400472138016708.pcd"

  /// nebula's points: 32 bytes each, of which the first twelve are the position.
  private func referencePoints() throws -> [SIMD3<Float>] {
    let file = try Data(contentsOf: Recorded.root.appendingPathComponent(Self.reference))
    let header = try #require(file.range(of: Data("DATA binary\n".utf8)))
    let body = [UInt8](file[header.upperBound...])
    func float(_ at: Int) -> Float {
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(body[at + $1]) << (8 * UInt32($1)) })
    }
    return (0..<(body.count / 32)).map { SIMD3(float($0 * 32), float($0 * 32 + 4), float($0 * 32 + 8)) }
  }

  @Test(
    "The sweep of nebula's reference cloud agrees with it in both directions",
    .enabled(if: Recorded.has(reference), "\(Recorded.absent)"))
  func agreesWithReference() throws {
    let packets = capturedPackets(try Recorded.bytes(Self.folder + "/packets.pcap")).map(\.payload)
    let reference = try referencePoints()
    #expect(reference.count == 14_831)

    // nebula holds the azimuth in a dual packet's last group, as no motor does; compared on equal terms first.
    var held = VelodyneVLP16Decoder.Settings()
    held.advancesLastAzimuth = false
    for (settings, near, name) in [(held, 0.995, "held"), (.init(), 0.985, "advanced")] {
      let (taken, decoder) = sweeps(packets, settings: settings)
      #expect(decoder.counters.invalid == 0 && decoder.counters.ignored == 0)
      #expect(decoder.counters.missing == 0)
      #expect(taken.count == 4)
      #expect(taken.map(\.timing.flags.isEmpty) == [false, true, true, true])
      let ours = taken[3].positions
      let grid = PointGrid(ours, radius: 0.05)
      let referenceGrid = PointGrid(reference, radius: 0.05)
      let within2 = grid.share(of: reference, within: 0.02)
      let within5 = grid.share(of: reference, within: 0.05)
      let oursFar = 1 - referenceGrid.share(of: ours, within: 0.05)
      let pooled = PointGrid(taken.flatMap(\.positions), radius: 0.05).share(of: reference, within: 0.02)
      print("VLP-16 \(name): reference within 2 cm \(within2), 5 cm \(within5), pooled \(pooled);"
        + " ours beyond 5 cm \(oursFar); \(ours.count) points")
      #expect(within2 >= near)
      #expect(within5 >= 0.999)
      #expect(oursFar <= 0.005)
    }
  }
}
