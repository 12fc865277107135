import FusionPipeline
import Testing

/// The words of every kind of problem. Each case changes one piece of the sample.
struct ConfigurationProblemTests {
  static let cases: [(String, String, [String])] = [
    ("", "", []),
    (
      "\"period_ms\": 33.3", "\"period_ms\": 5000",
      ["20:37: chains.drive.period_ms: 5000 ms is out of range (allowed: 1 to 1000 ms)"]
    ),
    (
      "\"period_ms\": 33.3", "\"period_ms\": \"50\"",
      [
        "20:37: chains.drive.period_ms: expected a number, 1 to 1000 ms, found the string \"50\" "
          + "(write it without quotes)"
      ]
    ),
    (
      "\"period_ms\": 33.3", "\"period_ms\": null",
      [
        "20:37: chains.drive.period_ms: expected a number, 1 to 1000 ms, found null "
          + "(leave the key out instead of null)"
      ]
    ),
    (
      "\"period_ms\": 33.3", "\"peroid_ms\": 33.3",
      ["20:24: chains.drive.peroid_ms: unknown key (did you mean \"period_ms\"?)"]
    ),
    (
      "\"period_ms\": 33.3", "\"deadline\": 33.3",
      [
        "20:24: chains.drive.deadline: unknown key (known keys: \"name\", \"period_ms\", \"priority\", "
          + "\"policy\", \"inputs\", \"budgets_ms\")"
      ]
    ),
    (
      "\"period_ms\": 33.3", "\"// period\": \"why\"",
      ["20:24: chains.drive[\"// period\"]: unknown key (write a remark as a \"comment\" key)"]
    ),
    (
      "\"period_ms\": 33.3", "\"comment\": 33.3",
      ["20:35: chains.drive.comment: expected a string, found 33.3"]
    ),
    (
      "\"period_ms\": 33.3", "\"priority\": 1.5",
      ["20:36: chains.drive.priority: expected an integer, -20 to 20, found 1.5"]
    ),
    (
      "\"period_ms\": 33.3", "\"priority\": 9223372036854775808",
      ["20:36: chains.drive.priority: 9.223372036854776e+18 is out of range (allowed: -20 to 20)"]
    ),
    (
      "\"period_ms\": 33.3", "\"priority\": true",
      ["20:36: chains.drive.priority: expected an integer, -20 to 20, found true"]
    ),
    (
      "\"port\": 2368", "\"prt\": 2368",
      ["6:32: sensors.front_lidar.link.prt: unknown key (did you mean \"port\"?)"]
    ),
    (
      ", \"port\": 2368", "",
      ["6:15: sensors.front_lidar.link.port: is missing (required: an integer, 1 to 65535)"]
    ),
    (
      "\"kind\": \"udp\", ", "",
      [
        "6:15: sensors.front_lidar.link.kind: is missing (required: one of \"udp\", \"serial\", \"can\")"
      ]
    ),
    (
      "\"kind\": \"udp\"", "\"knid\": \"udp\"",
      ["6:17: sensors.front_lidar.link.knid: unknown key (did you mean \"kind\"?)"]
    ),
    (
      "\"kind\": \"udp\"", "\"kind\": \"tcp\"",
      [
        "6:25: sensors.front_lidar.link.kind: \"tcp\" is not known "
          + "(allowed: \"udp\", \"serial\", \"can\")"
      ]
    ),
    (
      "\"kind\": \"udp\"", "\"kind\": 3",
      [
        "6:25: sensors.front_lidar.link.kind: expected one of \"udp\", \"serial\", \"can\", found 3"
      ]
    ),
    (
      "{ \"kind\": \"udp\", \"port\": 2368 }", "[]",
      [
        "6:15: sensors.front_lidar.link: expected an object, found a list (an object is written in { })"
      ]
    ),
    (
      "velodyne-vlp16", "velodyne-vpl16",
      [
        "5:39: sensors.front_lidar.model: \"velodyne-vpl16\" is not known (did you mean \"velodyne-vlp16\"? "
          + "allowed: \"velodyne-vlp16\", \"xsens-mti\", \"toyota-radar\")"
      ]
    ),
    (
      "\"name\": \"front_lidar\", ", "",
      ["4:5: sensors[0].name: is missing (required: a name)"]
    ),
    (
      "\"name\": \"front_lidar\"", "\"name\": \"front lidar\"",
      [
        "5:15: sensors[0].name: \"front lidar\" is not a name (use letters, digits, \"_\" and \"-\", "
          + "starting with a letter or \"_\", at most 64)"
      ]
    ),
    (
      "\"name\": \"imu\"", "\"name\": \"front_lidar\"",
      ["11:15: sensors[1].name: \"front_lidar\" is used twice (first at line 5)"]
    ),
    (
      "[1.2, 0, 1.9]", "[1.2, 0]",
      [
        "7:38: sensors.front_lidar.mounting.translation_m: has 2 elements "
          + "(expected: a list of 3 numbers, -20 to 20 m)"
      ]
    ),
    (
      "[1.2, 0, 1.9]", "[1.2, \"0\", 50]",
      [
        "7:44: sensors.front_lidar.mounting.translation_m[1]: expected a number, -20 to 20 m, "
          + "found the string \"0\" (write it without quotes)",
        "7:49: sensors.front_lidar.mounting.translation_m[2]: 50 m is out of range (allowed: -20 to 20 m)",
      ]
    ),
    (
      "[1.2, 0, 1.9]", "{ \"x\": 1 }",
      [
        "7:38: sensors.front_lidar.mounting.translation_m: expected a list of 3 numbers, -20 to 20 m, "
          + "found an object (a list is written in [ ])"
      ]
    ),
    (
      "\"vlp16.json\"", "\"\"",
      ["8:22: sensors.front_lidar.calibration: the path is empty"]
    ),
    (
      "\"vlp16.json\"", "\"a\\u0000b\"",
      ["8:22: sensors.front_lidar.calibration: the path contains a NUL"]
    ),
    (
      "\"policy\": \"latest_before\"", "\"policy\": \"latest-befor\"",
      [
        "22:34: chains.watch.policy: \"latest-befor\" is not known (did you mean \"latest_before\"? "
          + "allowed: \"exact\", \"nearest\", \"latest_before\")"
      ]
    ),
    (
      "\"policy\": \"latest_before\"", "\"policy\": \"sometimes\"",
      [
        "22:34: chains.watch.policy: \"sometimes\" is not known "
          + "(allowed: \"exact\", \"nearest\", \"latest_before\")"
      ]
    ),
    (
      "[\"radar\"]", "[]", ["22:61: chains.watch.inputs: has 0 elements (allowed: 1 to 16)"]
    ),
    (
      "[\"radar\"]", "\"radar\"",
      ["22:61: chains.watch.inputs: expected a list, found the string \"radar\""]
    ),
    (
      "\"plan\": 8.5", "\"plan stage\": 8.5",
      [
        "21:62: chains.drive.budgets_ms[\"plan stage\"]: \"plan stage\" is not a name (use letters, "
          + "digits, \"_\" and \"-\", starting with a letter or \"_\", at most 64)"
      ]
    ),
    (
      "\"plan\": 8.5", "\"plan\": 0",
      ["21:70: chains.drive.budgets_ms.plan: 0 ms is out of range (allowed: 0.1 to 100 ms)"]
    ),
    (
      "\"comment\": \"A small robot.\"", "\"publishing\": { \"json_mirror\": \"true\" }",
      [
        "2:34: publishing.json_mirror: expected true or false, found the string \"true\" "
          + "(write it without quotes)"
      ]
    ),
    (
      "\"comment\": \"A small robot.\"", "\"publishing\": { \"endpoint\": \"\" }",
      ["2:31: publishing.endpoint: has 0 characters (allowed: 1 to 255)"]
    ),
    (
      "\"comment\": \"A small robot.\"", "\"publishing\": { \"seed\": 1e19 }",
      ["2:27: publishing.seed: 1e+19 is out of range (allowed: an integer of 64 bits)"]
    ),
    (
      "\"comment\": \"A small robot.\"", "\"recording\": {}",
      ["2:16: recording.path: is missing (required: a path)"]
    ),
    (
      "\"comment\": \"A small robot.\"",
      "\"topics\": { \"a\": {}, \"b\": {}, \"c\": {}, \"d\": {}, \"e\": {} }",
      ["2:13: topics: has 5 entries (allowed: 0 to 4)"]
    ),
    (
      "\"rate_hz\": 100", "\"rate_hz\": 100, \"noise\": -1",
      ["11:69: sensors.imu.noise: -1 is out of range (allowed: at least 0)"]
    ),
  ]

