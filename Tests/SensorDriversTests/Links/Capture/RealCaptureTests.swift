import Glibc
import Testing

@testable import SensorDrivers

/// The folder of recordings beside the checkout; nil where there is none.
private let recordings: String? = {
  let parts = #filePath.split(separator: "/").dropLast(5)
  let path = "/" + parts.dropLast().joined(separator: "/") + "/shared/data"
  return unsafe access(path, R_OK) == 0 ? path : nil
}()

private let needsRecordings: Comment = "needs the recordings in ../shared/data"

@Suite(.enabled(if: recordings != nil, needsRecordings)) struct RealCaptureTests {
  struct Expected: Sendable, CustomTestStringConvertible {
    var path: String
    /// Datagrams of each payload length.
    var lengths: [Int: Int]
    /// From the first datagram to the last.
    var spanSeconds: Double?
    var testDescription: String { path }
  }

  static let captures = [
    Expected(path: "velodyne-vlp16/packets.pcap", lengths: [1206: 603], spanSeconds: 0.399),
    Expected(path: "velodyne-vlp32/packets.pcap", lengths: [1206: 379], spanSeconds: 0.499),
    Expected(path: "hesai-40p/packets.pcap", lengths: [1262: 1439], spanSeconds: 0.399),
    Expected(path: "hesai-xt32/packets.pcap", lengths: [1080: 2000], spanSeconds: 0.400),
    Expected(path: "hesai-qt128/packets.pcap", lengths: [1127: 1800], spanSeconds: 0.200),
    Expected(path: "ouster/OS-0-32-U1_v2.2.0_1024x10.pcap", lengths: [8448: 64, 48: 10], spanSeconds: 0.098),
    Expected(path: "ouster/OS-1-32-G_v2.1.1_1024x10.pcap", lengths: [6464: 64], spanSeconds: 0.098),
    Expected(
      path: "ouster/OS-1-128_v2.3.0_1024x10_lb_n3.pcap", lengths: [8448: 192, 48: 30], spanSeconds: 0.298),
    Expected(path: "ouster/OS-1-64_1024x10_fw20.pcap", lengths: [12_608: 64, 48: 11], spanSeconds: 0.100),
    Expected(path: "ouster/crc_test.pcap", lengths: [8448: 34, 48: 10], spanSeconds: 0.103),
    Expected(path: "ouster/windowed_frame1.pcap", lengths: [8448: 17, 48: 10], spanSeconds: 0.100),
    Expected(path: "ouster/OS-0-32-U1_v2.2.0_1024x10-single-packet.pcap", lengths: [8448: 1]),
    Expected(path: "../radar/continental-ars548/packets.pcap", lengths: [9401: 1, 35_336: 1]),
  ]

  @Test("every recorded capture gives the datagrams that its description counts", arguments: captures)
  func counts(expected: Expected) throws {
    let folder = try #require(recordings)
    let (all, counters) = try datagrams(CaptureFile.open("\(folder)/lidar-packets/\(expected.path)"))
    let lengths = Dictionary(grouping: all, by: \.payload.count).mapValues(\.count)
    #expect(lengths == expected.lengths)
    #expect(counters.accountedPackets == counters.packets)
    #expect(counters.datagrams == UInt64(all.count))
    if let span = expected.spanSeconds, let first = all.first, let last = all.last {
      let measured = Double(last.realtimeNanoseconds - first.realtimeNanoseconds) / 1e9
      #expect(abs(measured - span) < 0.002, "\(measured) s")
    }
  }

  @Test(
    "an inertial log over TCP in a pcapng named .pcap gives a stream whose 89 messages all pass their CRC")
  func tcpStream() throws {
    let folder = try #require(recordings)
    let reader = DatagramReader(try CaptureFile.open("\(folder)/imu-gnss/novatel/corrimudata.pcap"))
    var stream: [UInt8] = []
    while let message = try reader.nextMessage() {
      if case .segment(let segment) = message { stream += segment.payload }
    }
    #expect(stream.count == 10_872)
    #expect(reader.counters.segments == 100 && reader.counters.tcpGaps == 0)
    #expect(reader.counters.accountedPackets == 100)
    let starts = stream.indices.filter { stream[$0...].starts(with: [0xAA, 0x44, 0x12] as [UInt8]) }
    #expect(starts.count == 89)
    for start in starts {
      let end = start + Int(stream[start + 3]) + Int(stream.u16(start + 8, bigEndian: false))
      try #require(end + 4 <= stream.count)
      let crc = stream[start..<end].reduce(0 as UInt32) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xEDB8_8320) }
      }
      #expect(crc == stream.u32(end, bigEndian: false))
    }
  }

  @Test("a drive's CAN log has its 67686 frames, on the buses its interfaces name")
  func canLog() throws {
    let folder = try #require(recordings)
    let pipe = unsafe popen("xz -dc '\(folder)/drives/comma2k19-rav4/can_raw.log.xz'", "r")
    let stream = try unsafe #require(pipe)
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = unsafe fread(&chunk, 1, chunk.count, stream)
      if got == 0 { break }
      text += chunk[..<got]
    }
    try #require(unsafe pclose(stream) == 0, "xz is needed to unpack the log")
    let reader = CandumpReader(CaptureBytes(text, name: "can_raw.log"))
    var count = 0
    var trackFrames = 0
    var last: Int64 = .min
    while let captured = try reader.nextFrame() {
      count += 1
      if captured.frame.bus == 1, (0x210...0x21F).contains(captured.frame.id) { trackFrames += 1 }
      #expect(captured.frame.length == 8)
      last = max(last, captured.realtimeNanoseconds)
    }
    #expect(count == 67_686)
    #expect(trackFrames > 9_000)
    for (name, bus) in reader.buses { #expect(name == "can\(bus)") }
  }
}
