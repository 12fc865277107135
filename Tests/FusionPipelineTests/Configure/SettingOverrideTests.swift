import FusionPipeline
import Testing

struct SettingOverrideTests {
  private func settings(_ overrides: String...) throws -> Settings {
    try SampleConfiguration.root.settings(
      parsing: SampleConfiguration.text, file: "f", overrides: overrides)
  }

  @Test("a value is set by key, by an element's name and by its index")
  func paths() throws {
    let set = try settings(
      "sensors.imu.rate_hz=200", "sensors.0.max_age_ms=5", "sensors[2].rate_hz=7", "chains.drive.priority=-3",
      "chains.watch.inputs[0]=imu", "sensors.front_lidar.mounting.translation_m[2]=2.5",
      "chains.drive[\"budgets_ms\"].plan=9")
    let sensors = set.sections("sensors")
    #expect(sensors[1].number("rate_hz") == 200)
    #expect(sensors[0].number("max_age_ms") == 5)
    #expect(sensors[2].number("rate_hz") == 7)
    #expect(sensors[0].section("mounting").vector("translation_m") == [1.2, 0, 2.5])
    #expect(set.sections("chains")[0].integer("priority") == -3)
    #expect(set.sections("chains")[1].strings("inputs") == ["imu"])
    #expect(set.sections("chains")[0].namedNumbers("budgets_ms").last?.number == 9)
  }

  @Test("a value is JSON where it parses as JSON, else a string; the last of two wins")
  func values() throws {
    let set = try settings(
      "chains.watch.inputs=[\"imu\",\"radar\"]", "publishing={\"json_mirror\":true}",
      "sensors.front_lidar.calibration=/tmp/a=b.json", "sensors.imu.magnetometer=false",
      "sensors.imu.magnetometer=true", "chains.drive.policy=\"exact\"", "chains.watch.policy=nearest")
    #expect(set.sections("chains")[1].strings("inputs") == ["imu", "radar"])
    #expect(set.section("publishing").boolean("json_mirror"))
    #expect(set.sections("sensors")[0].string("calibration") == "/tmp/a=b.json")
    #expect(set.sections("sensors")[1].boolean("magnetometer"))
    #expect(set.sections("chains").map { $0.string("policy") } == ["exact", "nearest"])
  }

  @Test("a declared object that the text leaves out can be set into, also below an override")
  func missingObjects() throws {
    let set = try settings(
      "publishing.endpoint=ipc:///tmp/x", "sensors.radar.mounting.rotation_deg=[0,0,90]",
      "topics.roof.translation_m=[0,0,2]", "recording.path=a.mcap")
    #expect(set.section("publishing").string("endpoint") == "ipc:///tmp/x")
    #expect(set.sections("sensors")[2].section("mounting").vector("rotation_deg") == [0, 0, 90])
    #expect(set.namedSections("topics").map(\.name) == ["roof"])
    #expect(set.section("recording").string("path") == "a.mcap")
    #expect(set.section("publishing").isGiven("endpoint"))
  }

