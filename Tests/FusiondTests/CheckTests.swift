import Foundation
import Testing

extension FusiondTests {
  @Suite("check and schema") struct Check {
    static let shipped = ((try? FileManager.default.contentsOfDirectory(atPath: Fusiond.config(""))) ?? [])
      .filter { $0.hasSuffix(".json") }.sorted()
    static let bad = ((try? FileManager.default.contentsOfDirectory(atPath: Fusiond.config("bad"))) ?? [])
      .filter { $0.hasSuffix(".json") }.sorted()
    static let metadata = "lidar-packets/ouster/OS-0-32-U1_v2.2.0_1024x10.json"

    @Test(
      "Every shipped configuration is fine", .enabled(if: Recorded.has(metadata), "\(Recorded.absent)"),
      arguments: shipped)
    func fine(_ name: String) throws {
      var arguments = ["check", Fusiond.config(name)]
      if name.contains("ouster") {
        arguments += ["--set", "sensors.lidar.calibration=\(Recorded.path(Self.metadata))"]
      }
      let outcome = try Fusiond.run(arguments, seconds: 30)
      #expect(outcome.code == 0, "\(outcome.stderr)")
      #expect(outcome.stdout.contains(": fine.") && outcome.stdout.contains("Deadline"))
    }

    @Test("Every broken one is refused with path, line and column: 78", arguments: bad)
    func broken(_ name: String) throws {
      let path = Fusiond.config("bad/\(name)")
      let outcome = try Fusiond.run(["check", path], seconds: 30)
      #expect(outcome.code == 78)
      let first = outcome.stderr.split(separator: "\n").first ?? ""
      let place = first.dropFirst(path.count + 1).split(separator: ":", maxSplits: 2)
      #expect(first.hasPrefix(path + ":"), "\(first)")
      #expect(place.count == 3 && Int(place[0]) ?? 0 > 0 && Int(place[1]) ?? 0 > 0, "\(first)")
    }

    @Test("run refuses what check refuses, and records nothing")
    func runRefuses() throws {
      let scratch = try Scratch()
      let outcome = try Fusiond.run(
        ["run", Fusiond.config("bad/misspelt-key.json"), "--record", "x.mcap"], seconds: 30,
        folder: scratch.url)
      #expect(outcome.code == 78 && outcome.stderr.contains("did you mean"), "\(outcome.stderr)")
      #expect(scratch.names.isEmpty)
    }

    @Test("--set reaches a value, and a wrong one is refused by its name")
    func overrides() throws {
      let config = Fusiond.config("vehicle.json")
      let good = try Fusiond.run(["check", config, "--set", "chains.drive.deadline_ms=60"], seconds: 30)
      #expect(good.code == 0 && good.stdout.contains("Deadline 60.00 ms"))
      for wrong in ["chains.drive.deadline_ms=soon", "chains.drive.nonsense=1", "nonsense"] {
        let outcome = try Fusiond.run(["check", config, "--set", wrong], seconds: 30)
        #expect(outcome.code == 78 && outcome.stderr.contains("--set "), "\(outcome.stderr)")
      }
    }

    @Test("The schema is valid and takes every shipped configuration, as Python's jsonschema sees it")
    func schema() throws {
      let scratch = try Scratch()
      let outcome = try Fusiond.run(["schema"], seconds: 30)
      #expect(outcome.code == 0 && outcome.stderr.isEmpty)
      let schema = try scratch.write("schema.json", text: outcome.stdout)
      _ = try Scratch.json(schema)
      guard try Recorded.output(["python3", "-c", "import jsonschema"]) != nil else {
        return print("jsonschema is not there: the schema was only parsed")
      }
      let script = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        for path in sys.argv[2:]:
          for error in kind(schema).iter_errors(json.load(open(path))):
            print(path, list(error.absolute_path), error.message[:200])
        broken = json.load(open(sys.argv[2]))
        broken['chains'][0]['dedline_ms'] = 5
        print('takes anything' if kind(schema).is_valid(broken) else 'refuses unknown keys')
        """
      let said = try Recorded.output(
        ["python3", "-c", script, schema] + Self.shipped.map { Fusiond.config($0) })
      #expect(said.map { String(decoding: $0, as: UTF8.self) } == "refuses unknown keys\n")
    }
  }
}
