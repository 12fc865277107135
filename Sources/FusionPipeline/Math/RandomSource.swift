/// Random numbers that a seed alone decides, for simulators, fault injection and tests.
///
/// xoshiro256** seeded through SplitMix64; the state is four words, so a snapshot may hold it.
/// Source: Blackman & Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021). Not for secrets.
public struct RandomSource: RandomNumberGenerator, BitwiseCopyable, Sendable, Equatable {
  @usableFromInline var state0: UInt64
  @usableFromInline var state1: UInt64
  @usableFromInline var state2: UInt64
  @usableFromInline var state3: UInt64

  public init(seed: UInt64) {
    var mixer = seed
    state0 = RandomSource.splitMix(&mixer)
    state1 = RandomSource.splitMix(&mixer)
    state2 = RandomSource.splitMix(&mixer)
    state3 = RandomSource.splitMix(&mixer)
  }

  /// A source of its own for each named part: adding a sensor does not shift another's numbers.
  public init(seed: UInt64, stream: UInt64) {
    var mixer = stream
    self.init(seed: seed ^ RandomSource.splitMix(&mixer))
  }

  private static func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }

  @inlinable public mutating func next() -> UInt64 {
    let scrambled = state1 &* 5
    let result = (scrambled &<< 7 | scrambled &>> 57) &* 9
    let shifted = state1 &<< 17
    state2 ^= state0
    state3 ^= state1
    state1 ^= state2
    state0 ^= state3
    state2 ^= shifted
    state3 = state3 &<< 45 | state3 &>> 19
    return result
  }

  /// In 0..<1, a multiple of 2⁻⁵³.
  @inlinable public mutating func uniform() -> Double { Double(next() &>> 11) * 0x1p-53 }

  /// From `low` to `high`; `high` itself only by rounding.
  @inlinable public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// In 0..<count by a multiplication (Lemire, 2019), its bias below count/2⁶⁴; 0 for a count of 0.
  @inlinable public mutating func below(_ count: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: count).high
  }

  /// True with the given probability.
  @inlinable public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// A normal draw (Box & Muller, 1958). Two words each time, so draws never depend on an earlier spare.
  public mutating func normal(mean: Double = 0, deviation: Double = 1) -> Double {
    let radius = (-2 * Pinned.log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    return mean + deviation * (radius * Pinned.cos(angle))
  }

  /// An exponential draw with the given mean.
  public mutating func exponential(mean: Double) -> Double { -mean * Pinned.log(1 - uniform()) }
}
