import FusionPipeline

@testable import SensorDrivers

/// FNV-1a, 64 bits.
struct ByteDigest: Equatable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

  mutating func add(_ bytes: RawSpan) {
    for index in 0..<bytes.byteCount { add(bytes.byte(index)) }
  }

  mutating func add(_ number: Int64) {
    for shift in 0..<8 { add(UInt8(truncatingIfNeeded: number >> Int64(shift * 8))) }
  }
}

/// Drives with perfect knowledge: holds the lane, follows by the intelligent driver model.
struct PerfectDriver {
  var desiredSpeed = 16.0
  var brakes = true

  func drive(_ drive: SimulatedDrive) {
    let truth = drive.truth
    let steering =
      Pinned.atan(EgoVehicle.wheelbaseMetres * truth.laneCurvature)
      - 0.06 * truth.laneOffsetMetres - 0.6 * truth.laneHeadingRadians
    var wanted = CarFollowing.acceleration(
      speed: truth.speed, gapMetres: brakes ? truth.leadGapMetres : 1e6,
      leaderSpeed: brakes && truth.leadGapMetres.isFinite ? truth.leadSpeed : truth.speed,
      desiredSpeed: desiredSpeed, standstillGapMetres: 3, headwaySeconds: 1.2)
    if !brakes { wanted = max(wanted, 0) }
    drive.actuate(
      steeringRadians: steering, throttle: max(wanted, 0) / 3, brake: max(-wanted, 0) / 9,
      mode: CommandMode.auto.rawValue)
  }
}

extension SimulatedDrive {
  /// Steps until the next packet lies at or after `seconds`; `act` runs before each step.
  func run(
    until seconds: Double, act: () -> Void, body: (Source, Int64, RawSpan) -> Void = { _, _, _ in }
  ) {
    let end = Int64.seconds(seconds)
    while nextPacketTime < end {
      act()
      step(body)
    }
  }
}

extension SimulatedDrive {
  func run(until seconds: Double) { run(until: seconds, act: {}) }

  func run(until seconds: Double, body: (Source, Int64, RawSpan) -> Void) {
    run(until: seconds, act: {}, body: body)
  }

  /// The driver acts before every step.
  func run(until seconds: Double, driver: PerfectDriver, body: (Source, Int64, RawSpan) -> Void) {
    run(until: seconds, act: { driver.drive(self) }, body: body)
  }
}

extension SimulatedDriveSettings {
  static func with(_ sources: Set<SimulatedDrive.Source>, noise: Bool = true, seed: UInt64 = 1) -> Self {
    var settings = SimulatedDriveSettings()
    settings.sources = sources
    settings.hasNoise = noise
    settings.seed = seed
    return settings
  }
}
