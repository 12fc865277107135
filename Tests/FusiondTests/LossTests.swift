import Foundation
import Testing

extension FusiondTests {
  @Suite("Changed and damaged logs") struct Loss {
    private let demo: Demo
    private let scratch: Scratch

    init() throws {
      demo = try Demo.shared.get()
      scratch = try Scratch()
    }

    /// Where a difference was found: slot, frame, actuator, field and both values.
    private static func namesDifference(_ text: String) -> Bool {
      text.range(
        of: #"first divergence: slot \d+, frame \d+, actuator (steering|throttle|brake): .+ was .+, is .+"#,
        options: .regularExpression) != nil
    }

    private func edited(
      _ edit: (_ topic: String, _ place: Int, _ payload: [UInt8]) -> [UInt8]?
    ) throws -> Fusiond.Outcome {
      try LogEditor.rewrite(demo.log, to: scratch.path("edited.mcap"), edit: edit)
      return try Fusiond.run(["replay", scratch.path("edited.mcap"), "--verify"])
    }

    @Test("A log written again unchanged verifies: what the other tests find is what they changed")
    func unchanged() throws {
      let outcome = try edited { _, _, payload in payload }
      #expect(outcome.code == 0, "\(outcome.stderr)")
    }

    @Test("A changed command is found: slot, frame, actuator, field, both values")
    func changedCommand() throws {
      let outcome = try edited { topic, place, payload in
        topic == "/fusion/command/act/throttle" && place == 40 ? LogEditor.withValue(0.987, payload) : payload
      }
      #expect(outcome.code == 1 && Self.namesDifference(outcome.stderr), "\(outcome.stderr)")
      #expect(outcome.stderr.contains("slot 40") && outcome.stderr.contains("value was 0.987"))
    }

    @Test("A flipped bit in a command is found, and said to be damage to the recorded one")
    func flippedCommand() throws {
      let outcome = try edited { topic, place, payload in
        guard topic == "/fusion/command/act/brake", place == 33 else { return payload }
        var flipped = payload
        flipped[100] ^= 4
        return flipped
      }
      #expect(outcome.code == 1, "\(outcome.stderr)")
      #expect(outcome.stderr.contains("slot 33") && outcome.stderr.contains("brake"), "\(outcome.stderr)")
      #expect(outcome.stderr.contains("the recorded command is damaged"))
    }

    @Test("A flipped byte in one raw packet is found in the first command that it changes")
    func flippedPacket() throws {
      let outcome = try edited { topic, place, payload in
        // The engaging request: without it nothing is ever commanded.
        guard topic == "/raw/operator", place == 0 else { return payload }
        var flipped = payload
        flipped[flipped.count - 1] ^= 0xFF
        return flipped
      }
      #expect(outcome.code == 1, "\(outcome.stderr)")
      #expect(
        Self.namesDifference(outcome.stderr) || outcome.stderr.contains("cannot be replayed"),
        "\(outcome.stderr)")
      let changed = try edited { topic, place, payload in
        // Every distance of one lidar packet in the middle, so that obstacles move.
        guard topic == "/raw/front_lidar", (1500..<1538).contains(place) else { return payload }
        var moved = payload
        for index in stride(from: 20, to: moved.count - 10, by: 3) { moved[index] ^= 0x11 }
        return moved
      }
      #expect(changed.code == 1, "\(changed.stderr)")
    }

    @Test(
      "What a log lacks in its middle is loss, with the frame or slot, and never divergence",
      arguments: [
        "/raw/front_lidar", "/raw/imu", "/fusion/frame", "/fusion/slot", "/fusion/command/act/steering",
      ])
    func hole(_ lacking: String) throws {
      let span = lacking.hasPrefix("/raw/") ? 300..<400 : 40..<42
      let outcome = try edited { topic, place, payload in
        topic == lacking && span.contains(place) ? nil : payload
      }
      #expect(outcome.code == 1, "\(outcome.stderr)")
      #expect(!outcome.stderr.contains("divergence"), "\(outcome.stderr)")
      #expect(
        outcome.stderr.contains("cannot be replayed") || outcome.stderr.contains("cannot be compared"),
        "\(outcome.stderr)")
    }

    @Test("A damaged chunk is loss as well, and is told where it lies")
    func damagedChunk() throws {
      var bytes = try Scratch.bytes(demo.log)
      let middle = bytes.count / 2
      for index in middle..<middle + 64 { bytes[index] ^= 0x5A }
      let outcome = try Fusiond.run(["replay", try scratch.write("damaged.mcap", bytes), "--verify"])
      #expect(outcome.code == 1, "\(outcome.stderr)")
      #expect(
        !outcome.stderr.contains("divergence") && outcome.stderr.contains("cannot be"), "\(outcome.stderr)")
    }

    @Test("A log that lacks its summary alone says so, and all of it verifies")
    func withoutSummary() throws {
      let bytes = try Scratch.bytes(demo.log)
      let cut = try scratch.write("cut.mcap", bytes.dropLast(20))
      let torn = try Fusiond.run(["replay", cut, "--verify"])
      #expect(torn.code == 0 && torn.stderr.contains("is torn or damaged"), "\(torn.stderr)")
      #expect(torn.stderr.contains("verified: all"), "\(torn.stderr)")
    }

    @Test(
      "A log that is cut off says what is missing and verifies up to its end, and so does its recovery",
      arguments: [15, 50, 77, 93])
    func cut(_ percent: Int) throws {
      let bytes = try Scratch.bytes(demo.log)
      let cut = try scratch.write("cut.mcap", bytes.prefix(bytes.count * percent / 100))
      let torn = try Fusiond.run(["replay", cut, "--verify"])
      #expect(
        torn.stderr.contains("is torn or damaged") && torn.stderr.contains("log recover"), "\(torn.stderr)")
      #expect(torn.code == 0 && torn.stderr.contains("the log is torn off"), "\(torn.stderr)")
      let info = try Fusiond.run(["log", "info", cut])
      #expect(info.code == 0 && info.stdout.contains("torn"))

      let recover = try Fusiond.run(["log", "recover", cut, "--output", "whole.mcap"], folder: scratch.url)
      #expect(recover.code == 0 && recover.stdout.contains("lost:"), "\(recover.stdout)\(recover.stderr)")
      #expect(scratch.names == ["cut.mcap", "whole.mcap"])
      let whole = try Fusiond.run(["replay", "whole.mcap", "--verify"], folder: scratch.url)
      #expect(whole.code == 0 && whole.stderr.contains("verified: up to there"), "\(whole.stderr)")
      #expect(!whole.stderr.contains("divergence") && !whole.stderr.contains("is torn or damaged"))
      #expect(whole.digest == torn.digest)
      let again = try Fusiond.run(["log", "recover", cut, "--output", "whole.mcap"], folder: scratch.url)
      #expect(again.code == 74, "an existing file is not overwritten")
    }
  }
}
