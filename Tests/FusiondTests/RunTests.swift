import Foundation
import Testing

extension FusiondTests {
  @Suite("run") struct Run {
    @Test(
      "Devices that never open end in 69 with advice; slots were answered, and the log is whole and verifies")
    func noDevices() throws {
      let scratch = try Scratch()
      try scratch.write(
        "m.json", text: Machines.withoutDevices(publishingTo: "ipc://\(scratch.path("commands"))"))
      let outcome = try Fusiond.run(
        ["run", "m.json", "--duration", "1", "--record", "x.mcap", "--report", "x.json"], folder: scratch.url)
      #expect(outcome.code == 69)
      #expect(
        outcome.stderr.contains("/dev/no-such-imu") && outcome.stderr.contains("can97"), "\(outcome.stderr)")
      #expect(!scratch.names.contains { $0.hasSuffix(".partial") || $0.hasSuffix(".creating") })

      let report = try Scratch.json(scratch.path("x.json"))
      let slots = try #require(report["slots"] as? Int)
      #expect(slots >= 15 && report["commands_published"] as? Int == slots)
      let modes = try #require(report["modes"] as? [String: Int])
      #expect(modes["inhibit"] == slots, "nothing is commanded before an operator engages")
      let samples = try #require(report["samples"] as? [String: [String: Any]])
      #expect(samples["imu"]?["in"] as? Int == 0 && samples["wheels"]?["in"] as? Int == 0)

      let info = try Fusiond.run(["log", "info", scratch.path("x.mcap")])
      #expect(info.code == 0 && !info.stdout.contains("torn") && info.stdout.contains("live session"))
      let verify = try Fusiond.run(["replay", scratch.path("x.mcap"), "--verify"])
      #expect(verify.code == 0 && verify.stderr.contains("verified: all \(slots)"), "\(verify.stderr)")
      #expect(verify.digest == report["decision_digest"] as? String)
    }

    @Test("The first slots of a run leave on time: the grid does not begin before the threads do")
    func firstSlots() throws {
      let demo = try Demo.shared.get()
      let slots = try Fusiond.run(["log", "cat", demo.log, "--topic", "/fusion/slot"]).stdout.split(
        separator: "\n")
      let records = slots.compactMap { $0.split(separator: " ").last }
      try #require(records.count > 70 && records[0].hasPrefix("0000000000000000"))
      // Byte 54 says whether the slot was late. A stall of the host may make one late, not most of them.
      let late = records.prefix(10).count { $0.dropFirst(2 * 54).hasPrefix("01") }
      #expect(late <= 3, "\(late) of the first 10 slots were late")
    }

    @Test("A run where no sensor speaks is stopped by SIGINT: final safe command, whole log, 0")
    func interrupted() throws {
      let scratch = try Scratch()
      try scratch.write("m.json", text: Machines.silent(publishingTo: "ipc://\(scratch.path("commands"))"))
      let outcome = try Fusiond.run(
        ["run", "m.json", "--record", "x.mcap", "--report", "-"], seconds: 60, folder: scratch.url,
        interruptAfter: 2)
      #expect(outcome.code == 0, "\(outcome.stderr)")
      let report = try #require(
        JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8)) as? [String: Any],
        "--report - is JSON on stdout")
      let slots = try #require(report["slots"] as? Int)
      #expect(report["frames"] as? Int == 0 && report["commands_published"] as? Int == slots && slots > 5)
      // Byte 53 of a slot's record says whether it was the final one.
      let records = try Fusiond.run(["log", "cat", scratch.path("x.mcap"), "--topic", "/fusion/slot"]).stdout
        .split(separator: "\n").compactMap { $0.split(separator: " ").last }
      #expect(
        records.map { $0.dropFirst(2 * 53).hasPrefix("01") } == Array(repeating: false, count: slots - 1) + [
          true
        ])
      #expect((report["latency_ns"] as? [String: Any])?["count"] as? Int == 0)
      let verify = try Fusiond.run(["replay", scratch.path("x.mcap"), "--verify"])
      #expect(verify.code == 0 && verify.stderr.contains("verified: all \(slots)"), "\(verify.stderr)")
    }

    @Test(
      "With --log-format json every line on stderr is a JSON object, mistakes on the command line included")
    func machineReadable() throws {
      let scratch = try Scratch()
      try scratch.write(
        "m.json", text: Machines.withoutDevices(publishingTo: "ipc://\(scratch.path("commands"))"))
      for (arguments, code) in [
        (["run", "m.json", "--duration", "1", "--log-format", "json"], 69),
        (["run", "gone.json", "--log-format", "json"], 66), (["run", "--nonsense", "--log-format=json"], 64),
        (["check", Fusiond.config("bad/misspelt-key.json"), "--log-format", "json"], 78),
        (["replay", try Demo.shared.get().log, "--log-format", "json"], 0),
      ] {
        let outcome = try Fusiond.run(arguments, folder: scratch.url)
        #expect(outcome.code == code)
        let lines = outcome.stderr.split(separator: "\n")
        #expect(!lines.isEmpty)
        for line in lines {
          let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
          #expect(object?["level"] is String && object?["message"] is String, "\(line)")
        }
      }
    }

    @Test("A disk that is full costs the recording, not the report: 74 at the end")
    func fullDisk() throws {
      let scratch = try Scratch()
      try scratch.write("m.json", text: Machines.silent(publishingTo: "ipc://\(scratch.path("commands"))"))
      // A link, so that nothing here could replace the device itself.
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path("full"), withDestinationPath: "/dev/full")
      let outcome = try Fusiond.run(
        ["run", "m.json", "--duration", "1", "--record", "full", "--report", "x.json"], folder: scratch.url)
      #expect(outcome.code == 74 && outcome.stderr.contains("No space left"), "\(outcome.stderr)")
      let decode = try Fusiond.run(
        ["decode", "--sensor", "velodyne-vlp16", "m.json", "--output", "full"], folder: scratch.url)
      #expect(decode.code == 74, "\(decode.stderr)")
      let demo = try Demo.shared.get()
      let replay = try Fusiond.run(
        ["replay", demo.log, "--virtual", "--record", "full"], folder: scratch.url)
      #expect(replay.code == 74 && replay.stderr.contains("No space left"), "\(replay.stderr)")
      #expect(
        scratch.names.filter { $0 != "commands" } == ["full", "m.json", "x.json"]
          || !scratch.names.contains("x.json"))
    }
  }
}
