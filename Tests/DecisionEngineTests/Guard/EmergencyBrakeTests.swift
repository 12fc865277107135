import Testing

@testable import DecisionEngine
@testable import FusionPipeline

@Suite("Emergency braking")
struct EmergencyBrakeTests {
  @Test(
    "A standing car is not hit, with sensors 100 ms late and a brake 200 ms late; the warning comes earlier",
    arguments: [20.0, 30, 40, 50, 60])
  func standingCar(kilometresPerHour: Double) throws {
    let loop = try DrivingLoop(
      driver: .inattentive, speed: kilometresPerHour / 3.6, users: [RoadUser(x: 90, y: 0.3, speed: 0)])
    try loop.run(seconds: 25)
    #expect(loop.impactSpeed == nil)
    #expect(loop.speed == 0)
    let braking = try #require(loop.firstBraking)
    let warning = try #require(loop.firstWarning)
    #expect(braking - warning >= 0.8)
    #expect(loop.hardestDeceleration > 5)
    // Braking begins as late as 6 m/s² allows and is done at 9: a third of that way stays free.
    let way = braking.isFinite ? (kilometresPerHour / 3.6) * (kilometresPerHour / 3.6) / 12 : 0
    #expect(loop.smallestGap < 2.5 + way / 3, "stopped \(loop.smallestGap) m before it")
  }

  @Test(
    "A standing car is not hit from raw lidar and radar with 5 % drop-outs, the warning 0.8 s earlier",
    arguments: [40.0, 50])
  func fromRawSensors(kilometresPerHour: Double) throws {
    let loop = try DrivingLoop(
      driver: .inattentive, speed: kilometresPerHour / 3.6, users: [RoadUser(x: 70, y: 0.3, speed: 0)],
      isRaw: true)
    loop.dropOut = 0.05
    try loop.run(seconds: 10)
    #expect(loop.impactSpeed == nil)
    #expect(loop.speed == 0)
    #expect(loop.smallestGap < 7)
    let braking = try #require(loop.firstBraking)
    #expect(braking - (try #require(loop.firstWarning)) >= 0.8)
  }

  @Test("From raw sensors too, a lead 12 m ahead is left alone until it brakes at 6 m/s², and is not hit")
  func rawLead() throws {
    let lead = RoadUser(x: 3.7 + 12 + 2.1, y: 0, speed: 50 / 3.6, acceleration: { $0 > 3 ? -6 : 0 })
    let loop = try DrivingLoop(driver: .inattentive, speed: 50 / 3.6, users: [lead], isRaw: true)
    loop.dropOut = 0.05
    try loop.run(seconds: 8)
    #expect(loop.impactSpeed == nil)
    let braking = try #require(loop.firstBraking)
    #expect(braking > 3 && braking < 4.2)
  }

  @Test("From raw sensors too, a pedestrian stepping out is not hit at 40 km/h")
  func rawPedestrian() throws {
    let speed = 40 / 3.6
    let walker = RoadUser(
      x: 3.7 + speed * 4, y: -5.6, speed: 1.4, yaw: Double.pi / 2, length: 0.5, width: 0.6)
    let loop = try DrivingLoop(driver: .inattentive, speed: speed, users: [walker], isRaw: true)
    loop.dropOut = 0.05
    try loop.run(seconds: 6)
    #expect(loop.impactSpeed == nil)
  }

  @Test("A lead braking at 6 m/s² 12 m ahead at 50 km/h is not hit")
  func brakingLead() throws {
    let lead = RoadUser(x: 3.7 + 12 + 2.1, y: 0, speed: 50 / 3.6, acceleration: { $0 > 3 ? -6 : 0 })
    let loop = try DrivingLoop(driver: .inattentive, speed: 50 / 3.6, users: [lead])
    try loop.run(seconds: 12)
    #expect(loop.impactSpeed == nil)
    #expect(loop.speed == 0)
  }

  @Test("A slower car is not hit at 55 km/h against 20")
  func slowerCar() throws {
    let loop = try DrivingLoop(
      driver: .inattentive, speed: 55 / 3.6, users: [RoadUser(x: 80, y: 0, speed: 20 / 3.6)])
    try loop.run(seconds: 20)
    #expect(loop.impactSpeed == nil)
  }

  @Test("A pedestrian who steps into the way is not hit", arguments: [20.0, 30, 40])
  func pedestrian(kilometresPerHour: Double) throws {
    let speed = kilometresPerHour / 3.6
    // They reach the lane's middle as the car does.
    let walker = RoadUser(
      x: 3.7 + speed * 4, y: -5.6, speed: 1.4, yaw: Double.pi / 2, length: 0.5, width: 0.6)
    let loop = try DrivingLoop(driver: .inattentive, speed: speed, users: [walker])
    try loop.run(seconds: 10)
    #expect(loop.impactSpeed == nil)
  }

  @Test("Things beside the way, oncoming cars and a followed lead cause neither braking nor warning")
  func noFalseReaction() throws {
    var users = (0..<6).map { RoadUser(x: 30 + 14 * Double($0), y: $0 % 2 == 0 ? 2.6 : -2.6, speed: 0) }
    users.append(RoadUser(x: 100, y: 3.5, speed: 14, yaw: Double.pi))
    users.append(RoadUser(x: 34, y: 0, speed: 14))
    let loop = try DrivingLoop(driver: .inattentive, speed: 14, users: users)
    try loop.run(seconds: 8)
    #expect(loop.firstBraking == nil)
    #expect(loop.firstWarning == nil)
  }

