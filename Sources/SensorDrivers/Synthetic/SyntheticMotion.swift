import FusionPipeline

/// The car's own sensors on its CAN: a cycle sends steering, yaw rate and wheel speeds, every second one the
/// speedometer too.
struct SyntheticMotion {
  /// From frame to frame of one sender on the bus: an eight-byte frame at 500 kbit/s.
  static let busNanoseconds: Int64 = 250_000
  private static let framesOfTwoCycles: Int64 = 7

  private let encoder: ToyotaMotionEncoder
  private let steeringRatio: Double
  private var ego = EgoVehicle(speed: 0)

  init(bus: UInt8, steeringRatio: Double) {
    encoder = ToyotaMotionEncoder(bus: bus)
    self.steeringRatio = steeringRatio
  }

  /// The cycle of the nth frame and its place there.
  static func position(of number: Int64) -> (cycle: Int64, place: Int64) {
    let (pairs, rest) = (number / framesOfTwoCycles, number % framesOfTwoCycles)
    return rest < 4 ? (pairs &* 2, rest) : (pairs &* 2 &+ 1, rest &- 4)
  }

  /// A cycle's frames say what was so at its first one.
  mutating func frame(cycle: Int64, place: Int64, ego now: EgoVehicle) -> CANFrame {
    if place == 0 { ego = now }
    switch place {
    case 0:
      return encoder.steering(
        wheelRadians: ego.steeringRadians * steeringRatio,
        degreesPerSecond: Pinned.degrees(radians: ego.steeringRate * steeringRatio))
    case 1:
      return encoder.inertia(yawRate: ego.yawRate, lateralAcceleration: ego.speed * ego.yawRate)
    case 2: return wheels()
    default:
      // The pulses of the wheels' rings, for a reader that counts them.
      let pulses = UInt8(truncatingIfNeeded: Int64(ego.distanceDriven * 24))
      return encoder.speedometer(ego.speed, pulses: pulses)
    }
  }

  /// Each wheel's speed along its own direction.
  private func wheels() -> CANFrame {
    let half = 0.5 * EgoVehicle.trackMetres
    let turn = ego.yawRate * half
    let lateral = ego.yawRate * EgoVehicle.wheelbaseMetres
    let left = ((ego.speed - turn) * (ego.speed - turn) + lateral * lateral).squareRoot()
    let right = ((ego.speed + turn) * (ego.speed + turn) + lateral * lateral).squareRoot()
    return encoder.wheels(
      frontLeft: left, frontRight: right, rearLeft: ego.speed - turn, rearRight: ego.speed + turn)
  }
}
