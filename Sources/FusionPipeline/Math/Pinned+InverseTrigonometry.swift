extension Pinned {
  /// The angle in −π/2…π/2 whose tangent is x.
  public static func atan(_ x: Double) -> Double {
    if x.isNaN { return x }
    let magnitude = x.magnitude
    let angle = magnitude <= 1 ? firstOctant(magnitude, 1) : complement(firstOctant: 1, magnitude)
    return x.sign == .minus ? -angle : angle
  }

  /// The angle of the point (x, y) in −π…π, y first as everywhere; signed zeros and infinities as in C99.
  public static func atan2(_ y: Double, _ x: Double) -> Double {
    if x.isNaN || y.isNaN { return .nan }
    let ay = y.magnitude
    let ax = x.magnitude
    let angle: Double
    if ay == 0 {
      angle = x.sign == .minus ? .pi : 0
    } else if ax.isInfinite && ay.isInfinite {
      angle = x.sign == .minus ? 0x1.2d97c7f3321d2p+1 : 0x1.921fb54442d18p-1
    } else if x.sign == .plus {
      angle = ay <= ax ? firstOctant(ay, ax) : complement(firstOctant: ax, ay)
    } else if ay <= ax {
      let parts = firstOctantParts(ay, ax)
      let exact = DoubleDouble(ordered: PinnedTables.piHigh, -parts.high)
      angle = exact.high + (exact.low + (PinnedTables.piLow - parts.low))
    } else {
      let parts = firstOctantParts(ax, ay)
      let exact = DoubleDouble(ordered: PinnedTables.halfPiHigh, parts.high)
      angle = exact.high + (exact.low + (PinnedTables.halfPiLow + parts.low))
    }
    return y.sign == .minus ? -angle : angle
  }

  /// The angle in −π/2…π/2 whose sine is x; NaN outside −1…1.
  public static func asin(_ x: Double) -> Double {
    let magnitude = x.magnitude
    guard magnitude <= 1 else { return .nan }
    if magnitude < 0x1p-27 { return x }
    if magnitude <= 0.5 { return x + x * arcSineSeries(x * x) }
    let half = halfAngle(magnitude)
    let exact = DoubleDouble(ordered: PinnedTables.halfPiHigh, -2 * half.high)
    let angle = exact.high + (exact.low + (PinnedTables.halfPiLow - 2 * half.low))
    return x.sign == .minus ? -angle : angle
  }

  /// The angle in 0…π whose cosine is x; NaN outside −1…1.
  public static func acos(_ x: Double) -> Double {
    let magnitude = x.magnitude
    guard magnitude <= 1 else { return .nan }
    if magnitude <= 0.5 {
      let exact = DoubleDouble(ordered: PinnedTables.halfPiHigh, -x)
      return exact.high + (exact.low + (PinnedTables.halfPiLow - x * arcSineSeries(x * x)))
    }
    let half = halfAngle(magnitude)
    if x.sign == .plus { return 2 * (half.high + half.low) }
    let exact = DoubleDouble(ordered: PinnedTables.piHigh, -2 * half.high)
    return exact.high + (exact.low + (PinnedTables.piLow - 2 * half.low))
  }

  /// (asin x − x) / x from z = x² ≤ 1/4.
  @inline(__always) private static func arcSineSeries(_ z: Double) -> Double {
    typealias T = PinnedTables
    let top = T.arcSine8 + z * (T.arcSine9 + z * (T.arcSine10 + z * (T.arcSine11 + z * T.arcSine12)))
    let middle = T.arcSine4 + z * (T.arcSine5 + z * (T.arcSine6 + z * (T.arcSine7 + z * top)))
    return z * (T.arcSine0 + z * (T.arcSine1 + z * (T.arcSine2 + z * (T.arcSine3 + z * middle))))
  }

  /// asin √((1 − x)/2) for 1/2 < x ≤ 1, which is half of acos x.
  @inline(__always) private static func halfAngle(_ x: Double) -> DoubleDouble {
    let z = (1 - x) * 0.5
    if z == 0 { return DoubleDouble(0, 0) }
    let root = z.squareRoot()
    let square = DoubleDouble(product: root, root)
    let rest = ((z - square.high) - square.low) / (root + root)
    return DoubleDouble(root, rest + root * arcSineSeries(z))
  }

  @inline(__always) private static func firstOctant(_ n: Double, _ d: Double) -> Double {
    // d is not subnormal here where it matters: the quotient alone is the angle, rounded once.
    if n.magnitude < d * 0x1p-28 { return n / d }
    let parts = firstOctantParts(n, d)
    return parts.high + parts.low
  }

  /// π/2 − atan(n/d).
  @inline(__always) private static func complement(firstOctant n: Double, _ d: Double) -> Double {
    let parts = firstOctantParts(n, d)
    let exact = DoubleDouble(ordered: PinnedTables.halfPiHigh, -parts.high)
    return exact.high + (exact.low + (PinnedTables.halfPiLow - parts.low))
  }

  /// atan(n/d) for 0 ≤ n ≤ d, d > 0, as a sum.
  ///
  /// atan(n/d) = atan c + atan((n − c·d)/(d + c·n)) with c the nearest 64th, so the series sees |t| ≤ 1/128, or
  /// 1/8 next to zero, where c is 0.
  @inline(__always) private static func firstOctantParts(_ numerator: Double, _ denominator: Double)
    -> DoubleDouble
  {
    typealias T = PinnedTables
    var n = numerator
    var d = denominator
    if d > 0x1p900 {
      if d.isInfinite { return DoubleDouble(0, 0) }
      n *= 0x1p-200
      d *= 0x1p-200
    } else if d < 0x1p-800 {
      n *= 0x1p300
      d *= 0x1p300
    }
    let ratio = n / d
    let index = Int(truncatingIfNeeded: (ratio * 64 + Double.roundingShift).bitPattern & 0x7f)
    if index < 8 {
      if ratio < 0x1p-200 { return DoubleDouble(ratio, 0) }
      let back = DoubleDouble(product: ratio, d)
      let rest = ((n - back.high) - back.low) / d
      return DoubleDouble(ratio, rest + ratio * arcTangentSeries(ratio * ratio))
    }
    let c = Double(index) * 0x1p-6
    let dHigh = d.leading26Bits
    let t = ((n - c * dHigh) - c * (d - dHigh)) / (d + c * n)
    return DoubleDouble(
      T.arcTangentsHigh[index], T.arcTangentsLow[index] + (t + t * arcTangentSeries(t * t)))
  }

  /// (atan t − t) / t from z = t² ≤ 1/64.
  @inline(__always) private static func arcTangentSeries(_ z: Double) -> Double {
    typealias T = PinnedTables
    let high = T.arcTangent3 + z * (T.arcTangent4 + z * (T.arcTangent5 + z * T.arcTangent6))
    return z * (T.arcTangent0 + z * (T.arcTangent1 + z * (T.arcTangent2 + z * high)))
  }
}
