/// A rigid motion of the plane, or a pose on it: metres and radians, yaw left positive.
///
/// The sine and cosine are kept, so that moving many points costs no trigonometry.
public struct Transform2: BitwiseCopyable, Sendable, Equatable {
  public let x: Double
  public let y: Double
  /// In (−π, π].
  public let yawRadians: Double
  public let sinYaw: Double
  public let cosYaw: Double

  public init(x: Double, y: Double, yawRadians: Double) {
    self.x = x
    self.y = y
    self.yawRadians = Pinned.wrapAngle(yawRadians)
    (sinYaw, cosYaw) = Pinned.sincos(self.yawRadians)
  }

  public static var identity: Transform2 { Transform2(x: 0, y: 0, yawRadians: 0) }

  @inlinable public var translation: Vector2 { Vector2(x, y) }

  /// First `b`, then `a`.
  public static func * (a: Transform2, b: Transform2) -> Transform2 {
    let moved = a * b.translation
    return Transform2(x: moved.x, y: moved.y, yawRadians: a.yawRadians + b.yawRadians)
  }

  @inlinable public static func * (a: Transform2, point: Vector2) -> Vector2 {
    Vector2(a.cosYaw * point.x - a.sinYaw * point.y + a.x, a.sinYaw * point.x + a.cosYaw * point.y + a.y)
  }

  /// A direction or velocity: rotated, not moved.
  @inlinable public func rotate(_ direction: Vector2) -> Vector2 {
    Vector2(cosYaw * direction.x - sinYaw * direction.y, sinYaw * direction.x + cosYaw * direction.y)
  }

  public var inverse: Transform2 {
    Transform2(x: -(cosYaw * x + sinYaw * y), y: sinYaw * x - cosYaw * y, yawRadians: -yawRadians)
  }
}
