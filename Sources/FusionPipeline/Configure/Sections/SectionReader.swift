/// Reads a tree of nodes by its declaration and collects every problem on the way.
///
/// One mistake gives one problem: a mistyped key is not also reported as missing, and an object with an
/// unknown tag is not held against the keys of every variant.
struct SectionReader {
  static let commentKey = "comment"

  var problems = Problems()

  /// The value, or nil when it or anything in it is wrong.
  mutating func read(
    _ shape: Shape, _ node: JSONNode, _ path: SettingPath, isGiven: Bool
  ) -> Settings.Value? {
    switch shape {
    case .boolean:
      guard case .boolean(let flag) = node.value else { return mistyped(shape, node, path) }
      return .boolean(flag)
    case .integer(let range, let unit): return integer(shape, range, unit, node, path)
    case .number(let range, let unit):
      return number(shape, range, unit, node, path).map(Settings.Value.number)
    case .string, .name, .path, .choice: return text(shape, node, path)
    case .vector(let count, let range, let unit):
      guard case .array(let elements) = node.value else { return mistyped(shape, node, path) }
      if elements.count != count {
        return refuse(node, path, "has \(elements.count) elements", hint: "expected: \(shape.expectation)")
      }
      let element = Shape.number(range: range, unit: unit)
      let numbers = elements.enumerated().map {
        number(element, range, unit, $0.element, path.appending($0.offset))
      }
      let valid = numbers.compactMap { $0 }
      return valid.count == count ? .vector(valid) : nil
    case .section(let section):
      return object(
        section.name, section.fields, tag: nil, node, path, isGiven: isGiven
      ).map(Settings.Value.section)
    case .union(let union): return variant(union, node, path, isGiven).map(Settings.Value.section)
    case .list(let element, let count, let uniqueKey):
      return list(shape, element, count, uniqueKey, node, path, isGiven)
    case .dictionary(let element, let count):
      return dictionary(shape, element, count, node, path, isGiven)
    }
  }

  // MARK: Objects

