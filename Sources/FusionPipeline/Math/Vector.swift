/// A pair of numbers or a point of the plane; SI.
public struct Vector2: BitwiseCopyable, Sendable, Equatable {
  public var x: Double
  public var y: Double

  @inlinable public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  @inlinable public static var zero: Vector2 { Vector2(0, 0) }

  @inlinable public static func + (a: Vector2, b: Vector2) -> Vector2 { Vector2(a.x + b.x, a.y + b.y) }
  @inlinable public static func - (a: Vector2, b: Vector2) -> Vector2 { Vector2(a.x - b.x, a.y - b.y) }
  @inlinable public static prefix func - (a: Vector2) -> Vector2 { Vector2(-a.x, -a.y) }
  @inlinable public static func * (a: Vector2, s: Double) -> Vector2 { Vector2(a.x * s, a.y * s) }
  @inlinable public static func * (s: Double, a: Vector2) -> Vector2 { a * s }
  @inlinable public static func / (a: Vector2, s: Double) -> Vector2 { Vector2(a.x / s, a.y / s) }
  @inlinable public static func += (a: inout Vector2, b: Vector2) { a = a + b }
  @inlinable public static func -= (a: inout Vector2, b: Vector2) { a = a - b }

  @inlinable public func dot(_ b: Vector2) -> Double { x * b.x + y * b.y }
  /// The z of the cross product: positive when `b` lies to the left.
  @inlinable public func cross(_ b: Vector2) -> Double { x * b.y - y * b.x }
  @inlinable public var lengthSquared: Double { dot(self) }
  @inlinable public var length: Double { lengthSquared.squareRoot() }
  /// A quarter turn to the left.
  @inlinable public var left: Vector2 { Vector2(-y, x) }
  /// The direction, or zero for the zero vector.
  @inlinable public var normalized: Vector2 {
    let length = length
    return length > 0 ? self / length : .zero
  }
}

/// Three numbers or a point of space; SI.
public struct Vector3: BitwiseCopyable, Sendable, Equatable {
  public var x: Double
  public var y: Double
  public var z: Double

  @inlinable public init(_ x: Double, _ y: Double, _ z: Double) {
    self.x = x
    self.y = y
    self.z = z
  }

  @inlinable public static var zero: Vector3 { Vector3(0, 0, 0) }
  @inlinable public var xy: Vector2 { Vector2(x, y) }

  @inlinable public static func + (a: Vector3, b: Vector3) -> Vector3 {
    Vector3(a.x + b.x, a.y + b.y, a.z + b.z)
  }
  @inlinable public static func - (a: Vector3, b: Vector3) -> Vector3 {
    Vector3(a.x - b.x, a.y - b.y, a.z - b.z)
  }
  @inlinable public static prefix func - (a: Vector3) -> Vector3 { Vector3(-a.x, -a.y, -a.z) }
  @inlinable public static func * (a: Vector3, s: Double) -> Vector3 { Vector3(a.x * s, a.y * s, a.z * s) }
  @inlinable public static func * (s: Double, a: Vector3) -> Vector3 { a * s }
  @inlinable public static func / (a: Vector3, s: Double) -> Vector3 { Vector3(a.x / s, a.y / s, a.z / s) }
  @inlinable public static func += (a: inout Vector3, b: Vector3) { a = a + b }
  @inlinable public static func -= (a: inout Vector3, b: Vector3) { a = a - b }

  @inlinable public func dot(_ b: Vector3) -> Double { x * b.x + y * b.y + z * b.z }
  @inlinable public func cross(_ b: Vector3) -> Vector3 {
    Vector3(y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x)
  }
  @inlinable public var lengthSquared: Double { dot(self) }
  @inlinable public var length: Double { lengthSquared.squareRoot() }
  /// The direction, or zero for the zero vector.
  @inlinable public var normalized: Vector3 {
    let length = length
    return length > 0 ? self / length : .zero
  }
}
