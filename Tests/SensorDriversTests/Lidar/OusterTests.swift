import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Ouster") struct OusterTests {
  static let folder = "lidar-packets/ouster/"
  static let isThere = Recorded.has("lidar-packets/ouster/crc_test.json")

  struct Capture: Sendable, CustomTestStringConvertible {
    var name: String
    var metadata: String
    var packets: Int
    /// Sweeps with `finish`, and how many of them are partial.
    var sweeps: Int
    var partial: Int
    var port: UInt16 = 7502
    var testDescription: String { name }
  }

  static let captures = [
    Capture(
      name: "OS-1-32-G_v2.1.1_1024x10", metadata: "OS-1-32-G_v2.1.1_1024x10", packets: 64, sweeps: 1,
      partial: 0),
    Capture(
      name: "OS-1-64_1024x10_fw20", metadata: "2_0_0_os1-991913000010-64", packets: 64, sweeps: 1, partial: 0),
    Capture(
      name: "OS-0-32-U1_v2.2.0_1024x10", metadata: "OS-0-32-U1_v2.2.0_1024x10", packets: 64, sweeps: 1,
      partial: 0),
    Capture(
      name: "OS-1-128_v2.3.0_1024x10_lb_n3", metadata: "OS-1-128_v2.3.0_1024x10", packets: 192, sweeps: 3,
      partial: 0),
    Capture(name: "crc_test", metadata: "crc_test", packets: 34, sweeps: 2, partial: 1),
    Capture(
      name: "windowed_frame1", metadata: "windowed_frame1_0", packets: 17, sweeps: 1, partial: 0, port: 53750),
  ]

  static func metadata(_ name: String) throws -> OusterMetadata {
    let file = name + ".json"
    return try OusterMetadata(json: JSONNode(parsing: try Recorded.bytes(folder + file), file: file))
  }

  static func packets(_ capture: Capture) throws -> [[UInt8]] {
    recordedDatagrams(try Recorded.bytes(folder + capture.name + ".pcap"))
      .filter { $0.port == capture.port }.map(\.payload)
  }

  static func pool(_ metadata: OusterMetadata) -> PayloadPool<LidarPoint> {
    PayloadPool(
      id: 1, slots: 2,
      capacity: metadata.columnsPerFrame * metadata.pixelsPerColumn * metadata.profile.returns,
      zero: noLidarPoint)
  }

  @Test(
    "Every capture decodes without an invalid packet, into as many sweeps as it holds frames",
    .enabled(if: isThere, "\(Recorded.absent)"), arguments: captures)
  func decodesCaptures(_ capture: Capture) throws {
    let metadata = try Self.metadata(capture.metadata)
    let pool = Self.pool(metadata)
    let decoder = try OusterDecoder(metadata: metadata, pool: pool)
    let collector = SweepCollector(pool: pool)
    let packets = try Self.packets(capture)
    for packet in packets {
      unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take)
    }
    let early = collector.sweeps.count
    decoder.finish(emit: collector.take)
    #expect(packets.count == capture.packets)
    #expect(decoder.counters.packets == UInt64(capture.packets))
    #expect(decoder.counters.invalid == 0)
    #expect(decoder.counters.ignored == 0)
    #expect(collector.sweeps.count == capture.sweeps)
    // A whole frame is handed on with its last packet, not with the next frame's first.
    #expect(early == capture.sweeps - capture.partial)
    #expect(collector.sweeps.count { $0.timing.flags.contains(.partial) } == capture.partial)
    for taken in collector.sweeps {
      #expect(taken.sweep.droppedPoints == 0)
      #expect(taken.points.count > 1000)
      #expect(taken.positions.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite })
      let times = taken.points.map(\.timeNanoseconds)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(Int64(times.last ?? 0) <= taken.timing.spanNanoseconds)
    }
    print(
      "\(capture.name): \(capture.packets) packets, \(collector.sweeps.count) sweeps,",
      "\(collector.sweeps.map(\.points.count)) points, missing columns \(decoder.missingColumns)")
  }

  @Test(
    "Every field has the digest that Ouster publishes for the capture",
    .enabled(if: isThere, "\(Recorded.absent)"), arguments: [captures[0], captures[2]])
  func matchesDigests(_ capture: Capture) throws {
    let file = capture.name + "_digest.json"
    let json = try JSONNode(parsing: try Recorded.bytes(Self.folder + file), file: file)
    guard case .object(let members)? = json["packet_hash"]?.value else {
      Issue.record("no packet_hash in \(file)")
      return
    }
    let published = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.node.text ?? "") })
    let metadata = try Self.metadata(capture.metadata)
    let decoder = try OusterDecoder(metadata: metadata, pool: Self.pool(metadata))
    let layout = decoder.layout
    let packets = try Self.packets(capture)

    func digest(bytes: Int, _ values: ([UInt8]) -> [UInt64]) -> String {
      var md5 = MD5()
      for packet in packets {
        md5.update(
          values(packet).flatMap { value in (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        )
      }
      return md5.hexadecimal()
    }
    func columns(_ value: @escaping (RawSpan, Int) -> UInt64) -> ([UInt8]) -> [UInt64] {
      { packet in (0..<layout.columns).map { column in unsafe value(packet.span.bytes, column) } }
    }

    var found: [String: String] = [:]
    found["TIMESTAMP"] = digest(bytes: 8, columns { layout.timestamp($0, column: $1) })
    found["MEASUREMENT_ID"] = digest(bytes: 2, columns { UInt64(layout.measurement($0, column: $1)) })
    found["ENCODER_COUNT"] = digest(bytes: 4, columns { UInt64(layout.encoderCount($0, column: $1)) })
    found["STATUS"] = digest(bytes: 4, columns { UInt64(layout.status($0, column: $1)) })
    // The reference reads the frame from column headers, which only legacy packets carry it in.
    found["FRAME_ID"] = digest(
      bytes: 2, columns { packet, _ in layout.profile == .legacy ? UInt64(layout.frame(packet)) : 0 })
    for field in OusterField.allCases {
      guard let placement = layout.profile.placement(of: field) else { continue }
      found[field.rawValue] = digest(bytes: placement.bytes) { packet in
        (0..<layout.rows).flatMap { row in
          (0..<layout.columns).map { column in
            UInt64(unsafe layout.value(of: field, packet.span.bytes, column: column, row: row) ?? .max)
          }
        }
      }
    }
    // RAW32_WORDn are the pixels' bytes themselves, no field.
    let expected = published.filter { !$0.key.hasPrefix("RAW32") }
    #expect(Set(expected.keys).isSubset(of: Set(found.keys)))
    for (name, md5) in expected { #expect(found[name] == md5, "\(name)") }
    print("\(capture.name): digests equal:", expected.keys.sorted().joined(separator: " "))
  }
}
