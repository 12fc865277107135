/// A thing above the ground as the lidars see it in this frame; the "obstacles" list, nearest first.
///
/// Coordinates are the vehicle frame's at the frame's instant: the machine's own motion since each point was
/// measured is taken out, the thing's own motion over `ageNanoseconds` is not.
public struct Obstacle: BitwiseCopyable, Sendable, Equatable {
  /// The box's centre, metres.
  public var x: Double
  public var y: Double
  public var z: Double
  /// Along `yaw`, metres; never less than `width`.
  public var length: Double
  public var width: Double
  public var height: Double
  /// The box's long side, rad, in (−π/2, π/2]: a box has no front.
  public var yaw: Double
  /// From the vehicle frame's origin to the nearest point over the ground, metres.
  public var nearestDistance: Double
  /// How long before the instant it was seen.
  public var ageNanoseconds: Int64
  public var pointCount: Int32
  /// The sensor that saw its nearest point, by its number in the configuration.
  public var source: UInt16
  public var flags: UInt16

  /// A piece of something larger than any vehicle (a wall, a hedge); pieces lie on a fixed grid.
  public static let isPiece: UInt16 = 1

  public init(
    x: Double = 0, y: Double = 0, z: Double = 0, length: Double = 0, width: Double = 0, height: Double = 0,
    yaw: Double = 0, nearestDistance: Double = 0, ageNanoseconds: Int64 = 0, pointCount: Int32 = 0,
    source: UInt16 = 0, flags: UInt16 = 0
  ) {
    self.x = x
    self.y = y
    self.z = z
    self.length = length
    self.width = width
    self.height = height
    self.yaw = yaw
    self.nearestDistance = nearestDistance
    self.ageNanoseconds = ageNanoseconds
    self.pointCount = pointCount
    self.source = source
    self.flags = flags
  }
}
