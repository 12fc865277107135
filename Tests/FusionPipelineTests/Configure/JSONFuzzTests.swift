import FusionPipeline
import Testing

struct JSONFuzzTests {
  static let seed = """
    { "sensors": [ { "name": "lidar\\u00e9 \\ud83d\\ude00", "rate_hz": 1.5e1, "on": true, "x": null },
      { "é": [ -0.25, 9223372036854775807, [], {} ] } ], "b": "\\n\\\\\\"", "c": false }
    """

  @Test("whatever the bytes, the parser gives a tree or a problem with a place inside the text")
  func mutatedBytes() {
    var random = SplitMix(seed: 20_241)
    let original = Array(Self.seed.utf8)
    let spices = Array("{}[]\",:\\u0dD8eE+-.09tfn/#'\u{0}\n\t ".utf8) + [0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]
    var accepted = 0
    for _ in 0..<20_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<max(1, bytes.count), using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
        case 1: if at < bytes.count { bytes[at] = spices[Int.random(in: 0..<spices.count, using: &random)] }
        case 2: bytes.insert(spices[Int.random(in: 0..<spices.count, using: &random)], at: at)
        case 3: if at < bytes.count { bytes.remove(at: at) }
        case 4: bytes.removeSubrange(at...)
        default:
          let end = min(bytes.count, at + Int.random(in: 1...20, using: &random))
          if at < end { bytes.insert(contentsOf: bytes[at..<end], at: at) }
        }
      }
      if judge(bytes) { accepted += 1 }
    }
    // Both outcomes must occur for the test to mean something.
    #expect(accepted > 1000 && accepted < 19_000)
  }

  @Test("random bytes never pass the parser unnoticed")
  func randomBytes() {
    var random = SplitMix(seed: 7)
    for _ in 0..<5000 {
      let count = Int.random(in: 0...64, using: &random)
      _ = judge((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  /// True when it parsed; then the written form must parse to the same value.
  private func judge(_ bytes: [UInt8]) -> Bool {
    let node: JSONNode
    do {
      node = try JSONNode(parsing: bytes, file: "f")
    } catch {
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      #expect(error.line >= 1 && error.line <= lines.count && !error.message.isEmpty, "\(error)")
      if lines.indices.contains(error.line - 1) {
        #expect(error.column >= 1 && error.column <= lines[error.line - 1].count + 1, "\(error)")
      }
      return false
    }
    let text = node.jsonText()
    for style in [JSONWriter.Style.compact, .pretty] {
      let again = try? JSONNode(parsing: node.jsonText(style), file: "f")
      #expect(again?.jsonText() == text)
    }
    return true
  }
}
