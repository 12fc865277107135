/// One `--set path.to.key=value`: a value that replaces another before the configuration is checked.
///
/// The value is read as JSON; what is no JSON is taken as a string, so `--set log.path=/tmp/a.mcap` needs no
/// quotes. A list's element is picked by its "name" or its index: `sensors.front_lidar.rate_hz=20`.
public struct SettingOverride: Hashable, Sendable {
  /// What problems call the argument, with its key path behind.
  static let fileLabel = "--set "

  let parts: [PlacedPart]
  public let value: JSONNode

  struct PlacedPart: Hashable, Sendable {
    var part: SettingPath.Part
    var position: SourcePosition
    var label: String {
      switch part {
      case .key(let key): quoted(key)
      case .index(let index): "index \(index)"
      }
    }
  }

  public var path: SettingPath { SettingPath(parts.map(\.part)) }

  /// - Parameter text: `path.to.key=value`.
  public init(_ text: String) throws(ConfigurationProblem) {
    let bytes = Array(text.utf8)
    guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else {
      let start = SourcePosition(file: Self.fileLabel + text, line: 1, column: 1)
      throw ConfigurationProblem(
        at: start, SettingPath(), "has no \"=\"", hint: "write --set path.to.key=value")
    }
    let pathText = String(decoding: bytes[..<equals], as: UTF8.self)
    let file = Self.fileLabel + pathText
    parts = try Self.parse(pathText, file: file)
    let valueText = Array(bytes[(equals + 1)...])
    let column = pathText.unicodeScalars.count + 2
    var parser = JSONParser(valueText, file: file, startColumn: column)
    do {
      value = try parser.parseWhole()
    } catch {
      value = JSONNode(
        .string(String(decoding: valueText, as: UTF8.self)),
        at: SourcePosition(file: file, line: 1, column: column))
    }
  }

  private static func parse(
    _ text: String, file: String
  ) throws(ConfigurationProblem) -> [PlacedPart] {
    let scalars = Array(text.unicodeScalars)
    var parts: [PlacedPart] = []
    var index = 0
    func position(_ index: Int) -> SourcePosition {
      SourcePosition(file: file, line: 1, column: index + 1)
    }
    func wrong(_ index: Int, _ message: String) -> ConfigurationProblem {
      ConfigurationProblem(
        at: position(index), SettingPath(), message,
        hint: "write --set path.to.key=value, an element as sensors.NAME or sensors[0]")
    }
    while index < scalars.count || parts.isEmpty {
      let start = index
      if index < scalars.count, scalars[index] == "[" {
        guard let end = scalars[index...].firstIndex(of: "]") else {
          throw wrong(index, "\"[\" has no \"]\"")
        }
        var inside = String.UnicodeScalarView()
        inside.append(contentsOf: scalars[index + 1..<end])
        let content = String(inside)
        if let element = Int(content), element >= 0 {
          parts.append(PlacedPart(part: .index(element), position: position(start)))
        } else if let key = (try? JSONNode(parsing: content, file: ""))?.text {
          parts.append(PlacedPart(part: .key(key), position: position(start)))
        } else {
          throw wrong(index, "\"[\(content)]\" is neither an index nor a quoted key")
        }
        index = end + 1
        if index < scalars.count, scalars[index] != ".", scalars[index] != "[" {
          throw wrong(index, "expected \".\" behind \"]\"")
        }
      } else {
        while index < scalars.count, scalars[index] != ".", scalars[index] != "[" { index += 1 }
        if index == start { throw wrong(index, "a part of the path is empty") }
        var key = String.UnicodeScalarView()
        key.append(contentsOf: scalars[start..<index])
        parts.append(PlacedPart(part: .key(String(key)), position: position(start)))
      }
      if index < scalars.count, scalars[index] == "." {
        index += 1
        if index == scalars.count { throw wrong(index, "the path ends with \".\"") }
        if scalars[index] == "[" { throw wrong(index, "a part of the path is empty") }
      }
    }
    return parts
  }
}

extension JSONNode {
  /// Replaces, or creates as a new key of an existing object, the value at the override's path.
  ///
  /// - Parameter declaration: with it, objects the declaration knows need not be in the text: setting
  ///   `publishing.endpoint` works though "publishing" was left out.
  /// - Throws: a problem that names the part of the path that does not exist.
  public mutating func apply(
    _ override: SettingOverride, declaredBy declaration: Section? = nil
  ) throws(ConfigurationProblem) {
    try set(override, 0, declaration.map(Shape.section))
  }

  private mutating func set(
    _ override: SettingOverride, _ depth: Int, _ shape: Shape?
  ) throws(ConfigurationProblem) {
    guard depth < override.parts.count else {
      value = override.value.value
      position = override.value.position
      return
    }
    let placed = override.parts[depth]
    let isLast = depth == override.parts.count - 1
    func problem(_ message: String, hint: String) -> ConfigurationProblem {
      ConfigurationProblem(
        at: placed.position, SettingPath(override.parts[...depth].map(\.part)), message, hint: hint)
    }
    switch (value, placed.part) {
    case (.object(var members), .key(let key)):
      let inner = shape?.member(key, of: self)
      if let index = members.firstIndex(where: { $0.name == key }) {
        try members[index].node.set(override, depth + 1, inner)
      } else if isLast || inner?.isObject == true {
        var node = JSONNode(.object([]), at: placed.position)
        try node.set(override, depth + 1, inner)
        members.append(JSONMember(key, node, at: placed.position))
      } else {
        throw problem(
          "no key \(quoted(key)) here", hint: Self.alternatives(key, members.map(\.name)))
      }
      value = .object(members)
    case (.array(var elements), let part):
      let labels = SectionReader.labels(of: elements)
      guard let index = Self.index(of: part, in: labels) else {
        let hint =
          switch part {
          case .key(let key) where Int(key) == nil:
            Self.alternatives(key, labels.enumerated().map { $0.element ?? String($0.offset) })
          default:
            elements.isEmpty ? "the list is empty" : "the list has the indices 0 to \(elements.count - 1)"
          }
        throw problem("no element \(placed.label) in this list", hint: hint)
      }
      try elements[index].set(override, depth + 1, shape?.element)
      value = .array(elements)
    case (.object, .index): throw problem("an index, but an object is here", hint: "give a key")
    default:
      throw problem("there is nothing to set inside \(found)", hint: "shorten the path")
    }
  }

  private static func index(of part: SettingPath.Part, in labels: [String?]) -> Int? {
    switch part {
    case .index(let index): labels.indices.contains(index) ? index : nil
    case .key(let key):
      labels.firstIndex(of: key) ?? Int(key).flatMap { labels.indices.contains($0) ? $0 : nil }
    }
  }

  private static func alternatives(_ word: String, _ known: [String]) -> String {
    if let meant = Spelling.nearest(to: word, among: known) { return "did you mean \(quoted(meant))?" }
    return known.isEmpty ? "it is empty" : "there are: \(Shape.listed(known))"
  }
}

extension Shape {
  /// What the declaration says of a key of `node`, as far as it can be told.
  fileprivate func member(_ key: String, of node: JSONNode) -> Shape? {
    switch self {
    case .section(let section): return section.fields.first { $0.key == key }?.shape
    case .dictionary(let element, _): return element
    case .union(let union):
      let tag = node[union.tag]?.text
      let variant = union.variants.first { $0.name == tag }
      let fields = variant.map { union.complete($0).fields } ?? union.invariable
      return fields.first { $0.key == key }?.shape
    default: return nil
    }
  }

  fileprivate var element: Shape? {
    guard case .list(let element, _, _) = self else { return nil }
    return element
  }
}
