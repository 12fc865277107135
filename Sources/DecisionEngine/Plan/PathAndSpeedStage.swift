import FusionPipeline

struct PlanMemory: BitwiseCopyable, Sendable {
  var acceleration = 0.0
  var steering = 0.0
  /// The straight lane's start in the odometry frame.
  var anchorX = 0.0
  var anchorY = 0.0
  var anchorYaw = 0.0
  var isAnchored: Int64 = 0
  /// The polyline's segment that the machine is on; −1 before it was found.
  var segment: Int64 = -1
}

/// Keeps to a path by pure pursuit and behind the one ahead by the intelligent driver model; writes "plan" and
/// the frame's commands, each with its stop tail.
///
/// Plans whether the machine is engaged or not, so that the plan is warm; while disengaged the memory follows
/// the machine, so that engaging starts without a jump. Fails the frame when the machine's speed is unknown.
public final class PathAndSpeedStage: Stage {
  static let planPoints = 10
  static let stepSeconds = 0.1

  let settings: PathAndSpeedSettings
  let vehicle: VehicleDescription
  let actuatorCount: Int
  let steeringIndex: Int
  let throttleIndex: Int
  let brakeIndex: Int
  let plan: FixedList<PlanPoint>
  let samples: FixedList<PathSample>
  private let path: ReferencePath?
  private let driver: DriverModel
  private let ego: FixedList<EgoState>
  private let tracks: FixedList<Track>
  private let predictions: FixedList<PredictedPath>?
  private let memory: StateValue<PlanMemory>

  public init(
    setup: StageSetup, settings: PathAndSpeedSettings = PathAndSpeedSettings()
  ) throws(SetupProblem) {
    let name = setup.stageName
    func actuator(_ wanted: String) throws(SetupProblem) -> Int {
      guard let index = setup.actuators.firstIndex(where: { $0.name == wanted }),
        index < CommandSet.maximumActuators
      else { throw SetupProblem("stage \(name): there is no actuator \"\(wanted)\"; it plans for one") }
      return index
    }
    steeringIndex = try actuator("steering")
    throttleIndex = try actuator("throttle")
    brakeIndex = try actuator("brake")
    actuatorCount = min(setup.actuators.count, CommandSet.maximumActuators)
    try Self.check(settings, setup)
    switch settings.path {
    case "lane": path = nil
    case "polyline":
      path = try ReferencePath(
        points: settings.pathPoints, isLoop: settings.pathIsLoop,
        lateralAcceleration: 0.8 * settings.lateralAcceleration,
        deceleration: 0.75 * settings.wishedDeceleration, stageName: name)
    default:
      throw SetupProblem("stage \(name): path is \"\(settings.path)\"; use \"lane\" or \"polyline\"")
    }
    self.settings = settings
    vehicle = setup.vehicle
    driver = DriverModel(settings: settings)
    ego = try setup.input("ego", of: EgoState.self)
    tracks = try setup.input("tracks", of: Track.self)
    predictions = setup.optionalInput("predictions", of: PredictedPath.self)
    plan = try setup.output("plan", of: PlanPoint.self, capacity: Self.planPoints, zero: PlanPoint())
    samples = FixedList(capacity: Int(settings.horizonMetres) + 2, zero: .zero)
    memory = setup.state.value(named: "\(name).plan", initial: PlanMemory())
  }

  private static func check(_ s: PathAndSpeedSettings, _ setup: StageSetup) throws(SetupProblem) {
    try setup.check("cruiseSpeed", s.cruiseSpeed, 0...100)
    try setup.check("horizonMetres", s.horizonMetres, 10...1000)
    try setup.check("maximumAcceleration", s.maximumAcceleration, 0.1...20)
    try setup.check("maximumDeceleration", s.maximumDeceleration, 0.1...20)
    try setup.check("wishedAcceleration", s.wishedAcceleration, 0.1...20)
    try setup.check("wishedDeceleration", s.wishedDeceleration, 0.1...20)
    try setup.check("timeGapSeconds", s.timeGapSeconds, 0.1...20)
    try setup.check("standstillGapMetres", s.standstillGapMetres, 0...50)
    try setup.check("jerkUp", s.jerkUp, 0.1...1000)
    try setup.check("jerkDown", s.jerkDown, 0.1...1000)
    try setup.check("sideMarginMetres", s.sideMarginMetres, 0...10)
    try setup.check("cutInSeconds", s.cutInSeconds, 0...20)
    try setup.check("lateralAcceleration", s.lateralAcceleration, 0.1...20)
    try setup.check("lateralJerk", s.lateralJerk, 0.1...1000)
    try setup.check("lookaheadSeconds", s.lookaheadSeconds, 0...10)
    try setup.check("lookaheadMinimumMetres", s.lookaheadMinimumMetres, 0.5...100)
    try setup.check("lookaheadMaximumMetres", s.lookaheadMaximumMetres, 0.5...500)
    try setup.check("steeringRate", s.steeringRate, 0.01...20)
    try setup.check("stopDeceleration", s.stopDeceleration, 0.1...20)
    try setup.check("holdDeceleration", s.holdDeceleration, 0.1...20)
    let vehicle = setup.vehicle
    try setup.check("wheelbaseMetres", vehicle.wheelbaseMetres, 0.05...50)
    try setup.check("fullThrottleAcceleration", vehicle.fullThrottleAcceleration, 0.1...100)
    try setup.check("fullBrakeDeceleration", vehicle.fullBrakeDeceleration, 0.1...100)
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    plan.removeAll()
    guard !ego.isEmpty, ego[0].flags.contains(.valid) else { throw StageFailure(.inputMissing) }
    let now = ego[0]
    var m = memory.value
    if frame.arming != .engaged { follow(now, &m) }
    samplePath(now, &m)
    let lead = LeadSearch(settings: settings, vehicle: vehicle, samples: samples)
      .lead(tracks: tracks, predictions: predictions, speed: now.speed, driver: driver)
    let step = min(max(Double(frame.stepNanoseconds) * 1e-9, 0), 0.3)
    let rollout = rollPlan(now, lead: lead, step: step, &m)
    memory.value = m
    command(&frame.commands, stopping: rollout)
  }

