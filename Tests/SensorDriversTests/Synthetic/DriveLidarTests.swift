import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("The simulated drive's lidar, decoded")
struct DriveLidarTests {
  private struct Placed {
    var world: Vector3
    var seconds: Double
  }

  /// Runs the drive and calls `each` for every decoded point with its instant.
  private func points(
    _ settings: SimulatedDriveSettings, seconds: Double,
    each: (SimulatedDrive, LidarPoint, _ nanoseconds: Int64) -> Void
  ) -> DecoderCounters {
    let drive = SimulatedDrive(settings: settings)
    let pool = PayloadPool<LidarPoint>(
      id: 1, slots: 2, capacity: 40_000,
      zero: LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0))
    let decoder = VelodyneVLP16Decoder(pool: pool)
    let clockStart = Int64(settings.lidarMicrosecondsPastHour) * 1000
    drive.run(until: seconds) { _, time, bytes in
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { timing, sweep in
        #expect(pool.pin(sweep.points))
        let first = timing.device.nanoseconds - timing.spanNanoseconds - clockStart
        for point in unsafe Array(pool.elements(of: sweep.points)) {
          each(drive, point, first + Int64(point.timeNanoseconds))
        }
        pool.unpin(sweep.points)
      }
    }
    return decoder.counters
  }

  @Test("Every decoded point lies within 2 cm of the ground or of a thing of the scene")
  func pointsLieOnSurfaces() {
    var settings = SimulatedDriveSettings.with([.lidar], noise: false)
    settings.vehicleFromLidar = Transform3(
      rollDegrees: 1, pitchDegrees: 2, yawDegrees: -30, translation: Vector3(1.3, 0.1, 1.9))
    var worst = 0.0
    var onGround = 0
    var onThings = 0
    let counters = points(settings, seconds: 0.35) { drive, point, time in
      let scene = drive.scene
      let car = scene.ego.worldFromVehicle(after: scene.secondsSinceEgoStep(time))
      let vehicle =
        settings.vehicleFromLidar
        * Vector3(Double(point.x), Double(point.y), Double(point.z))
      let world = Vector3(
        car.x + car.cosine * vehicle.x - car.sine * vehicle.y,
        car.y + car.sine * vehicle.x + car.cosine * vehicle.y, vehicle.z)
      let seconds = scene.secondsSinceTrafficStep(time)
      var nearest = abs(world.z)
      var isThing = false
      for box in scene.boxes where box.isPresent {
        let gap = surfaceDistance(box.moved(seconds), world)
        if gap < nearest {
          nearest = gap
          isThing = true
        }
      }
      worst = max(worst, nearest)
      if isThing { onThings += 1 } else { onGround += 1 }
    }
    #expect(worst < 0.02)
    #expect(onGround > 10_000)
    #expect(onThings > 3000)
    #expect(counters.samples >= 6 && counters.invalid == 0 && counters.missing == 0)
  }

  /// How far a point is from a box's surface.
  private func surfaceDistance(_ box: SceneBox, _ p: Vector3) -> Double {
    let local = box.local(x: p.x, y: p.y)
    let (dx, dy) = (abs(local.x) - box.halfLength, abs(local.y) - box.halfWidth)
    let dz = max(box.low - p.z, p.z - box.high)
    if max(dx, dy, dz) <= 0 { return -max(dx, dy, dz) }
    let (ox, oy, oz) = (max(dx, 0), max(dy, 0), max(dz, 0))
    return (ox * ox + oy * oy + oz * oz).squareRoot()
  }

  @Test("A sweep is a whole turn of 50 ms with thousands of points, and the lead is among them")
  func sweepsAreWhole() {
    let drive = SimulatedDrive(settings: .with([.lidar]))
    let pool = PayloadPool<LidarPoint>(
      id: 1, slots: 2, capacity: 40_000,
      zero: LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0))
    let decoder = VelodyneVLP16Decoder(pool: pool)
    var spans: [Int64] = []
    drive.run(until: 0.4) { _, time, bytes in
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { timing, sweep in
        guard !timing.flags.contains(.partial) else { return }
        spans.append(timing.spanNanoseconds)
        #expect(sweep.points.count > 5000)
        #expect(pool.pin(sweep.points))
        let mount = drive.settings.vehicleFromLidar.translation.x
        let rear = drive.truth.leadGapMetres + EgoVehicle.frontMetres - mount
        let onLead = unsafe pool.elements(of: sweep.points).filter { point in
          abs(Double(point.x) - rear) < 0.5 && abs(point.y) < 0.9 && point.z > -1.6
        }
        #expect(onLead.count >= 5)
        pool.unpin(sweep.points)
      }
    }
    #expect(spans.count >= 6)
    for span in spans { #expect(abs(span - 50_000_000) < 500_000) }
  }

  @Test("Noise of 2 cm spreads the ranges and some returns are lost")
  func isNoisy() {
    var heights: [Double] = []
    var (clean, noisy) = (0, 0)
    _ = points(.with([.lidar], noise: false), seconds: 0.2) { _, _, _ in clean += 1 }
    _ = points(.with([.lidar]), seconds: 0.2) { _, point, _ in
      noisy += 1
      // The lowest ring behind the car hits the bare road at a slope of 15°.
      if point.ring == 0, point.x < -3, abs(point.y) < 1.5 { heights.append(Double(point.z)) }
    }
    let mean = heights.reduce(0, +) / Double(heights.count)
    let spread = (heights.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(heights.count)).squareRoot()
    #expect(heights.count > 50)
    #expect(abs(mean + 1.9) < 0.01)
    #expect(spread > 0.003 && spread < 0.008)
    #expect(noisy < clean * 995 / 1000 && noisy > clean * 9 / 10)
  }
}
