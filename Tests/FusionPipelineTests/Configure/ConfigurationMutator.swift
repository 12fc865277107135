import FusionPipeline

/// Makes mistakes of structure and range in a configuration, the same ones for the same seed.
struct ConfigurationMutator {
  private var random: SplitMix
  private var fresh = 0

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  /// A copy with one to three changes somewhere in the tree; some of them are no mistakes.
  mutating func mutated(_ node: JSONNode) -> JSONNode {
    var copy = node
    for _ in 0..<Int.random(in: 1...3, using: &random) { change(&copy) }
    return copy
  }

  private mutating func change(_ node: inout JSONNode) {
    // Deeper three times of four, so that the leaves get their share.
    let goesDeeper = Int.random(in: 0..<4, using: &random) > 0
    switch node.value {
    case .object(var members):
      if goesDeeper, !members.isEmpty {
        change(&members[Int.random(in: 0..<members.count, using: &random)].node)
      } else {
        changeKeys(&members)
      }
      node.value = .object(members)
    case .array(var elements):
      if goesDeeper, !elements.isEmpty {
        change(&elements[Int.random(in: 0..<elements.count, using: &random)])
      } else {
        changeCount(&elements)
      }
      node.value = .array(elements)
    default: node.value = replacement(of: node.value)
    }
  }

  private mutating func changeKeys(_ members: inout [JSONMember]) {
    switch Int.random(in: 0..<5, using: &random) {
    case 0 where !members.isEmpty: members.remove(at: Int.random(in: 0..<members.count, using: &random))
    case 1 where !members.isEmpty:
      members[Int.random(in: 0..<members.count, using: &random)].name += "x"
    case 2: add("comment", .string("a remark"), to: &members)
    case 3: add(knownKeys.randomElement(using: &random) ?? "a", replacement(of: .null), to: &members)
    default: members.shuffle(using: &random)
    }
  }

  private let knownKeys = [
    "max_age_ms", "rate_hz", "noise", "calibration", "magnetometer", "priority", "policy", "publishing",
    "recording", "topics", "mounting", "plan", "baud", "group", "comment",
  ]

  private func add(_ key: String, _ value: JSONNode.Value, to members: inout [JSONMember]) {
    if members.contains(where: { $0.name == key }) { return }
    members.append(JSONMember(key, JSONNode(value)))
  }

  private mutating func changeCount(_ elements: inout [JSONNode]) {
    switch Int.random(in: 0..<3, using: &random) {
    case 0 where !elements.isEmpty:
      elements.remove(at: Int.random(in: 0..<elements.count, using: &random))
    case 1: elements.append(JSONNode(replacement(of: .null)))
    default: elements.shuffle(using: &random)
    }
  }

  private mutating func replacement(of value: JSONNode.Value) -> JSONNode.Value {
    switch (value, Int.random(in: 0..<8, using: &random)) {
    case (.integer, 0...4), (.number, 0...4):
      let numbers: [JSONNode.Value] = [
        .integer(0), .integer(1), .integer(-1), .integer(20), .integer(.max), .number(0.1), .number(0.0999),
        .number(20), .number(20.5), .number(1e9), .number(1e30), .number(-0.0), .integer(4800),
        .integer(65536), .integer(65535), .number(5), .number(180.000001), .integer(-20), .integer(1000),
      ]
      return numbers.randomElement(using: &random) ?? .null
    case (.string, 0...4):
      // A fresh name each time: repeated ones are beyond a schema.
      fresh += 1
      let strings = [
        "n\(fresh)", "n \(fresh)", "\(fresh)n", "", "udp", "can", "serial", "velodyne-vlp16", "xsens-mti",
        "é\(fresh)", String(repeating: "n", count: 60) + "\(fresh % 10_000)",
        String(repeating: "m", count: 61) + "\(fresh)",
      ]
      return .string(strings.randomElement(using: &random) ?? "")
    default:
      let values: [JSONNode.Value] = [
        .null, .boolean(true), .boolean(false), .integer(7), .number(7.5), .string("exact"), .array([]),
        .object([]), .array([JSONNode(.integer(1)), JSONNode(.integer(2)), JSONNode(.integer(3))]),
        .object([JSONMember("path", JSONNode(.string("a.mcap")))]),
      ]
      return values.randomElement(using: &random) ?? .null
    }
  }
}
