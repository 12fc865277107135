@testable import DecisionEngine
@testable import FusionPipeline

/// Another road user in the world's frame.
struct RoadUser {
  var x: Double
  var y: Double
  var speed: Double
  var yaw: Double = 0
  var length = 4.2
  var width = 1.8
  /// Acceleration along its way at a time; its speed never falls below zero.
  var acceleration: (Double) -> Double = { _ in 0 }
  /// Speed to the left at a time, for a change of lane.
  var lateralSpeed: (Double) -> Double = { _ in 0 }
}

/// A world with the machine in it, closed through the real stages: odometry and radar and boxes in, commands
/// through the guard, a kinematic vehicle with a brake delay out. 20 frames a second, sensors at 10.
final class DrivingLoop {
  enum Driver {
    /// The plan stage drives.
    case planner
    /// Nobody brakes but the emergency stage; speed is held.
    case inattentive
  }

  static let step = 0.05
  let bench: Bench
  let odometry: SensorPort<OdometrySample>
  let radar: SensorPort<RadarScan>
  let radarPool = PayloadPool<RadarDetection>(id: 3, slots: 4, capacity: 64, zero: Bench.zeroDetection)
  let lidar: SensorPort<LidarSweep>?
  let lidarPool = PayloadPool<LidarPoint>(id: 4, slots: 4, capacity: 40_000, zero: Bench.zeroPoint)
  let obstacles: FixedList<Obstacle>
  let collision: FixedList<CollisionRisk>
  let plan: FixedList<PlanPoint>?
  let tracks: FixedList<Track>
  private var stages: [any Stage] = []
  private let guardian = VehicleGuard(actuators: Bench.actuators)
  private var previous: CommandSet?
  private var brakeHistory: [Double] = []
  private var random = TestRandom(seed: 77)
  private let lidarMount = Transform3(
    rollDegrees: 0, pitchDegrees: 0, yawDegrees: 0, translation: Vector3(1, 0, 1.9))

  var users: [RoadUser]
  var x = 0.0
  var y = 0.0
  var yaw = 0.0
  var speed: Double
  var time = 0.0
  /// 100 ms between a sensor's content and the frame that uses it, 200 ms until the brake works.
  var sensorLatency = 0.1
  var brakeDelayFrames = 4
  var dropOut = 0.0
  /// What was seen on the way.
  var impactSpeed: Double?
  var firstWarning: Double?
  var firstBraking: Double?
  var smallestGap = Double.infinity
  var hardestDeceleration = 0.0
  var largestJerk = 0.0
  private var lastAcceleration = 0.0
  private var seenUsers: [RoadUser] = []
  private var past: [(time: Double, users: [RoadUser], x: Double, y: Double, yaw: Double)] = []

  init(
    driver: Driver, speed: Double, users: [RoadUser], plan settings: PathAndSpeedSettings? = nil,
    isRaw: Bool = false
  ) throws {
    self.users = users
    self.speed = speed
    bench = Bench()
    odometry = bench.addPort("wheels", zero: OdometrySample())
    radar = bench.addPort(
      "radar", zero: Bench.zeroScan,
      vehicleFromSensor: Transform3(
        rollDegrees: 0, pitchDegrees: 0, yawDegrees: 0, translation: Vector3(3.6, 0, 0.5)),
      pool: radarPool)
    lidar =
      isRaw
      ? bench.addPort("roof", zero: Bench.zeroSweep, vehicleFromSensor: lidarMount, pool: lidarPool) : nil
    let setup = bench.setup
    stages.append(try EgoMotionStage(setup: setup))
    if isRaw {
      stages.append(try LidarObstacleStage(setup: setup))
      obstacles = try setup.input("obstacles", of: Obstacle.self)
    } else {
      obstacles = try setup.output("obstacles", of: Obstacle.self, capacity: 64, zero: Obstacle())
    }
    stages.append(try ObjectTrackerStage(setup: setup))
    stages.append(try ConstantVelocityPredictionStage(setup: setup))
    if driver == .planner {
      stages.append(try PathAndSpeedStage(setup: setup, settings: settings ?? PathAndSpeedSettings()))
      plan = try setup.input("plan", of: PlanPoint.self)
    } else {
      plan = nil
    }
    stages.append(try EmergencyBrakeStage(setup: setup))
    collision = try setup.input("collision", of: CollisionRisk.self)
    tracks = try setup.input("tracks", of: Track.self)
    bench.state.seal()
  }

