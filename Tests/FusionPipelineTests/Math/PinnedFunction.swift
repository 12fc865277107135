import FusionPipeline
import Glibc

/// The pinned functions under one face; one-argument ones ignore y. `atan2` takes its first argument as x.
enum PinnedFunction: String, CaseIterable {
  case sin, cos, tan, wrapAngle, atan, atan2, asin, acos, exp, log, pow, hypot

  func pinned(_ x: Double, _ y: Double) -> Double {
    switch self {
    case .sin: Pinned.sin(x)
    case .cos: Pinned.cos(x)
    case .tan: Pinned.tan(x)
    case .wrapAngle: Pinned.wrapAngle(x)
    case .atan: Pinned.atan(x)
    case .atan2: Pinned.atan2(x, y)
    case .asin: Pinned.asin(x)
    case .acos: Pinned.acos(x)
    case .exp: Pinned.exp(x)
    case .log: Pinned.log(x)
    case .pow: Pinned.pow(x, y)
    case .hypot: Pinned.hypot(x, y)
    }
  }

  /// The C library's value, or nil where it has no such function.
  func library(_ x: Double, _ y: Double) -> Double? {
    switch self {
    case .sin: Glibc.sin(x)
    case .cos: Glibc.cos(x)
    case .tan: Glibc.tan(x)
    case .wrapAngle: nil
    case .atan: Glibc.atan(x)
    case .atan2: Glibc.atan2(x, y)
    case .asin: Glibc.asin(x)
    case .acos: Glibc.acos(x)
    case .exp: Glibc.exp(x)
    case .log: Glibc.log(x)
    case .pow: Glibc.pow(x, y)
    case .hypot: Glibc.hypot(x, y)
    }
  }

  /// Arguments that reach every branch: the common range, the edges, and now and then any 64 bits at all.
  func arguments(_ random: inout RandomSource, _ index: Int) -> (Double, Double) {
    if index % 16 == 15 { return (Double(bitPattern: random.next()), Double(bitPattern: random.next())) }
    switch self {
    case .sin, .cos, .tan, .wrapAngle:
      let reach: Double = [0.8, 7, 7, 100, 1.6e6, 1e12, 1e300, 3.2][index & 7]
      return (random.uniform(-reach, reach), 0)
    case .atan, .atan2, .hypot:
      let reach: Double = [0.15, 1, 4, 1e3][index & 3]
      return (random.uniform(-reach, reach), random.uniform(-2, 2))
    case .asin, .acos: return (random.uniform(-1, 1), 0)
    case .exp:
      let reach: Double = [1, 30, 746, 0.01][index & 3]
      return (random.uniform(-reach, reach), 0)
    case .log: return (index & 1 == 0 ? random.uniform(0.9, 1.1) : random.uniform(0, 1e4), 0)
    case .pow: return (random.uniform(0, index & 1 == 0 ? 2 : 50), random.uniform(-40, 40))
    }
  }
}

/// Doubles between a and b on the number line; 0 for two NaNs, a huge number for one.
func distanceInDoubles(_ a: Double, _ b: Double) -> UInt64 {
  if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? 0 : .max }
  // Negative numbers count down from the middle, positive ones up, and the two zeros share it.
  func place(_ x: Double) -> UInt64 {
    let middle: UInt64 = 1 << 63
    return x.sign == .minus ? middle &- x.magnitude.bitPattern : middle &+ x.bitPattern
  }
  let (first, second) = (place(a), place(b))
  return first > second ? first &- second : second &- first
}

/// FNV-1a over 64-bit words, low byte first.
struct BitDigest {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ word: UInt64) {
    for shift in 0..<8 { value = (value ^ ((word >> UInt64(8 * shift)) & 0xff)) &* 0x100_0000_01b3 }
  }

  /// Every NaN counts the same: its sign and payload differ between processors.
  mutating func add(_ number: Double) { add(number.isNaN ? 0x7ff8_0000_0000_0000 : number.bitPattern) }
}
