import Testing

@testable import DecisionEngine
@testable import FusionPipeline

/// One lidar on a roof and the stage behind it.
final class LidarBench {
  let bench = Bench()
  let pool: PayloadPool<LidarPoint>
  let port: SensorPort<LidarSweep>
  let mount: Transform3
  let stage: LidarObstacleStage
  let obstacles: FixedList<Obstacle>

  init(
    mount: Transform3 = Transform3(
      rollDegrees: 0, pitchDegrees: 0, yawDegrees: 0, translation: Vector3(1, 0, 1.9)),
    settings: LidarObstacleSettings = LidarObstacleSettings(), ego: EgoState? = nil
  ) throws {
    self.mount = mount
    pool = PayloadPool(id: 1, slots: 3, capacity: 140_000, zero: Bench.zeroPoint)
    port = bench.addPort("roof", zero: Bench.zeroSweep, vehicleFromSensor: mount, pool: pool)
    if let ego {
      let list = try bench.setup.output("ego", of: EgoState.self, capacity: 1, zero: EgoState())
      list.append(ego)
    }
    stage = try LidarObstacleStage(setup: bench.setup, settings: settings)
    obstacles = try bench.setup.input("obstacles", of: Obstacle.self)
  }

  func run(_ scene: RayScene, _ pattern: RayPattern, seed: UInt64 = 1) throws -> [Obstacle] {
    try run(scene.scan(pattern, vehicleFromSensor: mount, seed: seed))
  }

  func run(_ points: [LidarPoint], spanNanoseconds: Int64 = 0) throws -> [Obstacle] {
    bench.advance(to: .seconds(Double(bench.frame.number + 1) * 0.1))
    bench.putSweep(
      points, pool: pool, capture: bench.frame.instant, spanNanoseconds: spanNanoseconds, into: port)
    try stage.run(bench.frame)
    return obstacles.indices.map { obstacles[$0] }
  }
}

private let street = RayScene(boxes: [
  SceneBox(x: 15, y: 0, length: 4.4, width: 1.8, height: 1.5),
  SceneBox(x: 20, y: 6, length: 4.4, width: 1.8, height: 1.5, yaw: 0.5),
  SceneBox(x: 12, y: -5, length: 0.5, width: 0.5, height: 1.75),
  SceneBox(x: 30, y: -3.5, length: 8, width: 2.5, height: 2.4, yaw: -0.1),
  SceneBox(x: -10, y: 2, length: 1.8, width: 0.7, height: 1.7, yaw: 1.2),
])

extension SceneBox {
  /// Whether a point lies in the box grown by a margin.
  func covers(_ x: Double, _ y: Double, margin: Double) -> Bool {
    let (s, c) = Pinned.sincos(yaw)
    let (dx, dy) = (x - self.x, y - self.y)
    return abs(dx * c + dy * s) < length / 2 + margin && abs(dy * c - dx * s) < width / 2 + margin
  }

  /// From the vehicle frame's origin to the box's outline, by walking it.
  var nearestDistance: Double {
    let (s, c) = Pinned.sincos(yaw)
    var best = Double.infinity
    for step in -100...100 {
      for (a, b) in [(Double(step) / 100, 1.0), (1.0, Double(step) / 100)] {
        for sign in [-1.0, 1.0] {
          let (u, v) = (sign * a * length / 2, sign * b * width / 2)
          best = min(best, Vector2(x + u * c - v * s, y + u * s + v * c).length)
        }
      }
    }
    return best
  }
}

/// Every box is found with its nearest face in place, and nothing is found where no box stands. A roof seen
/// over its edge may be a second part of the same box.
private func expectExactly(
  _ boxes: [SceneBox], in found: [Obstacle], sourceLocation: SourceLocation = #_sourceLocation
) {
  for box in boxes {
    let parts = found.filter { box.covers($0.x, $0.y, margin: 0.2) }
    let nearest = parts.map(\.nearestDistance).min() ?? .infinity
    #expect(abs(nearest - box.nearestDistance) < 0.25, "\(box): \(parts)", sourceLocation: sourceLocation)
    #expect(parts.count <= 2, sourceLocation: sourceLocation)
  }
  for obstacle in found {
    #expect(
      boxes.contains { $0.covers(obstacle.x, obstacle.y, margin: 0.2) }, "ghost: \(obstacle)",
      sourceLocation: sourceLocation)
  }
}

@Suite("Obstacles from lidars")
struct LidarObstacleTests {
  @Test("Every box on a level street is found once, by 16 rings and by 128", arguments: [16, 128])
  func levelStreet(rings: Int) throws {
    let bench = try LidarBench()
    let found = try bench.run(street, rings == 16 ? .vlp16 : .ouster128)
    expectExactly(street.boxes, in: found)
    #expect(found.allSatisfy { $0.source == 1 })
  }

  @Test("A box seen from two sides has its direction and sides")
  func orientation() throws {
    let box = SceneBox(x: 14, y: 5, length: 4.4, width: 1.8, height: 1.5, yaw: 0.6)
    let found = try LidarBench().run(RayScene(boxes: [box]), .ouster128)
    let obstacle = try #require(found.first)
    #expect(found.count == 1)
    #expect(abs(Pinned.wrapAngle(2 * (obstacle.yaw - box.yaw))) < 0.14)
    #expect(abs(obstacle.length - box.length) < 0.35)
    #expect(abs(obstacle.width - box.width) < 0.35)
    #expect(Vector2(obstacle.x - box.x, obstacle.y - box.y).length < 0.35)
    #expect(abs(obstacle.height - 1.3) < 0.25)
  }

