import Foundation
import FusionPipeline
import Testing

extension FusiondTests {
  @Suite("Exit codes") struct ExitCodes {
    @Test(
      "A command line that makes no sense is answered with usage and 64",
      arguments: [
        ["nonsense"], ["run"], ["run", "--bogus", "x.json"], ["run", "x.json", "--duration", "0"],
        ["replay", "x.mcap", "--speed", "0"], ["replay", "x.mcap", "--verify", "--virtual"],
        ["replay", "x.mcap", "--threads", "9"], ["log", "shred", "x.mcap"], ["log", "recover", "x.mcap"],
        ["miss", "show", "x.mcap"], ["demo", "--duration", "0"],
        ["import", "--config", "a.json", "--output", "b"],
        ["run", "x.json", "--log-format", "xml"],
      ])
    func usage(_ arguments: [String]) throws {
      let outcome = try Fusiond.run(arguments, seconds: 20)
      #expect(outcome.code == 64)
      #expect(outcome.stderr.contains("Usage: fusiond") && outcome.stdout.isEmpty, "\(outcome.stderr)")
    }

    @Test(
      "Help and version are what was asked for: stdout and 0",
      arguments: [["--help"], ["--version"], ["replay", "--help"]])
    func help(_ arguments: [String]) throws {
      let outcome = try Fusiond.run(arguments, seconds: 20)
      #expect(outcome.code == 0 && outcome.stderr.isEmpty && !outcome.stdout.isEmpty)
    }

    @Test(
      "What is not there to be read is named, with 66",
      arguments: [
        ["run", "gone.json"], ["check", "gone.json"], ["replay", "gone.mcap"], ["log", "info", "gone.mcap"],
        ["log", "recover", "gone.mcap", "--output", "x.mcap"], ["miss", "list", "gone.mcap"],
        ["decode", "--sensor", "velodyne-vlp16", "gone.pcap", "--output", "x.pcd"],
        ["import", "gone.pcap", "--config", Fusiond.config("replay-vlp16.json"), "--output", "x.mcap"],
      ])
    func absent(_ arguments: [String]) throws {
      let scratch = try Scratch()
      let outcome = try Fusiond.run(arguments, seconds: 20, folder: scratch.url)
      #expect(outcome.code == 66)
      #expect(outcome.stderr.contains("gone."), "\(outcome.stderr)")
      #expect(scratch.names.isEmpty, "\(scratch.names)")
    }

    @Test(
      "What is no log of ours is 65, and nothing is written",
      arguments: [
        ["replay", "junk"], ["replay", "junk", "--verify"], ["log", "info", "junk"], ["log", "cat", "junk"],
        ["miss", "list", "junk"], ["log", "recover", "junk", "--output", "x.mcap"],
        ["replay", "empty"], ["log", "info", "empty"], ["log", "recover", "empty", "--output", "x.mcap"],
        ["decode", "--sensor", "velodyne-vlp16", "junk", "--output", "x.pcd"],
        ["import", "junk", "--config", Fusiond.config("replay-vlp16.json"), "--output", "x.mcap"],
      ])
    func foreign(_ arguments: [String]) throws {
      let scratch = try Scratch()
      var random = SystemRandomNumberGenerator()
      var junk = [UInt8](repeating: 0xA5, count: 20_000)
      for index in stride(from: 64, to: junk.count, by: 7) {
        junk[index] = UInt8(truncatingIfNeeded: random.next())
      }
      try scratch.write("junk", junk)
      try scratch.write("empty", [])
      let outcome = try Fusiond.run(arguments, seconds: 20, folder: scratch.url)
      #expect(outcome.code == 65, "\(outcome.stderr)")
      #expect(outcome.stderr.contains("junk") || outcome.stderr.contains("empty"), "\(outcome.stderr)")
      #expect(scratch.names == ["empty", "junk"])
    }

    @Test("Somebody else's MCAP file is looked into, but not replayed: 65 with what to do")
    func foreignLog() throws {
      let scratch = try Scratch()
      let sink = MemorySink()
      let writer = try McapWriter(sink: sink, profile: "ros2", library: "another")
      let channel = try writer.addChannel(topic: "/rosout", messageEncoding: "cdr", schemaID: 0)
      unsafe try writer.write(
        channel: channel, sequence: 1, logTime: 5, publishTime: 5, payload: [1, 2, 3].span.bytes)
      try writer.finish()
      let log = try scratch.write("ros.mcap", sink.bytes)
      let replay = try Fusiond.run(["replay", log], seconds: 20)
      #expect(replay.code == 65 && replay.stderr.contains("fusiond import"), "\(replay.stderr)")
      let info = try Fusiond.run(["log", "info", log], seconds: 20)
      #expect(info.code == 0 && info.stdout.contains("/rosout") && info.stdout.contains("profile \"ros2\""))
    }

    @Test("A sensor model that nobody decodes is 64 with those that are")
    func unknownModel() throws {
      let outcome = try Fusiond.run(
        ["decode", "--sensor", "sonar", "x.pcap", "--output", "x.pcd"], seconds: 20)
      #expect(outcome.code == 64 && outcome.stderr.contains("velodyne-vlp16"), "\(outcome.stderr)")
    }

    @Test(
      "A result that cannot be written is found before the work: 74, and nothing is left",
      arguments: [
        ["run", "silent.json", "--duration", "1", "--record", "no/such/folder/x.mcap"],
        ["run", "silent.json", "--duration", "1", "--report", "no/such/folder/x.json"],
        ["demo", "--duration", "1", "--report", "no/such/folder/x.json"],
        ["demo", "--duration", "1", "--record", "no/such/folder/x.mcap"],
        ["decode", "--sensor", "velodyne-vlp16", "silent.json", "--output", "no/such/folder/x.pcd"],
      ])
    func unwritable(_ arguments: [String]) throws {
      let scratch = try Scratch()
      try scratch.write(
        "silent.json", text: Machines.silent(publishingTo: "ipc://\(scratch.path("commands"))"))
      let began = Date()
      let outcome = try Fusiond.run(arguments, seconds: 60, folder: scratch.url)
      #expect(outcome.code == 74, "\(outcome.stderr)")
      #expect(
        outcome.stderr.contains("no/such/folder") && outcome.stderr.contains("directory"), "\(outcome.stderr)"
      )
      #expect(!outcome.stderr.contains("slots:"), "it worked first and complained then: \(outcome.stderr)")
      #expect(scratch.names.filter { $0 != "commands" } == ["silent.json"])
      print(arguments[0], "refused after", Date().timeIntervalSince(began), "s")
    }
  }
}