  static let refused: [(String, String)] = [
    ("chains", "--set chains:1:1: has no \"=\" (write --set path.to.key=value)"),
    (
      "sensors.imuu.rate_hz=1",
      "--set sensors.imuu.rate_hz:1:9: sensors.imuu: no element \"imuu\" in this list (did you mean \"imu\"?)"
    ),
    (
      "sensors.camera.rate_hz=1",
      "--set sensors.camera.rate_hz:1:9: sensors.camera: no element \"camera\" in this list "
        + "(there are: \"front_lidar\", \"imu\", \"radar\")"
    ),
    (
      "sensors[3].rate_hz=1",
      "--set sensors[3].rate_hz:1:8: sensors[3]: no element index 3 in this list "
        + "(the list has the indices 0 to 2)"
    ),
    (
      "sensors.imu.lnik.baud=9600",
      "--set sensors.imu.lnik.baud:1:13: sensors.imu.lnik: no key \"lnik\" here (did you mean \"link\"?)"
    ),
    (
      "chains.drive.period_ms.x=1",
      "--set chains.drive.period_ms.x:1:24: chains.drive.period_ms.x: there is nothing to set inside 33.3 "
        + "(shorten the path)"
    ),
    (
      "chains.drive[0]=1",
      "--set chains.drive[0]:1:13: chains.drive[0]: an index, but an object is here (give a key)"
    ),
    (
      "=1",
      "--set :1:1: a part of the path is empty "
        + "(write --set path.to.key=value, an element as sensors.NAME or sensors[0])"
    ),
    (
      "a..b=1",
      "--set a..b:1:3: a part of the path is empty "
        + "(write --set path.to.key=value, an element as sensors.NAME or sensors[0])"
    ),
    (
      "a.=1",
      "--set a.:1:3: the path ends with \".\" "
        + "(write --set path.to.key=value, an element as sensors.NAME or sensors[0])"
    ),
    (
      "a[x]=1",
      "--set a[x]:1:2: \"[x]\" is neither an index nor a quoted key "
        + "(write --set path.to.key=value, an element as sensors.NAME or sensors[0])"
    ),
    (
      "a[1=1",
      "--set a[1:1:2: \"[\" has no \"]\" "
        + "(write --set path.to.key=value, an element as sensors.NAME or sensors[0])"
    ),
    // What the path allows, the check judges.
    (
      "chains.drive.period_ms=5000",
      "--set chains.drive.period_ms:1:24: chains.drive.period_ms: 5000 ms is out of range "
        + "(allowed: 1 to 1000 ms)"
    ),
    (
      "chains.drive.perid_ms=50",
      "--set chains.drive.perid_ms:1:14: chains.drive.perid_ms: unknown key (did you mean \"period_ms\"?)"
    ),
    (
      "chains.drive.period_ms=",
      "--set chains.drive.period_ms:1:24: chains.drive.period_ms: expected a number, 1 to 1000 ms, "
        + "found the string \"\""
    ),
    (
      "sensors.front_lidar.mounting.translation_m=[1,2,99]",
      "--set sensors.front_lidar.mounting.translation_m:1:49: sensors.front_lidar.mounting.translation_m[2]: "
        + "99 m is out of range (allowed: -20 to 20 m)"
    ),
  ]

  @Test("a wrong override names the part of the path, or the value, that is wrong", arguments: refused)
  func refuses(override: String, problem: String) {
    #expect(SampleConfiguration.problems(SampleConfiguration.text, set: [override]) == [problem])
  }

  @Test("several wrong overrides are all reported")
  func several() {
    #expect(
      SampleConfiguration.problems(SampleConfiguration.text, set: ["x.y=1", "sensors.q.z=1", "ok"]).count == 3
    )
  }

  @Test("without a declaration only what exists can be set into")
  func undeclared() throws {
    var node = try JSONNode(parsing: "{\"a\":{}}", file: "f")
    try node.apply(try SettingOverride("a.b=[1]"))
    try node.apply(try SettingOverride("a.b.0={\"c\":null}"))
    #expect(node.jsonText() == "{\"a\":{\"b\":[{\"c\":null}]}}")
    #expect(throws: ConfigurationProblem.self) { try node.apply(try SettingOverride("b.c=1")) }
  }

  @Test("whatever the argument, it is applied or refused")
  func fuzz() throws {
    var random = SplitMix(seed: 99)
    let letters = Array("ab.[]\"=0123{}\\ sensors.imu.é")
    let root = try JSONNode(parsing: SampleConfiguration.text, file: "f")
    var applied = 0
    for _ in 0..<5000 {
      let count = Int.random(in: 0...14, using: &random)
      let tail = String((0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
      var node = root
      do {
        try node.apply(
          try SettingOverride(Bool.random(using: &random) ? "sensors" + tail : tail),
          declaredBy: SampleConfiguration.root)
        applied += 1
      } catch {
        #expect(error.line == 1 && error.column >= 1 && !error.message.isEmpty)
      }
    }
    #expect(applied > 10)
  }
}
