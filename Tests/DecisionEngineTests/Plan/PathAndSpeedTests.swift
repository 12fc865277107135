import Testing

@testable import DecisionEngine
@testable import FusionPipeline

@Suite("Path and speed in a closed loop")
struct PathAndSpeedTests {
  private func settings(cruise: Double) -> PathAndSpeedSettings {
    var settings = PathAndSpeedSettings()
    settings.cruiseSpeed = cruise
    return settings
  }

  @Test("From 20 m/s it stops behind a standing car, in comfort and without the emergency brake")
  func standingCar() throws {
    let loop = try DrivingLoop(
      driver: .planner, speed: 20, users: [RoadUser(x: 160, y: 0, speed: 0)], plan: settings(cruise: 20))
    try loop.run(seconds: 25)
    #expect(loop.impactSpeed == nil)
    #expect(loop.firstBraking == nil)
    #expect(loop.speed < 0.05)
    #expect(loop.smallestGap > 1.5 && loop.smallestGap < 7, "gap \(loop.smallestGap)")
    #expect(loop.hardestDeceleration <= 3.6)
  }

  @Test("It follows a slower car at the time gap")
  func follows() throws {
    let loop = try DrivingLoop(
      driver: .planner, speed: 18, users: [RoadUser(x: 60, y: 0.2, speed: 10)], plan: settings(cruise: 20))
    try loop.run(seconds: 40)
    #expect(abs(loop.speed - 10) < 0.4)
    let gap = loop.users[0].x - 2.1 - loop.x - 3.7
    #expect(abs(gap - (3 + 1.5 * 10)) < 3, "gap \(gap)")
    #expect(loop.firstBraking == nil)
    #expect(loop.hardestDeceleration < 3.6)
  }

  @Test("A lead that brakes to standstill is not hit")
  func brakingLead() throws {
    let lead = RoadUser(x: 40, y: 0, speed: 14, acceleration: { $0 > 5 ? -4 : 0 })
    let loop = try DrivingLoop(driver: .planner, speed: 14, users: [lead], plan: settings(cruise: 15))
    try loop.run(seconds: 25)
    #expect(loop.impactSpeed == nil)
    #expect(loop.speed < 0.1)
    #expect(loop.smallestGap > 1)
  }

  @Test("A car that cuts in is given room")
  func cutIn() throws {
    let cutter = RoadUser(
      x: 25, y: 3.5, speed: 12, lateralSpeed: { $0 > 3 && $0 < 6.5 ? -1 : 0 })
    let loop = try DrivingLoop(driver: .planner, speed: 15, users: [cutter], plan: settings(cruise: 15))
    try loop.run(seconds: 25)
    #expect(loop.impactSpeed == nil)
    #expect(loop.firstBraking == nil)
    #expect(abs(loop.speed - 12) < 0.5)
    #expect(loop.smallestGap > 4)
  }

  @Test("Cars beside the lane do not slow it down")
  func passing() throws {
    let parked = (0..<8).map { RoadUser(x: 30 + 12 * Double($0), y: $0 % 2 == 0 ? 3.2 : -3.2, speed: 0) }
    let loop = try DrivingLoop(driver: .planner, speed: 13, users: parked, plan: settings(cruise: 13))
    try loop.run(seconds: 8)
    #expect(loop.speed > 12.7)
    #expect(loop.firstBraking == nil && loop.firstWarning == nil)
    #expect(abs(loop.y) < 0.1)
  }

  @Test("On a free lane it reaches the cruise speed within comfort")
  func cruises() throws {
    let loop = try DrivingLoop(driver: .planner, speed: 0, users: [], plan: settings(cruise: 12))
    try loop.run(seconds: 25)
    #expect(abs(loop.speed - 12) < 0.3)
    #expect(loop.largestJerk < 2.5)
  }

  @Test("A road that bends is followed within half a metre and within lateral comfort")
  func bend() throws {
    // Straight, a quarter circle of 40 m radius, straight again.
    var points: [Double] = []
    for s in stride(from: 0.0, through: 60, by: 2) { points += [s, 0] }
    for step in 1...30 {
      let angle = Double(step) / 30 * Double.pi / 2
      points += [60 + 40 * Pinned.sin(angle), 40 - 40 * Pinned.cos(angle)]
    }
    for s in stride(from: 2.0, through: 80, by: 2) { points += [100, 40 + s] }
    var settings = settings(cruise: 15)
    settings.path = "polyline"
    settings.pathPoints = points
    let loop = try DrivingLoop(driver: .planner, speed: 10, users: [], plan: settings)
    var farthest = 0.0
    var hardest = 0.0
    while loop.time < 40 {
      let yawBefore = loop.yaw
      try loop.frame()
      hardest = max(hardest, abs(loop.yaw - yawBefore) / DrivingLoop.step * loop.speed)
      var away = Double.infinity
      for index in stride(from: 0, to: points.count, by: 2) {
        away = min(away, Vector2(points[index] - loop.x, points[index + 1] - loop.y).length)
      }
      if loop.y < 118 { farthest = max(farthest, away) }
    }
    #expect(farthest < 1.2, "from the nearest vertex, 2 m apart: \(farthest)")
    #expect(hardest < 3)
    // The path's end is a place to stop.
    #expect(loop.speed < 0.1)
    #expect(loop.y > 112 && loop.y < 121.5, "\(loop.y)")
  }

