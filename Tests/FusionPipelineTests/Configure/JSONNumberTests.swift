import FusionPipeline
import Testing

struct JSONNumberTests {
  /// Texts at the edges of rounding, with the bits of the nearest double (ties to even).
  static let rounded: [(String, UInt64)] = [
    ("0.1", 0x3FB9_9999_9999_999A), ("0.3", 0x3FD3_3333_3333_3333), ("1e23", 0x44B5_2D02_C7E1_4AF6),
    ("8.41e21", 0x447C_7E83_209E_90B2), ("2.2250738585072011e-308", 0x000F_FFFF_FFFF_FFFF),
    ("2.2250738585072014e-308", 0x0010_0000_0000_0000), ("5e-324", 1), ("4.9406564584124654e-324", 1),
    ("2.4703282292062327e-324", 0), ("2.4703282292062328e-324", 1),
    ("1.7976931348623157e308", 0x7FEF_FFFF_FFFF_FFFF),
    ("1.7976931348623158e308", 0x7FEF_FFFF_FFFF_FFFF), ("9007199254740993.0", 0x4340_0000_0000_0000),
    ("9007199254740995.0", 0x4340_0000_0000_0002),
    ("1.00000000000000011102230246251565404236316680908203125", 0x3FF0_0000_0000_0000),
    ("1.00000000000000011102230246251565404236316680908203126", 0x3FF0_0000_0000_0001),
    ("18446744073709551616", 0x43F0_0000_0000_0000), ("-0.0", 0x8000_0000_0000_0000),
    ("-0", 0x8000_0000_0000_0000), ("-1e-999", 0x8000_0000_0000_0000),
  ]

  @Test("a number is the nearest double, ties to even", arguments: rounded)
  func rounding(text: String, bits: UInt64) throws {
    let node = try JSONNode(parsing: text, file: "f")
    guard case .number(let number) = node.value else {
      Issue.record("\(text) is \(node.value)")
      return
    }
    #expect(number.bitPattern == bits)
  }

  @Test("an integer keeps all its 64 bits")
  func integers() throws {
    for integer in [Int64.min, .min + 1, -1, 0, 1, 9_007_199_254_740_993, .max - 1, .max] {
      #expect(try JSONNode(parsing: "\(integer)", file: "f").value == .integer(integer))
    }
  }

  @Test("any finite double written and read again has the same bits")
  func roundTrip() throws {
    var random = SplitMix(seed: 0x5EED)
    for _ in 0..<5000 {
      let number = Double(bitPattern: random.next())
      guard number.isFinite else { continue }
      let text = JSONNode(.number(number)).jsonText()
      guard case .number(let again) = try JSONNode(parsing: text, file: "f").value else {
        Issue.record("\(text) is no double")
        continue
      }
      #expect(again.bitPattern == number.bitPattern)
    }
  }
}

/// A generator with a seed, so that a failure repeats (Steele et al., SplitMix64).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
