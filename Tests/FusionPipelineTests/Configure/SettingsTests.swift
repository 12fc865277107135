import FusionPipeline
import Testing

struct SettingsTests {
  let settings: Settings

  init() throws {
    settings = try SampleConfiguration.root.settings(
      parsing: SampleConfiguration.text, file: "configs/robot.json")
  }

  @Test("values come out typed, with defaults where nothing is written")
  func values() {
    let sensors = settings.sections("sensors")
    #expect(sensors.map(\.variant) == ["velodyne-vlp16", "xsens-mti", "toyota-radar"])
    let lidar = sensors[0]
    #expect(lidar.string("name") == "front_lidar")
    #expect(lidar.section("link").variant == "udp")
    #expect(lidar.section("link").integer("port") == 2368)
    #expect(lidar.section("link").optionalString("group") == nil)
    #expect(lidar.section("mounting").vector("translation_m") == [1.2, 0, 1.9])
    #expect(lidar.section("mounting").vector("rotation_deg") == [0, 0, 0])
    #expect(lidar.number("max_age_ms") == 200)
    #expect(sensors[1].section("mounting").vector("translation_m") == [0, 0, 0])
    #expect(sensors[1].section("link").integer("baud") == 115_200)
    #expect(!sensors[1].boolean("magnetometer"))
    let chains = settings.sections("chains")
    #expect(chains[0].number("period_ms") == 33.3)
    #expect(chains[0].strings("inputs") == ["front_lidar", "imu"])
    #expect(chains[0].namedNumbers("budgets_ms").map(\.name) == ["perceive", "plan"])
    #expect(chains[0].namedNumbers("budgets_ms").map(\.number) == [12, 8.5])
    #expect(
      chains.map { $0.choice("policy", as: SampleConfiguration.Policy.self) } == [.nearest, .latestBefore])
    #expect(settings.section("publishing").string("endpoint") == "tcp://*:5555")
    #expect(settings.optionalSection("recording") == nil)
    #expect(settings.namedSections("topics").isEmpty)
  }

  @Test("a variant's field replaces the common one: its own range and default")
  func variantOverridesCommon() {
    let sensors = settings.sections("sensors")
    #expect(sensors[0].number("rate_hz") == 10)
    #expect(sensors[1].number("rate_hz") == 100)
    #expect(
      SampleConfiguration.problems(SampleConfiguration.text, set: ["sensors.front_lidar.rate_hz=100"])
        == [
          "--set sensors.front_lidar.rate_hz:1:29: sensors.front_lidar.rate_hz: 100 Hz is out of range "
            + "(allowed: 5 to 20 Hz)"
        ])
  }

  @Test("what was written and what is a default can be told apart")
  func given() {
    let lidar = settings.sections("sensors")[0]
    #expect(lidar.isGiven("calibration"))
    #expect(!lidar.isGiven("rate_hz"))
    #expect(!lidar.section("mounting").isGiven("rotation_deg"))
    #expect(!settings.section("publishing").isGiven("endpoint"))
  }

  @Test("a path counts from its configuration's folder, one given with --set from the working directory")
  func paths() throws {
    let lidar = settings.sections("sensors")[0]
    #expect(lidar.path("calibration") == "configs/vlp16.json")
    #expect(lidar.string("calibration") == "vlp16.json")
    #expect(settings.sections("sensors")[1].section("link").path("device") == "/dev/ttyUSB0")
    let set = try SampleConfiguration.root.settings(
      parsing: SampleConfiguration.text, file: "configs/robot.json",
      overrides: ["sensors.front_lidar.calibration=other.json"])
    #expect(set.sections("sensors")[0].path("calibration") == "other.json")
    let log = Section("log", doc: "", fields: [.path("file", default: "a.mcap", doc: "")])
    #expect(try log.settings(parsing: "{}", file: "configs/f").path("file") == "a.mcap")
    #expect(try log.settings(parsing: #"{"file":"b"}"#, file: "f").path("file") == "b")
  }

  @Test("a later check reports at the value's place, and at the object's for a default")
  func laterProblems() {
    let chain = settings.sections("chains")[0]
    #expect(
      "\(chain.problem("period_ms", "is shorter than its budgets", hint: "at least 40 ms"))"
        == "configs/robot.json:20:37: chains.drive.period_ms: is shorter than its budgets (at least 40 ms)")
    #expect(
      "\(chain.problem("priority", "is taken"))" == "configs/robot.json:20:5: chains.drive.priority: is taken"
    )
    #expect(
      "\(chain.problem("inputs", element: 1, "no such sensor"))"
        == "configs/robot.json:20:69: chains.drive.inputs[1]: no such sensor")
    #expect("\(chain.problem("has no stage"))" == "configs/robot.json:20:5: chains.drive: has no stage")
  }

  @Test("the effective configuration, written and read again, is the same")
  func effective() throws {
    var writer = JSONWriter(.pretty)
    writer.value(settings)
    let again = try SampleConfiguration.root.settings(parsing: writer.text, file: "g")
    var second = JSONWriter(.pretty)
    second.value(again)
    #expect(second.text == writer.text)
    var lidar = JSONWriter(.compact)
    lidar.value(settings.sections("sensors")[0])
    // The tag first, then the common fields, then the variant's own.
    #expect(
      lidar.text == #"{"model":"velodyne-vlp16","name":"front_lidar","max_age_ms":200.0,"#
        + #""mounting":{"translation_m":[1.2,0.0,1.9],"rotation_deg":[0.0,0.0,0.0]},"#
        + #""link":{"kind":"udp","port":2368},"rate_hz":10.0,"calibration":"vlp16.json","#
        + #""return_mode":"strongest"}"#)
    #expect(again.sections("sensors")[0].isGiven("rate_hz"))
    #expect(again.sections("sensors")[0].number("rate_hz") == 10)
  }

  @Test("an integer may be written as 1e3 or 20.0")
  func integralNumbers() throws {
    let text = SampleConfiguration.text("2368", "2.368e3")
    let settings = try SampleConfiguration.root.settings(parsing: text, file: "f")
    #expect(settings.sections("sensors")[0].section("link").integer("port") == 2368)
  }

  static let collection = Section(
    "collection", doc: "",
    fields: [
      .list("flags", of: .integer(range: 0...9, unit: nil), doc: ""),
      .list("gains", of: .number(range: 0...9, unit: nil), doc: ""),
      .list("corners", of: .vector(count: 2, range: -9...9, unit: "m"), doc: ""),
      .list("modes", of: .choice(["a", "b"]), doc: ""),
      .dictionary("files", of: .path, doc: ""),
      .dictionary("links", of: .union(SampleConfiguration.link), doc: ""),
      .boolean("on", doc: "").optional, .integer("count", doc: "").optional,
      .number("share", doc: "").optional, .vector("at", 2, doc: "").optional,
      .path("log", doc: "").optional, .choice("policy", SampleConfiguration.Policy.self, doc: "").optional,
      .section("mounting", SampleConfiguration.mounting).optional,
    ])

  static let limits = Section(
    "limits", doc: "",
    fields: [
      .integer("whole", range: -3...7, doc: "").optional,
      .number("real", range: -0.5...180, doc: "").optional,
      .number("above", range: 0 ... .infinity, doc: "").optional,
      .string("text", length: 2...3, doc: "").optional,
      .list("list", of: .boolean, count: 1...2, doc: "").optional,
      .dictionary("by_name", of: .boolean, count: 1...2, doc: "").optional,
    ])

  static let edges: [(String, Bool)] = [
    (#"{"whole":-3}"#, true), (#"{"whole":-4}"#, false), (#"{"whole":7}"#, true), (#"{"whole":8}"#, false),
    (#"{"real":-0.5}"#, true), (#"{"real":-0.50000000000000011}"#, false), (#"{"real":180}"#, true),
    (#"{"real":180.00000000000003}"#, false), (#"{"above":-0.0}"#, true), (#"{"above":1e308}"#, true),
    (#"{"above":-5e-324}"#, false), (#"{"text":"é"}"#, false), (#"{"text":"éa"}"#, true),
    (#"{"text":"😀😀😀"}"#, true), (#"{"text":"abcd"}"#, false), (#"{"list":[]}"#, false),
    (#"{"list":[true]}"#, true), (#"{"list":[true,true]}"#, true), (#"{"list":[true,true,true]}"#, false),
    (#"{"by_name":{}}"#, false), (#"{"by_name":{"comment":"a"}}"#, false), (#"{"by_name":{"a":true}}"#, true),
    (#"{"by_name":{"a":true,"b":true,"comment":"a"}}"#, true),
    (#"{"by_name":{"a":true,"b":true,"c":true}}"#, false),
    (#"{"by_name":{"a":true,"b":true,"c":true,"comment":"a"}}"#, false),
    (#"{"comment":"a"}"#, true), (#"{"comment":1}"#, false), (#"{"Comment":"a"}"#, false),
  ]

  @Test("both ends of a range belong to it, and a comment is no entry", arguments: edges)
  func endsOfRanges(text: String, isTaken: Bool) {
    let settings = try? Self.limits.settings(parsing: text, file: "f")
    #expect((settings != nil) == isTaken)
  }

  @Test("lists, dictionaries and optional values of every kind come out typed")
  func everyKind() throws {
    let text = """
      { "flags": [1, 2.0], "gains": [0, 0.5], "corners": [[1, 2], [3, -4]], "modes": ["b", "a"],
        "files": { "x": "x.bin", "comment": "two", "y": "/y.bin" },
        "links": { "bus": { "kind": "can", "interface": "can1" } },
        "on": false, "count": -7, "share": 1, "at": [0, 1], "log": "l", "policy": "exact",
        "mounting": {} }
      """
    let full = try Self.collection.settings(parsing: text, file: "a/f")
    #expect(full.integers("flags") == [1, 2])
    #expect(full.numbers("gains") == [0, 0.5])
    #expect(full.vectors("corners") == [[1, 2], [3, -4]])
    #expect(full.strings("modes") == ["b", "a"])
    #expect(full.namedStrings("files").map(\.string) == ["x.bin", "/y.bin"])
    #expect(full.namedSections("links").map(\.name) == ["bus"])
    #expect(full.namedSections("links")[0].settings.variant == "can")
    #expect(full.optionalBoolean("on") == false)
    #expect(full.optionalInteger("count") == -7)
    #expect(full.optionalNumber("share") == 1)
    #expect(full.optionalVector("at") == [0, 1])
    #expect(full.optionalPath("log") == "a/l")
    #expect(full.optionalChoice("policy", as: SampleConfiguration.Policy.self) == .exact)
    #expect(full.optionalSection("mounting")?.vector("rotation_deg") == [0, 0, 0])

    let empty = try Self.collection.settings(parsing: "{}", file: "a/f")
    #expect(empty.integers("flags").isEmpty && empty.vectors("corners").isEmpty)
    #expect(empty.namedStrings("files").isEmpty && empty.namedSections("links").isEmpty)
    #expect(empty.optionalBoolean("on") == nil && empty.optionalInteger("count") == nil)
    #expect(empty.optionalNumber("share") == nil && empty.optionalVector("at") == nil)
    #expect(empty.optionalPath("log") == nil && empty.optionalSection("mounting") == nil)
    #expect(empty.optionalChoice("policy", as: SampleConfiguration.Policy.self) == nil)
  }

  @Test("one object can be read by a union alone, as a driver's own test does")
  func unionAlone() throws {
    let node = try JSONNode(parsing: #"{ "kind": "udp", "port": 1 }"#, file: "f")
    #expect(try SampleConfiguration.link.settings(from: node).integer("port") == 1)
    let wrong = try JSONNode(parsing: #"{ "kind": "udp", "port": 0 }"#, file: "f")
    #expect(throws: Problems.self) { try SampleConfiguration.link.settings(from: wrong) }
  }

  @Test("a key that is not declared, or is of another type, stops the program that asks for it")
  func undeclared() async {
    await #expect(processExitsWith: .failure) {
      let section = Section("s", doc: "", fields: [.integer("port", default: 1, doc: "")])
      _ = try section.settings(parsing: "{}", file: "f").integer("prot")
    }
    await #expect(processExitsWith: .failure) {
      let section = Section("s", doc: "", fields: [.integer("port", default: 1, doc: "")])
      _ = try section.settings(parsing: "{}", file: "f").string("port")
    }
  }

  @Test("a declaration that contradicts itself stops the program")
  func contradictions() async {
    await #expect(processExitsWith: .failure) {
      _ = Section("s", doc: "", fields: [.boolean("a", doc: ""), .string("a", doc: "")])
    }
    await #expect(processExitsWith: .failure) { _ = Field.integer("a", range: 1...3, default: 4, doc: "") }
    await #expect(processExitsWith: .failure) { _ = Field.choice("a", ["x"], default: "y", doc: "") }
    await #expect(processExitsWith: .failure) { _ = Field.string("comment", doc: "") }
    await #expect(processExitsWith: .failure) { _ = Field.string("// note", doc: "") }
    await #expect(processExitsWith: .failure) {
      let variant = Section("v", doc: "", fields: [.string("kind", doc: "")])
      _ = Union("u", tag: "kind", doc: "", variants: [variant])
    }
    await #expect(processExitsWith: .success) { _ = Field.integer("a", range: 1...3, default: 3, doc: "") }
  }
}
