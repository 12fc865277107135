import FusionPipeline

/// The machine's own motion at the frame's instant; the "ego" list holds exactly one.
public struct EgoState: BitwiseCopyable, Sendable, Equatable {
  /// Along the vehicle's x axis, m/s, negative in reverse.
  public var speed: Double
  /// Rad/s, left positive.
  public var yawRate: Double
  /// At the road wheel, rad, left positive; 0 where no sensor tells it.
  public var steeringAngle: Double
  /// Dead-reckoned pose of the vehicle frame in the odometry frame (where the machine stood at the start).
  public var x: Double
  public var y: Double
  public var yaw: Double
  /// How old the speed is.
  public var ageNanoseconds: Int64
  public var flags: EgoFlags

  public init(
    speed: Double = 0, yawRate: Double = 0, steeringAngle: Double = 0, x: Double = 0, y: Double = 0,
    yaw: Double = 0, ageNanoseconds: Int64 = 0, flags: EgoFlags = []
  ) {
    self.speed = speed
    self.yawRate = yawRate
    self.steeringAngle = steeringAngle
    self.x = x
    self.y = y
    self.yaw = yaw
    self.ageNanoseconds = ageNanoseconds
    self.flags = flags
  }

  /// The pose, as a transform from vehicle to odometry coordinates.
  public var odometryFromVehicle: Transform2 { Transform2(x: x, y: y, yawRadians: yaw) }

  /// Where the vehicle frame of `seconds` ago lies in the present one, at constant speed and yaw rate.
  public func vehicleFromEarlier(seconds: Double) -> Transform2 {
    let turn = -yawRate * seconds
    // The chord's direction is the mean heading; its length differs from the arc's by (turn²/24).
    let (s, c) = Pinned.sincos(0.5 * turn)
    return Transform2(x: -speed * seconds * c, y: -speed * seconds * s, yawRadians: turn)
  }
}

public struct EgoFlags: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// The speed is known and young enough to drive by.
  public static let valid = EgoFlags(rawValue: 1 << 0)
  /// A speed was known once, but it is too old now.
  public static let stale = EgoFlags(rawValue: 1 << 1)
  /// The yaw rate comes from an inertial sensor.
  public static let inertialYawRate = EgoFlags(rawValue: 1 << 2)
  /// The wheels stand still.
  public static let standstill = EgoFlags(rawValue: 1 << 3)
}
