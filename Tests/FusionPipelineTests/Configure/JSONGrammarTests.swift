import FusionPipeline
import Testing

/// What the strict parser takes and what it refuses, one line each.
struct JSONGrammarTests {
  /// The value in compact form, or the problem without the file's name.
  static func outcome(_ bytes: [UInt8]) -> String {
    do {
      return try JSONNode(parsing: bytes, file: "f").jsonText()
    } catch {
      return String(error.description.dropFirst(2))
    }
  }

  static let accepted: [(String, String)] = [
    ("null", "null"), ("true", "true"), ("false", "false"), ("\"\"", "\"\""), ("0", "0"),
    ("-0", "-0.0"), ("-1", "-1"), ("10", "10"), ("0.5", "0.5"), ("1.0", "1.0"), ("1E2", "100.0"),
    ("1e+2", "100.0"), ("1e-2", "0.01"), ("-1.5e3", "-1500.0"), ("0e0", "0.0"), ("0E+1", "0.0"),
    ("1e-999", "0.0"), ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"), ("9223372036854775808", "9.223372036854776e+18"),
    ("123456789012345678901234567890", "1.2345678901234568e+29"),
    ("[]", "[]"), ("{}", "{}"), (" [ ] ", "[]"), ("\t{\r\n}\n", "{}"), ("[1]", "[1]"),
    ("[1,2]", "[1,2]"), ("[ 1 , 2 ]", "[1,2]"), ("[[],[[]]]", "[[],[[]]]"), ("[null,true]", "[null,true]"),
    ("{\"a\":1}", "{\"a\":1}"), ("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"), ("{\"\":0}", "{\"\":0}"),
    ("{\"a\":{\"a\":{}}}", "{\"a\":{\"a\":{}}}"), ("{ \"a\" : [ ] }", "{\"a\":[]}"),
    ("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"),
    (#""\"\\\/\b\f\n\r\t""#, #""\"\\/\b\f\n\r\t""#), (#""\u0041""#, "\"A\""), (#""\u00e9""#, "\"é\""),
    (#""\u20AC""#, "\"€\""), (#""\ud83d\ude00""#, "\"😀\""), (#""\uDBFF\uDFFF""#, "\"\u{10FFFF}\""),
    (#""\u0000""#, #""\u0000""#), (#""\u001f""#, #""\u001f""#), ("\"\u{7F}\"", "\"\u{7F}\""),
    ("\"é\"", "\"é\""), ("\"日本\"", "\"日本\""), ("\"😀\"", "\"😀\""), ("\"\u{FFFF}\"", "\"\u{FFFF}\""),
    ("\"\u{2028}\"", "\"\u{2028}\""), ("\"a/*b*/c\"", "\"a/*b*/c\""), ("\"// a\"", "\"// a\""),
    ("{\"//\":1}", "{\"//\":1}"), ("\"\u{FEFF}\"", "\"\u{FEFF}\""),
  ]

  @Test("every text of RFC 8259 is read to its value", arguments: accepted)
  func accepts(text: String, value: String) {
    #expect(Self.outcome(Array(text.utf8)) == value)
  }

  static let refused: [(String, String)] = [
    ("", "1:1: the text is empty"),
    (" \n ", "2:2: the text is empty"),
    ("[1,]", "1:3: a comma before \"]\" (remove it)"),
    ("[1 , ]", "1:4: a comma before \"]\" (remove it)"),
    ("{\"a\":1,}", "1:7: a comma before \"}\" (remove it)"),
    ("[,1]", "1:2: [0]: expected a value, found \",\""),
    ("[1,,2]", "1:4: [1]: expected a value, found \",\""),
    ("{,}", "1:2: expected a key, found \",\""),
    ("[1 2]", "1:4: expected \",\" or \"]\", found 2 (a comma is missing before it)"),
    ("[1}", "1:3: expected \",\" or \"]\", found \"}\""),
    ("{\"a\":1]", "1:7: expected \",\" or \"}\", found \"]\""),
    ("{\"a\":1 \"b\":2}", "1:8: expected \",\" or \"}\", found \"\\\"\" (a comma is missing before it)"),
    ("{\"a\" 1}", "1:6: a: expected \":\" after the key, found 1"),
    ("{\"a\"}", "1:5: a: expected \":\" after the key, found \"}\""),
    ("{\"a\":}", "1:6: a: expected a value, found \"}\""),
    ("{\"a\"::1}", "1:6: a: expected a value, found \":\""),
    ("{a:1}", "1:2: expected a key, found a (keys stand in double quotes)"),
    ("{'a':1}", "1:2: expected a key, found \"'\" (keys stand in double quotes)"),
    ("{1:1}", "1:2: expected a key, found 1 (keys stand in double quotes)"),
    ("{null:1}", "1:2: expected a key, found null (keys stand in double quotes)"),
    ("{\"a\":1,\"a\":2}", "1:8: a: the key stands twice in this object (remove one)"),
    ("{\"é\":1,\"e\u{301}\":2}", "1:8: [\"e\u{301}\"]: the key stands twice in this object (remove one)"),
    ("{\"a\":{\"b\":0,\"\\u0062\":0}}", "1:13: a.b: the key stands twice in this object (remove one)"),
    ("[", "1:2: the text ends inside a list (its \"]\" is missing; it starts at 1:1)"),
    ("[1", "1:3: the text ends inside a list (its \"]\" is missing; it starts at 1:1)"),
    ("[1,", "1:4: the text ends inside a list (its \"]\" is missing; it starts at 1:1)"),
    ("{", "1:2: the text ends inside an object (its \"}\" is missing; it starts at 1:1)"),
    ("{\n\"a\":1", "2:6: the text ends inside an object (its \"}\" is missing; it starts at 1:1)"),
    ("{\"a\":", "1:6: a: expected a value, found the end of the text"),
    ("]", "1:1: expected a value, found \"]\""),
    ("1 2", "1:3: 2 after the end of the value"),
    ("{} x", "1:4: x after the end of the value"),
    ("[]]", "1:3: \"]\" after the end of the value"),
    ("{}}", "1:3: \"}\" after the end of the value"),
    ("{} // end", "1:4: \"/\" after the end of the value (comments are written as a \"comment\" key)"),
    ("// c\n{}", "1:1: expected a value, found \"/\" (comments are written as a \"comment\" key)"),
    ("# c\n{}", "1:1: expected a value, found \"#\" (comments are written as a \"comment\" key)"),
    ("{ /* c */ }", "1:3: expected a key, found \"/\" (comments are written as a \"comment\" key)"),
    ("[1 // c\n]", "1:4: expected \",\" or \"]\", found \"/\" (comments are written as a \"comment\" key)"),
    ("NaN", "1:1: expected a value, found NaN (numbers are finite)"),
    ("[nan]", "1:2: [0]: expected a value, found nan (numbers are finite)"),
    ("Infinity", "1:1: expected a value, found Infinity (numbers are finite)"),
    ("-Infinity", "1:1: expected a number, found -Infinity (numbers are finite)"),
    ("1e999", "1:1: 1e999 is too large (at most 1.8e308 either way)"),
    ("[-1e999]", "1:2: [0]: -1e999 is too large (at most 1.8e308 either way)"),
    ("True", "1:1: expected a value, found True (true, false and null are in lower case)"),
    ("NULL", "1:1: expected a value, found NULL (true, false and null are in lower case)"),
    ("truex", "1:1: expected a value, found truex (true, false and null are in lower case)"),
    ("nul", "1:1: expected a value, found nul (strings stand in double quotes)"),
    ("None", "1:1: expected a value, found None (strings stand in double quotes)"),
    ("'a'", "1:1: expected a value, found \"'\" (strings stand in double quotes)"),
    ("abc", "1:1: expected a value, found abc (strings stand in double quotes)"),
    ("01", "1:1: a number starts with 0 (remove the leading zeros)"),
    ("-01", "1:1: a number starts with 0 (remove the leading zeros)"),
    ("00", "1:1: a number starts with 0 (remove the leading zeros)"),
    ("+1", "1:1: expected a value, found +1 (numbers have no plus sign)"),
    ("-", "1:1: expected a number, found -"),
    ("--1", "1:1: expected a number, found --1"),
    ("- 1", "1:1: expected a number, found -"),
    (".5", "1:1: expected a value, found .5 (numbers start with a digit)"),
    ("1.", "1:1: a number ends at its point (add a digit)"),
    ("1.e5", "1:1: a number ends at its point (add a digit)"),
    ("-.5", "1:1: expected a number, found -.5 (numbers start with a digit)"),
    ("1e", "1:1: a number ends inside its exponent"),
    ("1e+", "1:1: a number ends inside its exponent"),
    ("1e5.5", "1:1: 1e5.5 is not a number (numbers are decimal, strings stand in double quotes)"),
    ("0x10", "1:1: 0x10 is not a number (numbers are decimal, strings stand in double quotes)"),
    ("1_000", "1:1: 1_000 is not a number (numbers are decimal, strings stand in double quotes)"),
    ("1.2.3", "1:1: 1.2.3 is not a number (numbers are decimal, strings stand in double quotes)"),
    ("50ms", "1:1: 50ms is not a number (numbers are decimal, strings stand in double quotes)"),
    ("1-2", "1:1: 1-2 is not a number (numbers are decimal, strings stand in double quotes)"),
    ("\"a", "1:1: the text ends inside a string (its closing quote is missing)"),
    ("\"a\\\"", "1:1: the text ends inside a string (its closing quote is missing)"),
    ("\"a\nb\"", "1:1: the string does not end on its line (its closing quote is missing)"),
    ("\"a\tb\"", "1:3: a control character (0x09) in a string (write it as an escape, like \\t or \\u0001)"),
    (
      "\"a\u{0}\"",
      "1:3: a control character (0x00) in a string (write it as an escape, like \\t or \\u0001)"
    ),
    (#""\x41""#, "1:2: no such escape in a string (" + escapes),
    (#""\'""#, "1:2: no such escape in a string (" + escapes),
    (#""a\"#, "1:3: no such escape in a string (" + escapes),
    (#""\U0041""#, "1:2: no such escape in a string (" + escapes),
    (#""\u12G4""#, "1:2: \\u without four hexadecimal digits in a string"),
    (#""\u12"#, "1:2: \\u without four hexadecimal digits in a string"),
    (#""\u""#, "1:2: \\u without four hexadecimal digits in a string"),
    (#""\ud800""#, "1:2: half of a surrogate pair in a string (" + surrogates),
    (#""\udc00""#, "1:2: half of a surrogate pair in a string (" + surrogates),
    (#""ab\ud800\n""#, "1:4: half of a surrogate pair in a string (" + surrogates),
    (#""\ud800\u0041""#, "1:2: half of a surrogate pair in a string (" + surrogates),
    (#""\ud800\ud800""#, "1:2: half of a surrogate pair in a string (" + surrogates),
    ("\u{FEFF}{}", "1:1: the text starts with a byte order mark (save it as UTF-8 without one)"),
    ("[\u{A0}1]", "1:2: [0]: expected a value, found \"\u{A0}\""),
    ("[\u{C}1]", "1:2: [0]: expected a value, found the byte 0x0C"),
    ("[1]\u{0}", "1:4: the byte 0x00 after the end of the value"),
    ("é", "1:1: expected a value, found \"é\""),
  ]
  static let escapes = #"known are \" \\ \/ \b \f \n \r \t \uXXXX; a backslash itself is \\)"#
  static let surrogates =
    #"write both halves, \uD8xx to \uDBxx then \uDCxx to \uDFxx, or the character itself)"#

  @Test("what RFC 8259 does not allow is refused with its place and what to do", arguments: refused)
  func refuses(text: String, problem: String) {
    #expect(Self.outcome(Array(text.utf8)) == problem)
  }

  static let damaged: [([UInt8], Int, String)] = [
    ([0x80], 2, "0x80"), ([0xC0, 0xAF], 2, "0xC0"), ([0xC1, 0xBF], 2, "0xC1"),
    ([0xE0, 0x80, 0xAF], 2, "0xE0"), ([0xED, 0xA0, 0x80], 2, "0xED"),
    ([0xF0, 0x80, 0x80, 0x80], 2, "0xF0"), ([0xF4, 0x90, 0x80, 0x80], 2, "0xF4"),
    ([0xF5, 0x80, 0x80, 0x80], 2, "0xF5"), ([0xFF], 2, "0xFF"), ([0xC3], 2, "0xC3"),
    ([0xE2, 0x82], 2, "0xE2"), ([0xF0, 0x9F, 0x98], 2, "0xF0"), ([0xE2, 0x28, 0xA1], 2, "0xE2"),
    ([0x61, 0xC3, 0xA9, 0xFE], 4, "0xFE"),
  ]

  @Test("bytes that are not UTF-8 are refused where they stand", arguments: damaged)
  func refusesDamagedUTF8(bytes: [UInt8], column: Int, byte: String) {
    let text = [0x22] + bytes + [0x22]
    #expect(Self.outcome(text) == "1:\(column): \(byte) is not valid UTF-8 (save the text as UTF-8)")
    let cut = [0x22] + bytes
    #expect(Self.outcome(cut) == "1:\(column): \(byte) is not valid UTF-8 (save the text as UTF-8)")
  }

  @Test("nesting is taken to 64 levels and refused at the 65th bracket")
  func nesting() {
    let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(Self.outcome(Array(deepest.utf8)) == deepest)
    let path = String(repeating: "[0]", count: 64)
    let deeper = [UInt8](repeating: UInt8(ascii: "["), count: 5_000_000)
    #expect(Self.outcome(deeper) == "1:65: \(path): nested deeper than 64 levels")
    let objects = String(repeating: "{\"a\":", count: 100_000)
    #expect(Self.outcome(Array(objects.utf8)).hasSuffix(".a.a: nested deeper than 64 levels"))
    let siblings = "[" + Array(repeating: "[[]]", count: 200).joined(separator: ",") + "]"
    #expect(Self.outcome(Array(siblings.utf8)) == siblings)
  }

  @Test("a text of 8 MiB is read, one of a byte more is refused unread")
  func size() {
    var text = [UInt8](repeating: 0x20, count: 8 << 20)
    text[0] = UInt8(ascii: "7")
    #expect(Self.outcome(text) == "7")
    text.append(0x20)
    #expect(Self.outcome(text) == "1:1: the text has 8388609 bytes (at most 8388608 are read)")
    let large = [UInt8](repeating: UInt8(ascii: "["), count: 10_000_000)
    #expect(Self.outcome(large) == "1:1: the text has 10000000 bytes (at most 8388608 are read)")
  }

  @Test("a number of 512 characters is read, a longer one refused")
  func longNumbers() {
    let digits = String(repeating: "1", count: 510)
    #expect(Self.outcome(Array("0.\(digits)".utf8)) == "0.1111111111111111")
    #expect(
      Self.outcome(Array("0.\(digits)1".utf8)) == "1:1: a number of 513 characters (at most 512)")
  }
}
