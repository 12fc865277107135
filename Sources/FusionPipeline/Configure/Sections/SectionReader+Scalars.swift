// Single values, and the wording of what is wrong with them.

extension SectionReader {
  static let nameHint = "use letters, digits, \"_\" and \"-\", starting with a letter or \"_\", at most 64"

  mutating func integer(
    _ shape: Shape, _ range: ClosedRange<Int>, _ unit: String?, _ node: JSONNode, _ path: SettingPath
  ) -> Settings.Value? {
    let integer: Int?
    switch node.value {
    case .integer(let number): integer = Int(exactly: number)
    // 1.0 and 1e3 are integers, for JSON Schema too.
    case .number(let number) where number == number.rounded(): integer = Int(exactly: number)
    default: return mistyped(shape, node, path)
    }
    if let integer, range.contains(integer) { return .integer(integer) }
    let limits = Shape.limits(range, unit)
    return outOfRange(node, unit, limits.isEmpty ? "an integer of 64 bits" : limits, path)
  }

  mutating func number(
    _ shape: Shape, _ range: ClosedRange<Double>, _ unit: String?, _ node: JSONNode,
    _ path: SettingPath
  ) -> Double? {
    let number: Double
    switch node.value {
    case .integer(let integer): number = Double(integer)
    case .number(let double): number = double
    default: return mistyped(shape, node, path)
    }
    if range.contains(number) { return number }
    return outOfRange(node, unit, Shape.limits(range, unit), path)
  }

  mutating func text(_ shape: Shape, _ node: JSONNode, _ path: SettingPath) -> Settings.Value? {
    guard case .string(let text) = node.value else { return mistyped(shape, node, path) }
    switch shape {
    case .string(let length):
      let count = text.unicodeScalars.count
      if !length.contains(count) {
        return refuse(
          node, path, "has \(count) character\(count == 1 ? "" : "s")",
          hint: "allowed: \(Shape.limits(length, nil))")
      }
    case .name where !Shape.isName(text):
      return refuse(node, path, "\(quoted(text)) is not a name", hint: Self.nameHint)
    case .path where text.isEmpty: return refuse(node, path, "the path is empty")
    case .path where text.utf8.contains(0): return refuse(node, path, "the path contains a NUL")
    case .choice(let choices) where !choices.contains(text):
      let meant = Spelling.nearest(to: text, among: choices)
      return refuse(
        node, path, "\(quoted(text)) is not known",
        hint: (meant.map { "did you mean \(quoted($0))? " } ?? "") + "allowed: \(Shape.listed(choices))")
    default: break
    }
    return .text(text)
  }

  // MARK: Wording

  mutating func refuse<T>(
    _ node: JSONNode, _ path: SettingPath, _ message: String, hint: String = ""
  ) -> T? {
    problems.add(ConfigurationProblem(at: node.position, path, message, hint: hint))
    return nil
  }

  mutating func mistyped<T>(_ shape: Shape, _ node: JSONNode, _ path: SettingPath) -> T? {
    refuse(
      node, path, "expected \(shape.expectation), found \(node.found)", hint: Self.hint(shape, node.value))
  }

  private static func hint(_ shape: Shape, _ value: JSONNode.Value) -> String {
    switch (shape, value) {
    case (_, .null): "leave the key out instead of null"
    case (.boolean, .string("true")), (.boolean, .string("false")): "write it without quotes"
    case (.integer, .string(let text)), (.number, .string(let text)):
      isNumber(text) ? "write it without quotes" : ""
    case (.list, .object), (.vector, .object): "a list is written in [ ]"
    case (.section, .array), (.union, .array), (.dictionary, .array): "an object is written in { }"
    default: ""
    }
  }

  private static func isNumber(_ text: String) -> Bool {
    guard text.utf8.count <= JSONParser.maximumNumberBytes, let node = try? JSONNode(parsing: text, file: "")
    else { return false }
    switch node.value {
    case .integer, .number: return true
    default: return false
    }
  }

  private mutating func outOfRange<T>(
    _ node: JSONNode, _ unit: String?, _ limits: String, _ path: SettingPath
  ) -> T? {
    let unit = unit.map { " \($0)" } ?? ""
    return refuse(node, path, "\(node.found)\(unit) is out of range", hint: "allowed: \(limits)")
  }

  mutating func missing(_ expectation: String, _ node: JSONNode, _ path: SettingPath) {
    problems.add(
      ConfigurationProblem(at: node.position, path, "is missing", hint: "required: \(expectation)"))
  }

  /// Reports a key that is not declared; returns the missing one it was meant to be, if it looks like one.
  mutating func unknown(
    _ member: JSONMember, _ path: SettingPath, _ missing: [String], _ known: [String]
  ) -> String? {
    if problems.isFull {
      problems.addOmitted()
      return nil
    }
    let meant = Spelling.nearest(to: member.name, among: missing)
    let hint: String
    if member.name.hasPrefix("//") || member.name.hasPrefix("#") {
      hint = "write a remark as a \"\(Self.commentKey)\" key"
    } else if let meant = meant ?? Spelling.nearest(to: member.name, among: known) {
      hint = "did you mean \(quoted(meant))?"
    } else if known.isEmpty {
      hint = "no keys are known here"
    } else {
      hint = "known keys: \(Shape.listed(known))"
    }
    problems.add(
      ConfigurationProblem(at: member.position, path.appending(member.name), "unknown key", hint: hint))
    return meant
  }
}
