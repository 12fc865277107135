import FusionPipeline
import Glibc
import Testing

/// The schema against Python's `jsonschema`, an implementation that is not ours.
struct SchemaTests {
  static let hasPython = unsafe system("python3 -W ignore -c 'import jsonschema' >/dev/null 2>&1") == 0

  @Test("the schema says what the declaration says, in a form editors understand")
  func content() throws {
    let section = Section(
      "udp", doc: "A socket.",
      fields: [
        .integer("port", range: 1...65535, default: 2368, doc: "Local port."),
        .number("delay_ms", unit: "ms", range: 0 ... .infinity, doc: "Least delay."),
        .choice("mode", ["a", "b"], doc: "How."), .boolean("loop", default: true, doc: "Hears itself."),
        .vector("at", 2, unit: "m", range: -1...1, default: [0, 0.5], doc: "Where.").optional,
      ])
    #expect(
      SchemaWriter.schema(of: section, identifier: "https://example.org/udp").jsonText(.pretty) == """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "https://example.org/udp",
          "title": "udp",
          "description": "A socket.",
          "type": "object",
          "properties": {
            "port": {
              "description": "Local port.",
              "type": "integer",
              "minimum": 1,
              "maximum": 65535,
              "default": 2368
            },
            "delay_ms": {
              "description": "Least delay.",
              "type": "number",
              "minimum": 0,
              "x-unit": "ms"
            },
            "mode": {
              "description": "How.",
              "enum": ["a", "b"]
            },
            "loop": {
              "description": "Hears itself.",
              "type": "boolean",
              "default": true
            },
            "at": {
              "description": "Where.",
              "type": "array",
              "items": {
                "type": "number",
                "minimum": -1,
                "maximum": 1
              },
              "minItems": 2,
              "maxItems": 2,
              "x-unit": "m"
            },
            "comment": {
              "description": "For people; ignored.",
              "type": "string"
            }
          },
          "required": ["delay_ms", "mode"],
          "additionalProperties": false
        }
        """)
  }

  @Test("a section used in several places is defined once, two of one name apart")
  func definitions() {
    let one = Section("part", doc: "", fields: [.boolean("a", default: true, doc: "")])
    let other = Section("part", doc: "", fields: [.boolean("b", default: true, doc: "")])
    let schema = SchemaWriter.schema(
      of: Section(
        "root", doc: "",
        fields: [.section("x", one), .section("y", other), .list("z", of: .section(one), doc: "")]))
    guard case .object(let definitions)? = schema["$defs"]?.value else {
      Issue.record("no $defs")
      return
    }
    #expect(definitions.map(\.name) == ["part", "part-2"])
    #expect(schema["properties"]?["x"]?["$ref"]?.text == "#/$defs/part")
    #expect(schema["properties"]?["y"]?["$ref"]?.text == "#/$defs/part-2")
    #expect(schema["properties"]?["z"]?["items"]?["$ref"]?.text == "#/$defs/part")
  }

  @Test(
    "jsonschema takes the sample and refuses the wrong ones",
    .enabled(if: hasPython, "python3 has no jsonschema"))
  func samples() throws {
    // A repeated name is no mistake of structure: only the reader sees it.
    let cases = ConfigurationProblemTests.cases.filter { !($0.2.first ?? "").contains("is used twice") }
    let texts = cases.map { SampleConfiguration.text($0.0, $0.1) }
    let nodes = try texts.map { try JSONNode(parsing: $0, file: "f") }
    let verdicts = try Self.verdicts(SampleConfiguration.root, nodes)
    for (index, verdict) in verdicts.enumerated() {
      #expect(verdict == cases[index].2.isEmpty, "\(cases[index].1)")
    }
  }

  @Test(
    "reader and jsonschema agree on 1500 mutated configurations",
    .enabled(if: hasPython, "python3 has no jsonschema"))
  func agreement() throws {
    var mutator = ConfigurationMutator(seed: 4711)
    let sample = try JSONNode(parsing: SampleConfiguration.text, file: "f")
    let nodes = (0..<1500).map { _ in mutator.mutated(sample) }
    let verdicts = try Self.verdicts(SampleConfiguration.root, nodes)
    #expect(verdicts.count == nodes.count)
    for (node, verdict) in zip(nodes, verdicts) {
      // Through text, as a person's file goes.
      let problems = SampleConfiguration.problems(node.jsonText())
      #expect(problems.isEmpty == verdict, "\(problems) \(node.jsonText())")
    }
    let taken = verdicts.count { $0 }
    #expect(taken > 150 && taken < 1350, "\(taken) taken: the mutations prove little")
  }

  @Test(
    "jsonschema draws the same limits to the last bit",
    .enabled(if: hasPython, "python3 has no jsonschema"))
  func limits() throws {
    let nodes = try SettingsTests.edges.map { try JSONNode(parsing: $0.0, file: "f") }
    #expect(try Self.verdicts(SettingsTests.limits, nodes) == SettingsTests.edges.map(\.1))
  }

  /// What jsonschema says of each node; it also checks the schema itself.
  static func verdicts(_ section: Section, _ nodes: [JSONNode]) throws -> [Bool] {
    var folder = Array("/tmp/fusion-schema-XXXXXX".utf8CString)
    let isMade = unsafe folder.withUnsafeMutableBufferPointer { name in
      guard let start = name.baseAddress else { return false }
      return unsafe mkdtemp(start) != nil
    }
    try #require(isMade)
    let path = String(decoding: folder.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { _ = unsafe system("rm -r '\(path)'") }
    write(SchemaWriter.schema(of: section).jsonText(), to: "\(path)/schema.json")
    write(nodes.map { $0.jsonText() + "\n" }.joined(), to: "\(path)/nodes.jsonl")
    write(
      """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1] + '/schema.json'))
      jsonschema.Draft202012Validator.check_schema(schema)
      validator = jsonschema.Draft202012Validator(schema)
      with open(sys.argv[1] + '/verdicts', 'w') as out:
        for line in open(sys.argv[1] + '/nodes.jsonl', encoding='utf-8'):
          out.write('1' if validator.is_valid(json.loads(line)) else '0')
      """, to: "\(path)/judge.py")
    try #require(unsafe system("python3 -W ignore '\(path)/judge.py' '\(path)'") == 0)
    return try SourceFile(reading: "\(path)/verdicts").bytes.map { $0 == UInt8(ascii: "1") }
  }

  private static func write(_ text: String, to path: String) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        Issue.record("cannot write \(path)")
        return
      }
      rest = rest.dropFirst(count)
    }
  }
}
