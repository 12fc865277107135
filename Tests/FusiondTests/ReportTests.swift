import Foundation
import FusionPipeline
import Testing

extension FusiondTests {
  @Suite("The report's document") struct ReportDocument {
    static let document = Fusiond.root.appendingPathComponent("docs/formats/report.md")

    /// Every key of a report as the document writes it: names of sensors and stages stand as SENSOR and STAGE,
    /// and a histogram's keys are written once.
    static func keys(_ object: [String: Any], under path: String = "") -> Set<String> {
      if object["p50"] != nil, object["p999"] != nil { return Set(object.keys.map { "HISTOGRAM.\($0)" }) }
      let placeholders = [
        "reaction_ns": "SENSOR", "reaction_oldest_ns": "SENSOR", "samples": "SENSOR", "stage_ns": "STAGE",
        "misses.by_stage": "STAGE", "misses.by_cause": "CAUSE",
      ]
      var found: Set<String> = []
      for (key, value) in object {
        var name = placeholders[path] ?? key
        if path == "slots_by", key.hasPrefix("guard_") { name = "guard_REASON" }
        let full = path.isEmpty ? name : "\(path).\(name)"
        found.insert(full)
        if let nested = value as? [String: Any] { found.formUnion(keys(nested, under: full)) }
      }
      return found
    }

    static func documented() throws -> Set<String> {
      let text = try String(contentsOf: document, encoding: .utf8)
      var found: Set<String> = []
      for line in text.split(separator: "\n") where line.hasPrefix("| `") {
        // The first column may name several keys.
        for (index, part) in line.split(separator: "|")[0].split(separator: "`").enumerated()
        where index % 2 == 1 {
          found.insert(String(part))
        }
      }
      return found
    }

    @Test(
      "Every key of a live, a virtual and a faithful report is documented, and every documented key occurs")
    func complete() throws {
      let demo = try Demo.shared.get()
      let scratch = try Scratch()
      try #require(Fusiond.run(["replay", demo.log, "--report", "f.json"], folder: scratch.url).code == 0)
      try #require(
        Fusiond.run(["replay", demo.log, "--virtual", "--report", "v.json"], folder: scratch.url).code == 0)
      var keys: Set<String> = []
      for path in [demo.report, scratch.path("f.json"), scratch.path("v.json")] {
        keys.formUnion(Self.keys(try Scratch.json(path)))
      }
      let documented = try Self.documented()
      #expect(keys.subtracting(documented) == [])
      // These occur in runs where something went wrong.
      let rare: Set = [
        "recording.failure", "misses.by_stage.STAGE", "misses.by_cause.CAUSE", "slots_by.guard_REASON",
      ]
      #expect(documented.subtracting(keys).subtracting(rare) == [])
    }

    @Test("Every reason, cause, mode and fate is named in the document")
    func names() throws {
      let text = try String(contentsOf: Self.document, encoding: .utf8)
      let causes: [MissCause] = MissCause.allCases
      for name in CommandReason.allCases.map(\.name) + causes.map(\.name) + CommandMode.allCases.map(\.name)
        + SampleFate.allCases.map(\.name)
      { #expect(text.contains("`\(name)`"), "\(name)") }
    }
  }
}
