import FusionPipeline

/// What stands or drives in the scene.
enum SceneKind: UInt8 {
  case vehicle
  case person
  case post
  case rail
  case building
}

/// An upright box of the scene; world frame, metres.
struct SceneBox: BitwiseCopyable {
  var kind = SceneKind.post
  /// Stays the same as long as the box is the same thing.
  var identity: UInt64 = 0
  var isPresent = false
  var x = 0.0
  var y = 0.0
  var velocityX = 0.0
  var velocityY = 0.0
  var cosine = 1.0
  var sine = 0.0
  var halfLength = 0.0
  var halfWidth = 0.0
  var low = 0.0
  var high = 0.0
  var reflectivity: UInt8 = 20
  var colour = PixelColour(luma: 90)

  /// Of the circle around the footprint.
  var radius: Double { (halfLength * halfLength + halfWidth * halfWidth).squareRoot() }

  mutating func place(_ pose: RoadPose, reversed: Bool = false) {
    x = pose.x
    y = pose.y
    cosine = reversed ? -pose.cosine : pose.cosine
    sine = reversed ? -pose.sine : pose.sine
  }

  /// The box where it is `seconds` later.
  func moved(_ seconds: Double) -> SceneBox {
    var box = self
    box.x += velocityX * seconds
    box.y += velocityY * seconds
    return box
  }

  /// A point of the plane in the box's own axes.
  func local(x px: Double, y py: Double) -> (x: Double, y: Double) {
    let (dx, dy) = (px - x, py - y)
    return (cosine * dx + sine * dy, cosine * dy - sine * dx)
  }

  func world(x lx: Double, y ly: Double) -> (x: Double, y: Double) {
    (x + cosine * lx - sine * ly, y + sine * lx + cosine * ly)
  }

  /// The point of the footprint that is nearest to a point of the plane.
  func nearest(x px: Double, y py: Double) -> (x: Double, y: Double) {
    let point = local(x: px, y: py)
    return world(
      x: min(max(point.x, -halfLength), halfLength), y: min(max(point.y, -halfWidth), halfWidth))
  }

  /// Whether two footprints overlap (separating axes).
  func overlaps(_ other: SceneBox) -> Bool {
    let (dx, dy) = (other.x - x, other.y - y)
    let along = abs(cosine * other.cosine + sine * other.sine)
    let across = abs(cosine * other.sine - sine * other.cosine)
    return abs(cosine * dx + sine * dy) < halfLength + other.halfLength * along + other.halfWidth * across
      && abs(cosine * dy - sine * dx) < halfWidth + other.halfLength * across + other.halfWidth * along
      && abs(other.cosine * dx + other.sine * dy) < other.halfLength + halfLength * along + halfWidth * across
      && abs(other.cosine * dy - other.sine * dx) < other.halfWidth + halfLength * across + halfWidth * along
  }
}

/// A box seen from a ray's origin: the origin lies in the box's own axes.
struct RayTarget: BitwiseCopyable {
  var originX = 0.0
  var originY = 0.0
  var originZ = 0.0
  var cosine = 1.0
  var sine = 0.0
  var halfLength = 0.0
  var halfWidth = 0.0
  var low = 0.0
  var high = 0.0
  var reflectivity: UInt8 = 0

  init() {}

  init(_ box: SceneBox, originX: Double, originY: Double, originZ: Double) {
    let origin = box.local(x: originX, y: originY)
    self.originX = origin.x
    self.originY = origin.y
    self.originZ = originZ
    cosine = box.cosine
    sine = box.sine
    halfLength = box.halfLength
    halfWidth = box.halfWidth
    low = box.low
    high = box.high
    reflectivity = box.reflectivity
  }

  /// How far along a direction of length one the ray enters the box, nil where it misses or starts inside.
  @inline(__always) func distance(x: Double, y: Double, z: Double, originRise: Double) -> Double? {
    let (dx, dy) = (cosine * x + sine * y, cosine * y - sine * x)
    var near = 0.0
    var far = Double.infinity
    guard Self.clip(originX, dx, -halfLength, halfLength, &near, &far),
      Self.clip(originY, dy, -halfWidth, halfWidth, &near, &far),
      Self.clip(originZ + originRise, z, low, high, &near, &far)
    else { return nil }
    return near > 0 ? near : nil
  }

  @inline(__always) private static func clip(
    _ origin: Double, _ direction: Double, _ low: Double, _ high: Double, _ near: inout Double,
    _ far: inout Double
  ) -> Bool {
    if abs(direction) < 1e-12 { return origin >= low && origin <= high }
    let scale = 1 / direction
    let (a, b) = ((low - origin) * scale, (high - origin) * scale)
    near = max(near, min(a, b))
    far = min(far, max(a, b))
    return near <= far
  }
}
