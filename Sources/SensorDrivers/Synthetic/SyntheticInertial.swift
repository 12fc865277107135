import FusionPipeline

/// What an inertial sensor at the rear axle feels: specific force with gravity, the rate of turn, a heading.
struct SyntheticInertial {
  struct Noise: Sendable {
    var accelerationDeviation = 0.03
    var accelerationBiasDeviation = 0.02
    var rateDeviation = 0.002
    /// 20 °/h: what is left of the bias after the device's own filter (Xsens MTi-600 series: 8 °/h in run).
    var rateBiasDeviation = 0.0001

    static let none = Noise(
      accelerationDeviation: 0, accelerationBiasDeviation: 0, rateDeviation: 0, rateBiasDeviation: 0)
  }

  static let gravity = 9.80665

  private let noise: Noise
  private let accelerationBias: Vector3
  private let rateBias: Vector3
  private var random: RandomSource

  init(noise: Noise, random: RandomSource) {
    self.noise = noise
    self.random = random
    accelerationBias = Self.draw(&self.random, deviation: noise.accelerationBiasDeviation)
    rateBias = Self.draw(&self.random, deviation: noise.rateBiasDeviation)
  }

  mutating func sample(_ ego: EgoVehicle, secondsSinceStep: Double) -> ImuSample {
    let force =
      Vector3(ego.acceleration, ego.speed * ego.yawRate, Self.gravity) + accelerationBias
      + Self.draw(&random, deviation: noise.accelerationDeviation)
    let rate = Vector3(0, 0, ego.yawRate) + rateBias + Self.draw(&random, deviation: noise.rateDeviation)
    let heading = ego.headingRadians + ego.yawRate * secondsSinceStep
    let half = Pinned.sincos(0.5 * heading)
    return ImuSample(
      accelerationX: force.x, accelerationY: force.y, accelerationZ: force.z, rateX: rate.x, rateY: rate.y,
      rateZ: rate.z, orientationW: half.cos, orientationX: 0, orientationY: 0, orientationZ: half.sin)
  }

  private static func draw(_ random: inout RandomSource, deviation: Double) -> Vector3 {
    let x = random.normal(deviation: deviation)
    let y = random.normal(deviation: deviation)
    return Vector3(x, y, random.normal(deviation: deviation))
  }
}
