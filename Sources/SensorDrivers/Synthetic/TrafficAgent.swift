import FusionPipeline

/// One moving road user in road coordinates: arc length and offset of its middle.
struct TrafficAgent: BitwiseCopyable {
  var kind = SceneKind.vehicle
  var identity: UInt64 = 0
  var arcLength = 0.0
  /// Along its own way, never negative.
  var speed = 0.0
  var acceleration = 0.0
  /// To the left of the ego lane's centre line.
  var offset = 0.0
  var offsetRate = 0.0
  var isOncoming = false
  var length = 4.5
  var width = 1.8
  var low = 0.2
  var high = 1.5
  var reflectivity: UInt8 = 45
  var colour = PixelColour(luma: 90)

  mutating func advance(seconds: Double) {
    let before = speed
    speed = max(speed + acceleration * seconds, 0)
    arcLength += (isOncoming ? -0.5 : 0.5) * (before + speed) * seconds
    offset += offsetRate * seconds
  }

  func box(on road: RoadLine) -> SceneBox {
    let pose = road.pose(at: arcLength, offset: offset)
    // The offset line is longer or shorter than the centre line in a bend.
    let along = (isOncoming ? -speed : speed) * (1 - pose.curvature * offset)
    var box = SceneBox()
    box.kind = kind
    box.identity = identity
    box.isPresent = true
    box.place(pose, reversed: isOncoming)
    box.velocityX = along * pose.cosine - offsetRate * pose.sine
    box.velocityY = along * pose.sine + offsetRate * pose.cosine
    box.halfLength = length / 2
    box.halfWidth = width / 2
    box.low = low
    box.high = high
    box.reflectivity = reflectivity
    box.colour = colour
    return box
  }
}

/// Following a vehicle by the intelligent driver model (Treiber, Hennecke & Helbing, 2000).
enum CarFollowing {
  /// The acceleration at a gap behind a leader, both along the lane; −9…2 m/s².
  static func acceleration(
    speed: Double, gapMetres: Double, leaderSpeed: Double, desiredSpeed: Double,
    standstillGapMetres: Double = 2.5, headwaySeconds: Double = 1.0
  ) -> Double {
    let (most, comfortable) = (2.0, 3.0)
    let ratio = speed / max(desiredSpeed, 0.1)
    let free = 1 - ratio * ratio * ratio * ratio
    let closing = speed * (speed - leaderSpeed) / (2 * (most * comfortable).squareRoot())
    let wanted = standstillGapMetres + max(speed * headwaySeconds + closing, 0)
    let interaction = wanted / max(gapMetres, 0.1)
    return min(max(most * (free - interaction * interaction), -9), 2)
  }
}
