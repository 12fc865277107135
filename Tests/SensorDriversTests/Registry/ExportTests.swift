import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Decoding captures to files") struct ExportTests {
  private func export(
    _ model: String, _ input: String, _ output: String, calibration: String? = nil
  ) throws -> ExportResult {
    let found = try #require(RegistryKit.registry.sensors.first { $0.section.name == model }?.export)
    return try found(ExportPlan(input: input, output: output, calibration: calibration))
  }

  private func recorded(_ path: String) -> String { Recorded.root.appendingPathComponent(path).path }

  /// The positions of a cloud of ours.
  private func positions(_ path: String) throws -> [SIMD3<Float>] {
    let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    func float(_ at: Int) -> Float { Float(bitPattern: file.u32(at, bigEndian: false)) }
    return stride(from: PCDWriter.headerBytes, to: file.count, by: PCDWriter.pointBytes).map {
      SIMD3(float($0), float($0 + 4), float($0 + 8))
    }
  }

  static let vlp16 = "lidar-packets/velodyne-vlp16/"

  @Test(
    "A VLP-16 capture's cloud holds the reference sweep",
    .enabled(if: Recorded.has(vlp16 + "packets.pcap"), "\(Recorded.absent)"))
  func velodyne() throws {
    let scratch = try ScratchFolder()
    let output = scratch.path("cloud.pcd")
    let result = try export("velodyne-vlp16", recorded(Self.vlp16 + "packets.pcap"), output)
    let file = try Data(
      contentsOf: Recorded.root.appendingPathComponent(Self.vlp16 + "reference_1673400472138016708.pcd"))
    let header = try #require(file.range(of: Data("DATA binary\n".utf8)))
    let body = [UInt8](file[header.upperBound...])
    let reference = stride(from: 0, to: body.count - 31, by: 32).map { at in
      SIMD3(
        Float(bitPattern: body.u32(at, bigEndian: false)),
        Float(bitPattern: body.u32(at + 4, bigEndian: false)),
        Float(bitPattern: body.u32(at + 8, bigEndian: false)))
    }
    let ours = try positions(output)
    let share = PointGrid(ours, radius: 0.05).share(of: reference, within: 0.02)
    print("decode velodyne-vlp16: \(result.summary); reference within 2 cm: \(share)")
    #expect(reference.count == 14_831 && share >= 0.995)
    #expect(result.summary.hasPrefix("\(ours.count) points of 5 sweeps from 603 packets"))
    #expect(scratch.names == ["cloud.pcd"])
  }

  @Test(
    "An Ouster capture's cloud holds every point of every sweep",
    .enabled(if: OusterTests.isThere, "\(Recorded.absent)"), arguments: OusterTests.captures)
  func ouster(_ capture: OusterTests.Capture) throws {
    let scratch = try ScratchFolder()
    let output = scratch.path("cloud.pcd")
    let folder = OusterTests.folder
    let result = try export(
      "ouster", recorded(folder + capture.name + ".pcap"), output,
      calibration: recorded(folder + capture.metadata + ".json"))
    let metadata = try OusterTests.metadata(capture.metadata)
    let pool = OusterTests.pool(metadata)
    let decoder = try OusterDecoder(metadata: metadata, pool: pool)
    let collector = SweepCollector(pool: pool)
    for packet in try OusterTests.packets(capture) {
      unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take)
    }
    decoder.finish(emit: collector.take)
    #expect(collector.sweeps.count == capture.sweeps)
    #expect(try positions(output) == collector.sweeps.flatMap(\.positions))
    #expect(result.summary.contains("\(capture.sweeps) sweeps from \(capture.packets) packets"))
    print("decode ouster \(capture.name): \(result.summary)")
  }

  @Test(
    "A drive's radar log becomes the rows of its reference decode",
    .enabled(if: ToyotaRadarTests.isThere, "\(Recorded.absent)"))
  func radar() throws {
    let scratch = try ScratchFolder()
    let log = try scratch.unpack("drives/comma2k19-rav4/can_raw.log.xz")
    let output = scratch.path("radar.csv")
    let result = try export("toyota-radar", log, output)
    let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    #expect(lines[0] == "time_s,track,x_m,y_m,range_rate_m_s,new,quality_percent")
    // By distance, side, speed and track: a cycle has one time for all tracks, the reference each frame's.
    func key(_ track: Int, _ values: [Double]) -> String {
      "\(track)" + values.map { " \(Int(($0 * 1000).rounded()))" }.joined()
    }
    var rows: [String: Int] = [:]
    for line in try Recorded.lines(ToyotaRadarTests.drive + "radar_reference_decode.csv.xz").dropFirst() {
      let n = line.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
      rows[key(Int(n[6]) - 0x210, [n[1] - 2.7, n[2], n[3], n[7]]), default: 0] += 1
    }
    var times = Set<Substring>()
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      times.insert(fields[0])
      let n = fields.map { Double($0) ?? .nan }
      rows[key(Int(n[1]), [n[2], n[3], n[4], n[5]]), default: 0] -= 1
    }
    #expect(lines.count == 5324)
    #expect(rows.values.allSatisfy { $0 == 0 })
    #expect(result.summary == "5323 detections of 600 cycles from bus 1; 0 frames invalid, 0 missing")
    #expect(times.allSatisfy { $0.hasPrefix("464") && $0.split(separator: ".")[1].count == 9 })
  }

  @Test(
    "A raw Xsens stream becomes one row a sample",
    .enabled(if: Recorded.has(FileImportTests.xsens[0]), "\(Recorded.absent)"),
    arguments: FileImportTests.xsens)
  func xsens(_ path: String) throws {
    let scratch = try ScratchFolder()
    let output = scratch.path("imu.csv")
    let bytes = try Recorded.bytes(path)
    let decoder = XsensDecoder()
    var samples: [(SampleTiming, ImuSample)] = []
    unsafe decoder.decode(bytes.span.bytes, arrival: .zero) { samples.append(($0, $1)) }
    let result = try export("xsens-mti", recorded(path), output)
    let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == samples.count + 1)
    #expect(lines[0].hasPrefix("time_s,acceleration_x_m_s2,"))
    for (line, sample) in zip(lines.dropFirst(), samples) {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      #expect(fields.count == 11)
      let x = Double(fields[1])
      #expect(x == sample.1.accelerationX || (x == nil && sample.1.accelerationX.isNaN))
      #expect(Double(fields[6]) == sample.1.rateZ || (fields[6].isEmpty && sample.1.rateZ.isNaN))
    }
    print("decode xsens-mti \(path): \(result.summary)")
  }

  @Test("A failure leaves nothing half-written, and an older file as it was")
  func atomicity() throws {
    let scratch = try ScratchFolder()
    let noise = try scratch.write("noise.bin", [UInt8](repeating: 7, count: 5000))
    let empty = try scratch.write("empty.pcap", PcapMaker.pcap([]))
    let cut = try scratch.write(
      "cut.pcap", PcapMaker.pcap([PcapMaker.udp(port: 2368, from: [1, 1, 1, 1], [1])]).dropLast(4))
    let log = try scratch.write("other.log", text: "(1.0) can0 123#00\n")
    let output = try scratch.write("out", text: "older")
    for (model, input) in [
      ("xsens-mti", noise), ("velodyne-vlp16", empty), ("velodyne-vlp16", cut), ("toyota-radar", log),
      ("toyota-radar", empty), ("velodyne-vlp16", scratch.path("absent.pcap")),
    ] {
      #expect(throws: SetupProblem.self) { try export(model, input, output) }
    }
    #expect(throws: SetupProblem.self) { try export("ouster", empty, output) }
    #expect(throws: SetupProblem.self) {
      try export("ouster", empty, output, calibration: scratch.path("absent.json"))
    }
    #expect(throws: SetupProblem.self) { try export("ouster", empty, output, calibration: output) }
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "older")
    #expect(scratch.names == ["cut.pcap", "empty.pcap", "noise.bin", "other.log", "out"])
  }
}
