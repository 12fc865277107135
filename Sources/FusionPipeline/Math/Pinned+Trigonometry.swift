extension Pinned {
  /// The sine of an angle in radians; NaN for an infinity.
  public static func sin(_ x: Double) -> Double {
    guard x.isFinite else { return .nan }
    if x.magnitude < 0x1p-27 { return x }
    let reduced = reduce(x)
    let value =
      reduced.quadrant & 1 == 0
      ? sineKernel(reduced.angle, reduced.rest) : cosineKernel(reduced.angle, reduced.rest)
    return reduced.quadrant & 2 == 0 ? value : -value
  }

  /// The cosine of an angle in radians; NaN for an infinity.
  public static func cos(_ x: Double) -> Double {
    guard x.isFinite else { return .nan }
    let reduced = reduce(x)
    let value =
      reduced.quadrant & 1 == 0
      ? cosineKernel(reduced.angle, reduced.rest) : sineKernel(reduced.angle, reduced.rest)
    return (reduced.quadrant &+ 1) & 2 == 0 ? value : -value
  }

  /// Both at the price of one reduction; the same bits as `sin` and `cos`.
  public static func sincos(_ x: Double) -> (sin: Double, cos: Double) {
    guard x.isFinite else { return (.nan, .nan) }
    if x.magnitude < 0x1p-27 { return (x, 1) }
    let reduced = reduce(x)
    let sine = sineKernel(reduced.angle, reduced.rest)
    let cosine = cosineKernel(reduced.angle, reduced.rest)
    let (first, second) = reduced.quadrant & 1 == 0 ? (sine, cosine) : (cosine, sine)
    return (
      reduced.quadrant & 2 == 0 ? first : -first, (reduced.quadrant &+ 1) & 2 == 0 ? second : -second
    )
  }

  /// The tangent of an angle in radians; NaN for an infinity.
  public static func tan(_ x: Double) -> Double {
    guard x.isFinite else { return .nan }
    if x.magnitude < 0x1p-27 { return x }
    let reduced = reduce(x)
    let sine = sineParts(reduced.angle, reduced.rest)
    let cosine = cosineParts(reduced.angle, reduced.rest)
    return reduced.quadrant & 1 == 0 ? quotient(sine, cosine) : -quotient(cosine, sine)
  }

  /// The same direction in (−π, π], as doubles: −`Double.pi` becomes `Double.pi`, an angle already in that
  /// range stays as it is. NaN for an infinity.
  public static func wrapAngle(_ x: Double) -> Double {
    if x > -.pi && x <= .pi { return x }
    guard x.isFinite else { return .nan }
    if x == -.pi { return .pi }
    let reduced = reduce(x)
    let wrapped: Double
    switch reduced.quadrant {
    case 0: wrapped = reduced.angle
    case 1: wrapped = sum(PinnedTables.halfPiHigh, PinnedTables.halfPiLow, reduced)
    case 2 where reduced.angle <= 0: wrapped = sum(PinnedTables.piHigh, PinnedTables.piLow, reduced)
    case 2: wrapped = sum(-PinnedTables.piHigh, -PinnedTables.piLow, reduced)
    default: wrapped = sum(-PinnedTables.halfPiHigh, -PinnedTables.halfPiLow, reduced)
    }
    return wrapped <= -.pi ? .pi : wrapped
  }

  @inline(__always) private static func sum(_ high: Double, _ low: Double, _ angle: ReducedAngle) -> Double {
    let exact = DoubleDouble(ordered: high, angle.angle)
    return exact.high + (exact.low + (low + angle.rest))
  }

  /// What to add to r for the sine of r + rest, |r| ≤ π/4.
  @inline(__always) private static func sineCorrection(_ r: Double, _ rest: Double) -> Double {
    typealias T = PinnedTables
    let z = r * r
    let high = T.sine3 + z * (T.sine4 + z * (T.sine5 + z * T.sine6))
    let series = T.sine0 + z * (T.sine1 + z * (T.sine2 + z * high))
    return r * z * series + rest * (1 - 0.5 * z)
  }

  /// The cosine of r + rest as 1 − h + correction, where h is the square of r's leading bits, halved.
  @inline(__always) private static func cosineTerms(_ r: Double, _ rest: Double) -> DoubleDouble {
    typealias T = PinnedTables
    let z = r * r
    let leading = r.leading26Bits
    let exact = DoubleDouble(ordered: 1, -0.5 * (leading * leading))
    let square = 0.5 * ((r - leading) * (r + leading))
    let high = T.cosine3 + z * (T.cosine4 + z * (T.cosine5 + z * T.cosine6))
    let series = T.cosine0 + z * (T.cosine1 + z * (T.cosine2 + z * high))
    return DoubleDouble(exact.high, exact.low + (z * z * series - (square + r * rest)))
  }

  @inline(__always) private static func sineKernel(_ r: Double, _ rest: Double) -> Double {
    r + sineCorrection(r, rest)
  }

  @inline(__always) private static func cosineKernel(_ r: Double, _ rest: Double) -> Double {
    let terms = cosineTerms(r, rest)
    return terms.high + terms.low
  }

  @inline(__always) private static func sineParts(_ r: Double, _ rest: Double) -> DoubleDouble {
    DoubleDouble(ordered: r, sineCorrection(r, rest))
  }

  @inline(__always) private static func cosineParts(_ r: Double, _ rest: Double) -> DoubleDouble {
    let terms = cosineTerms(r, rest)
    return DoubleDouble(ordered: terms.high, terms.low)
  }

  @inline(__always) private static func quotient(_ a: DoubleDouble, _ b: DoubleDouble) -> Double {
    let first = a.high / b.high
    let back = DoubleDouble(product: first, b.high)
    return first + (((a.high - back.high) - back.low) + (a.low - first * b.low)) / b.high
  }
}
