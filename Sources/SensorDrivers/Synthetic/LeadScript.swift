import FusionPipeline

/// How fast the vehicle in front wants to go: a cycle of 30 s, varied a little from cycle to cycle by the seed.
///
/// It cruises, slows, stops hard, stands, drives on faster than before and eases off.
struct LeadScript {
  static let cycleSeconds = 30.0
  static let cruise = 14.0
  static let slow = 10.0
  static let brisk = 15.5

  /// What varies: when it slows and how hard it stops (6…7.5 m/s²), and how close the cut-in is.
  struct Cycle: BitwiseCopyable {
    var number = -1
    var slowsAt = 4.0
    var hardBraking = 7.0
    var cutInGapMetres = 10.0
  }

  private let seed: UInt64
  private(set) var cycle = Cycle()

  init(seed: UInt64) {
    self.seed = seed
    enter(0)
  }

  private mutating func enter(_ number: Int) {
    guard number != cycle.number else { return }
    var random = RandomSource(seed: seed, stream: 0x6C65_6164 &+ UInt64(number))
    cycle.number = number
    cycle.slowsAt = random.uniform(3.5, 4.5)
    cycle.hardBraking = random.uniform(6, 7.5)
    cycle.cutInGapMetres = random.uniform(9, 13)
  }

  /// Seconds into the cycle at `seconds` of the drive.
  mutating func phase(at seconds: Double) -> Double {
    let number = (seconds / Self.cycleSeconds).rounded(.down)
    enter(Int(min(max(number, 0), 1e9)))
    return seconds - number * Self.cycleSeconds
  }

  /// The wanted speed at a phase of the cycle at hand.
  func speed(phase: Double) -> Double {
    let hardAt = cycle.slowsAt + 4
    let startsAt = cycle.slowsAt + 9.5
    if phase < cycle.slowsAt { return Self.cruise }
    if phase < hardAt { return max(Self.cruise - 2 * (phase - cycle.slowsAt), Self.slow) }
    if phase < startsAt { return max(Self.slow - cycle.hardBraking * (phase - hardAt), 0) }
    if phase < 26 { return min(2 * (phase - startsAt), Self.brisk) }
    return Self.brisk + (Self.cruise - Self.brisk) * (phase - 26) / (Self.cycleSeconds - 26)
  }
}