  @Test("each kind of mistake gives one problem: place, what is wrong, what to do", arguments: cases)
  func wording(piece: String, replacement: String, problems: [String]) {
    #expect(SampleConfiguration.problems(SampleConfiguration.text(piece, replacement)) == problems)
  }

  @Test("all problems of a text are reported at once, in the order of the text")
  func all() {
    let text = """
      { "chains": [ { "name": "a", "inputs": ["x", 7], "prioriti": 3, "period_ms": 0 } ],
        "sensors": [ { "model": "vlp", "name": "l", "rate_hz": "fast", "whatever": 1 } ],
        "extra": {} }
      """
    #expect(
      SampleConfiguration.problems(text) == [
        "1:46: chains.a.inputs[1]: expected a name, found 7",
        "1:50: chains.a.prioriti: unknown key (did you mean \"priority\"?)",
        "1:78: chains.a.period_ms: 0 ms is out of range (allowed: 1 to 1000 ms)",
        "2:27: sensors.l.model: \"vlp\" is not known (allowed: \"velodyne-vlp16\", \"xsens-mti\", "
          + "\"toyota-radar\")",
        "3:3: extra: unknown key (known keys: \"sensors\", \"chains\", \"publishing\", \"recording\", "
          + "\"topics\")",
      ])
  }

  @Test("a name used three times is reported twice, with its first place")
  func repeatedNames() {
    let chain = #"{ "name": "a", "inputs": ["x"] }"#
    let text = SampleConfiguration.text(
      "\"chains\": [", "\"chains\": [ \(chain),\n\(chain),\n\(chain),\n")
    #expect(
      SampleConfiguration.problems(text) == [
        "20:11: chains[1].name: \"a\" is used twice (first at line 19)",
        "21:11: chains[2].name: \"a\" is used twice (first at line 19)",
      ])
  }

  @Test("a root that is no object, and an empty one")
  func roots() {
    #expect(
      SampleConfiguration.problems("[]") == [
        "1:1: expected an object, found a list (an object is written in { })"
      ])
    #expect(
      SampleConfiguration.problems("{}") == [
        "1:1: chains: is missing (required: a list)", "1:1: sensors: is missing (required: a list)",
      ])
    #expect(
      SampleConfiguration.problems("{") == [
        "1:2: the text ends inside an object (its \"}\" is missing; it starts at 1:1)"
      ])
  }

  @Test("a thousand wrong values are counted, two hundred of them shown")
  func flood() {
    let inputs = Array(repeating: "{ \"name\": 1 }", count: 1000).joined(separator: ",")
    let problems = SampleConfiguration.problems("{\"chains\":[{\"name\":\"a\",\"inputs\":[\(inputs)]}]}")
    #expect(problems.count == 201)
    // The list's length and the missing sensors are two more.
    #expect(problems.last == "and 802 more")
  }

  @Test("texts in problems are escaped and cut, so a hostile file cannot paint the terminal")
  func hostileText() {
    let text = SampleConfiguration.text(
      "\"policy\": \"latest_before\"",
      "\"policy\": \"\\u001b[2J\u{9B}\u{202E}\(String(repeating: "x", count: 500))\"")
    let shown = SampleConfiguration.problems(text)
    #expect(shown.count == 1 && shown[0].contains("\\u001b[2J\\u009b\\u202exxx") && shown[0].contains("…"))
    #expect(shown[0].utf8.allSatisfy { $0 >= 0x20 } && shown[0].utf8.count < 250)
  }

  @Test("a file of a hundred thousand unknown keys is judged in linear time, and the same problem kept once")
  func manyKeys() {
    let keys = (0..<100_000).map { "\"k\($0)\":0" }.joined(separator: ",")
    let problems = SampleConfiguration.problems("{\(keys)}")
    #expect(problems.count == 201 && problems.last == "and 99802 more")
    var collected = Problems()
    for _ in 0..<2 {
      collected.add(ConfigurationProblem(at: .nowhere, keyPath: "a", message: "is wrong"))
    }
    #expect(collected.count == 1)
  }

  @Test("an unreadable file says why and what to do")
  func unreadable() throws {
    #expect("\(failure("/nonexistent/a.json"))" == "/nonexistent/a.json: no such file (check the path)")
    #expect("\(failure("/tmp"))" == "/tmp: is a directory (give a file in it)")
    #expect(try SourceFile(reading: "/dev/null").bytes.isEmpty)
    #expect(try SourceFile(reading: "/dev/zero").bytes.count == (8 << 20) + 1)
  }

  private func failure(_ path: String) -> String {
    do { return "\(try SourceFile(reading: path).bytes.count) bytes" } catch { return "\(error)" }
  }
}
