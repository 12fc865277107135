import FusionPipeline

/// The machine's motion carried forward along the local path: a kinematic bicycle under pure pursuit.
struct PathRollout {
  let settings: PathAndSpeedSettings
  let vehicle: VehicleDescription
  let samples: FixedList<PathSample>
  var x = 0.0
  var y = 0.0
  var yaw = 0.0
  var speed: Double
  var steering: Double
  /// Sample from which the search for the nearest one goes on; the machine only moves forward.
  private var nearest = 0

  init(
    settings: PathAndSpeedSettings, vehicle: VehicleDescription, samples: FixedList<PathSample>,
    speed: Double, steering: Double
  ) {
    self.settings = settings
    self.vehicle = vehicle
    self.samples = samples
    self.speed = speed
    self.steering = steering
  }

  /// Along the path, metres.
  var distance: Double { samples[nearest].distance }
  var speedLimit: Double { samples[nearest].speedLimit }

  /// Turns the wheel towards the path, within rate, lateral acceleration and lateral jerk.
  mutating func steer(seconds: Double) {
    while nearest + 1 < samples.count, squaredDistance(nearest + 1) <= squaredDistance(nearest) {
      nearest += 1
    }
    let ahead = min(
      max(settings.lookaheadSeconds * speed, settings.lookaheadMinimumMetres),
      settings.lookaheadMaximumMetres)
    let target = samples[min(nearest + Int(ahead.rounded()), samples.count - 1)]
    let (s, c) = Pinned.sincos(yaw)
    let (dx, dy) = (target.x - x, target.y - y)
    let square = max(dx * dx + dy * dy, 0.25)
    let v2 = max(speed * speed, 1)
    let bound = settings.lateralAcceleration / v2
    let curvature = min(max(2 * (dy * c - dx * s) / square, -bound), bound)
    let wanted = min(
      max(Pinned.atan(vehicle.wheelbaseMetres * curvature), -vehicle.maximumSteeringRadians),
      vehicle.maximumSteeringRadians)
    let rate = min(settings.steeringRate, settings.lateralJerk * vehicle.wheelbaseMetres / v2)
    steering = min(max(wanted, steering - rate * seconds), steering + rate * seconds)
  }

  mutating func move(acceleration: Double, seconds: Double) {
    let next = max(speed + acceleration * seconds, 0)
    let travelled = 0.5 * (speed + next) * seconds
    let turn = travelled * Pinned.tan(steering) / vehicle.wheelbaseMetres
    let (s, c) = Pinned.sincos(yaw + 0.5 * turn)
    x += travelled * c
    y += travelled * s
    yaw += turn
    speed = next
  }

  private func squaredDistance(_ index: Int) -> Double {
    let (dx, dy) = (samples[index].x - x, samples[index].y - y)
    return dx * dx + dy * dy
  }
}
