extension Pinned {
  /// e to the x.
  public static func exp(_ x: Double) -> Double {
    if x.isNaN { return x }
    return exponential(x, 0)
  }

  /// The natural logarithm; −∞ for zero, NaN below it.
  public static func log(_ x: Double) -> Double {
    if x.isNaN || x == .infinity { return x }
    if x == 0 { return -.infinity }
    guard x > 0 else { return .nan }
    return logarithm(x).high
  }

  /// x to the y, any signs and special values as in C99: NaN for a negative x and a y that is no integer.
  public static func pow(_ x: Double, _ y: Double) -> Double {
    if y == 0 || x == 1 { return 1 }
    if x.isNaN || y.isNaN { return .nan }
    if y.isInfinite {
      if x.magnitude == 1 { return 1 }
      return (x.magnitude > 1) == (y > 0) ? .infinity : 0
    }
    let parity = integerParity(y)
    if x == 0 || x.isInfinite {
      let magnitude: Double = (x == 0) == (y > 0) ? 0 : .infinity
      return x.sign == .minus && parity == .odd ? -magnitude : magnitude
    }
    if x < 0 && parity == .none { return .nan }
    let magnitude = power(x.magnitude, y)
    return x < 0 && parity == .odd ? -magnitude : magnitude
  }

  /// x to a whole power; the same bits as `pow` with the power as a `Double`.
  public static func pow(_ x: Double, _ n: Int) -> Double { pow(x, Double(n)) }

  /// √(x² + y²) without overflow or underflow on the way; an infinity wins over a NaN.
  public static func hypot(_ x: Double, _ y: Double) -> Double {
    if x.isInfinite || y.isInfinite { return .infinity }
    if x.isNaN || y.isNaN { return .nan }
    var a = x.magnitude
    var b = y.magnitude
    if a < b { (a, b) = (b, a) }
    // The smaller one is below half a unit in the last place of the larger.
    if b <= a * 0x1p-28 { return a + b * (b == 0 ? 0 : 0x1p-28) }
    var unscale = 1.0
    if a > 0x1p500 {
      a *= 0x1p-600
      b *= 0x1p-600
      unscale = 0x1p600
    } else if b < 0x1p-450 {
      a *= 0x1p600
      b *= 0x1p600
      unscale = 0x1p-600
    }
    let aa = DoubleDouble(product: a, a)
    let bb = DoubleDouble(product: b, b)
    let total = DoubleDouble(ordered: aa.high, bb.high)
    let root = total.high.squareRoot()
    let square = DoubleDouble(product: root, root)
    let rest = ((total.high - square.high) - square.low) + (total.low + (aa.low + bb.low))
    return (root + rest / (root + root)) * unscale
  }

  private enum Parity { case none, even, odd }

  /// Whether a finite number is an even or odd integer.
  @inline(__always) private static func integerParity(_ y: Double) -> Parity {
    let magnitude = y.magnitude
    if magnitude >= 0x1p53 { return .even }
    let whole = Int(magnitude)
    if Double(whole) != magnitude { return .none }
    return whole & 1 == 0 ? .even : .odd
  }

  /// x^y for finite x > 0 and finite y.
  @inline(__always) private static func power(_ x: Double, _ y: Double) -> Double {
    let log = logarithm(x)
    let estimate = log.high * y
    if estimate.magnitude > 1100 { return estimate > 0 ? .infinity : 0 }
    if estimate.magnitude < 0x1p-60 { return 1 + estimate }
    let product = DoubleDouble(product: log.high, y)
    return exponential(product.high, product.low + log.low * y)
  }

  /// e^(x + rest) for any x but NaN and |rest| below a few ulps of x.
  @inline(__always) private static func exponential(_ x: Double, _ rest: Double) -> Double {
    typealias T = PinnedTables
    if x > 709.8 { return .infinity }
    if x < -745.2 { return 0 }
    let shifted = x * T.exponentialStepInverse + Double.roundingShift
    let steps = shifted - Double.roundingShift
    let r = ((x - steps * T.exponentialStepHigh) - steps * T.exponentialStepLow) + rest
    let series = T.exponential0 + r * (T.exponential1 + r * (T.exponential2 + r * T.exponential3))
    let growth = r + r * r * series
    // The low 20 bits of the shifted number, sign-extended: |steps| < 2¹⁸.
    let count = Int(truncatingIfNeeded: shifted.bitPattern &<< 44) &>> 44
    let high = T.powersOfTwoHigh[count & 127]
    let low = T.powersOfTwoLow[count & 127] + high * growth
    let exponent = count &>> 7
    if exponent >= -1021 && exponent <= 1022 { return (high + low) * .powerOfTwo(exponent) }
    if exponent > 0 { return (high + low) * 0x1p1000 * .powerOfTwo(exponent &- 1000) }
    // Subnormal: round once, at the place where the result's last bit will be.
    let scale = Double.powerOfTwo(exponent &+ 1022)
    let value = DoubleDouble(ordered: high * scale, low * scale)
    if value.high >= 1 { return value.high * 0x1p-1022 }
    let placed = DoubleDouble(ordered: 1, value.high)
    let rounded = placed.high + (placed.low + value.low)
    return (rounded - 1) * 0x1p-1022
  }

  /// log x for a finite x > 0 to about 66 bits.
  ///
  /// x = 2^k·z, log x = k·log 2 + log c + log(1 + r) with r = z/c − 1 exact, because 1/c is short.
  @inline(__always) private static func logarithm(_ x: Double) -> DoubleDouble {
    typealias T = PinnedTables
    let isSubnormal = x < 0x1p-1022
    let bits = (isSubnormal ? x * 0x1p54 : x).bitPattern
    let offset = Int(truncatingIfNeeded: bits) &- 0x3fe6_0000_0000_0000
    let index = (offset &>> 45) & 127
    let exponent = offset &>> 52
    let z = Double(bitPattern: bits &- UInt64(truncatingIfNeeded: exponent) &<< 52)
    let k = Double(isSubnormal ? exponent &- 54 : exponent)

    let inverse = T.logarithmInverses[index]
    let zHigh = Double(bitPattern: z.bitPattern & ~0x7fff_ffff)
    let rHigh = zHigh * inverse - 1
    let rLow = (z - zHigh) * inverse
    let r = rHigh + rLow
    // Exact: all three terms are multiples of 2⁻⁴² below 2¹⁰.
    let whole = (k * T.logarithmOfTwoHigh + T.logarithmsHigh[index]) + rHigh
    let first = DoubleDouble(sum: whole, -0.5 * (rHigh * rHigh))
    let second = DoubleDouble(sum: first.high, rLow)
    let top = T.logarithm4 + r * (T.logarithm5 + r * (T.logarithm6 + r * T.logarithm7))
    let series = T.logarithm0 + r * (T.logarithm1 + r * (T.logarithm2 + r * (T.logarithm3 + r * top)))
    let constants = k * T.logarithmOfTwoLow + T.logarithmsLow[index]
    let small = r * r * r * series - 0.5 * (rLow * (r + rHigh))
    return DoubleDouble(sum: second.high, (first.low + second.low) + (constants + small))
  }
}