  @Test("An empty level street has no obstacle", arguments: [16, 128])
  func emptyStreet(rings: Int) throws {
    #expect(try LidarBench().run(RayScene(), rings == 16 ? .vlp16 : .ouster128).isEmpty)
  }

  @Test(
    "A street that begins to rise or fall is ground, and a car on it is not",
    arguments: [(16, 0.06), (16, -0.05), (128, 0.10), (128, -0.06), (128, 0.05)])
  func slope(rings: Int, slope: Double) throws {
    let pattern: RayPattern = rings == 16 ? .vlp16 : .ouster128
    let empty = RayScene(bendMetres: 12, slope: slope)
    #expect(try LidarBench().run(empty, pattern).isEmpty)
    let car = SceneBox(x: 22, y: 1, length: 4.4, width: 1.8, height: 1.5)
    let found = try LidarBench().run(RayScene(boxes: [car], bendMetres: 12, slope: slope), pattern)
    expectExactly([car], in: found)
  }

  @Test("A lidar mounted with pitch and at another height sees the same street")
  func mounted() throws {
    let mount = Transform3(
      rollDegrees: 1, pitchDegrees: 4, yawDegrees: 30, translation: Vector3(0.5, 0.3, 1.4))
    let found = try LidarBench(mount: mount).run(street, .ouster128)
    expectExactly(street.boxes, in: found)
  }

  @Test("A bridge above the clearance is no obstacle")
  func bridge() throws {
    let bridge = SceneBox(x: 30, y: 0, length: 6, width: 40, height: 1, lift: 4)
    #expect(try LidarBench().run(RayScene(boxes: [bridge]), .ouster128).isEmpty)
  }

  @Test("A long wall is cut into pieces, and none of them reaches into the street")
  func wall() throws {
    let wall = SceneBox(x: 20, y: 8, length: 60, width: 0.4, height: 2.4)
    let corner = SceneBox(x: 50, y: 4, length: 0.4, width: 8, height: 2.4)
    let found = try LidarBench().run(RayScene(boxes: [wall, corner]), .ouster128)
    #expect(found.filter { $0.flags & Obstacle.isPiece != 0 }.count > 5)
    for piece in found {
      #expect(piece.length < 8.1)
      if piece.x < 45 { #expect(piece.y - piece.width / 2 > 7) }
    }
  }

  @Test("Non-finite and absurd points change nothing")
  func garbage() throws {
    let clean = try LidarBench().run(street, .vlp16)
    let bench = try LidarBench()
    var points = street.scan(.vlp16, vehicleFromSensor: bench.mount)
    for value in [Float.nan, .infinity, -.infinity, 1e30, -1e30] {
      var point = Bench.zeroPoint
      (point.x, point.y, point.z) = (value, value, 1)
      points.append(point)
      (point.x, point.y, point.z) = (10, 2, value)
      point.timeNanoseconds = .max
      points.append(point)
    }
    #expect(try bench.run(points) == clean)
  }

  @Test("The same sweep gives the same obstacles, bit for bit, frame after frame")
  func repeats() throws {
    let bench = try LidarBench()
    let first = try bench.run(street, .vlp16)
    #expect(try bench.run(street, .vlp16) == first)
    #expect(try LidarBench().run(street, .vlp16) == first)
  }

  @Test("Only the nearest obstacles are handed on, in order of distance")
  func capped() throws {
    var settings = LidarObstacleSettings()
    settings.maximumObstacles = 2
    let found = try LidarBench(settings: settings).run(street, .ouster128)
    #expect(found.count == 2)
    #expect(found[0].nearestDistance <= found[1].nearestDistance)
    #expect(found[1].nearestDistance < 13)
  }

  @Test("The machine's own motion over the sweep's age is taken out")
  func deskew() throws {
    let ego = EgoState(speed: 20, yawRate: 0, flags: .valid)
    let bench = try LidarBench(ego: ego)
    let box = SceneBox(x: 20, y: 0, length: 4, width: 1.8, height: 1.5)
    let points = RayScene(boxes: [box]).scan(.ouster128, vehicleFromSensor: bench.mount)
    bench.bench.advance(to: .seconds(1))
    bench.bench.putSweep(points, pool: bench.pool, capture: .seconds(0.9), into: bench.port)
    try bench.stage.run(bench.bench.frame)
    let obstacle = bench.obstacles[0]
    #expect(abs(obstacle.nearestDistance - (18 - 2)) < 0.1)
    #expect(obstacle.ageNanoseconds == 100_000_000)
  }

  @Test("Without a sweep the frame fails instead of calling the street empty")
  func missing() throws {
    let bench = try LidarBench()
    bench.bench.advance(to: .seconds(1))
    #expect(throws: StageFailure(.inputMissing)) { try bench.stage.run(bench.bench.frame) }
    #expect(bench.pool.acquire() != nil)
  }

  @Test("Sweeps are unpinned after the frame")
  func unpinned() throws {
    let bench = try LidarBench()
    for _ in 0..<10 { _ = try bench.run(RayScene(), .vlp16) }
    for _ in 0..<3 { #expect(bench.pool.acquire() != nil) }
  }

  @Test("A setup without a lidar is a problem that names the stage's need")
  func setupProblem() {
    #expect(throws: SetupProblem.self) { try LidarObstacleStage(setup: Bench().setup) }
  }
}
