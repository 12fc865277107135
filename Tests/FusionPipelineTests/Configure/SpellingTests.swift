import Testing

@testable import FusionPipeline

struct SpellingTests {
  static let distances: [(String, String, Int)] = [
    ("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("port", "prot", 1),
    ("ca", "abc", 3), ("abcd", "acbd", 1), ("flaw", "lawn", 2), ("same", "same", 0),
  ]

  @Test("insertions, deletions, substitutions and swaps of neighbours count one each", arguments: distances)
  func distance(a: String, b: String, expected: Int) {
    #expect(Spelling.distance(Array(a.utf8), Array(b.utf8)) == expected)
    #expect(Spelling.distance(Array(b.utf8), Array(a.utf8)) == expected)
  }

  static let suggestions: [(String, String?)] = [
    ("peroid_ms", "period_ms"), ("periodMs", "period_ms"), ("PERIOD-MS", "period_ms"),
    ("period", "period_ms"),
    ("prt", "port"), ("sports", "port"), ("x", nil), ("", nil), ("deadline", nil),
    (String(repeating: "p", count: 100_000), nil),
  ]

  @Test("a near word is suggested, a far one is not", arguments: suggestions)
  func suggestion(word: String, expected: String?) {
    #expect(Spelling.nearest(to: word, among: ["port", "period_ms", "path"]) == expected)
  }
}
