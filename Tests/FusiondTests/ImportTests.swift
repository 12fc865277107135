import Foundation
import Testing

extension FusiondTests {
  @Suite("import and decode") struct Import {
    struct Recording: Sendable, CustomTestStringConvertible {
      var source: String
      var config: String
      var calibration: String?
      var testDescription: String { source }

      var arguments: [String] {
        [Recorded.path(source), "--config", Fusiond.config(config)]
          + (calibration.map { ["--set", "sensors.lidar.calibration=\(Recorded.path($0))"] } ?? [])
      }
    }

    private static let ouster = "lidar-packets/ouster/"
    static let recordings = [
      Recording(source: "lidar-packets/velodyne-vlp16/packets.pcap", config: "replay-vlp16.json"),
      Recording(
        source: ouster + "OS-1-32-G_v2.1.1_1024x10.pcap", config: "replay-ouster-legacy.json",
        calibration: ouster + "OS-1-32-G_v2.1.1_1024x10.json"),
      Recording(
        source: ouster + "OS-0-32-U1_v2.2.0_1024x10.pcap", config: "replay-ouster-dual.json",
        calibration: ouster + "OS-0-32-U1_v2.2.0_1024x10.json"),
      Recording(
        source: ouster + "OS-1-128_v2.3.0_1024x10_lb_n3.pcap", config: "replay-ouster-low-bandwidth.json",
        calibration: ouster + "OS-1-128_v2.3.0_1024x10.json"),
      Recording(source: "imu-gnss/xsens-mtdata2/1/output.bin", config: "replay-xsens.json"),
    ]
    static let hasData = Recorded.has("lidar-packets/velodyne-vlp16/packets.pcap")

    @Test(
      "A recording is imported, replays twice alike, and its recorded replay verifies",
      .enabled(if: hasData, "\(Recorded.absent)"), arguments: recordings)
    func recording(_ recording: Recording) throws {
      let scratch = try Scratch()
      let imported = try Fusiond.run(
        ["import"] + recording.arguments + ["--output", "log.mcap"], folder: scratch.url)
      try #require(imported.code == 0, "\(imported.stderr)")
      try Self.replays(scratch, recording.source)
    }

    @Test(
      "A drive of radar, wheels and inertial unit, from its CAN log and CSV files, does the same",
      .enabled(if: Recorded.has("drives/comma2k19-rav4/can_raw.log.xz"), "\(Recorded.absent)"))
    func drive() throws {
      let scratch = try Scratch()
      for name in ["can_raw.log", "imu_accelerometer.csv", "imu_gyro_uncalibrated.csv"] {
        _ = try Recorded.unpack("drives/comma2k19-rav4/\(name).xz", into: scratch)
      }
      let began = Date()
      let imported = try Fusiond.run(
        [
          "import", "can_raw.log", ".", "--config", Fusiond.config("replay-comma2k19.json"), "--output",
          "log.mcap",
        ],
        folder: scratch.url)
      try #require(imported.code == 0, "\(imported.stderr)")
      print("comma2k19: imported in", Date().timeIntervalSince(began), "s")
      try Self.replays(scratch, "comma2k19")
      let report = try Scratch.json(scratch.path("one.json"))
      let samples = try #require(report["samples"] as? [String: [String: Any]])
      for name in ["radar", "wheels", "imu"] { #expect(samples[name]?["in"] as? Int ?? 0 > 500, "\(name)") }
    }

    /// Twice in virtual time, then recorded, then verified.
    private static func replays(_ scratch: Scratch, _ name: String) throws {
      let first = try Fusiond.run(["replay", "log.mcap", "--report", "one.json"], folder: scratch.url)
      #expect(first.code == 0 && first.stderr.contains("virtual run"), "\(first.stderr)")
      let second = try Fusiond.run(["replay", "log.mcap", "--threads", "2"], folder: scratch.url)
      #expect(second.code == 0 && second.digest == first.digest && first.digest != nil)
      let early = try Fusiond.run(["replay", "log.mcap", "--verify"], folder: scratch.url)
      #expect(early.code == 65 && early.stderr.contains("--record"), "\(early.stderr)")
      let reference = try Fusiond.run(
        ["replay", "log.mcap", "--record", "reference.mcap"], folder: scratch.url)
      #expect(reference.code == 0 && reference.digest == first.digest)
      let verify = try Fusiond.run(["replay", "reference.mcap", "--verify"], folder: scratch.url)
      #expect(verify.code == 0 && verify.digest == first.digest, "\(verify.stderr)")

      let report = try Scratch.json(scratch.path("one.json"))
      let frames = try #require(report["frames"] as? Int)
      let slots = try #require(report["slots"] as? Int)
      #expect(frames > 0 && report["commands_published"] as? Int == 3 * slots)
      for (name, books) in try #require(report["samples"] as? [String: [String: Any]]) {
        try Books.expectSound(name, books)
      }
      print(name, "frames:", frames, "× real time:", first.speed ?? 0)
    }

