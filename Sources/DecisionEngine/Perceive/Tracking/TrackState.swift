import FusionPipeline

/// A track as the tracker remembers it, in the odometry frame. No padding: snapshots compare its bytes.
struct TrackState: BitwiseCopyable, Sendable {
  var id: UInt64
  var filter: PlanarFilter
  /// First and second axis of the box; the first lies along `yaw` and need not be the longer.
  var length = 0.0
  var width = 0.0
  var height = 0.0
  var yaw = 0.0
  /// Smoothed change of velocity, and the velocity it was last taken from.
  var ax = 0.0
  var ay = 0.0
  var vxBefore = 0.0
  var vyBefore = 0.0
  var velocityAt = Stamp.never
  var lastLidar = Stamp.never
  var lastRadar = Stamp.never
  var hits: Int32 = 0
  var misses: Int32 = 0
  var flags: TrackFlags = []
  var reserved: UInt32 = 0

  init(id: UInt64, filter: PlanarFilter) {
    self.id = id
    self.filter = filter
  }

  static var zero: TrackState { TrackState(id: 0, filter: PlanarFilter(x: 0, y: 0)) }

  var isConfirmed: Bool { flags.contains(.confirmed) }
  var lastSeen: Stamp { max(lastLidar, lastRadar) }
  var hasExtent: Bool { flags.contains(.lidar) }

  /// Takes up how the velocity changed since 80 ms ago or more. The filter itself assumes it constant, so a
  /// braking lead shows here and nowhere else.
  mutating func noteVelocity(at capture: Stamp) {
    let seconds = velocityAt == .never ? 0 : Double(capture - velocityAt) * 1e-9
    if velocityAt != .never, seconds < 0.08 { return }
    // The first velocities are still being found.
    if hits >= 6, seconds < 0.5 {
      ax += 0.4 * ((filter.vx - vxBefore) / seconds - ax)
      ay += 0.4 * ((filter.vy - vyBefore) / seconds - ay)
    } else {
      (ax, ay) = (0, 0)
    }
    (vxBefore, vyBefore) = (filter.vx, filter.vy)
    velocityAt = capture
  }

  mutating func hit(confirmationHits: Int) {
    hits = hits == .max ? .max : hits + 1
    misses = 0
    if Int(hits) >= confirmationHits { flags.insert(.confirmed) }
  }

  /// How far the box reaches from its centre towards a direction, metres.
  func reach(towards direction: Vector2) -> Double {
    let (s, c) = Pinned.sincos(yaw)
    return 0.5
      * (length * abs(direction.x * c + direction.y * s) + width * abs(direction.y * c - direction.x * s))
  }

  /// Whether a point lies in the box grown by a margin on every side.
  func covers(_ point: Vector2, margin: Double) -> Bool {
    let (s, c) = Pinned.sincos(yaw)
    let (dx, dy) = (point.x - filter.x, point.y - filter.y)
    return abs(dx * c + dy * s) <= 0.5 * length + margin && abs(dy * c - dx * s) <= 0.5 * width + margin
  }
}

/// An obstacle in the odometry frame.
struct BoxMeasurement: BitwiseCopyable, Sendable {
  var x: Double
  var y: Double
  var yaw: Double
  var length: Double
  var width: Double
  var height: Double
  var capture: Stamp
  var isPiece: Bool

  /// The same box described along the track's axes: turned by quarter turns, sides swapped with them.
  func aligned(with yawOfTrack: Double) -> BoxMeasurement {
    var box = self
    let quarter = Double.pi / 2
    let turns = (Pinned.wrapAngle(yawOfTrack - yaw) / quarter).rounded()
    box.yaw = Pinned.wrapAngle(yaw + turns * quarter)
    if abs(turns) == 1 { (box.length, box.width) = (width, length) }
    return box
  }

  /// The centre that the box has when the track's remembered sides are put behind the face that is seen.
  ///
  /// A lidar sees the near sides only; the far ones are remembered. Where the machine stands within the
  /// box's extent along an axis, both ends are in sight and nothing is shifted.
  func centre(asBoxOf track: TrackState, seenFrom observer: Vector2) -> Vector2 {
    guard track.hasExtent, !isPiece else { return Vector2(x, y) }
    let (s, c) = Pinned.sincos(yaw)
    let (dx, dy) = (x - observer.x, y - observer.y)
    let first = Self.shift(missing: track.length - length, along: dx * c + dy * s, extent: length)
    let second = Self.shift(missing: track.width - width, along: dy * c - dx * s, extent: width)
    return Vector2(x + first * c - second * s, y + first * s + second * c)
  }

  private static func shift(missing: Double, along: Double, extent: Double) -> Double {
    guard missing > 0 else { return 0 }
    return 0.5 * min(missing, 4) * min(max(along / max(0.5 * extent, 0.5), -1), 1)
  }
}
