import FusionPipeline

/// The simulated car: a kinematic bicycle about its rear axle, with lagging, limited actuators.
///
/// Steering follows its command with 0.1 s lag and at most 0.7 rad/s at the road wheel; full throttle is
/// 3 m/s², full brake 9 m/s²; drag is 0.1 m/s² and 0.0005 of the squared speed. It never rolls backwards.
/// In mode `inhibit` the commands are let go: it coasts with the steering as it is.
struct EgoVehicle {
  static let wheelbaseMetres = 2.7
  static let trackMetres = 1.56
  static let widthMetres = 1.85
  /// From the rear axle to either bumper.
  static let frontMetres = 3.6
  static let rearMetres = 0.9
  static let greatestSteeringRadians = 0.55

  private(set) var x = 0.0
  private(set) var y = 0.0
  private(set) var headingRadians = 0.0
  private(set) var speed: Double
  private(set) var steeringRadians = 0.0
  private(set) var steeringRate = 0.0
  /// Along x, of the last step.
  private(set) var acceleration = 0.0
  private(set) var yawRate = 0.0
  private(set) var distanceDriven = 0.0
  private(set) var mode: UInt8 = 0
  private var driven = 0.0
  private var steeringCommand = 0.0
  private var throttleCommand = 0.0
  private var brakeCommand = 0.0

  init(speed: Double) { self.speed = speed.isFinite ? min(max(speed, 0), 70) : 0 }

  mutating func actuate(steeringRadians: Double, throttle: Double, brake: Double, mode: UInt8) {
    self.mode = mode
    guard mode != CommandMode.inhibit.rawValue else {
      steeringCommand = self.steeringRadians
      throttleCommand = 0
      brakeCommand = 0
      return
    }
    let limit = Self.greatestSteeringRadians
    // What is no number changes nothing, as a servo that refuses a damaged command.
    if steeringRadians.isFinite { steeringCommand = min(max(steeringRadians, -limit), limit) }
    if throttle.isFinite { throttleCommand = min(max(throttle, 0), 1) }
    if brake.isFinite { brakeCommand = min(max(brake, 0), 1) }
  }

  /// One step; `seconds` well below the lags.
  mutating func advance(seconds: Double) {
    steeringRate = min(max((steeringCommand - steeringRadians) / 0.1, -0.7), 0.7)
    steeringRadians += steeringRate * seconds
    let demand = throttleCommand * 3 - brakeCommand * 9
    driven += (demand - driven) * seconds / (demand < driven ? 0.12 : 0.25)
    let drag = speed > 0 ? 0.1 + 0.0005 * speed * speed : 0
    let before = speed
    speed = max(speed + (driven - drag) * seconds, 0)
    acceleration = (speed - before) / seconds
    let mean = 0.5 * (speed + before)
    yawRate = speed * Pinned.tan(steeringRadians) / Self.wheelbaseMetres
    let direction = Pinned.sincos(headingRadians + 0.5 * yawRate * seconds)
    x += mean * direction.cos * seconds
    y += mean * direction.sin * seconds
    headingRadians += yawRate * seconds
    distanceDriven += mean * seconds
  }

  /// The pose a moment before or after; right to the second order.
  func worldFromVehicle(after seconds: Double) -> (x: Double, y: Double, cosine: Double, sine: Double) {
    let middle = Pinned.sincos(headingRadians + 0.5 * yawRate * seconds)
    let end = Pinned.sincos(headingRadians + yawRate * seconds)
    let travelled = (speed + 0.5 * acceleration * seconds) * seconds
    return (x + travelled * middle.cos, y + travelled * middle.sin, end.cos, end.sin)
  }

  /// The car's own footprint.
  var box: SceneBox {
    let direction = Pinned.sincos(headingRadians)
    let middle = 0.5 * (Self.frontMetres - Self.rearMetres)
    var box = SceneBox()
    box.kind = .vehicle
    box.isPresent = true
    box.x = x + middle * direction.cos
    box.y = y + middle * direction.sin
    box.cosine = direction.cos
    box.sine = direction.sin
    box.halfLength = 0.5 * (Self.frontMetres + Self.rearMetres)
    box.halfWidth = 0.5 * Self.widthMetres
    box.high = 1.6
    return box
  }
}