  /// While nobody drives by the plan, it begins from what the machine does.
  private func follow(_ now: EgoState, _ m: inout PlanMemory) {
    m.acceleration = 0
    m.steering = now.steeringAngle
    (m.anchorX, m.anchorY, m.anchorYaw) = (now.x, now.y, now.yaw)
    m.isAnchored = 1
  }

  private func samplePath(_ now: EgoState, _ m: inout PlanMemory) {
    let pose = now.odometryFromVehicle
    if let path {
      path.sample(ahead: pose, metres: settings.horizonMetres, segment: &m.segment, into: samples)
      return
    }
    if m.isAnchored == 0 {
      (m.anchorX, m.anchorY, m.anchorYaw) = (now.x, now.y, now.yaw)
      m.isAnchored = 1
    }
    // The lane is a straight line: sampled from the machine's projection onto it.
    let lane = pose.inverse * Transform2(x: m.anchorX, y: m.anchorY, yawRadians: m.anchorYaw)
    let along = -(lane.x * lane.cosYaw + lane.y * lane.sinYaw)
    samples.removeAll()
    for step in 0..<samples.capacity {
      let at = along + Double(step)
      samples.append(
        PathSample(
          distance: Double(step), x: lane.x + at * lane.cosYaw, y: lane.y + at * lane.sinYaw,
          tangentX: lane.cosYaw, tangentY: lane.sinYaw, speedLimit: .infinity))
    }
  }

  /// Fills "plan"; gives the rollout as it stands where the stop tail begins, two points ahead.
  private func rollPlan(
    _ now: EgoState, lead: Lead?, step: Double, _ m: inout PlanMemory
  ) -> PathRollout {
    var rollout = PathRollout(
      settings: settings, vehicle: vehicle, samples: samples, speed: max(now.speed, 0),
      steering: m.steering)
    var lead = lead
    var acceleration = m.acceleration
    var tailStart = rollout
    for point in 0..<Self.planPoints {
      let seconds = point == 0 ? step : Self.stepSeconds
      rollout.steer(seconds: seconds)
      acceleration = nextAcceleration(rollout, lead, acceleration, seconds: seconds)
      if point == 0 {
        m.acceleration = acceleration
        m.steering = rollout.steering
      }
      if point == 2 { tailStart = rollout }
      plan.append(
        PlanPoint(
          timeNanoseconds: Int64(point) * .seconds(Self.stepSeconds), x: rollout.x, y: rollout.y,
          speed: rollout.speed, acceleration: acceleration, steering: rollout.steering))
      let before = rollout.speed
      rollout.move(acceleration: acceleration, seconds: Self.stepSeconds)
      if let known = lead {
        let closed = (0.5 * (before + rollout.speed) - known.speed) * Self.stepSeconds
        lead = Lead(gapMetres: max(known.gapMetres - closed, 0), speed: known.speed)
      }
    }
    return tailStart
  }

  private func nextAcceleration(
    _ rollout: PathRollout, _ lead: Lead?, _ last: Double, seconds: Double
  ) -> Double {
    // The limit a little ahead, so that the brake is not late.
    let soon = min(rollout.samples.count - 1, Int(rollout.distance + 0.5 * rollout.speed) + 1)
    let wished = min(settings.cruiseSpeed, min(rollout.speedLimit, rollout.samples[soon].speedLimit))
    let wanted = driver.acceleration(speed: rollout.speed, wishedSpeed: wished, lead: lead)
    if rollout.speed < 0.1, wanted < 0.05 { return -settings.holdDeceleration }
    return min(max(wanted, last - settings.jerkDown * seconds), last + settings.jerkUp * seconds)
  }
}