  /// Runs until a time or standstill's end; stops at an impact.
  func run(seconds: Double) throws {
    while time < seconds, impactSpeed == nil { try frame() }
  }

  func frame() throws {
    past.append((time, users, x, y, yaw))
    bench.advance(to: .seconds(1 + time))
    bench.put(
      OdometrySample(speed: speed, yawRate: .nan, steeringAngle: lastSteering), capture: bench.frame.instant,
      into: odometry)
    try sense()
    bench.frame.commands = CommandSet(count: 3)
    for stage in stages { try stage.run(bench.frame) }
    bench.state.commit()
    var set = bench.frame.commands
    guardian.limit(&set, previous: previous, periodNanoseconds: .seconds(Self.step))
    previous = set
    note()
    move(set)
  }

  private var lastSteering = 0.0

  /// Every second frame the sensors have something new, as it was a latency ago.
  private func sense() throws {
    let isNew = Int((time / Self.step).rounded()) % 2 == 0
    let behind = Int((sensorLatency / Self.step).rounded())
    guard isNew, past.count > behind else {
      if isNew || past.count <= behind { clearSensors() } else { ageSensors() }
      return
    }
    let then = past[past.count - 1 - behind]
    let capture = bench.frame.instant - Int64.seconds(sensorLatency)
    let vehicleFromWorld = Transform2(x: then.x, y: then.y, yawRadians: then.yaw).inverse
    var boxes: [SceneBox] = []
    var detections: [RadarDetection] = []
    for user in then.users where random.uniform() >= dropOut {
      let at = vehicleFromWorld * Vector2(user.x, user.y)
      boxes.append(
        SceneBox(
          x: at.x, y: at.y, length: user.length, width: user.width, height: 1.6, yaw: user.yaw - then.yaw))
      let (s, c) = Pinned.sincos(user.yaw - then.yaw)
      let face = Vector2(at.x - 3.6 - 0.5 * user.length * abs(c), at.y)
      let rate = face.normalized.dot(Vector2(user.speed * c - speed, user.speed * s))
      if face.x > 1, abs(face.y) < face.x {
        detections.append(
          RadarDetection(
            x: Float(face.x + 0.2 * random.normal()), y: Float(face.y + 0.2 * random.normal()),
            rangeRate: Float(rate + 0.1 * random.normal()), trackID: 1))
      }
    }
    bench.putScan(detections, pool: radarPool, capture: capture, into: radar)
    if let lidar {
      let points = RayScene(boxes: boxes).scan(.vlp16Narrow, vehicleFromSensor: lidarMount)
      bench.putSweep(points, pool: lidarPool, capture: capture, into: lidar)
    } else {
      place(boxes)
    }
  }

  /// Boxes as the obstacle stage would hand them on: at the instant, their own motion not taken out.
  private func place(_ boxes: [SceneBox]) {
    obstacles.removeAll()
    for box in boxes where box.x > -40 && box.x < 100 {
      let moved = EgoState(speed: speed).vehicleFromEarlier(seconds: sensorLatency) * Vector2(box.x, box.y)
      var obstacle = Obstacle.box(
        moved.x + 0.1 * random.normal(), moved.y + 0.1 * random.normal(), length: box.length,
        width: box.width,
        yaw: Pinned.wrapAngle(box.yaw))
      obstacle.ageNanoseconds = .seconds(sensorLatency)
      obstacles.append(obstacle)
    }
  }

