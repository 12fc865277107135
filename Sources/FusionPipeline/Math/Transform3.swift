/// A rigid motion of space, p ↦ rotation·p + translation; metres.
///
/// Named by its frames, `vehicleFromLidar`, so that products read through:
/// `worldFromVehicle * vehicleFromLidar * lidarFromPoint`.
public struct Transform3: BitwiseCopyable, Sendable, Equatable {
  public var rotation: Matrix3
  public var translation: Vector3

  @inlinable public init(rotation: Matrix3 = .identity, translation: Vector3 = .zero) {
    self.rotation = rotation
    self.translation = translation
  }

  @inlinable public init(rotation: Quaternion, translation: Vector3 = .zero) {
    self.init(rotation: rotation.matrix, translation: translation)
  }

  @inlinable public static var identity: Transform3 { Transform3(rotation: Matrix3.identity) }

  /// First `b`, then `a`.
  @inlinable public static func * (a: Transform3, b: Transform3) -> Transform3 {
    Transform3(rotation: a.rotation * b.rotation, translation: a.rotation * b.translation + a.translation)
  }

  @inlinable public static func * (a: Transform3, point: Vector3) -> Vector3 {
    a.rotation * point + a.translation
  }

  /// A direction or velocity: rotated, not moved.
  @inlinable public func rotate(_ direction: Vector3) -> Vector3 { rotation * direction }

  @inlinable public var inverse: Transform3 {
    let back = rotation.transposed
    return Transform3(rotation: back, translation: -(back * translation))
  }

  /// In single precision, for clouds. Cost: about 2 ns a point.
  @inlinable public func transform(x: Float, y: Float, z: Float) -> (x: Float, y: Float, z: Float) {
    FloatTransform3(self).transform(x: x, y: y, z: z)
  }
}

extension Transform3 {
  /// Yaw about z, then pitch about the new y, then roll about the new x; radians, metres.
  public init(
    rollRadians: Double, pitchRadians: Double, yawRadians: Double, translation: Vector3 = .zero
  ) {
    self.init(
      rotation: Matrix3(rollRadians: rollRadians, pitchRadians: pitchRadians, yawRadians: yawRadians),
      translation: translation)
  }

  /// Yaw about z, then pitch about the new y, then roll about the new x; degrees, metres.
  public init(
    rollDegrees: Double, pitchDegrees: Double, yawDegrees: Double, translation: Vector3 = .zero
  ) {
    self.init(
      rollRadians: Pinned.radians(degrees: rollDegrees), pitchRadians: Pinned.radians(degrees: pitchDegrees),
      yawRadians: Pinned.radians(degrees: yawDegrees), translation: translation)
  }
}

/// A `Transform3` rounded to single precision once, for loops over a cloud's points.
public struct FloatTransform3: BitwiseCopyable, Sendable, Equatable {
  public var xx, xy, xz, yx, yy, yz, zx, zy, zz: Float
  public var translationX, translationY, translationZ: Float

  @inlinable public init(_ t: Transform3) {
    (xx, xy, xz) = (Float(t.rotation.row0.x), Float(t.rotation.row0.y), Float(t.rotation.row0.z))
    (yx, yy, yz) = (Float(t.rotation.row1.x), Float(t.rotation.row1.y), Float(t.rotation.row1.z))
    (zx, zy, zz) = (Float(t.rotation.row2.x), Float(t.rotation.row2.y), Float(t.rotation.row2.z))
    translationX = Float(t.translation.x)
    translationY = Float(t.translation.y)
    translationZ = Float(t.translation.z)
  }

  @inlinable public func transform(x: Float, y: Float, z: Float) -> (x: Float, y: Float, z: Float) {
    (
      xx * x + xy * y + xz * z + translationX, yx * x + yy * y + yz * z + translationY,
      zx * x + zy * y + zz * z + translationZ
    )
  }
}
