/// A 3×3 matrix in rows: rotations, inertia, covariance of a position.
public struct Matrix3: BitwiseCopyable, Sendable, Equatable {
  public var row0: Vector3
  public var row1: Vector3
  public var row2: Vector3

  @inlinable public init(rows row0: Vector3, _ row1: Vector3, _ row2: Vector3) {
    self.row0 = row0
    self.row1 = row1
    self.row2 = row2
  }

  @inlinable public static var zero: Matrix3 { Matrix3(rows: .zero, .zero, .zero) }
  @inlinable public static var identity: Matrix3 { diagonal(1, 1, 1) }
  @inlinable public static func diagonal(_ x: Double, _ y: Double, _ z: Double) -> Matrix3 {
    Matrix3(rows: Vector3(x, 0, 0), Vector3(0, y, 0), Vector3(0, 0, z))
  }

  @inlinable public var column0: Vector3 { Vector3(row0.x, row1.x, row2.x) }
  @inlinable public var column1: Vector3 { Vector3(row0.y, row1.y, row2.y) }
  @inlinable public var column2: Vector3 { Vector3(row0.z, row1.z, row2.z) }

  @inlinable public var transposed: Matrix3 { Matrix3(rows: column0, column1, column2) }
  @inlinable public var determinant: Double { row0.dot(row1.cross(row2)) }

  @inlinable public static func + (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(rows: a.row0 + b.row0, a.row1 + b.row1, a.row2 + b.row2)
  }
  @inlinable public static func - (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(rows: a.row0 - b.row0, a.row1 - b.row1, a.row2 - b.row2)
  }
  @inlinable public static func * (a: Matrix3, s: Double) -> Matrix3 {
    Matrix3(rows: a.row0 * s, a.row1 * s, a.row2 * s)
  }
  @inlinable public static func * (a: Matrix3, v: Vector3) -> Vector3 {
    Vector3(a.row0.dot(v), a.row1.dot(v), a.row2.dot(v))
  }
  @inlinable public static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
    let columns = b.transposed
    return Matrix3(rows: columns * a.row0, columns * a.row1, columns * a.row2)
  }

  /// The inverse by cofactors, or nil where the determinant is zero or not finite.
  @inlinable public var inverse: Matrix3? {
    let determinant = determinant
    guard determinant != 0, determinant.isFinite else { return nil }
    let cofactors = Matrix3(rows: row1.cross(row2), row2.cross(row0), row0.cross(row1)).transposed
    return Matrix3(
      rows: cofactors.row0 / determinant, cofactors.row1 / determinant, cofactors.row2 / determinant)
  }
}

extension Matrix3 {
  /// The rotation by `yaw` about z, then `pitch` about the new y, then `roll` about the new x, radians.
  public init(rollRadians: Double, pitchRadians: Double, yawRadians: Double) {
    let (sr, cr) = Pinned.sincos(rollRadians)
    let (sp, cp) = Pinned.sincos(pitchRadians)
    let (sy, cy) = Pinned.sincos(yawRadians)
    self.init(
      rows: Vector3(cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
      Vector3(sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
      Vector3(-sp, cp * sr, cp * cr))
  }

  /// Roll, pitch and yaw of a rotation, radians; at ±90° of pitch roll is 0.
  public var rollPitchYawRadians: (roll: Double, pitch: Double, yaw: Double) {
    let cosPitch = Pinned.hypot(row0.x, row1.x)
    let pitch = Pinned.atan2(-row2.x, cosPitch)
    if cosPitch < 1e-9 { return (0, pitch, Pinned.atan2(-row0.y, row1.y)) }
    return (Pinned.atan2(row2.y, row2.z), pitch, Pinned.atan2(row1.x, row0.x))
  }
}
