/// An angle as `quadrant`·π/2 + (`angle` + `rest`), |angle| ≤ π/4 and a little.
struct ReducedAngle: BitwiseCopyable {
  var quadrant: Int
  var angle: Double
  var rest: Double
}

extension Pinned {
  /// Up to here a multiple of π/2 fits 20 bits and its products with the parts of π/2 are exact.
  static var cheapReductionLimit: Double { 1.6e6 }

  /// The nearest multiple of π/2 taken from a finite angle; error below 2⁻⁶⁵ of the result.
  @inline(__always) static func reduce(_ x: Double) -> ReducedAngle {
    if x.magnitude <= 0.785398 { return ReducedAngle(quadrant: 0, angle: x, rest: 0) }
    if x.magnitude <= cheapReductionLimit { return reduceByParts(x) }
    return reduceByBits(x)
  }

  /// Cody and Waite's reduction with π/2 in four parts and every rounding error kept.
  @inline(__always) private static func reduceByParts(_ x: Double) -> ReducedAngle {
    let shifted = x * PinnedTables.twoOverPi + Double.roundingShift
    let multiple = shifted - Double.roundingShift
    let first = x - multiple * PinnedTables.halfPiPart1
    let second = DoubleDouble(sum: first, -(multiple * PinnedTables.halfPiPart2))
    let third = DoubleDouble(sum: second.high, -(multiple * PinnedTables.halfPiPart3))
    let rest = (second.low + third.low) - multiple * PinnedTables.halfPiPart4
    let reduced = DoubleDouble(sum: third.high, rest)
    return ReducedAngle(
      quadrant: Int(truncatingIfNeeded: shifted.bitPattern & 3), angle: reduced.high, rest: reduced.low)
  }

  /// Payne and Hanek's reduction: only the bits of 2/π that matter, multiplied as integers modulo 4.
  @inline(never) private static func reduceByBits(_ x: Double) -> ReducedAngle {
    // |x| = significand · 2^exponent with a 53-bit integer significand.
    let significand = (x.bitPattern & 0xf_ffff_ffff_ffff) | 0x10_0000_0000_0000
    let exponent = Int(truncatingIfNeeded: (x.bitPattern &>> 52) & 0x7ff) &- 1075
    // The table's bit n weighs 2^(63 − n). Those whose product is a multiple of 4 are left out.
    let firstBit = exponent &+ 62
    let high = bitsOfTwoOverPi(from: firstBit)
    let middle = bitsOfTwoOverPi(from: firstBit &+ 64)
    let low = bitsOfTwoOverPi(from: firstBit &+ 128)
    // The product modulo 2¹⁹²: two bits before the point, 190 after it, of which some 135 are right.
    let lowProduct = low.multipliedFullWidth(by: significand)
    let middleProduct = middle.multipliedFullWidth(by: significand)
    let (word1, carry) = middleProduct.low.addingReportingOverflow(lowProduct.high)
    let word2 = high &* significand &+ middleProduct.high &+ (carry ? 1 : 0)
    var quadrant = Int(truncatingIfNeeded: word2 &>> 62)
    var fraction2 = word2 &<< 2 | word1 &>> 62
    var fraction1 = word1 &<< 2 | lowProduct.low &>> 62
    var fraction0 = lowProduct.low &<< 2
    // To the nearest quarter turn: a fraction above one half becomes a negative one.
    let roundsUp = fraction2 &>> 63 == 1
    if roundsUp {
      quadrant = (quadrant &+ 1) & 3
      fraction0 = ~fraction0
      fraction1 = ~fraction1
      fraction2 = ~fraction2
    }
    if fraction2 == 0 {
      return ReducedAngle(quadrant: quadrant, angle: 0, rest: 0)
    }
    let zeros = fraction2.leadingZeroBitCount
    let top = fraction2 &<< zeros | (zeros == 0 ? 0 : fraction1 &>> (64 &- zeros))
    let next = fraction1 &<< zeros | (zeros == 0 ? 0 : fraction0 &>> (64 &- zeros))
    let turnsHigh = Double(top &>> 11) * .powerOfTwo(-53 &- zeros)
    let turnsLow = Double(top &<< 53 | next &>> 11) * .powerOfTwo(-117 &- zeros)
    let product = DoubleDouble(product: turnsHigh, PinnedTables.halfPiHigh)
    let rest = product.low + (turnsHigh * PinnedTables.halfPiLow + turnsLow * PinnedTables.halfPiHigh)
    let reduced = DoubleDouble(ordered: product.high, rest)
    let isNegative = roundsUp != (x.sign == .minus)
    return ReducedAngle(
      quadrant: x.sign == .minus ? (4 &- quadrant) & 3 : quadrant,
      angle: isNegative ? -reduced.high : reduced.high, rest: isNegative ? -reduced.low : reduced.low)
  }

  /// 64 bits of the table starting with bit `index`, in 0…1344 − 64.
  @inline(__always) private static func bitsOfTwoOverPi(from index: Int) -> UInt64 {
    let word = index &>> 6
    let offset = index & 63
    let first = PinnedTables.twoOverPiBits[word]
    if offset == 0 { return first }
    return first &<< offset | PinnedTables.twoOverPiBits[word &+ 1] &>> (64 &- offset)
  }
}
