import Glibc
import Testing

@testable import DecisionEngine
@testable import FusionPipeline

/// Figures, not promises: prints times where FUSION_MEASURE is set; build for release to read them.
@Suite("Timings", .enabled(if: unsafe getenv("FUSION_MEASURE") != nil, "set FUSION_MEASURE to measure"))
struct StageTimings {
  private func milliseconds(_ runs: Int, _ body: () throws -> Void) rethrows -> (
    median: Double, slowest: Double
  ) {
    let clock = ContinuousClock()
    var all: [Double] = []
    for _ in 0..<runs {
      let took = try clock.measure(body).components
      all.append(Double(took.seconds) * 1e3 + Double(took.attoseconds) * 1e-15)
    }
    all.sort()
    return (all[runs / 2], all[runs - 1])
  }

  @Test("Obstacles from one sweep", arguments: [16, 128])
  func obstacles(rings: Int) throws {
    let lidar = try LidarBench()
    var scene = RayScene(boxes: [
      SceneBox(x: 25, y: 12, length: 90, width: 1, height: 5),
      SceneBox(x: 25, y: -12, length: 90, width: 1, height: 5),
    ])
    for index in 0..<10 {
      scene.boxes.append(
        SceneBox(
          x: 12 + 6 * Double(index), y: index % 2 == 0 ? 4 : -4, length: 4.4, width: 1.8, height: 1.5,
          yaw: 0.1))
    }
    let pattern: RayPattern = rings == 16 ? .vlp16 : .ouster128
    let points = scene.scan(pattern, vehicleFromSensor: lidar.mount)
    var found = 0
    let took = try milliseconds(50) { found = try lidar.run(points).count }
    print("\(rings) rings, \(points.count) points, \(found) obstacles: ms \(took)")
    #expect(found > 0)
  }

  @Test("Tracker, prediction, plan and emergency brake together, with sixty things around")
  func chain() throws {
    let users = (0..<60).map { RoadUser(x: 10 + 1.4 * Double($0), y: $0 % 2 == 0 ? 4 : -5, speed: 5) }
    let loop = try DrivingLoop(driver: .planner, speed: 5, users: users)
    var all: [Double] = []
    let clock = ContinuousClock()
    for _ in 0..<100 {
      let took = try clock.measure { try loop.frame() }.components
      all.append(Double(took.attoseconds) * 1e-15)
    }
    all.sort()
    print(
      "a frame of the loop, its world included: ms median \(all[50]), slowest \(all[99]); tracks \(loop.tracks.count)"
    )
    #expect(loop.tracks.count > 40)
  }
}
