import FusionPipeline

/// A configuration in the manner of the product's, to try the declarations on.
enum SampleConfiguration {
  enum Policy: String, CaseIterable {
    case exact, nearest
    case latestBefore = "latest_before"
  }

  static let mounting = Section(
    "mounting", doc: "vehicleFromSensor.",
    fields: [
      .vector("translation_m", 3, unit: "m", range: -20...20, default: [0, 0, 0], doc: "x, y, z."),
      .vector(
        "rotation_deg", 3, unit: "deg", range: -180...180, default: [0, 0, 0], doc: "Roll, pitch, yaw."),
    ])

  static let link = Union(
    "link", tag: "kind", doc: "Where its packets come from.",
    variants: [
      Section(
        "udp", doc: "A UDP socket.",
        fields: [
          .integer("port", range: 1...65535, doc: "Local port."),
          .string("group", length: 7...15, doc: "Multicast group to join.").optional,
        ]),
      Section(
        "serial", doc: "A serial line.",
        fields: [
          .path("device", doc: "As /dev/ttyUSB0."),
          .integer("baud", unit: "Bd", range: 4800...4_000_000, default: 115_200, doc: "Line rate."),
        ]),
      Section("can", doc: "A CAN bus.", fields: [.name("interface", doc: "As can0.")]),
    ])

  static let sensor = Union(
    "sensor", tag: "model", doc: "A sensor; its model decides which keys it has.",
    common: [
      .name(doc: "What chains and reports call it."),
      .number("rate_hz", unit: "Hz", range: 0.1...1000, doc: "Samples per second."),
      .number("max_age_ms", unit: "ms", range: 1...10_000, default: 200, doc: "Older is not used."),
      .section("mounting", mounting), .union("link", link),
    ],
    variants: [
      Section(
        "velodyne-vlp16", doc: "Velodyne VLP-16.",
        fields: [
          .number("rate_hz", unit: "Hz", range: 5...20, default: 10, doc: "Rotations per second."),
          .path("calibration", doc: "Its angles.").optional,
          .choice("return_mode", ["strongest", "last", "dual"], default: "strongest", doc: "Echoes."),
        ]),
      Section(
        "xsens-mti", doc: "Xsens MTi.",
        fields: [
          .number("noise", range: 0 ... .infinity, default: 0.01, doc: "Standard deviation."),
          .boolean("magnetometer", default: false, doc: "Uses the compass."),
        ]),
      Section("toyota-radar", doc: "Toyota's radar.", fields: []),
    ])

  static let chain = Section(
    "chain", doc: "Stages from sensors to commands.",
    fields: [
      .name(doc: "What reports call it."),
      .number("period_ms", unit: "ms", range: 1...1000, default: 50, doc: "Slot grid."),
      .integer("priority", range: -20...20, default: 0, doc: "Higher runs first."),
      .choice("policy", Policy.self, default: .nearest, doc: "How it aligns."),
      .list("inputs", of: .name, count: 1...16, doc: "Names of its sensors."),
      .dictionary(
        "budgets_ms", of: .number(range: 0.1...100, unit: "ms"), count: 0...8, doc: "By stage."),
    ])

  static let root = Section(
    "fusion", doc: "A whole machine.",
    fields: [
      .list("sensors", of: .union(sensor), count: 1...64, uniqueKey: "name", doc: "All sensors."),
      .list("chains", of: .section(chain), count: 1...8, uniqueKey: "name", doc: "All chains."),
      .section(
        "publishing",
        Section(
          "publishing", doc: "Commands out.",
          fields: [
            .string("endpoint", length: 1...255, default: "tcp://*:5555", doc: "ZeroMQ endpoint."),
            .boolean("json_mirror", default: false, doc: "Also as JSON."),
            .integer("seed", doc: "Any integer.").optional,
          ])),
      .section(
        "recording",
        Section("recording", doc: "Log.", fields: [.path("path", doc: "MCAP file.")])
      ).optional,
      .dictionary("topics", of: .section(mounting), count: 0...4, doc: "By name."),
    ])

  static let text = """
    {
      "comment": "A small robot.",
      "sensors": [
        {
          "name": "front_lidar", "model": "velodyne-vlp16",
          "link": { "kind": "udp", "port": 2368 },
          "mounting": { "translation_m": [1.2, 0, 1.9] },
          "calibration": "vlp16.json"
        },
        {
          "name": "imu", "model": "xsens-mti", "rate_hz": 100,
          "link": { "kind": "serial", "device": "/dev/ttyUSB0" }
        },
        {
          "name": "radar", "model": "toyota-radar", "rate_hz": 20, "comment": "behind the grille",
          "link": { "kind": "can", "interface": "can0" }
        }
      ],
      "chains": [
        { "name": "drive", "period_ms": 33.3, "inputs": ["front_lidar", "imu"],
          "budgets_ms": { "comment": "measured", "perceive": 12, "plan": 8.5 } },
        { "name": "watch", "policy": "latest_before", "inputs": ["radar"] }
      ]
    }
    """

  /// The problems of a text, one a line, without the file's name; empty when there are none.
  static func problems(_ text: String, set overrides: [String] = []) -> [String] {
    do {
      _ = try root.settings(parsing: text, file: "f", overrides: overrides)
      return []
    } catch {
      return error.sorted.map {
        $0.file == "f" ? String($0.description.dropFirst(2)) : $0.description
      } + (error.omittedCount > 0 ? ["and \(error.omittedCount) more"] : [])
    }
  }

  /// The sample with one piece of its text replaced.
  static func text(_ piece: String, _ replacement: String) -> String {
    let all = Array(text)
    let wanted = Array(piece)
    for start in 0...(all.count - wanted.count) where Array(all[start..<start + wanted.count]) == wanted {
      return String(all[..<start]) + replacement + String(all[(start + wanted.count)...])
    }
    return "the sample has no \(piece)"
  }
}
