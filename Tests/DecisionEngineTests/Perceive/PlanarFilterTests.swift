import Testing

@testable import DecisionEngine
@testable import FusionPipeline

@Suite("The planar filter")
struct PlanarFilterTests {
  private func sample() -> PlanarFilter {
    var filter = PlanarFilter(x: 12, y: -4, vx: 3, vy: 1)
    (filter.p.xx, filter.p.yy, filter.p.vxvx, filter.p.vyvy) = (2, 1, 4, 3)
    filter.predict(seconds: 0.4, density: 4)
    filter.update(row: (0.6, 0.8, 0.1, 0), residual: 0.3, variance: 0.2)
    return filter
  }

  @Test("Without noise it finds a straight line exactly")
  func exact() {
    var filter = PlanarFilter(x: 0, y: 0)
    (filter.p.xx, filter.p.yy, filter.p.vxvx, filter.p.vyvy) = (100, 100, 100, 100)
    for step in 0..<50 {
      if step > 0 { filter.predict(seconds: 0.1, density: 0) }
      filter.updatePosition(x: 3 + 0.2 * Double(step), y: -0.1 * Double(step), variance: 1e-4)
    }
    #expect(abs(filter.vx - 2) < 1e-3 && abs(filter.vy + 1) < 1e-3)
    #expect(abs(filter.x - 12.8) < 1e-3)
  }

  @Test("Prediction in two halves is prediction at once")
  func halves() {
    var once = sample()
    var twice = once
    once.predict(seconds: 0.6, density: 3)
    twice.predict(seconds: 0.25, density: 3)
    twice.predict(seconds: 0.35, density: 3)
    #expect(abs(once.p.xx - twice.p.xx) < 1e-12 && abs(once.p.xvx - twice.p.xvx) < 1e-12)
    #expect(abs(once.p.xy - twice.p.xy) < 1e-12 && abs(once.x - twice.x) < 1e-12)
  }

  @Test("Time that does not pass changes nothing")
  func noTime() {
    var filter = sample()
    filter.predict(seconds: 0, density: 3)
    filter.predict(seconds: -1, density: 3)
    #expect(filter == sample())
  }

  @Test("Moving to another frame and back is the identity")
  func moved() {
    let there = Transform2(x: 5, y: -3, yawRadians: 1.1)
    let filter = sample()
    let back = filter.moved(by: there).moved(by: there.inverse)
    for (a, b) in [
      (back.x, filter.x), (back.vy, filter.vy), (back.p.xx, filter.p.xx), (back.p.xy, filter.p.xy),
      (back.p.xvx, filter.p.xvx), (back.p.xvy, filter.p.xvy), (back.p.yvx, filter.p.yvx),
      (back.p.yvy, filter.p.yvy), (back.p.vxvy, filter.p.vxvy), (back.p.vyvy, filter.p.vyvy),
    ] { #expect(abs(a - b) < 1e-12) }
  }

  @Test("A radar at rest and a driving one see the same target the same way")
  func radarMotion() {
    let target = sample()
    var resting = target
    var driving = target
    let place = Vector2(1, 2)
    let sight = Vector2(target.x - 1, target.y - 2)
    let unit = sight.normalized
    let noise = RadarNoise(range: 0.3, bearing: 0.02, rangeRate: 0.2)
    let bearing = Pinned.atan2(sight.y, sight.x) + 0.01
    let rate = unit.dot(Vector2(target.vx, target.vy)) + 0.5
    resting.update(
      RadarMeasurement(range: sight.length + 0.4, bearing: bearing, rangeRate: rate),
      from: RadarPose(position: place, velocity: .zero, yaw: 0), noise: noise)
    let own = Vector2(9, -2)
    driving.update(
      RadarMeasurement(range: sight.length + 0.4, bearing: bearing, rangeRate: rate - unit.dot(own)),
      from: RadarPose(position: place, velocity: own, yaw: 0), noise: noise)
    // They differ only in how the range rate depends on the place, which the own speed enters.
    #expect(abs(resting.vx - driving.vx) < 0.1 && abs(resting.x - driving.x) < 0.05)
    #expect(resting.vx > target.vx)
  }

  @Test("Variances stay positive through a long run of precise measurements")
  func positive() {
    var filter = sample()
    var random = TestRandom(seed: 1)
    for _ in 0..<20_000 {
      filter.predict(seconds: 0.005, density: 1e-3)
      filter.updatePosition(x: filter.x + 1e-4 * random.normal(), y: filter.y, variance: 1e-8)
    }
    #expect(filter.p.xx > 0 && filter.p.vxvx > 0)
    #expect(filter.p.xvx * filter.p.xvx <= filter.p.xx * filter.p.vxvx * (1 + 1e-9))
    #expect(filter.isFinite)
  }

  @Test("A target on top of the radar gives no update")
  func onTop() {
    var filter = sample()
    let distance = filter.update(
      RadarMeasurement(range: 1, bearing: 0, rangeRate: 0),
      from: RadarPose(position: Vector2(filter.x, filter.y), velocity: .zero, yaw: 0),
      noise: RadarNoise(range: 0.3, bearing: 0.02, rangeRate: 0.2))
    #expect(distance == .infinity)
    #expect(filter == sample())
  }
}
