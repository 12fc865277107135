import FusionPipeline
import Testing

struct TransformTests {
  @Test("Rotations from angles, quaternions and rotation vectors are orthonormal and right-handed")
  func orthonormal() {
    var random = RandomSource(seed: 21)
    for _ in 0..<500 {
      let vector = Vector3(random.uniform(-4, 4), random.uniform(-4, 4), random.uniform(-4, 4))
      for rotation in [
        random.transform().rotation, random.quaternion().matrix, Quaternion(rotationVector: vector).matrix,
      ] {
        #expect(distance(rotation * rotation.transposed, .identity) < 2e-15)
        #expect((rotation.determinant - 1).magnitude < 2e-15)
      }
    }
  }

  @Test("A transform times its inverse is the identity, both ways round")
  func inverse() {
    var random = RandomSource(seed: 22)
    for _ in 0..<500 {
      let vehicleFromLidar = random.transform()
      #expect(distance(vehicleFromLidar * vehicleFromLidar.inverse, .identity) < 1e-13)
      #expect(distance(vehicleFromLidar.inverse * vehicleFromLidar, .identity) < 1e-13)
    }
  }

  @Test("Composition is associative and agrees with moving a point step by step")
  func composition() {
    var random = RandomSource(seed: 23)
    for _ in 0..<500 {
      let (a, b, c) = (random.transform(), random.transform(), random.transform())
      #expect(distance((a * b) * c, a * (b * c)) < 1e-12)
      let point = random.vector(reach: 50)
      #expect(((a * b) * point - a * (b * point)).length < 1e-12)
    }
  }

  @Test("Positive yaw turns left, positive pitch lowers the nose, positive roll lowers the right side")
  func signs() {
    let yawed = Transform3(rollDegrees: 0, pitchDegrees: 0, yawDegrees: 90) * Vector3(1, 0, 0)
    #expect((yawed - Vector3(0, 1, 0)).length < 1e-15)
    let pitched = Transform3(rollDegrees: 0, pitchDegrees: 90, yawDegrees: 0) * Vector3(1, 0, 0)
    #expect((pitched - Vector3(0, 0, -1)).length < 1e-15)
    let rolled = Transform3(rollDegrees: 90, pitchDegrees: 0, yawDegrees: 0) * Vector3(0, 1, 0)
    #expect((rolled - Vector3(0, 0, 1)).length < 1e-15)
    let moved = Transform3(rollDegrees: 0, pitchDegrees: 0, yawDegrees: 180, translation: Vector3(1, 2, 3))
    #expect((moved * Vector3(1, 0, 0) - Vector3(0, 2, 3)).length < 1e-15)
  }

  @Test("Roll, pitch and yaw come back from the rotation they made, gimbal lock included")
  func angles() {
    var random = RandomSource(seed: 24)
    for index in 0..<500 {
      let pitch = index % 10 == 0 ? (index % 20 == 0 ? 0.5 : -0.5) * Double.pi : random.uniform(-1.5, 1.5)
      let (roll, yaw) = (random.uniform(-3.1, 3.1), random.uniform(-3.1, 3.1))
      let rotation = Matrix3(rollRadians: roll, pitchRadians: pitch, yawRadians: yaw)
      let angles = rotation.rollPitchYawRadians
      let again = Matrix3(rollRadians: angles.roll, pitchRadians: angles.pitch, yawRadians: angles.yaw)
      #expect(distance(rotation, again) < 1e-13)
      if index % 10 != 0 {
        #expect((angles.roll - roll).magnitude < 1e-13 && (angles.yaw - yaw).magnitude < 1e-13)
      }
    }
  }

  @Test("Quaternions and matrices say the same rotation, whichever component is largest")
  func quaternions() {
    var random = RandomSource(seed: 25)
    for _ in 0..<500 {
      let (a, b) = (random.quaternion(), random.quaternion())
      let v = random.vector(reach: 10)
      #expect((a.rotate(v) - a.matrix * v).length < 2e-14)
      #expect(distance((a * b).matrix, a.matrix * b.matrix) < 2e-15)
      #expect(distance(Quaternion(rotation: a.matrix).matrix, a.matrix) < 2e-15)
      let roll = random.uniform(-3, 3)
      let pitch = random.uniform(-1.5, 1.5)
      let yaw = random.uniform(-3, 3)
      let fromAngles = Quaternion(rollRadians: roll, pitchRadians: pitch, yawRadians: yaw).matrix
      let direct = Matrix3(rollRadians: roll, pitchRadians: pitch, yawRadians: yaw)
      #expect(distance(fromAngles, direct) < 2e-15)
    }
    #expect(Quaternion(w: 0, x: 0, y: 0, z: 0).normalized == .identity)
    #expect(Quaternion(w: .nan, x: 0, y: 0, z: 0).normalized == .identity)
  }

