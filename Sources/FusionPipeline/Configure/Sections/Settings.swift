/// The values of one section after reading: complete, in range, and of the declared types.
///
/// Asking for a key that its section does not declare, or as another type, is a mistake in the program and
/// traps. Values keep their places, so a later check can report there: `settings.problem("rate_hz", …)`.
/// Not for the frame's path: take the numbers out at start.
public struct Settings: Hashable, Sendable {
  indirect enum Value: Hashable, Sendable {
    case absent
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case vector([Double])
    case section(Settings)
    case list([Entry])
    case dictionary([NamedEntry])
  }

  struct Entry: Hashable, Sendable {
    var value: Value
    var path: SettingPath
    var position: SourcePosition
    var isGiven: Bool
  }

  struct NamedEntry: Hashable, Sendable {
    var name: String
    var entry: Entry
  }

  /// The section it was read by; for a union, the tag's value, as "velodyne-vlp16".
  public let variant: String
  public let keyPath: SettingPath
  /// Of the object, or of the object around it when it was missing.
  public let position: SourcePosition
  /// The union's tag, for writing.
  let tag: String?
  /// One for each declared field, in the declaration's order.
  let entries: [NamedEntry]
  private let indexOfKey: [String: Int]

  init(
    variant: String, tag: String?, keyPath: SettingPath, position: SourcePosition, entries: [NamedEntry]
  ) {
    self.variant = variant
    self.tag = tag
    self.keyPath = keyPath
    self.position = position
    self.entries = entries
    indexOfKey = Dictionary(
      entries.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  func entry(_ key: String) -> Entry {
    guard let index = indexOfKey[key] else {
      preconditionFailure("section \"\(variant)\" declares no key \"\(key)\"")
    }
    return entries[index].entry
  }

  // MARK: Typed values

  public func boolean(_ key: String) -> Bool {
    guard case .boolean(let flag) = entry(key).value else { mistyped(key, "boolean") }
    return flag
  }

  public func integer(_ key: String) -> Int {
    guard case .integer(let number) = entry(key).value else { mistyped(key, "integer") }
    return number
  }

  public func number(_ key: String) -> Double {
    guard case .number(let number) = entry(key).value else { mistyped(key, "number") }
    return number
  }

  /// Of a string, a name, a path as it was written, or a choice.
  public func string(_ key: String) -> String {
    guard case .text(let text) = entry(key).value else { mistyped(key, "string") }
    return text
  }

  /// A path as the program opens it: one written in a configuration file counts from that file's folder, one
  /// given with `--set` or by default from the working directory.
  public func path(_ key: String) -> String { Self.resolved(string(key), entry(key)) }

  public func choice<Choice: RawRepresentable<String>>(_ key: String, as type: Choice.Type) -> Choice {
    guard let choice = Choice(rawValue: string(key)) else { mistyped(key, "\(type)") }
    return choice
  }

  public func vector(_ key: String) -> [Double] {
    guard case .vector(let numbers) = entry(key).value else { mistyped(key, "vector") }
    return numbers
  }

  /// Of a nested section or union.
  public func section(_ key: String) -> Settings {
    guard case .section(let settings) = entry(key).value else { mistyped(key, "section") }
    return settings
  }

  // MARK: Optional values

  public func optionalBoolean(_ key: String) -> Bool? { isAbsent(key) ? nil : boolean(key) }
  public func optionalInteger(_ key: String) -> Int? { isAbsent(key) ? nil : integer(key) }
  public func optionalNumber(_ key: String) -> Double? { isAbsent(key) ? nil : number(key) }
  public func optionalString(_ key: String) -> String? { isAbsent(key) ? nil : string(key) }
  public func optionalPath(_ key: String) -> String? { isAbsent(key) ? nil : path(key) }
  public func optionalVector(_ key: String) -> [Double]? { isAbsent(key) ? nil : vector(key) }
  public func optionalSection(_ key: String) -> Settings? { isAbsent(key) ? nil : section(key) }
  public func optionalChoice<Choice: RawRepresentable<String>>(
    _ key: String, as type: Choice.Type
  ) -> Choice? { isAbsent(key) ? nil : choice(key, as: type) }

  /// False when the value is a default or absent.
  public func isGiven(_ key: String) -> Bool { entry(key).isGiven }

  // MARK: Lists and dictionaries; empty when absent

  public func sections(_ key: String) -> [Settings] { elements(key).map(section) }
  public func strings(_ key: String) -> [String] { elements(key).map(text) }
  public func integers(_ key: String) -> [Int] {
    elements(key).map {
      if case .integer(let number) = $0.value { number } else { mistyped(key, "integers") }
    }
  }
  public func numbers(_ key: String) -> [Double] {
    elements(key).map { if case .number(let number) = $0.value { number } else { mistyped(key, "numbers") } }
  }
  public func vectors(_ key: String) -> [[Double]] {
    elements(key).map {
      if case .vector(let numbers) = $0.value { numbers } else { mistyped(key, "vectors") }
    }
  }

  /// In the order of the text.
  public func namedSections(_ key: String) -> [(name: String, settings: Settings)] {
    namedElements(key).map { ($0.name, section($0.entry)) }
  }
  public func namedStrings(_ key: String) -> [(name: String, string: String)] {
    namedElements(key).map { ($0.name, text($0.entry)) }
  }
  public func namedNumbers(_ key: String) -> [(name: String, number: Double)] {
    namedElements(key).map {
      guard case .number(let number) = $0.entry.value else { mistyped(key, "numbers") }
      return ($0.name, number)
    }
  }

  private func elements(_ key: String) -> [Entry] {
    switch entry(key).value {
    case .absent: []
    case .list(let elements): elements
    default: mistyped(key, "list")
    }
  }

  private func namedElements(_ key: String) -> [NamedEntry] {
    switch entry(key).value {
    case .absent: []
    case .dictionary(let elements): elements
    default: mistyped(key, "dictionary")
    }
  }

  private func section(_ entry: Entry) -> Settings {
    guard case .section(let settings) = entry.value else { mistyped("\(entry.path)", "section") }
    return settings
  }

  private func text(_ entry: Entry) -> String {
    guard case .text(let text) = entry.value else { mistyped("\(entry.path)", "string") }
    return text
  }

  private func isAbsent(_ key: String) -> Bool { entry(key).value == .absent }

  private func mistyped(_ key: String, _ asked: String) -> Never {
    preconditionFailure("section \"\(variant)\" declares \"\(key)\" as something other than \(asked)")
  }

  private static func resolved(_ path: String, _ entry: Entry) -> String {
    let file = entry.position.file
    guard entry.isGiven, !path.hasPrefix("/"), !file.hasPrefix(SettingOverride.fileLabel),
      let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    else { return path }
    return file[...slash] + path
  }
}

extension Settings {
  /// A problem at a value's place, for checks that see more than one value; at the object when it has none.
  public func problem(_ key: String, _ message: String, hint: String = "") -> ConfigurationProblem {
    let entry = entry(key)
    return ConfigurationProblem(at: entry.position, entry.path, message, hint: hint)
  }

  /// A problem at an element of a list.
  public func problem(
    _ key: String, element index: Int, _ message: String, hint: String = ""
  ) -> ConfigurationProblem {
    let elements = elements(key)
    guard elements.indices.contains(index) else { return problem(key, message, hint: hint) }
    return ConfigurationProblem(
      at: elements[index].position, elements[index].path, message, hint: hint)
  }

  /// A problem of the object as a whole.
  public func problem(_ message: String, hint: String = "") -> ConfigurationProblem {
    ConfigurationProblem(at: position, keyPath, message, hint: hint)
  }
}

/// Writes the effective configuration: every value, defaults included, absent ones left out. Read again, it
/// gives the same values.
extension Settings: JSONWritable {
  public func write(to writer: inout JSONWriter) {
    writer.object {
      if let tag { $0.member(tag, variant) }
      for named in entries where named.entry.value != .absent { $0.member(named.name, named.entry.value) }
    }
  }
}

extension Settings.Value: JSONWritable {
  func write(to writer: inout JSONWriter) {
    switch self {
    case .absent: writer.null()
    case .boolean(let flag): writer.value(flag)
    case .integer(let number): writer.value(number)
    case .number(let number): writer.value(number)
    case .text(let text): writer.value(text)
    case .vector(let numbers): writer.value(numbers)
    case .section(let settings): writer.value(settings)
    case .list(let elements): writer.array { for element in elements { $0.value(element.value) } }
    case .dictionary(let elements):
      writer.object { for element in elements { $0.member(element.name, element.entry.value) } }
    }
  }
}
