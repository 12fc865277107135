import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Imports of captures") struct CaptureImportTests {
  struct Recording: Sendable, CustomTestStringConvertible {
    var path: String
    var config: String
    var overrides: [String] = []
    /// Packets by sensor's name.
    var packets: [String: Int]
    var testDescription: String { path }
  }

  static let ouster = "lidar-packets/ouster/"
  static func ouster(
    _ name: String, _ metadata: String, _ kind: String, _ packets: [String: Int]
  ) -> Recording {
    let path = Recorded.root.appendingPathComponent(ouster + metadata + ".json").path
    return Recording(
      path: ouster + name + ".pcap", config: "replay-ouster-\(kind).json",
      overrides: ["sensors.lidar.calibration=\(path)"], packets: packets)
  }

  static let recordings = [
    Recording(
      path: "lidar-packets/velodyne-vlp16/packets.pcap", config: "replay-vlp16.json", packets: ["lidar": 603]),
    ouster("OS-1-64_1024x10_fw20", "2_0_0_os1-991913000010-64", "legacy", ["lidar": 64, "imu": 11]),
    ouster("OS-1-32-G_v2.1.1_1024x10", "OS-1-32-G_v2.1.1_1024x10", "legacy", ["lidar": 64]),
    ouster("OS-0-32-U1_v2.2.0_1024x10", "OS-0-32-U1_v2.2.0_1024x10", "dual", ["lidar": 64, "imu": 10]),
    ouster(
      "OS-1-128_v2.3.0_1024x10_lb_n3", "OS-1-128_v2.3.0_1024x10", "low-bandwidth", ["lidar": 192, "imu": 30]),
    ouster("crc_test", "crc_test", "low-bandwidth", ["lidar": 34, "imu": 10]),
    ouster("windowed_frame1", "windowed_frame1_0", "windowed", ["lidar": 17, "imu": 10]),
  ]

  @Test(
    "Each recording's datagrams reach the sensor of their port, and its decoder makes samples of them",
    .enabled(if: Recorded.has("lidar-packets/ouster/crc_test.pcap"), "\(Recorded.absent)"),
    arguments: recordings)
  func counts(_ recording: Recording) throws {
    let configuration = try RegistryKit.configuration(recording.config, set: recording.overrides)
    let (importer, packets, remarks) = try RegistryKit.imported(
      Recorded.root.appendingPathComponent(recording.path).path, configuration)
    #expect(importer == "pcap")
    var counts: [String: Int] = [:]
    for packet in packets { counts[configuration.sensors[Int(packet.sensor) - 1].name, default: 0] += 1 }
    #expect(counts == recording.packets)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $0.arrival <= $1.arrival })
    #expect(remarks.isEmpty, "\(remarks)")

    let machine = try RegistryKit.machine(configuration)
    for packet in packets {
      let sensor = machine.sensors[Int(packet.sensor) - 1]
      unsafe sensor.ingest(packet.bytes.span.bytes, arrival: packet.arrival, flags: packet.flags) {
        packet.arrival
      }
    }
    for sensor in machine.sensors where counts[sensor.name] != nil {
      #expect(sensor.decoderCounters.samples > 0 && sensor.decoderCounters.invalid == 0)
      #expect(sensor.decoderCounters.ignored == 0)
    }
    print(recording.path, counts, machine.sensors.map { "\($0.name): \($0.decoderCounters.samples) samples" })
  }

  @Test(
    "A drive's CAN log reaches the sensors of its interfaces, and what fits none is told",
    .enabled(if: Recorded.has("drives/comma2k19-rav4/can_raw.log.xz"), "\(Recorded.absent)"))
  func drive() throws {
    let scratch = try ScratchFolder()
    let log = try scratch.unpack("drives/comma2k19-rav4/can_raw.log.xz")
    let configuration = try RegistryKit.configuration("replay-comma2k19.json")
    let (importer, packets, remarks) = try RegistryKit.imported(log, configuration)
    #expect(importer == "candump")
    #expect(packets.count { $0.sensor == 1 } == 22_484 && packets.count { $0.sensor == 2 } == 26_875)
    #expect(packets.count == 49_359)
    #expect(
      remarks.sorted() == ["12113 frames of can129 fit no sensor", "6214 frames of can128 fit no sensor"])
    let machine = try RegistryKit.machine(configuration)
    for packet in packets {
      let sensor = machine.sensors[Int(packet.sensor) - 1]
      unsafe sensor.ingest(packet.bytes.span.bytes, arrival: packet.arrival, flags: packet.flags) {
        packet.arrival
      }
    }
    // The last cycle ends with the log; nobody calls `finish` in a replay.
    #expect(machine.sensors[0].decoderCounters.samples >= 599)
    #expect(machine.sensors[1].decoderCounters.samples == 2484)
    #expect(machine.sensors[0].decoderCounters.invalid == 0)
  }

  @Test(
    "A compressed capture is refused with the command that unpacks it",
    .enabled(if: Recorded.has("drives/comma2k19-rav4/can_raw.log.xz"), "\(Recorded.absent)"))
  func compressed() throws {
    let log = Recorded.root.appendingPathComponent("drives/comma2k19-rav4/can_raw.log.xz").path
    let configuration = try RegistryKit.configuration("replay-comma2k19.json")
    #expect {
      try RegistryKit.imported(log, configuration)
    } throws: { error in
      (error as? ReplayFailure)?.message.contains("unxz -k \(log)") == true
    }
  }

  // MARK: - Captures made here

  private func configuration(_ sensors: String) throws -> MachineConfiguration {
    try RegistryKit.text(RegistryKit.around(sensors))
  }

  @Test("Two sensors on one port both get its packets; another sender's and another port's are told")
  func sharedPort() throws {
    let scratch = try ScratchFolder()
    let capture = try scratch.write(
      "net",
      PcapMaker.pcap([
        PcapMaker.udp(port: 7000, from: [10, 0, 0, 1], [1, 2, 3]),
        PcapMaker.udp(port: 7000, from: [10, 0, 0, 2], [4]),
        PcapMaker.udp(port: 9, from: [10, 0, 0, 1], [5]),
      ]))
    let configuration = try configuration(
      """
      { "name": "a", "model": "operator", "link": { "kind": "udp", "port": 7000, "sender": "10.0.0.1" } },
      { "name": "b", "model": "ouster-imu", "link": { "kind": "udp", "port": 7000, "sender": "10.0.0.1" } },
      { "name": "c", "model": "ouster-imu" }
      """)
    let (importer, packets, remarks) = try RegistryKit.imported(capture, configuration)
    #expect(importer == "pcap")
    #expect(packets.map(\.sensor) == [1, 2] && packets.allSatisfy { $0.bytes == [1, 2, 3] })
    #expect(packets[0].arrival == Stamp(nanoseconds: 1_000_000_000))
    #expect(
      remarks == [
        "1 datagrams to port 7000 from 10.0.0.2 fit no sensor", "1 datagrams to port 9 fit no sensor",
      ])
  }

  @Test("A capture that ends inside a packet gives what is whole and says so; damage stops the import")
  func interrupted() throws {
    let scratch = try ScratchFolder()
    let whole = PcapMaker.pcap((0..<3).map { PcapMaker.udp(port: 7000, from: [10, 0, 0, 1], [UInt8($0)]) })
    let configuration = try configuration(
      #"{ "name": "a", "model": "operator", "link": { "kind": "udp", "port": 7000 } }"#)
    let cut = try scratch.write("cut.pcap", whole.dropLast(5))
    let (_, packets, remarks) = try RegistryKit.imported(cut, configuration)
    #expect(packets.map(\.bytes) == [[0], [1]])
    #expect(remarks.contains { $0.contains("ends inside packet 3") }, "\(remarks)")
    var bytes = whole
    bytes[24 + 8 + 3] = 0xFF
    let damaged = try scratch.write("damaged.pcap", bytes)
    #expect(throws: ReplayFailure.self) { try RegistryKit.imported(damaged, configuration) }
  }

  @Test("SocketCAN frames of a pcap reach the sensors of the bus as records")
  func socketCAN() throws {
    let scratch = try ScratchFolder()
    let frame: [UInt8] = [0, 0, 0x02, 0x10, 3, 0, 0, 0, 9, 8, 7]
    let capture = try scratch.write("can.pcap", PcapMaker.pcap([frame, frame], linkType: 227))
    let configuration = try configuration(
      #"{ "name": "radar", "model": "toyota-radar", "link": { "kind": "can", "interface": "can1" } }"#)
    let (_, packets, remarks) = try RegistryKit.imported(capture, configuration)
    #expect(packets.count == 2 && remarks.isEmpty)
    let bytes = packets[0].bytes
    let record = unsafe CANFrame(decoding: bytes.span.bytes)
    #expect(record == CANFrame(id: 0x210, bus: 0, data: [9, 8, 7]))
  }

  @Test(
    "In a pcapng of a network and a bus every frame keeps its place among the datagrams, also where it is cut"
  )
  func mixedCapture() throws {
    let scratch = try ScratchFolder()
    func frame(_ byte: UInt8) -> [UInt8] { [0, 0, 0x02, 0x10, 1, 0, 0, 0, byte] }
    func datagram(_ byte: UInt8) -> [UInt8] { PcapMaker.udp(port: 7000, from: [10, 0, 0, 1], [byte]) }
    let whole = PcapMaker.pcapng(
      linkTypes: [1, 227],
      [
        (1, frame(1)), (0, datagram(2)), (1, frame(3)), (1, frame(4)), (0, datagram(5)), (1, frame(6)),
        (0, datagram(7)),
      ])
    let configuration = try configuration(
      """
      { "name": "a", "model": "operator", "link": { "kind": "udp", "port": 7000 } },
      { "name": "radar", "model": "toyota-radar", "link": { "kind": "can", "interface": "can1" } }
      """)
    for (bytes, count) in [(whole, 7), (Array(whole.dropLast(6)), 6)] {
      let capture = try scratch.write("mixed.pcapng", bytes)
      let (_, packets, remarks) = try RegistryKit.imported(capture, configuration)
      #expect(packets.map { $0.sensor == 1 ? $0.bytes[0] : $0.bytes[8] } == (1...UInt8(count)).map { $0 })
      #expect(packets.map(\.sensor) == Array([2, 1, 2, 2, 1, 2, 1].prefix(count)))
      #expect(remarks.count == 7 - count, "\(remarks)")
    }
  }

  @Test("A line that is no frame is passed over and told; stamps that step back are held")
  func candumpFaults() throws {
    let scratch = try ScratchFolder()
    let log = try scratch.write(
      "bus.txt", text: "(2.0) can1 210#01\n(1.5) can1 211#02\nnonsense\n(3.0) can1 212#03\n(3.1) can7 001#\n")
    let configuration = try configuration(
      #"{ "name": "radar", "model": "toyota-radar", "link": { "kind": "can", "interface": "can1" } }"#)
    let (importer, packets, remarks) = try RegistryKit.imported(log, configuration)
    #expect(importer == "candump")
    #expect(packets.map(\.arrival.nanoseconds) == [2_000_000_000, 2_000_000_000, 3_000_000_000])
    #expect(remarks.count == 3)
    #expect(remarks.contains("1 frames of can7 fit no sensor"))
    #expect(remarks.contains { $0.contains("bus.txt:3:") })
    #expect(remarks.contains { $0.hasPrefix("1 packets had a stamp before") })
  }
}

/// Writes captures.
enum PcapMaker {
  /// Packets a second apart, from second 1.
  static func pcap(_ packets: [[UInt8]], linkType: UInt32 = 1) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(0xA1B2_3C4D))
    for half: UInt16 in [2, 4] { bytes.appendLittleEndian(half) }
    for word: UInt32 in [0, 0, 65_535, linkType] { bytes.appendLittleEndian(word) }
    for (index, packet) in packets.enumerated() {
      for word in [UInt32(index + 1), 0, UInt32(packet.count), UInt32(packet.count)] {
        bytes.appendLittleEndian(word)
      }
      bytes += packet
    }
    return bytes
  }

  /// Packets of numbered interfaces, a microsecond apart.
  static func pcapng(linkTypes: [UInt16], _ packets: [(interface: UInt32, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    func block(_ type: UInt32, _ body: [UInt8]) {
      let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
      file.appendLittleEndian(type)
      file.appendLittleEndian(UInt32(padded.count + 12))
      file += padded
      file.appendLittleEndian(UInt32(padded.count + 12))
    }
    var head: [UInt8] = []
    for word: UInt32 in [0x1A2B_3C4D, 1, .max, .max] { head.appendLittleEndian(word) }
    block(0x0A0D_0D0A, head)
    for type in linkTypes {
      var body: [UInt8] = []
      for half in [type, 0, 0, 0] { body.appendLittleEndian(half) }
      block(1, body)
    }
    for (index, packet) in packets.enumerated() {
      var body: [UInt8] = []
      let count = UInt32(packet.bytes.count)
      for word in [packet.interface, 0, UInt32(index), count, count] { body.appendLittleEndian(word) }
      block(6, body + packet.bytes)
    }
    return file
  }

  static func udp(port: UInt16, from source: [UInt8], _ payload: [UInt8]) -> [UInt8] {
    func big(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
    let udp = big(4000) + big(Int(port)) + big(8 + payload.count) + [0, 0] + payload
    let ip = [0x45, 0] + big(20 + udp.count) + [0, 0, 0, 0, 64, 17, 0, 0] + source + [10, 0, 0, 9]
    return [UInt8](repeating: 0, count: 12) + [8, 0] + ip + udp
  }
}
