/// A quaternion w + xi + yj + zk; of length one it is a rotation (Hamilton's convention, right-handed).
public struct Quaternion: BitwiseCopyable, Sendable, Equatable {
  public var w: Double
  public var x: Double
  public var y: Double
  public var z: Double

  @inlinable public init(w: Double, x: Double, y: Double, z: Double) {
    self.w = w
    self.x = x
    self.y = y
    self.z = z
  }

  @inlinable public static var identity: Quaternion { Quaternion(w: 1, x: 0, y: 0, z: 0) }
  @inlinable public var vector: Vector3 { Vector3(x, y, z) }
  @inlinable public var lengthSquared: Double { w * w + x * x + y * y + z * z }
  @inlinable public var conjugate: Quaternion { Quaternion(w: w, x: -x, y: -y, z: -z) }

  /// Of length one; the identity where the length is zero or not finite.
  @inlinable public var normalized: Quaternion {
    let length = lengthSquared.squareRoot()
    guard length > 0, length.isFinite else { return .identity }
    return Quaternion(w: w / length, x: x / length, y: y / length, z: z / length)
  }

  /// First `b`, then `a`.
  @inlinable public static func * (a: Quaternion, b: Quaternion) -> Quaternion {
    Quaternion(
      w: a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
      x: a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
      y: a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
      z: a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w)
  }

  /// `v` turned by a quaternion of length one.
  @inlinable public func rotate(_ v: Vector3) -> Vector3 {
    let twice = 2 * vector.cross(v)
    return v + w * twice + vector.cross(twice)
  }

  /// The rotation matrix of a quaternion of length one.
  @inlinable public var matrix: Matrix3 {
    Matrix3(
      rows: Vector3(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
      Vector3(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
      Vector3(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)))
  }
}

extension Quaternion {
  /// The rotation along and by a vector, radians: what a gyroscope's rate times a time step says.
  public init(rotationVector v: Vector3) {
    let angle = v.length
    let half = Pinned.sincos(0.5 * angle)
    // sin(a/2)/a near zero is 1/2 − a²/48; the next term is below 1e-17 here.
    let scale = angle < 1e-4 ? 0.5 - angle * angle / 48 : half.sin / angle
    self.init(w: half.cos, x: v.x * scale, y: v.y * scale, z: v.z * scale)
  }

  public init(rollRadians: Double, pitchRadians: Double, yawRadians: Double) {
    let (sr, cr) = Pinned.sincos(0.5 * rollRadians)
    let (sp, cp) = Pinned.sincos(0.5 * pitchRadians)
    let (sy, cy) = Pinned.sincos(0.5 * yawRadians)
    self.init(
      w: cr * cp * cy + sr * sp * sy, x: sr * cp * cy - cr * sp * sy, y: cr * sp * cy + sr * cp * sy,
      z: cr * cp * sy - sr * sp * cy)
  }

  /// The quaternion of a rotation matrix, w ≥ 0 (Shepperd, 1978: divides by the largest component).
  public init(rotation m: Matrix3) {
    let trace = m.row0.x + m.row1.y + m.row2.z
    var q: Quaternion
    if trace >= m.row0.x && trace >= m.row1.y && trace >= m.row2.z {
      q = Quaternion(w: 1 + trace, x: m.row2.y - m.row1.z, y: m.row0.z - m.row2.x, z: m.row1.x - m.row0.y)
    } else if m.row0.x >= m.row1.y && m.row0.x >= m.row2.z {
      q = Quaternion(
        w: m.row2.y - m.row1.z, x: 1 + 2 * m.row0.x - trace, y: m.row0.y + m.row1.x, z: m.row0.z + m.row2.x)
    } else if m.row1.y >= m.row2.z {
      q = Quaternion(
        w: m.row0.z - m.row2.x, x: m.row0.y + m.row1.x, y: 1 + 2 * m.row1.y - trace, z: m.row1.z + m.row2.y)
    } else {
      q = Quaternion(
        w: m.row1.x - m.row0.y, x: m.row0.z + m.row2.x, y: m.row1.z + m.row2.y, z: 1 + 2 * m.row2.z - trace)
    }
    q = q.normalized
    self = q.w < 0 ? Quaternion(w: -q.w, x: -q.x, y: -q.y, z: -q.z) : q
  }

  /// The shorter way from `a` at fraction 0 to `b` at fraction 1 at constant rate; both of length one.
  public static func interpolate(from a: Quaternion, to b: Quaternion, fraction: Double) -> Quaternion {
    let dot = a.w * b.w + a.x * b.x + a.y * b.y + a.z * b.z
    let sign: Double = dot < 0 ? -1 : 1
    let cosine = dot.magnitude
    var first = 1 - fraction
    var second = fraction
    // Nearly parallel: the straight line is exact to rounding.
    if cosine < 0.9999999 {
      let angle = Pinned.acos(cosine)
      let sine = Pinned.sin(angle)
      first = Pinned.sin(first * angle) / sine
      second = Pinned.sin(second * angle) / sine
    }
    second *= sign
    return Quaternion(
      w: first * a.w + second * b.w, x: first * a.x + second * b.x, y: first * a.y + second * b.y,
      z: first * a.z + second * b.z
    ).normalized
  }
}
