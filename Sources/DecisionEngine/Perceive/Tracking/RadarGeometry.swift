import FusionPipeline

/// Where a radar is and how it moves in the odometry frame when it measures.
struct RadarPose: Sendable {
  var position: Vector2
  var velocity: Vector2
  /// Of the radar's x axis, rad.
  var yaw: Double
}

/// One detection as the filter takes it: range and bearing from the radar, in the odometry frame's axes.
struct RadarMeasurement: Sendable {
  var range: Double
  /// In the odometry frame, rad.
  var bearing: Double
  /// Of the target as the moving radar measures it, m/s, receding positive.
  var rangeRate: Double
  /// How much nearer than the target's centre the reflection lies, metres.
  var surfaceOffset: Double = 0
}

/// Standard deviations of a radar.
struct RadarNoise: Sendable {
  var range: Double
  var bearing: Double
  var rangeRate: Double
}

extension PlanarFilter {
  /// The extended filter's update by range, bearing and range rate, each linearised where the one before left
  /// the state; gives the Mahalanobis distance squared, or infinity for a target on top of the radar.
  @discardableResult
  mutating func update(_ z: RadarMeasurement, from radar: RadarPose, noise: RadarNoise) -> Double {
    guard var sight = LineOfSight(self, radar) else { return .infinity }
    var distance = update(
      row: (sight.ux, sight.uy, 0, 0), residual: z.range + z.surfaceOffset - sight.range,
      variance: noise.range * noise.range)
    sight = LineOfSight(self, radar) ?? sight
    distance += update(
      row: (-sight.uy / sight.range, sight.ux / sight.range, 0, 0),
      residual: Pinned.wrapAngle(z.bearing - Pinned.atan2(sight.uy, sight.ux)),
      variance: noise.bearing * noise.bearing)
    sight = LineOfSight(self, radar) ?? sight
    distance += update(
      row: (
        (sight.wx - sight.ux * sight.rate) / sight.range, (sight.wy - sight.uy * sight.rate) / sight.range,
        sight.ux, sight.uy
      ), residual: z.rangeRate - sight.rate, variance: noise.rangeRate * noise.rangeRate)
    return distance
  }
}

/// Unit vector, range and range rate from a radar to a target.
private struct LineOfSight {
  var ux: Double
  var uy: Double
  var range: Double
  var rate: Double
  var wx: Double
  var wy: Double

  /// Nil within 0.3 m, where the direction means nothing.
  init?(_ target: PlanarFilter, _ radar: RadarPose) {
    let (dx, dy) = (target.x - radar.position.x, target.y - radar.position.y)
    range = (dx * dx + dy * dy).squareRoot()
    guard range > 0.3 else { return nil }
    ux = dx / range
    uy = dy / range
    wx = target.vx - radar.velocity.x
    wy = target.vy - radar.velocity.y
    rate = ux * wx + uy * wy
  }
}
