import FusionPipeline
import Testing

struct PinnedSpecialValueTests {
  static let magnitudes: [Double] = [
    0, 1, 0.5, 2, 3, 4, 1.5, 0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, .infinity, 0x1p53,
    0x1.fffffffffffffp52, 0x1.0000000000001p52, 0x1.0000000000001p51, 1e-300, 1e300, 0x1p-27, 0x1p-28,
    709.782712893384, 709.8, 745.13, 745.14, 746, 0x1.921fb54442d18p1, 0x1.921fb54442d18p0, 1e6, 1e22,
    0x1.0000000000001p0, 0x1.fffffffffffffp-1,
  ]
  static let specials: [Double] = magnitudes + magnitudes.map { -$0 } + [.nan]

  @Test(
    "Zeros, infinities, NaN, subnormals and edges give what C99 gives, sign of zero included",
    arguments: PinnedFunction.allCases)
  func specialValues(_ function: PinnedFunction) {
    for x in Self.specials {
      for y in Self.specials {
        guard let expected = function.library(x, y) else { return }
        let value = function.pinned(x, y)
        #expect(
          distanceInDoubles(value, expected) <= 1, "\(function)(\(x), \(y)): \(value), not \(expected)")
        if expected == 0 || expected.isInfinite {
          #expect(value == expected && value.sign == expected.sign, "\(function)(\(x), \(y)): \(value)")
        }
      }
    }
  }

  @Test("No 64 bits at all make a pinned function trap, and none but a NaN leaves its range")
  func anyBits() {
    var random = RandomSource(seed: 10)
    for _ in 0..<20_000 {
      let x = Double(bitPattern: random.next())
      let y = Double(bitPattern: random.next())
      for function in PinnedFunction.allCases {
        let value = function.pinned(x, y)
        switch function {
        case .sin, .cos: #expect(!(value.magnitude > 1))
        case .atan, .asin: #expect(!(value.magnitude > Double.pi / 2))
        case .atan2, .acos, .wrapAngle: #expect(!(value.magnitude > Double.pi))
        case .exp, .hypot: #expect(!(value < 0))
        case .tan, .log, .pow: break
        }
      }
    }
  }

  @Test("A whole power has the bits of the same power as a Double")
  func wholePowers() {
    for n in [-400, -3, -1, 0, 1, 2, 7, 400] {
      #expect(Pinned.pow(1.7, n) == Pinned.pow(1.7, Double(n)))
    }
    #expect(Pinned.pow(-2, 3) == -8)
    #expect(Pinned.pow(-2.0, -2) == 0.25)
    #expect(Pinned.pow(-2, 0.5).isNaN)
  }
}
