import FusionPipeline

/// A box on the plane: centre, half sides, direction.
struct OrientedBox: BitwiseCopyable, Sendable, Equatable {
  var x: Double
  var y: Double
  var halfLength: Double
  var halfWidth: Double
  var cos: Double
  var sin: Double

  /// Whether two boxes share area (separating axes).
  func overlaps(_ other: OrientedBox) -> Bool {
    let (dx, dy) = (other.x - x, other.y - y)
    let c = abs(cos * other.cos + sin * other.sin)
    let s = abs(cos * other.sin - sin * other.cos)
    if abs(dx * cos + dy * sin) > halfLength + other.halfLength * c + other.halfWidth * s { return false }
    if abs(dy * cos - dx * sin) > halfWidth + other.halfLength * s + other.halfWidth * c { return false }
    if abs(dx * other.cos + dy * other.sin) > other.halfLength + halfLength * c + halfWidth * s { return false }
    return abs(dy * other.cos - dx * other.sin) <= other.halfWidth + halfLength * s + halfWidth * c
  }
}

/// Something that might be hit: a box and its velocity over the ground, in the vehicle frame.
struct CollisionObject: BitwiseCopyable, Sendable, Equatable {
  var box: OrientedBox
  var vx: Double
  var vy: Double
}

/// The area that the machine's body sweeps if speed and yaw rate stay as they are, in time steps.
@safe final class SweptCorridor {
  private let stepSeconds: Double
  private let bodies: FixedList<OrientedBox>

  init(horizonSeconds: Double, stepSeconds: Double) {
    self.stepSeconds = stepSeconds
    let zero = OrientedBox(x: 0, y: 0, halfLength: 0, halfWidth: 0, cos: 1, sin: 0)
    bodies = FixedList(capacity: Int(horizonSeconds / stepSeconds) + 1, zero: zero)
  }

  /// Places the body along the arc. Cost: one sine and cosine a step.
  func place(speed: Double, yawRate: Double, vehicle: VehicleDescription, margin: Double) {
    bodies.removeAll()
    let middle = 0.5 * (vehicle.frontOverhangMetres - vehicle.rearOverhangMetres)
    let half = 0.5 * (vehicle.frontOverhangMetres + vehicle.rearOverhangMetres)
    for step in 0..<bodies.capacity {
      let time = Double(step) * stepSeconds
      let turn = yawRate * time
      let (halfSin, halfCos) = Pinned.sincos(0.5 * turn)
      // A constant turn's chord is the arc's length times sinc of half the turn.
      let chord = abs(turn) < 1e-6 ? speed * time : speed * time * halfSin / (0.5 * turn)
      let (s, c) = Pinned.sincos(turn)
      bodies.append(
        OrientedBox(
          x: chord * halfCos + middle * c, y: chord * halfSin + middle * s, halfLength: half,
          halfWidth: 0.5 * vehicle.widthMetres + margin, cos: c, sin: s))
    }
  }

  /// When the body first touches the object, and how fast it closes in then; nil within the horizon.
  func contact(with object: CollisionObject, speed: Double) -> (seconds: Double, closingSpeed: Double)? {
    for step in bodies.indices {
      let time = Double(step) * stepSeconds
      let body = bodies[step]
      var moved = object.box
      moved.x += object.vx * time
      moved.y += object.vy * time
      guard body.overlaps(moved) else { continue }
      let closing = speed - (object.vx * body.cos + object.vy * body.sin)
      // Touched from the side or behind by something faster: braking does not help.
      guard closing > 0.3, isAhead(moved, of: body) else { return nil }
      return (time, closing)
    }
    return nil
  }

  /// Whether the object's near side lies at the body's front half.
  private func isAhead(_ object: OrientedBox, of body: OrientedBox) -> Bool {
    (object.x - body.x) * body.cos + (object.y - body.y) * body.sin > 0
  }
}
