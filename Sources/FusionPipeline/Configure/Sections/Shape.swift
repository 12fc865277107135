/// What a value must be: the part of a field's declaration that does not depend on its key.
///
/// Fields are made by the static functions of `Field`; lists and dictionaries take a shape for their elements.
public indirect enum Shape: Hashable, Sendable {
  case boolean
  case integer(range: ClosedRange<Int>, unit: String?)
  /// Bounds may be infinite: `0 ... .infinity`.
  case number(range: ClosedRange<Double>, unit: String?)
  /// The length counts Unicode scalars.
  case string(length: ClosedRange<Int>)
  /// What other parts of the configuration and `--set` refer to: letters, digits, `_` and `-`.
  case name
  /// A file's or folder's path: not empty, no NUL.
  case path
  case choice([String])
  case vector(count: Int, range: ClosedRange<Double>, unit: String?)
  case section(Section)
  case union(Union)
  /// `uniqueKey`: a key of the elements whose values must differ, as "name".
  case list(of: Shape, count: ClosedRange<Int>, uniqueKey: String?)
  /// An object whose keys the user chooses; each must be a name.
  case dictionary(of: Shape, count: ClosedRange<Int>)

  /// The pattern of `name`, for the schema; `isName` is the same in code.
  static let namePattern = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"

  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return false }
    return SettingPath.isPlain(text) && (first.isLetter || first == UInt8(ascii: "_"))
  }

  /// What an empty object or list can stand for when the key is missing, if its declaration accepts that.
  var emptyStandard: JSONNode.Value? {
    let empty: JSONNode.Value
    switch self {
    case .section, .dictionary: empty = .object([])
    case .list: empty = .array([])
    default: return nil
    }
    var reader = SectionReader()
    _ = reader.read(self, JSONNode(empty), SettingPath(), isGiven: false)
    return reader.problems.isEmpty ? empty : nil
  }

  var isObject: Bool {
    switch self {
    case .section, .union, .dictionary: true
    default: false
    }
  }

  /// For messages: `an integer, 1 to 65535`.
  var expectation: String {
    switch self {
    case .boolean: "true or false"
    case .integer(let range, let unit): "an integer" + Self.suffix(Self.limits(range, unit))
    case .number(let range, let unit): "a number" + Self.suffix(Self.limits(range, unit))
    case .string: "a string"
    case .name: "a name"
    case .path: "a path"
    case .choice(let choices): "one of " + Self.listed(choices)
    case .vector(let count, let range, let unit):
      "a list of \(count) numbers" + Self.suffix(Self.limits(range, unit))
    case .section, .union, .dictionary: "an object"
    case .list: "a list"
    }
  }

  private static func suffix(_ limits: String) -> String { limits.isEmpty ? "" : ", \(limits)" }

  /// `1 to 1000 ms`, `at least 0 m`, or nothing.
  static func limits(_ range: ClosedRange<Double>, _ unit: String?) -> String {
    let unit = unit.map { " \($0)" } ?? ""
    switch (range.lowerBound.isFinite, range.upperBound.isFinite) {
    case (true, true): return "\(plain(range.lowerBound)) to \(plain(range.upperBound))\(unit)"
    case (true, false): return "at least \(plain(range.lowerBound))\(unit)"
    case (false, true): return "at most \(plain(range.upperBound))\(unit)"
    case (false, false): return unit.isEmpty ? "" : "in\(unit)"
    }
  }

  static func limits(_ range: ClosedRange<Int>, _ unit: String?) -> String {
    let unit = unit.map { " \($0)" } ?? ""
    switch (range.lowerBound > .min, range.upperBound < .max) {
    case (true, true): return "\(range.lowerBound) to \(range.upperBound)\(unit)"
    case (true, false): return "at least \(range.lowerBound)\(unit)"
    case (false, true): return "at most \(range.upperBound)\(unit)"
    case (false, false): return unit.isEmpty ? "" : "in\(unit)"
    }
  }

  /// In quotes, with commas; beyond twenty it says how many more.
  static func listed(_ names: [String]) -> String {
    let shown = names.prefix(20).map(quoted).joined(separator: ", ")
    return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
  }
}
