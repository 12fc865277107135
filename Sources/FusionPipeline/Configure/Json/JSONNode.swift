/// A JSON value with the place where it stands, as the strict parser read it or as code made it.
public struct JSONNode: Hashable, Sendable {
  public enum Value: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number written without fraction and exponent that fits; exact.
    case integer(Int64)
    /// Any other number, rounded to the nearest double; always finite when parsed.
    case number(Double)
    case string(String)
    case array([JSONNode])
    /// In the order of the text; no two members have the same name when parsed.
    case object([JSONMember])
  }

  public var value: Value
  public var position: SourcePosition

  public init(_ value: Value, at position: SourcePosition = .nowhere) {
    self.value = value
    self.position = position
  }

  /// Parses a whole text strictly by RFC 8259; see `JSONParser` for its limits.
  ///
  /// - Parameter file: what problems call the text.
  /// - Throws: the first syntax problem, with its place.
  public init(parsing bytes: [UInt8], file: String) throws(ConfigurationProblem) {
    var parser = JSONParser(bytes, file: file)
    self = try parser.parseWhole()
  }

  public init(parsing text: String, file: String) throws(ConfigurationProblem) {
    try self.init(parsing: Array(text.utf8), file: file)
  }

  /// The member of that name, or nil when there is none or this is no object. Cost: linear.
  public subscript(name: String) -> JSONNode? {
    guard case .object(let members) = value else { return nil }
    return members.first { $0.name == name }?.node
  }

  /// The text of a string, else nil.
  public var text: String? {
    guard case .string(let text) = value else { return nil }
    return text
  }
}

/// One `"name": value` of an object; `position` is the name's.
public struct JSONMember: Hashable, Sendable {
  public var name: String
  public var position: SourcePosition
  public var node: JSONNode

  public init(_ name: String, _ node: JSONNode, at position: SourcePosition = .nowhere) {
    self.name = name
    self.node = node
    self.position = position
  }
}

extension JSONNode {
  /// What a problem says was found: `the string "50"`, `a list`.
  var found: String {
    switch value {
    case .null: "null"
    case .boolean(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let number): plain(number)
    case .string(let text): "the string \(quoted(text))"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// A number as a person writes it: 50 rather than 50.0.
func plain(_ number: Double) -> String {
  abs(number) < 1e15 ? Int64(exactly: number).map(String.init) ?? "\(number)" : "\(number)"
}
