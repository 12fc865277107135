/// Elementary functions whose results are the same bits on every processor.
///
/// A C library picks among variants by the processor it finds (with and without fused multiply-add), and their
/// last bits differ; replay promises equal bytes. These use only `+ − × ÷`, `squareRoot` and operations on
/// bits, in one written order, and Swift never contracts `a * b + c`.
/// Angles are radians. Special values follow C99 Annex F. Nothing traps, whatever the argument.
/// Accuracy: below 0.8 units in the last place (measured, see `PinnedAccuracyTests`). Cost: 3–30 ns.
/// Sources: Cody & Waite, "Software Manual for the Elementary Functions" (1980); Payne & Hanek, "Radian
/// Reduction for Trigonometric Functions" (1983); P. T. P. Tang's table-driven exp and log (1989, 1990);
/// Dekker, "A Floating-Point Technique for Extending the Available Precision" (1971).
public enum Pinned {
  @inlinable public static func radians(degrees: Double) -> Double { degrees * (Double.pi / 180) }
  @inlinable public static func degrees(radians: Double) -> Double { radians * (180 / Double.pi) }
}

/// The unevaluated sum of two doubles; `low` is the rounding error of `high`.
struct DoubleDouble: BitwiseCopyable {
  var high: Double
  var low: Double

  @inline(__always) init(_ high: Double, _ low: Double) {
    self.high = high
    self.low = low
  }

  /// a + b exactly (Knuth).
  @inline(__always) init(sum a: Double, _ b: Double) {
    let sum = a + b
    let part = sum - a
    self.init(sum, (a - (sum - part)) + (b - part))
  }

  /// a + b exactly when |a| ≥ |b| or a is zero (Dekker).
  @inline(__always) init(ordered a: Double, _ b: Double) {
    let sum = a + b
    self.init(sum, b - (sum - a))
  }

  /// a × b to about 105 bits.
  @inline(__always) init(product a: Double, _ b: Double) {
    let product = a * b
    let aHigh = a.leading26Bits
    let bHigh = b.leading26Bits
    let aLow = a - aHigh
    let bLow = b - bHigh
    self.init(product, (((aHigh * bHigh - product) + aHigh * bLow) + aLow * bHigh) + aLow * bLow)
  }
}

extension Double {
  /// The value with its last 27 bits cleared: the square of what is left is exact.
  @inline(__always) var leading26Bits: Double { Double(bitPattern: bitPattern & ~0x7ff_ffff) }

  /// Added to and taken from a number below 2⁵¹, rounds it to an integer, which then lies in the low bits.
  @inline(__always) static var roundingShift: Double { 0x1.8p52 }

  /// 2^exponent for an exponent in −1022…1023.
  @inline(__always) static func powerOfTwo(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(truncatingIfNeeded: (exponent &+ 1023)) &<< 52)
  }
}
