/// A strict RFC 8259 parser: whatever the bytes, it gives a tree of positioned nodes or one problem.
///
/// Refused beyond the grammar: a byte order mark, names that repeat within an object (compared as
/// characters, so two spellings of "é" count as one), numbers beyond a double's range, nesting deeper than
/// `maximumDepth`, texts longer than `maximumBytes` and numbers longer than `maximumNumberBytes`.
/// Cost: linear in the text.
struct JSONParser {
  static let maximumBytes = 8 << 20
  static let maximumDepth = 64
  static let maximumNumberBytes = 512

  let bytes: [UInt8]
  let file: String
  var offset = 0
  private var depth = 0
  private var path = SettingPath()

  // Positions are asked for in rising order, so each byte is counted once.
  private let startColumn: Int
  private var counted = 0
  private var line = 1
  private var column: Int

  /// - Parameter startColumn: the first byte's column, where the text is the tail of an argument.
  init(_ bytes: [UInt8], file: String, startColumn: Int = 1) {
    self.bytes = bytes
    self.file = file
    self.startColumn = startColumn
    column = startColumn
  }

  mutating func parseWhole() throws(ConfigurationProblem) -> JSONNode {
    if bytes.count > Self.maximumBytes {
      throw problem(
        at: 0, "the text has \(bytes.count) bytes", hint: "at most \(Self.maximumBytes) are read")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw problem(
        at: 0, "the text starts with a byte order mark", hint: "save it as UTF-8 without one")
    }
    skipSpace()
    if offset == bytes.count { throw problem(at: offset, "the text is empty") }
    let root = try parseValue()
    skipSpace()
    if offset < bytes.count {
      throw problem(at: offset, "\(found(at: offset)) after the end of the value", hint: commentHint)
    }
    return root
  }

  private mutating func parseValue() throws(ConfigurationProblem) -> JSONNode {
    let position = position(at: offset)
    switch peek ?? 0 {
    case UInt8(ascii: "{"): return JSONNode(.object(try parseObject(position)), at: position)
    case UInt8(ascii: "["): return JSONNode(.array(try parseArray(position)), at: position)
    case UInt8(ascii: "\""): return JSONNode(.string(try parseString()), at: position)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return JSONNode(try parseNumber(), at: position)
    default: break
    }
    for (word, value) in Self.words where bytes[offset...].starts(with: word.utf8) {
      let end = offset + word.utf8.count
      if end < bytes.count, bytes[end].isNameByte { break }
      offset = end
      return JSONNode(value, at: position)
    }
    throw problem(at: offset, "expected a value, found \(found(at: offset))", hint: valueHint)
  }

  private static let words: [(String, JSONNode.Value)] = [
    ("true", .boolean(true)), ("false", .boolean(false)), ("null", .null),
  ]

  private mutating func parseArray(
    _ opening: SourcePosition
  ) throws(ConfigurationProblem) -> [JSONNode] {
    try enter()
    var elements: [JSONNode] = []
    skipSpace()
    if !take("]") {
      repeat {
        let comma = offset - 1
        skipSpace()
        if offset == bytes.count { throw unclosed("]", "a list", opening) }
        if !elements.isEmpty, peek == UInt8(ascii: "]") {
          throw problem(at: comma, "a comma before \"]\"", hint: "remove it")
        }
        path.parts.append(.index(elements.count))
        elements.append(try parseValue())
        path.parts.removeLast()
        skipSpace()
      } while take(",")
      if !take("]") { throw unclosed("]", "a list", opening) }
    }
    depth -= 1
    return elements
  }

  private mutating func parseObject(
    _ opening: SourcePosition
  ) throws(ConfigurationProblem) -> [JSONMember] {
    try enter()
    var members: [JSONMember] = []
    var names: Set<String> = []
    skipSpace()
    if !take("}") {
      repeat {
        let comma = offset - 1
        skipSpace()
        if offset == bytes.count { throw unclosed("}", "an object", opening) }
        if !members.isEmpty, peek == UInt8(ascii: "}") {
          throw problem(at: comma, "a comma before \"}\"", hint: "remove it")
        }
        let position = position(at: offset)
        if peek != UInt8(ascii: "\"") {
          throw problem(at: offset, "expected a key, found \(found(at: offset))", hint: keyHint)
        }
        let name = try parseString()
        path.parts.append(.key(name))
        if !names.insert(name).inserted {
          throw problem(at: position, "the key stands twice in this object", hint: "remove one")
        }
        skipSpace()
        if !take(":") {
          throw problem(at: offset, "expected \":\" after the key, found \(found(at: offset))")
        }
        skipSpace()
        members.append(JSONMember(name, try parseValue(), at: position))
        path.parts.removeLast()
        skipSpace()
      } while take(",")
      if !take("}") { throw unclosed("}", "an object", opening) }
    }
    depth -= 1
    return members
  }

  private mutating func enter() throws(ConfigurationProblem) {
    depth += 1
    if depth > Self.maximumDepth {
      throw problem(at: offset, "nested deeper than \(Self.maximumDepth) levels")
    }
    offset += 1
  }

  // MARK: Bytes

  var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return
      }
    }
  }

  // MARK: Problems

  mutating func position(at target: Int) -> SourcePosition {
    if target < counted { (counted, line, column) = (0, 1, startColumn) }
    while counted < target {
      let byte = bytes[counted]
      counted += 1
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return SourcePosition(file: file, line: line, column: column)
  }

  mutating func problem(at target: Int, _ message: String, hint: String = "") -> ConfigurationProblem {
    problem(at: position(at: target), message, hint: hint)
  }

  private func problem(
    at position: SourcePosition, _ message: String, hint: String
  ) -> ConfigurationProblem {
    ConfigurationProblem(at: position, path, message, hint: hint)
  }

  private mutating func unclosed(
    _ bracket: String, _ what: String, _ opening: SourcePosition
  ) -> ConfigurationProblem {
    if offset >= bytes.count {
      return problem(
        at: offset, "the text ends inside \(what)",
        hint: "its \"\(bracket)\" is missing; it starts at \(opening.line):\(opening.column)")
    }
    let starts = "\"{[-0123456789tfn".utf8
    return problem(
      at: offset, "expected \",\" or \"\(bracket)\", found \(found(at: offset))",
      hint: peek.map(starts.contains) == true ? "a comma is missing before it" : commentHint)
  }
}