  @Test("Interpolation goes the short way at constant rate and ends at its ends")
  func interpolation() {
    var random = RandomSource(seed: 26)
    for index in 0..<300 {
      let a = random.quaternion()
      let reach = index % 3 == 0 ? 1e-5 : 1.0
      let turn = random.vector(reach: reach)
      let b = a * Quaternion(rotationVector: turn)
      let third = Quaternion.interpolate(from: a, to: b, fraction: 1.0 / 3)
      let expected = a * Quaternion(rotationVector: turn / 3)
      #expect(distance(third.matrix, expected.matrix) < 1e-13)
      let ends = [(0.0, a), (1.0, b)]
      for (fraction, end) in ends {
        let value = Quaternion.interpolate(from: a, to: b, fraction: fraction)
        #expect(distance(value.matrix, end.matrix) < 1e-14)
      }
      let minusB = Quaternion(w: -b.w, x: -b.x, y: -b.y, z: -b.z)
      let other = Quaternion.interpolate(from: a, to: minusB, fraction: 1.0 / 3)
      #expect(distance(third.matrix, other.matrix) < 1e-14)
    }
  }

  @Test("The single-precision path follows the double one to single precision")
  func singlePrecision() {
    var random = RandomSource(seed: 27)
    for _ in 0..<500 {
      let vehicleFromLidar = random.transform()
      let point = random.vector(reach: 100)
      let exact = vehicleFromLidar * point
      let fast = vehicleFromLidar.transform(x: Float(point.x), y: Float(point.y), z: Float(point.z))
      let difference = Vector3(Double(fast.x), Double(fast.y), Double(fast.z)) - exact
      #expect(difference.length < 1e-4)
    }
  }

  @Test("Plane poses compose, invert and wrap their yaw")
  func plane() {
    var random = RandomSource(seed: 28)
    for _ in 0..<500 {
      let (a, b, c) = (random.pose(), random.pose(), random.pose())
      let (left, right) = ((a * b) * c, a * (b * c))
      #expect((left.translation - right.translation).length < 1e-12)
      #expect(Pinned.wrapAngle(left.yawRadians - right.yawRadians).magnitude < 1e-14)
      #expect(left.yawRadians > -Double.pi && left.yawRadians <= Double.pi)
      let home = a * a.inverse
      #expect(home.translation.length < 1e-13 && home.yawRadians.magnitude < 1e-15)
      let point = Vector2(random.uniform(-9, 9), random.uniform(-9, 9))
      #expect(((a * b) * point - a * (b * point)).length < 1e-12)
      #expect((a.rotate(point).length - point.length).magnitude < 1e-14)
    }
  }
}

func distance(_ a: Matrix3, _ b: Matrix3) -> Double {
  let d = a - b
  return max(d.row0.length, max(d.row1.length, d.row2.length))
}

func distance(_ a: Transform3, _ b: Transform3) -> Double {
  max(distance(a.rotation, b.rotation), (a.translation - b.translation).length)
}

extension RandomSource {
  mutating func vector(reach: Double) -> Vector3 {
    Vector3(uniform(-reach, reach), uniform(-reach, reach), uniform(-reach, reach))
  }

  mutating func quaternion() -> Quaternion {
    Quaternion(w: normal(), x: normal(), y: normal(), z: normal()).normalized
  }

  mutating func transform() -> Transform3 {
    Transform3(
      rollRadians: uniform(-3.2, 3.2), pitchRadians: uniform(-3.2, 3.2), yawRadians: uniform(-3.2, 3.2),
      translation: vector(reach: 20))
  }

  mutating func pose() -> Transform2 {
    Transform2(x: uniform(-20, 20), y: uniform(-20, 20), yawRadians: uniform(-10, 10))
  }
}