  /// - Parameter ignoresUnknown: for an object whose variant is not known.
  mutating func object(
    _ name: String, _ fields: [Field], tag: String?, _ node: JSONNode, _ path: SettingPath,
    isGiven: Bool, ignoresUnknown: Bool = false
  ) -> Settings? {
    guard case .object(let members) = node.value else {
      return mistyped(.section(Section(name, doc: "", fields: [])), node, path)
    }
    let countBefore = problems.count
    let written = Set(members.map(\.name))
    let unwritten = fields.map(\.key).filter { !written.contains($0) }
    let indexOfKey = Dictionary(
      fields.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var entries = [Settings.Entry?](repeating: nil, count: fields.count)
    var isWritten = [Bool](repeating: false, count: fields.count)
    for member in members where member.name != tag {
      if member.name == Self.commentKey {
        checkComment(member, path)
      } else if let index = indexOfKey[member.name] {
        isWritten[index] = true
        entries[index] = entry(
          fields[index].shape, member.node, path.appending(member.name), isGiven: isGiven)
      } else if !ignoresUnknown {
        let meant = unknown(member, path, unwritten, fields.map(\.key))
        if let index = meant.flatMap({ indexOfKey[$0] }) { isWritten[index] = true }
      }
    }
    for (index, field) in fields.enumerated() where !isWritten[index] {
      let path = path.appending(field.key)
      switch field.presence {
      case .optional:
        entries[index] = Settings.Entry(
          value: .absent, path: path, position: node.position, isGiven: false)
      case .standard(let standard):
        let placed = JSONNode(standard.value, at: node.position)
        entries[index] = entry(field.shape, placed, path, isGiven: false)
      case .required:
        if !ignoresUnknown { missing(field.shape.expectation, node, path) }
      }
    }
    guard problems.count == countBefore else { return nil }
    return Settings(
      variant: name, tag: tag, keyPath: path, position: node.position,
      entries: zip(fields, entries).compactMap { field, entry in
        entry.map { Settings.NamedEntry(name: field.key, entry: $0) }
      })
  }

  private mutating func variant(
    _ union: Union, _ node: JSONNode, _ path: SettingPath, _ isGiven: Bool
  ) -> Settings? {
    guard case .object(let members) = node.value else {
      return mistyped(.union(union), node, path)
    }
    let names = union.variants.map(\.name)
    if let tagNode = node[union.tag] {
      if let text = tagNode.text, let variant = union.variants.first(where: { $0.name == text }) {
        let complete = union.complete(variant)
        return object(complete.name, complete.fields, tag: union.tag, node, path, isGiven: isGiven)
      }
      _ = self.text(.choice(names), tagNode, path.appending(union.tag))
    } else {
      let known = Set(union.variants.flatMap { $0.fields.map(\.key) } + union.common.map(\.key))
      let others = members.filter { !known.contains($0.name) && $0.name != Self.commentKey }
      if let mistyped = others.first(where: {
        Spelling.nearest(to: $0.name, among: [union.tag]) != nil
      }) {
        _ = unknown(mistyped, path, [union.tag], [union.tag])
      } else {
        missing(Shape.choice(names).expectation, node, path.appending(union.tag))
      }
    }
    _ = object(
      union.name, union.invariable, tag: union.tag, node, path, isGiven: isGiven, ignoresUnknown: true)
    return nil
  }

  private mutating func dictionary(
    _ shape: Shape, _ element: Shape, _ count: ClosedRange<Int>, _ node: JSONNode,
    _ path: SettingPath, _ isGiven: Bool
  ) -> Settings.Value? {
    guard case .object(let members) = node.value else { return mistyped(shape, node, path) }
    let countBefore = problems.count
    var entries: [Settings.NamedEntry] = []
    for member in members {
      if member.name == Self.commentKey {
        checkComment(member, path)
        continue
      }
      let memberPath = path.appending(member.name)
      if !Shape.isName(member.name) {
        problems.add(
          ConfigurationProblem(
            at: member.position, memberPath, "\(quoted(member.name)) is not a name", hint: Self.nameHint))
      }
      if let entry = entry(element, member.node, memberPath, isGiven: isGiven) {
        entries.append(Settings.NamedEntry(name: member.name, entry: entry))
      }
    }
    let given = members.count { $0.name != Self.commentKey }
    checkCount(given, count, "entries", node, path)
    return problems.count == countBefore ? .dictionary(entries) : nil
  }

  private mutating func list(
    _ shape: Shape, _ element: Shape, _ count: ClosedRange<Int>, _ uniqueKey: String?,
    _ node: JSONNode, _ path: SettingPath, _ isGiven: Bool
  ) -> Settings.Value? {
    guard case .array(let nodes) = node.value else { return mistyped(shape, node, path) }
    let countBefore = problems.count
    checkCount(nodes.count, count, "elements", node, path)
    let labels = Self.labels(of: nodes)
    var entries: [Settings.Entry] = []
    var firstUse: [String: SourcePosition] = [:]
    for (index, node) in nodes.enumerated() {
      let elementPath = labels[index].map(path.appending) ?? path.appending(index)
      if let entry = entry(element, node, elementPath, isGiven: isGiven) { entries.append(entry) }
      guard let uniqueKey, let value = node[uniqueKey], let text = value.text else { continue }
      if let first = firstUse.updateValue(value.position, forKey: text) {
        firstUse[text] = first
        problems.add(
          ConfigurationProblem(
            at: value.position, elementPath.appending(uniqueKey), "\(quoted(text)) is used twice",
            hint: "first at line \(first.line)"))
      }
    }
    return problems.count == countBefore ? .list(entries) : nil
  }

  /// The names that elements go by in key paths; nil where an element has none of its own.
  static func labels(of nodes: [JSONNode]) -> [String?] {
    let names = nodes.map { node in node["name"]?.text.flatMap { Shape.isName($0) ? $0 : nil } }
    var uses: [String: Int] = [:]
    for case .some(let name) in names { uses[name, default: 0] += 1 }
    return names.map { name in name.flatMap { uses[$0] == 1 ? $0 : nil } }
  }

  private mutating func entry(
    _ shape: Shape, _ node: JSONNode, _ path: SettingPath, isGiven: Bool
  ) -> Settings.Entry? {
    read(shape, node, path, isGiven: isGiven).map {
      Settings.Entry(value: $0, path: path, position: node.position, isGiven: isGiven)
    }
  }

  private mutating func checkComment(_ member: JSONMember, _ path: SettingPath) {
    guard member.node.text == nil else { return }
    let _: Never? = mistyped(.string(length: 0...0), member.node, path.appending(member.name))
  }

  private mutating func checkCount(
    _ count: Int, _ allowed: ClosedRange<Int>, _ what: String, _ node: JSONNode, _ path: SettingPath
  ) {
    if allowed.contains(count) { return }
    let noun = count == 1 ? (what == "entries" ? "entry" : "element") : what
    problems.add(
      ConfigurationProblem(
        at: node.position, path, "has \(count) \(noun)", hint: "allowed: \(Shape.limits(allowed, nil))"))
  }
}