  private func ageSensors() {
    // The lidar's sweep is still the newest there is; the stage runs again on it.
    if let lidar, !lidar.picks.isEmpty { lidar.picks[0].ageNanoseconds += .seconds(Self.step) }
    if !radar.picks.isEmpty { radar.picks[0].ageNanoseconds += .seconds(Self.step) }
    if lidar == nil {
      for index in obstacles.indices {
        obstacles[index].ageNanoseconds += .seconds(Self.step)
        obstacles[index].x -= speed * Self.step
      }
    }
  }

  private func clearSensors() {
    radar.picks.removeAll()
    if lidar == nil { obstacles.removeAll() }
    if let lidar, lidar.picks.isEmpty {
      bench.putSweep([], pool: lidarPool, capture: bench.frame.instant, into: lidar)
    }
  }

  private func note() {
    let risk = collision[0]
    if risk.flags.contains(.warning), firstWarning == nil { firstWarning = time }
    if risk.flags.contains(.braking), firstBraking == nil { firstBraking = time }
  }

  private func move(_ set: CommandSet) {
    brakeHistory.append(set.commands[2].value)
    let delayed =
      brakeHistory.count > brakeDelayFrames ? brakeHistory[brakeHistory.count - 1 - brakeDelayFrames] : 0
    let throttle = plan == nil ? 0 : set.commands[1].value
    let acceleration =
      throttle * bench.vehicle.fullThrottleAcceleration - delayed * bench.vehicle.fullBrakeDeceleration
    lastSteering = plan == nil ? 0 : set.commands[0].value
    let next = max(speed + acceleration * Self.step, 0)
    let actual = (next - speed) / Self.step
    if next > 0.5 {
      hardestDeceleration = max(hardestDeceleration, -actual)
      if time > 0.5 { largestJerk = max(largestJerk, abs(actual - lastAcceleration) / Self.step) }
    }
    lastAcceleration = actual
    let travelled = 0.5 * (speed + next) * Self.step
    yaw += travelled * Pinned.tan(lastSteering) / bench.vehicle.wheelbaseMetres
    x += travelled * Pinned.cos(yaw)
    y += travelled * Pinned.sin(yaw)
    speed = next
    for index in users.indices { moveUser(&users[index]) }
    time += Self.step
    check()
  }

  private func moveUser(_ user: inout RoadUser) {
    user.speed = max(user.speed + user.acceleration(time) * Self.step, 0)
    let (s, c) = Pinned.sincos(user.yaw)
    let side = user.lateralSpeed(time)
    user.x += (user.speed * c - side * s) * Self.step
    user.y += (user.speed * s + side * c) * Self.step
  }

  private func check() {
    let (s, c) = Pinned.sincos(yaw)
    let middle = 0.5 * (bench.vehicle.frontOverhangMetres - bench.vehicle.rearOverhangMetres)
    let body = OrientedBox(
      x: x + middle * c, y: y + middle * s, halfLength: 2.3, halfWidth: 0.5 * bench.vehicle.widthMetres,
      cos: c, sin: s)
    for user in users {
      let (us, uc) = Pinned.sincos(user.yaw)
      let box = OrientedBox(
        x: user.x, y: user.y, halfLength: user.length / 2, halfWidth: user.width / 2, cos: uc, sin: us)
      if body.overlaps(box) { impactSpeed = speed }
      if abs(user.y - y) < 1.8, user.x > x {
        smallestGap = min(
          smallestGap, user.x - 0.5 * user.length * abs(uc) - x - bench.vehicle.frontOverhangMetres)
      }
    }
  }
}

extension RayPattern {
  /// A sixteen-ring lidar with coarse columns, for closed loops.
  static let vlp16Narrow = RayPattern(
    elevationsDegrees: (0..<16).map { -15 + 2 * Double($0) }, columns: 720)
}
