import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Imports of files") struct FileImportTests {
  private func samples(_ packets: [RecordedPacket]) -> [ImuSample] {
    let decoder = RecordDecoder<ImuSample>()
    var samples: [ImuSample] = []
    for packet in packets {
      unsafe decoder.decode(packet.bytes.span.bytes, arrival: packet.arrival) { samples.append($1) }
    }
    return samples
  }

  @Test(
    "A drive's accelerometer and gyro files become one inertial sensor in our axes",
    .enabled(if: Recorded.has("drives/comma2k19-rav4/imu_accelerometer.csv.xz"), "\(Recorded.absent)"))
  func drive() throws {
    let scratch = try ScratchFolder()
    for name in ["imu_accelerometer", "imu_gyro_uncalibrated"] {
      _ = try scratch.unpack("drives/comma2k19-rav4/\(name).csv.xz")
    }
    let configuration = try RegistryKit.configuration("replay-comma2k19.json")
    for source in [scratch.url.path, scratch.path("imu_accelerometer.csv")] {
      let (importer, packets, remarks) = try RegistryKit.imported(source, configuration)
      #expect(importer == "csv" && remarks.isEmpty)
      #expect(packets.count == 3125 && packets.allSatisfy { $0.sensor == 3 })
      #expect(packets[0].arrival == Stamp(nanoseconds: 46_408_580_034_294))
      let samples = samples(packets)
      #expect(samples.count == 3125 && samples.allSatisfy { $0.rateZ.isFinite })
      // The first row: forward 1.074, right −0.129, down −9.545; rates −0.0281, −0.0293, 0.0721.
      #expect(samples[0].accelerationX == 1.074371337890625)
      #expect(samples[0].accelerationY == 0.12921142578125)
      #expect(samples[0].accelerationZ == 9.544967651367188)
      #expect(samples[0].rateX == -0.028106689453125)
      #expect(samples[0].rateY == 0.029296875)
      #expect(samples[0].rateZ == -0.07208251953125)
    }
    #expect(throws: ReplayFailure.self) {
      try RegistryKit.imported(scratch.path("imu_gyro_uncalibrated.csv"), configuration)
    }
  }

  private func imu(_ second: String) throws -> MachineConfiguration {
    try RegistryKit.text(
      RegistryKit.around(
        """
        { "name": "imu", "model": "imu-record", "import": { "tables": [
          { "file": "a.csv", "time": "ms", "time_unit": "ms", "columns": [
            { "field": "acceleration_x_m_s2", "column": "g", "scale": 10, "offset": 1 }] },
          { "file": "b.csv", \(second) "columns": [{ "field": "rate_z_rad_s", "column": "z" }] }] } }
        """))
  }

  @Test("A second file is looked up by the nearest row or between two, and not beyond its tolerance")
  func joins() throws {
    let scratch = try ScratchFolder()
    try scratch.write("a.csv", text: "# made here\r\nms,\"g\"\r\n0,1\r\n4,2\r\n\r\n10,3\r\n100,\r\n")
    try scratch.write("b.csv", text: "t,z\n-0.001,0\n0.003,4\n0.009,10\n0.2,5\n")
    for (settings, expected) in [
      (#""join": "nearest","#, [0.0, 4, 10, .nan]), (#""join": "interpolate","#, [1, 5, 10, .nan]),
      (#""join": "interpolate", "tolerance_ms": 0.5,"#, [.nan, .nan, .nan, .nan]),
    ] {
      let (_, packets, remarks) = try RegistryKit.imported(scratch.url.path, try imu(settings))
      #expect(packets.map(\.arrival.nanoseconds) == [0, 4_000_000, 10_000_000, 100_000_000])
      let samples = samples(packets)
      #expect(samples.map(\.accelerationX).prefix(3) == [11, 21, 31] && samples[3].accelerationX.isNaN)
      for (sample, wanted) in zip(samples, expected) {
        #expect(wanted.isNaN ? sample.rateZ.isNaN : abs(sample.rateZ - wanted) < 1e-9, "\(settings)")
      }
      let lacking = expected.count { $0.isNaN }
      #expect(
        remarks == ["\(lacking) samples of imu lack the numbers of a table that has no row near enough"])
    }
  }

  @Test("A file without the column, out of order, or with a damaged instant is refused at its line")
  func refusals() throws {
    let scratch = try ScratchFolder()
    let good = "ms,g\n0,1\n"
    for (a, b, message) in [
      ("ms,h\n0,1\n", "t,z\n0,1\n", "a.csv: has no column \"g\"; its columns: ms, h"),
      (good, "", "b.csv: has no heading"), ("ms,g\n5,1\n4,1\n", "t,z\n0,1\n", "a.csv:3: lies before"),
      ("ms,g\n0,1\nsoon,1\n", "t,z\n0,1\n", "a.csv:3: column \"ms\" holds no instant"),
    ] {
      try scratch.write("a.csv", text: a)
      try scratch.write("b.csv", text: b)
      #expect {
        try RegistryKit.imported(scratch.path("a.csv"), try imu(""))
      } throws: { error in
        (error as? ReplayFailure)?.message.contains(message) == true
      }
    }
  }

  @Test("Instants in nanoseconds since 1970 keep every digit")
  func exactInstants() throws {
    let scratch = try ScratchFolder()
    try scratch.write("w.csv", text: "t,v\n1673400472138016709,1\n")
    let configuration = try RegistryKit.text(
      RegistryKit.around(
        """
        { "name": "w", "model": "odometry-record", "import": { "tables": [
          { "file": "w.csv", "time_unit": "ns", "columns": [{ "field": "speed_m_s", "column": "v" }] }] } }
        """))
    let (_, packets, _) = try RegistryKit.imported(scratch.path("w.csv"), configuration)
    #expect(packets.map(\.arrival.nanoseconds) == [1_673_400_472_138_016_709])
    #expect(packets[0].bytes.count == 40)
  }

  @Test("A folder of images goes to the camera, at its rate or by the list beside them")
  func images() throws {
    let scratch = try ScratchFolder()
    let image = Array("P5\n4 2\n255\n".utf8) + (0..<8).map { UInt8($0 * 10) }
    for name in ["b.pgm", "a.pgm", "c.pgm"] { try scratch.write(name, image) }
    let configuration = try RegistryKit.text(
      RegistryKit.around(
        #"{ "name": "eye", "model": "camera", "format": "GREY", "width": 4, "height": 2, "rate_hz": 20 }"#))
    var (importer, packets, _) = try RegistryKit.imported(scratch.url.path, configuration)
    #expect(importer == "images")
    #expect(packets.map(\.arrival.nanoseconds) == [0, 50_000_000, 100_000_000])
    let machine = try RegistryKit.machine(configuration)
    for packet in packets {
      unsafe machine.sensors[0].ingest(packet.bytes.span.bytes, arrival: packet.arrival, flags: []) {
        packet.arrival
      }
    }
    #expect(
      machine.sensors[0].decoderCounters.samples == 3 && machine.sensors[0].decoderCounters.invalid == 0)

    try scratch.write("stamps.csv", text: "file,ns\nc.pgm,7\na.pgm,9\n")
    (_, packets, _) = try RegistryKit.imported(scratch.url.path, configuration)
    #expect(packets.map(\.arrival.nanoseconds) == [7, 9])
    let two = try RegistryKit.text(
      RegistryKit.around(
        #"""
        { "name": "left", "model": "camera", "format": "GREY", "width": 4, "height": 2 },
        { "name": "right", "model": "camera", "format": "GREY", "width": 4, "height": 2 }
        """#))
    #expect(throws: ReplayFailure.self) { try RegistryKit.imported(scratch.url.path, two) }
  }

  static let xsens = ["1", "2", "3"].map { "imu-gnss/xsens-mtdata2/\($0)/output.bin" }

  @Test(
    "A raw Xsens stream becomes one packet a message, a hundredth of a second apart, and the same bytes in all",
    .enabled(if: Recorded.has(xsens[0]), "\(Recorded.absent)"), arguments: xsens)
  func xsensStream(_ path: String) throws {
    let configuration = try RegistryKit.configuration("replay-xsens.json")
    let (importer, packets, remarks) = try RegistryKit.imported(
      Recorded.root.appendingPathComponent(path).path, configuration)
    #expect(importer == "serial" && remarks.isEmpty, "\(remarks)")
    #expect(packets.count == 100)
    #expect(packets.flatMap(\.bytes) == (try Recorded.bytes(path)))
    #expect(packets[0].arrival == .zero)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $0.arrival <= $1.arrival })
    let machine = try RegistryKit.machine(configuration)
    for packet in packets {
      unsafe machine.sensors[0].ingest(packet.bytes.span.bytes, arrival: packet.arrival, flags: []) {
        packet.arrival
      }
    }
    print(
      path, packets.count, "packets to", Double(packets[99].arrival.nanoseconds) / 1e9, "s,",
      machine.sensors[0].decoderCounters.samples, "samples")
  }

  @Test("Noise around messages stays with the packet behind it, and a file of noise is told")
  func noisyStream() throws {
    let scratch = try ScratchFolder()
    let configuration = try RegistryKit.configuration("replay-xsens.json")
    let stream =
      [1, 2, 3] + XsensMessageMaker.sample(counter: 0, fine: 1000) + [9]
      + XsensMessageMaker.sample(counter: 1, fine: 1100) + [7, 7]
    var (_, packets, remarks) = try RegistryKit.imported(try scratch.write("a.bin", stream), configuration)
    #expect(packets.map(\.arrival.nanoseconds) == [0, 10_000_000, 10_000_000])
    #expect(packets.flatMap(\.bytes) == stream)
    #expect(remarks == ["2 bytes at the end are no whole message"])
    let noise = try scratch.write("b.bin", [UInt8](repeating: 0xFA, count: 10_000))
    (_, packets, remarks) = try RegistryKit.imported(noise, configuration)
    #expect(packets.count == 3 && remarks.contains { $0.contains("no whole message was found") })
  }
}