  @Test("In a bend, a post straight ahead but off the arc is no danger; one on the arc is")
  func arc() throws {
    let onArc = try single(Vector2(16, 4.4), yawRate: 0.4)
    let ahead = try single(Vector2(20, -1), yawRate: 0.4)
    #expect(onArc.requiredDeceleration > 3)
    #expect(ahead.requiredDeceleration == 0)
  }

  /// One confirmed standing post; 10 m/s.
  private func single(_ place: Vector2, yawRate: Double) throws -> CollisionRisk {
    let rig = try Rig()
    rig.ego[0] = EgoState(speed: 10, yawRate: yawRate, flags: .valid)
    rig.tracks.append(Self.post(place))
    try rig.run()
    return rig.collision[0]
  }

  static func post(_ place: Vector2, flags: TrackFlags = [.confirmed, .lidar]) -> Track {
    Track(id: 7, x: place.x, y: place.y, length: 0.5, width: 0.5, height: 1, flags: flags)
  }

  /// The stage alone.
  final class Rig {
    let bench = Bench()
    let ego: FixedList<EgoState>
    let tracks: FixedList<Track>
    let obstacles: FixedList<Obstacle>
    let collision: FixedList<CollisionRisk>
    let stage: EmergencyBrakeStage
    init() throws {
      let setup = bench.setup
      ego = try setup.output("ego", of: EgoState.self, capacity: 1, zero: EgoState())
      ego.append(EgoState(speed: 10, flags: .valid))
      tracks = try setup.output("tracks", of: Track.self, capacity: 8, zero: Track())
      obstacles = try setup.output("obstacles", of: Obstacle.self, capacity: 8, zero: Obstacle())
      stage = try EmergencyBrakeStage(setup: setup)
      collision = try setup.input("collision", of: CollisionRisk.self)
    }
    var isBraking: Bool { bench.frame.commands.mode == CommandMode.emergency.rawValue }
    func run() throws {
      bench.advance(to: bench.frame.instant + 100_000_000)
      bench.frame.commands = CommandSet(count: 3)
      bench.frame.commands.mode = CommandMode.auto.rawValue
      bench.frame.commands.commands[1].value = 0.5
      try stage.run(bench.frame)
    }
  }

  @Test("Braking needs two frames by a track, and is held to standstill and two seconds beyond")
  func latch() throws {
    let rig = try Rig()
    rig.tracks.append(Self.post(Vector2(12, 0)))
    try rig.run()
    #expect(!rig.isBraking)
    try rig.run()
    #expect(rig.isBraking)
    #expect(rig.bench.frame.commands.reason == CommandReason.collisionAhead.rawValue)
    #expect(rig.bench.frame.commands.commands[2].value == 1)
    #expect(rig.bench.frame.commands.commands[1].value == 0)
    rig.tracks.removeAll()
    try rig.run()
    #expect(rig.isBraking && rig.collision[0].flags.contains(.braking))
    rig.ego[0].speed = 0
    for _ in 0..<19 { try rig.run() }
    #expect(rig.isBraking)
    for _ in 0..<2 { try rig.run() }
    #expect(!rig.isBraking)
  }

  @Test(
    "A raw obstacle without a track brakes after four sweeps, not frames; one that a track explains never does"
  )
  func raw() throws {
    let rig = try Rig()
    rig.obstacles.append(.box(14, 0))
    for sweep in 1...4 {
      rig.obstacles[0].ageNanoseconds = 0
      try rig.run()
      #expect(rig.isBraking == (sweep == 4))
      rig.obstacles[0].ageNanoseconds = 100_000_000
      try rig.run()
      #expect(rig.isBraking == (sweep == 4))
    }
    #expect(rig.collision[0].flags.contains(.rawObstacle))
    let explained = try Rig()
    explained.obstacles.append(.box(14, 0))
    explained.tracks.append(
      Track(id: 1, x: 14, y: 0, vx: 10, length: 4, width: 1.8, flags: [.confirmed, .lidar, .moving]))
    for _ in 1...6 { try explained.run() }
    #expect(!explained.isBraking)
    let thin = try Rig()
    var few = Obstacle.box(14, 0)
    few.pointCount = 7
    thin.obstacles.append(few)
    for _ in 1...6 { try thin.run() }
    #expect(!thin.isBraking)
  }

  @Test("A standing thing that only a radar saw, and a tentative track, do not brake")
  func doubtful() throws {
    for flags in [TrackFlags([.confirmed, .radar]), TrackFlags([.lidar])] {
      let rig = try Rig()
      rig.tracks.append(Self.post(Vector2(12, 0), flags: flags))
      for _ in 1...5 { try rig.run() }
      #expect(!rig.isBraking)
    }
  }

  @Test("Disengaged it warns and does not brake; disengaging opens the latch")
  func disengaged() throws {
    let rig = try Rig()
    rig.tracks.append(Self.post(Vector2(12, 0)))
    rig.bench.frame.arming = .disengaged
    for _ in 1...4 { try rig.run() }
    #expect(!rig.isBraking && rig.collision[0].flags.contains(.warning))
    rig.bench.frame.arming = .engaged
    try rig.run()
    #expect(rig.isBraking)
    rig.bench.frame.arming = .disengaged
    try rig.run()
    #expect(!rig.isBraking)
  }
}