  @Test("A closed circuit is driven round and round")
  func circuit() throws {
    var points: [Double] = []
    for step in 0..<60 {
      let angle = Double(step) / 60 * 2 * Double.pi
      points += [40 * Pinned.sin(angle), 40 - 40 * Pinned.cos(angle)]
    }
    var settings = settings(cruise: 12)
    settings.path = "polyline"
    settings.pathPoints = points
    settings.pathIsLoop = true
    let loop = try DrivingLoop(driver: .planner, speed: 6, users: [], plan: settings)
    while loop.time < 60 {
      try loop.frame()
      #expect(abs(Vector2(loop.x, loop.y - 40).length - 40) < 1)
    }
    #expect(loop.yaw > 2 * Double.pi * 1.5)
    #expect(loop.speed > 7)
  }

  @Test("Commands hold throttle or brake, and a tail that ends in braking with time strictly rising")
  func tails() throws {
    let loop = try DrivingLoop(driver: .planner, speed: 12, users: [], plan: settings(cruise: 12))
    for _ in 0..<20 { try loop.frame() }
    let set = loop.bench.frame.commands
    #expect(set.mode == CommandMode.auto.rawValue && set.count == 3)
    for command in 0..<3 {
      var last: UInt32 = 0
      for index in 0..<8 {
        #expect(set.commands[command].tail[index].afterMicroseconds > last)
        last = set.commands[command].tail[index].afterMicroseconds
      }
    }
    #expect(set.commands[1].tail[7].value == 0)
    #expect(abs(set.commands[2].tail[7].value - 2.5 / 9) < 1e-5)
    #expect(set.commands[2].tail[0].value < 0.05)
    let plan = try #require(loop.plan)
    #expect(plan.count == 10)
    #expect(plan[9].timeNanoseconds == 900_000_000)
    #expect(plan[9].x > 10)
  }

  @Test("Without a valid speed the frame fails")
  func noSpeed() throws {
    let loop = try DrivingLoop(driver: .planner, speed: 10, users: [])
    try loop.frame()
    loop.bench.advance(to: .seconds(5))
    let stage = try PathAndSpeedStage(setup: rebuilt(flags: .stale))
    #expect(throws: StageFailure(.inputMissing)) { try stage.run(loop.bench.frame) }
  }

  @Test("Disengaged, the plan starts from what the machine does")
  func warm() throws {
    let setup = try rebuilt(flags: .valid, steering: 0.2, speed: 5)
    let stage = try PathAndSpeedStage(setup: setup)
    let frame = Frame()
    frame.arming = .disengaged
    for _ in 0..<5 { try stage.run(frame) }
    #expect(abs(frame.commands.commands[0].value - 0.2) < 1e-9)
  }

  private func rebuilt(flags: EgoFlags, steering: Double = 0, speed: Double = 5) throws -> StageSetup {
    let bench = Bench()
    let setup = bench.setup
    let ego = try setup.output("ego", of: EgoState.self, capacity: 1, zero: EgoState())
    ego.append(EgoState(speed: speed, steeringAngle: steering, flags: flags))
    _ = try setup.output("tracks", of: Track.self, capacity: 4, zero: Track())
    return setup
  }

  @Test(
    "A path that cannot be followed is refused by name",
    arguments: [
      [], [0, 0], [0, 0, 1], [0, 0, 0, 0], [0, 0, .nan, 1], [0, 0, 1e9, 0],
    ] as [[Double]])
  func badPaths(points: [Double]) throws {
    var settings = PathAndSpeedSettings()
    settings.path = "polyline"
    settings.pathPoints = points
    let setup = try rebuilt(flags: .valid)
    #expect(throws: SetupProblem.self) { try PathAndSpeedStage(setup: setup, settings: settings) }
  }

  @Test("An unknown kind of path is refused")
  func unknownPath() throws {
    var settings = PathAndSpeedSettings()
    settings.path = "spline"
    let setup = try rebuilt(flags: .valid)
    #expect(throws: SetupProblem.self) { try PathAndSpeedStage(setup: setup, settings: settings) }
  }
}
