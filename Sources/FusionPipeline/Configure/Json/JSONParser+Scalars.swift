// Strings, numbers, and how problems name what stands at a place.

extension JSONParser {
  /// From the opening quote to behind the closing one.
  mutating func parseString() throws(ConfigurationProblem) -> String {
    let opening = offset
    offset += 1
    var text: [UInt8] = []
    var copied = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        text.append(contentsOf: bytes[copied..<offset])
        offset += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text.append(contentsOf: bytes[copied..<offset])
        text.append(contentsOf: String(Character(try parseEscape())).utf8)
        copied = offset
      case 0x0A, 0x0D:
        throw problem(
          at: opening, "the string does not end on its line", hint: "its closing quote is missing")
      case 0..<0x20:
        throw problem(
          at: offset, "a control character (\(hexadecimal(bytes[offset]))) in a string",
          hint: "write it as an escape, like \\t or \\u0001")
      case 0..<0x80: offset += 1
      default:
        guard let length = lengthOfUTF8(at: offset) else {
          throw problem(
            at: offset, "\(hexadecimal(bytes[offset])) is not valid UTF-8", hint: "save the text as UTF-8")
        }
        offset += length
      }
    }
    throw problem(at: opening, "the text ends inside a string", hint: "its closing quote is missing")
  }

  private mutating func parseEscape() throws(ConfigurationProblem) -> Unicode.Scalar {
    let start = offset
    offset += 1
    let letter = peek
    offset += 1
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try parseUnicodeEscape(start)
    default:
      throw problem(
        at: start, "no such escape in a string",
        hint: "known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; a backslash itself is \\\\")
    }
  }

  private mutating func parseUnicodeEscape(
    _ start: Int
  ) throws(ConfigurationProblem) -> Unicode.Scalar {
    let first = try parseFourDigits(start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, take("\\") {
      if take("u") {
        let second = try parseFourDigits(start)
        if (0xDC00...0xDFFF).contains(second),
          let scalar = Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF))
        {
          return scalar
        }
      }
    }
    throw problem(
      at: start, "half of a surrogate pair in a string",
      hint: "write both halves, \\uD8xx to \\uDBxx then \\uDCxx to \\uDFxx, or the character itself")
  }

  private mutating func parseFourDigits(_ start: Int) throws(ConfigurationProblem) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Self.hexadecimalDigit(byte) else {
        throw problem(at: start, "\\u without four hexadecimal digits in a string")
      }
      value = value << 4 | digit
      offset += 1
    }
    return value
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    if byte.isDigit { return UInt32(byte - UInt8(ascii: "0")) }
    let lowered = byte | 0x20
    guard lowered >= UInt8(ascii: "a"), lowered <= UInt8(ascii: "f") else { return nil }
    return UInt32(lowered - UInt8(ascii: "a")) + 10
  }

  mutating func parseNumber() throws(ConfigurationProblem) -> JSONNode.Value {
    let start = offset
    let isNegative = take("-")
    let firstDigit = offset
    if skipDigits() == 0 {
      throw problem(at: start, "expected a number, found \(found(at: start))", hint: valueHint)
    }
    if bytes[firstDigit] == UInt8(ascii: "0"), offset - firstDigit > 1 {
      throw problem(at: start, "a number starts with 0", hint: "remove the leading zeros")
    }
    var isIntegral = true
    if take(".") {
      isIntegral = false
      if skipDigits() == 0 { throw problem(at: start, "a number ends at its point", hint: "add a digit") }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      isIntegral = false
      offset += 1
      if !take("+") { _ = take("-") }
      if skipDigits() == 0 { throw problem(at: start, "a number ends inside its exponent") }
    }
    if let next = peek, next.isNameByte || next == UInt8(ascii: ".") || next == UInt8(ascii: "+") {
      throw problem(
        at: start, "\(found(at: start)) is not a number",
        hint: "numbers are decimal, strings stand in double quotes")
    }
    if offset - start > Self.maximumNumberBytes {
      throw problem(
        at: start, "a number of \(offset - start) characters", hint: "at most \(Self.maximumNumberBytes)")
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    // An integer has no negative zero, so "-0" keeps its sign as a double.
    if isIntegral, !(isNegative && bytes[firstDigit] == UInt8(ascii: "0")), let integer = Int64(text) {
      return .integer(integer)
    }
    // The standard library's conversion rounds to nearest and knows no locale.
    guard let number = Double(text), number.isFinite else {
      throw problem(at: start, "\(found(at: start)) is too large", hint: "at most 1.8e308 either way")
    }
    return .number(number)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while let byte = peek, byte.isDigit { offset += 1 }
    return offset - start
  }

  /// The length of the well-formed sequence of two to four bytes at `start` (Unicode, table 3-7), or nil.
  func lengthOfUTF8(at start: Int) -> Int? {
    let second: ClosedRange<UInt8>
    let length: Int
    switch bytes[start] {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    default: return nil
    }
    guard start + length <= bytes.count, second.contains(bytes[start + 1]) else { return nil }
    for index in start + 2..<max(start + 2, start + length) where bytes[index] & 0xC0 != 0x80 {
      return nil
    }
    return length
  }

  // MARK: What stands there

  /// A word, a character or a byte, as a problem calls it.
  func found(at start: Int) -> String {
    guard start < bytes.count else { return "the end of the text" }
    let word = bytes[start...].prefix(24).prefix { $0.isNameByte || $0 == 0x2E || $0 == 0x2B }
    if !word.isEmpty {
      let isCut = word.count == 24
      return String(decoding: word, as: UTF8.self) + (isCut ? "…" : "")
    }
    let byte = bytes[start]
    if byte > 0x20, byte < 0x7F { return quoted(String(Unicode.Scalar(byte))) }
    if byte >= 0x80, let length = lengthOfUTF8(at: start) {
      return quoted(String(decoding: bytes[start..<start + length], as: UTF8.self))
    }
    return "the byte \(hexadecimal(byte))"
  }

  private func hexadecimal(_ byte: UInt8) -> String {
    "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  var commentHint: String {
    peek == UInt8(ascii: "/") || peek == UInt8(ascii: "#")
      ? "comments are written as a \"comment\" key" : ""
  }

  var keyHint: String {
    if !commentHint.isEmpty { return commentHint }
    guard let byte = peek, byte.isNameByte || byte == UInt8(ascii: "'") else { return "" }
    return "keys stand in double quotes"
  }

  var valueHint: String {
    if !commentHint.isEmpty { return commentHint }
    let rest = bytes[min(offset, bytes.count)...]
    let lowered = rest.prefix(9).map { $0 | 0x20 }
    for word in ["nan", "inf"] where lowered.starts(with: word.utf8) { return "numbers are finite" }
    for word in ["true", "false", "null"] where lowered.starts(with: word.utf8) {
      return "true, false and null are in lower case"
    }
    switch peek {
    case UInt8(ascii: "'"): return "strings stand in double quotes"
    case UInt8(ascii: "+"): return "numbers have no plus sign"
    case UInt8(ascii: "."): return "numbers start with a digit"
    case .some(let byte) where byte.isLetter: return "strings stand in double quotes"
    default: return ""
    }
  }
}
