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
    if abs(dx * other.cos + dy * other.sin) > other.halfLength + halfLength * c + halfWidth * s {
      return false
    }
    return abs(dy * other.cos - dx * other.sin) <= other.halfWidth + halfLength * s + halfWidth * c
  }
}

/// Something that might be hit: a box and its velocity over the ground, in the vehicle frame.
struct CollisionObject: BitwiseCopyable, Sendable, Equatable {
  var box: OrientedBox
  var vx: Double
  var vy: Double
  /// Of its own braking, along its velocity, m/s²; it stops and does not reverse.
  var deceleration = 0.0

  /// Seconds of travel at the present speed that the way covered by then amounts to.
  func travelSeconds(after time: Double) -> Double {
    let speed = (vx * vx + vy * vy).squareRoot()
    guard deceleration > 0, speed > 0 else { return time }
    let braking = min(time, speed / deceleration)
    return braking - 0.5 * deceleration * braking * braking / speed
  }
}

/// The first touch of the machine's body and an object, as things stand now.
struct Contact: Sendable, Equatable {
  /// Until then, s.
  var seconds: Double
  /// Along the machine's way, m: what lies between them now.
  var gap: Double
  /// The object's speed along the machine's way, m/s, and its own braking, m/s².
  var objectSpeed: Double
  var objectDeceleration: Double

  /// The machine's deceleration that just avoids touching, if its brake works after `reaction` seconds.
  ///
  /// Either both still move when the gap closes, or the object stands by then and the machine stops behind it.
  func requiredDeceleration(speed: Double, reaction: Double, margin: Double) -> Double {
    let closing = speed - objectSpeed + objectDeceleration * reaction
    let room = max(
      gap - margin - (speed - objectSpeed) * reaction - 0.5 * objectDeceleration * reaction * reaction, 0.1)
    let moving = objectDeceleration + closing * closing / (2 * room)
    guard objectDeceleration > 0 else { return moving }
    let left = max(objectSpeed - objectDeceleration * reaction, 0)
    if 2 * room / max(closing, 0.1) < left / objectDeceleration { return moving }
    return speed * speed / (2 * (room + left * left / (2 * objectDeceleration)))
  }
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

  /// When and how the body first touches the object; nil if it does not within the horizon.
  func contact(with object: CollisionObject, speed: Double) -> Contact? {
    for step in bodies.indices {
      let time = Double(step) * stepSeconds
      let body = bodies[step]
      let travelled = object.travelSeconds(after: time)
      var moved = object.box
      moved.x += object.vx * travelled
      moved.y += object.vy * travelled
      guard body.overlaps(moved) else { continue }
      let along = object.vx * body.cos + object.vy * body.sin
      let closing = speed - max(along - object.deceleration * time, min(along, 0))
      // Touched from the side or behind by something faster: braking does not help.
      guard closing > 0.3, isAhead(moved, of: body) else { return nil }
      return Contact(
        seconds: time, gap: speed * time - along * travelled, objectSpeed: along,
        objectDeceleration: along > 0 ? object.deceleration : 0)
    }
    return nil
  }

  /// Whether the object's near side lies at the body's front half.
  private func isAhead(_ object: OrientedBox, of body: OrientedBox) -> Bool {
    (object.x - body.x) * body.cos + (object.y - body.y) * body.sin > 0
  }
}
