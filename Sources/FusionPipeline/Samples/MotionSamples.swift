/// One inertial measurement in the sensor's frame; SI units; NaN where the device gave no such item.
public struct ImuSample: BitwiseCopyable, Sendable, Equatable {
  /// Specific force, m/s².
  public var accelerationX: Double
  public var accelerationY: Double
  public var accelerationZ: Double
  /// Angular rate, rad/s.
  public var rateX: Double
  public var rateY: Double
  public var rateZ: Double
  /// Orientation quaternion, sensor to the device's own world frame.
  public var orientationW: Double
  public var orientationX: Double
  public var orientationY: Double
  public var orientationZ: Double

  public init(
    accelerationX: Double = .nan, accelerationY: Double = .nan, accelerationZ: Double = .nan,
    rateX: Double = .nan, rateY: Double = .nan, rateZ: Double = .nan, orientationW: Double = .nan,
    orientationX: Double = .nan, orientationY: Double = .nan, orientationZ: Double = .nan
  ) {
    self.accelerationX = accelerationX
    self.accelerationY = accelerationY
    self.accelerationZ = accelerationZ
    self.rateX = rateX
    self.rateY = rateY
    self.rateZ = rateZ
    self.orientationW = orientationW
    self.orientationX = orientationX
    self.orientationY = orientationY
    self.orientationZ = orientationZ
  }
}

/// The machine's own motion over the ground, from wheel speeds and the like; SI; NaN where unknown.
public struct OdometrySample: BitwiseCopyable, Sendable, Equatable {
  /// Speed along the vehicle's x axis, m/s, negative in reverse.
  public var speed: Double
  /// Yaw rate, rad/s, left positive.
  public var yawRate: Double
  /// Road-wheel steering angle, rad, left positive.
  public var steeringAngle: Double

  public init(speed: Double = .nan, yawRate: Double = .nan, steeringAngle: Double = .nan) {
    self.speed = speed
    self.yawRate = yawRate
    self.steeringAngle = steeringAngle
  }
}

/// What a person asked for: the machine is disarmed at start and moves only after `engage`.
public enum OperatorRequest: UInt32, Sendable, CaseIterable {
  case disengage = 0
  case engage = 1
  case emergencyStop = 2
}

public struct OperatorInput: BitwiseCopyable, Sendable, Equatable {
  /// `OperatorRequest`'s raw value.
  public var request: UInt32
  public var reserved: UInt32
  public init(_ request: OperatorRequest) {
    self.request = request.rawValue
    self.reserved = 0
  }
}
