/// One mistake in a configuration: where it is, what is wrong, and what to do about it.
///
/// Prints as `path:line:column: key.path: message (hint)`, the form editors and terminals can follow.
public struct ConfigurationProblem: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var column: Int
  /// Empty for the root.
  public var keyPath: String
  public var message: String
  /// What to do; empty when the message says it all.
  public var hint: String

  public init(at position: SourcePosition, keyPath: String, message: String, hint: String = "") {
    file = position.file
    line = position.line
    column = position.column
    self.keyPath = keyPath
    self.message = message
    self.hint = hint
  }

  public init(at position: SourcePosition, _ path: SettingPath, _ message: String, hint: String = "") {
    self.init(at: position, keyPath: path.description, message: message, hint: hint)
  }

  public var position: SourcePosition { SourcePosition(file: file, line: line, column: column) }

  public var description: String {
    let place = keyPath.isEmpty ? "\(position): " : "\(position): \(keyPath): "
    return hint.isEmpty ? place + message : "\(place)\(message) (\(hint))"
  }
}

/// Every problem of a configuration, so that one run of `fusiond check` shows them all.
///
/// The same problem is kept once. Beyond `limit` further ones are only counted: a file of a million wrong
/// values must not become a million lines.
public struct Problems: Error, Sendable, CustomStringConvertible {
  public static let limit = 200

  private var kept: Set<ConfigurationProblem> = []
  /// Problems found beyond `limit`.
  public private(set) var omittedCount = 0

  public init() {}
  public init(_ problem: ConfigurationProblem) { add(problem) }

  public var isEmpty: Bool { kept.isEmpty }
  /// All that were found, those omitted from `sorted` included.
  public var count: Int { kept.count + omittedCount }

  public mutating func add(_ problem: ConfigurationProblem) {
    if kept.contains(problem) { return }
    if isFull { omittedCount += 1 } else { kept.insert(problem) }
  }

  /// From here on problems need no words.
  var isFull: Bool { kept.count >= Self.limit }

  mutating func addOmitted() { omittedCount += 1 }

  /// By file, line and column; at one place by key path.
  public var sorted: [ConfigurationProblem] {
    kept.sorted { ($0.position, $0.keyPath, $0.message) < ($1.position, $1.keyPath, $1.message) }
  }

  /// One problem a line.
  public var description: String {
    var lines = sorted.map(\.description)
    if omittedCount > 0 { lines.append("and \(omittedCount) more") }
    return lines.joined(separator: "\n")
  }
}
