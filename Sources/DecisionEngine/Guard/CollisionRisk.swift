/// How near a collision is; the "collision" list holds exactly one.
public struct CollisionRisk: BitwiseCopyable, Sendable, Equatable {
  /// Until contact if nobody changes speed, s; infinity when no contact is foreseen.
  public var timeToCollision: Double
  /// That it takes, from now on, not to touch, m/s².
  public var requiredDeceleration: Double
  /// m/s, along the machine's way.
  public var closingSpeed: Double
  /// 0 where a raw obstacle without a track is the cause.
  public var trackID: UInt64
  public var flags: CollisionFlags
  public var reserved: UInt32

  public init(
    timeToCollision: Double = .infinity, requiredDeceleration: Double = 0, closingSpeed: Double = 0,
    trackID: UInt64 = 0, flags: CollisionFlags = []
  ) {
    self.timeToCollision = timeToCollision
    self.requiredDeceleration = requiredDeceleration
    self.closingSpeed = closingSpeed
    self.trackID = trackID
    self.flags = flags
    self.reserved = 0
  }
}

public struct CollisionFlags: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static let warning = CollisionFlags(rawValue: 1 << 0)
  /// The machine brakes now.
  public static let braking = CollisionFlags(rawValue: 1 << 1)
  /// A raw lidar obstacle, not a track, is the cause.
  public static let rawObstacle = CollisionFlags(rawValue: 1 << 2)
}
