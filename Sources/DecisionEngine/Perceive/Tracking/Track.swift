/// One thing followed from frame to frame; the "tracks" list, in the order of their ids.
///
/// Position, velocity and covariance are in the vehicle frame's axes at the frame's instant; velocity is over
/// the ground, not relative to the machine.
public struct Track: BitwiseCopyable, Sendable, Equatable {
  /// From 1, never used twice.
  public var id: UInt64
  /// The box's centre, metres.
  public var x: Double
  public var y: Double
  /// Over the ground, m/s.
  public var vx: Double
  public var vy: Double
  public var covariance: PlanarCovariance
  /// Smoothed change of the velocity over the ground, m/s²; a few hundred milliseconds late.
  public var ax: Double
  public var ay: Double
  /// Along `yaw`, metres; 0 while only a radar has seen it.
  public var length: Double
  public var width: Double
  public var height: Double
  /// Rad; forward along the velocity while it moves.
  public var yaw: Double
  /// Since the last measurement of any sensor.
  public var ageNanoseconds: Int64
  /// Updates by measurements, and frames since the last one.
  public var hits: Int32
  public var misses: Int32
  public var flags: TrackFlags
  public var reserved: UInt32

  public init(
    id: UInt64 = 0, x: Double = 0, y: Double = 0, vx: Double = 0, vy: Double = 0,
    covariance: PlanarCovariance = PlanarCovariance(), ax: Double = 0, ay: Double = 0, length: Double = 0,
    width: Double = 0,
    height: Double = 0, yaw: Double = 0, ageNanoseconds: Int64 = 0, hits: Int32 = 0, misses: Int32 = 0,
    flags: TrackFlags = []
  ) {
    self.id = id
    self.x = x
    self.y = y
    self.vx = vx
    self.vy = vy
    self.covariance = covariance
    self.ax = ax
    self.ay = ay
    self.length = length
    self.width = width
    self.height = height
    self.yaw = yaw
    self.ageNanoseconds = ageNanoseconds
    self.hits = hits
    self.misses = misses
    self.flags = flags
    self.reserved = 0
  }
}

extension Track {
  /// The velocity to foresee by: zero for a thing that stands, and along an axis in which it is not known yet
  /// (standard deviation above 3 m/s ahead, 1.5 m/s to the side), since a newborn track's guess would cross every lane.
  public var soundVelocity: (x: Double, y: Double) {
    guard flags.contains(.moving) else { return (0, 0) }
    return (covariance.vxvx < 9 ? vx : 0, covariance.vyvy < 2.25 ? vy : 0)
  }
}

public struct TrackFlags: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Seen by a lidar at least once.
  public static let lidar = TrackFlags(rawValue: 1 << 0)
  /// Seen by a radar at least once.
  public static let radar = TrackFlags(rawValue: 1 << 1)
  /// Seen often enough to act on.
  public static let confirmed = TrackFlags(rawValue: 1 << 2)
  /// Moves over the ground; stays set until it has clearly stopped.
  public static let moving = TrackFlags(rawValue: 1 << 3)
  /// A piece of a wall or the like.
  public static let piece = TrackFlags(rawValue: 1 << 4)
}