    @Test("A looped import fills the time asked for", .enabled(if: hasData, "\(Recorded.absent)"))
    func looped() throws {
      let scratch = try Scratch()
      let imported = try Fusiond.run(
        ["import"] + Self.recordings[1].arguments + ["--loop", "5", "--output", "log.mcap"],
        folder: scratch.url)
      #expect(imported.code == 0, "\(imported.stderr)")
      let replay = try Fusiond.run(["replay", "log.mcap", "--report", "r.json"], folder: scratch.url)
      let report = try Scratch.json(scratch.path("r.json"))
      #expect(replay.code == 0)
      #expect(
        (4.9...5.5).contains(report["seconds"] as? Double ?? 0), "\(String(describing: report["seconds"]))")
      print("looped: × real time", replay.speed ?? 0)
    }

    @Test(
      "A capture that was cut off is refused whole, with 65 and no file",
      .enabled(if: hasData, "\(Recorded.absent)"))
    func cut() throws {
      let scratch = try Scratch()
      let bytes = try Scratch.bytes(Recorded.path(Self.recordings[0].source))
      try scratch.write("cut.pcap", bytes.prefix(bytes.count / 2 + 100))
      let config = ["--config", Fusiond.config("replay-vlp16.json"), "--output", "log.mcap"]
      let refused = try Fusiond.run(["import", "cut.pcap"] + config, folder: scratch.url)
      #expect(refused.code == 65 && refused.stderr.contains("ends inside packet"), "\(refused.stderr)")
      let decode = try Fusiond.run(
        ["decode", "--sensor", "velodyne-vlp16", "cut.pcap", "--output", "cloud.pcd"], folder: scratch.url)
      #expect(decode.code == 65 && decode.stderr.contains("ends inside packet"), "\(decode.stderr)")
      #expect(scratch.names == ["cut.pcap"], "\(scratch.names)")
      let taken = try Fusiond.run(["import", "cut.pcap", "--accept-cut"] + config, folder: scratch.url)
      #expect(taken.code == 0 && scratch.names == ["cut.pcap", "log.mcap"], "\(taken.stderr)")
    }

    @Test(
      "A source that is damaged in its middle leaves no half log", .enabled(if: hasData, "\(Recorded.absent)")
    )
    func damaged() throws {
      let scratch = try Scratch()
      var bytes = try Scratch.bytes(Recorded.path(Self.recordings[0].source))
      // The length of a packet in the middle: 24 bytes of header, then 16 + 1248 bytes a packet.
      let packet = 24 + 400 * (16 + 1248)
      for index in packet + 8..<packet + 12 { bytes[index] = 0xFF }
      try scratch.write("bad.pcap", bytes)
      let outcome = try Fusiond.run(
        ["import", "bad.pcap", "--config", Fusiond.config("replay-vlp16.json"), "--output", "log.mcap"],
        folder: scratch.url)
      #expect(outcome.code == 65 && outcome.stderr.contains("bad.pcap"), "\(outcome.stderr)")
      #expect(scratch.names == ["bad.pcap"], "\(scratch.names)")
    }

    @Test("A capture where nothing fits leaves no log", .enabled(if: hasData, "\(Recorded.absent)"))
    func nothingFits() throws {
      let scratch = try Scratch()
      let outcome = try Fusiond.run(
        ["import"] + Self.recordings[0].arguments + [
          "--set", "sensors.lidar.link.port=9", "--output", "log.mcap",
        ],
        folder: scratch.url)
      #expect(outcome.code == 65 && outcome.stderr.contains("check ports"), "\(outcome.stderr)")
      #expect(scratch.names.isEmpty)
    }

    @Test(
      "A result that cannot be written is 74 and leaves nothing", .enabled(if: hasData, "\(Recorded.absent)"))
    func unwritable() throws {
      let scratch = try Scratch()
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path("full"), withDestinationPath: "/dev/full")
      for output in ["no/such/folder/x", "full"] {
        let imported = try Fusiond.run(
          ["import"] + Self.recordings[0].arguments + ["--output", output], folder: scratch.url)
        #expect(imported.code == 74, "\(imported.stderr)")
        let decoded = try Fusiond.run(
          [
            "decode", "--sensor", "velodyne-vlp16", Recorded.path(Self.recordings[0].source), "--output",
            output,
          ],
          folder: scratch.url)
        #expect(decoded.code == 74, "\(decoded.stderr)")
      }
      #expect(scratch.names == ["full"])
    }

    @Test("decode writes a cloud and says what it holds", .enabled(if: hasData, "\(Recorded.absent)"))
    func decode() throws {
      let scratch = try Scratch()
      let outcome = try Fusiond.run(
        [
          "decode", "--sensor", "velodyne-vlp16", Recorded.path(Self.recordings[0].source), "--output",
          "cloud.pcd",
        ],
        folder: scratch.url)
      #expect(outcome.code == 0 && outcome.stderr.contains("points of"), "\(outcome.stderr)")
      let head = String(decoding: try Scratch.bytes(scratch.path("cloud.pcd")).prefix(400), as: UTF8.self)
      #expect(head.contains("FIELDS x y z intensity ring time") && head.contains("DATA binary"))
      #expect(scratch.names == ["cloud.pcd"])
    }
  }
}
