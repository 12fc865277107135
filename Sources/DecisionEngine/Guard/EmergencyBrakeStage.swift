import FusionPipeline

/// Numbers of `EmergencyBrakeStage`.
public struct EmergencyBrakeSettings: Sendable, Equatable {
  /// Braking begins when this much is needed not to touch, m/s²; 3…8. UN R152 asks for a demand of at least 5.
  public var triggerDeceleration: Double = 6.0
  /// Demanded once braking, m/s²; 5…10.
  public var demandDeceleration: Double = 9.0
  /// What passes between demand and full effect, s: brake delay and half its build-up; 0…0.6.
  public var reactionSeconds: Double = 0.3
  /// Left free in front of the obstacle, metres; 0…2.
  public var marginMetres: Double = 0.8
  /// The warning comes this much earlier than braking would, s; 0.8…2.
  public var warningLeadSeconds: Double = 1.0
  /// A lead that slows down by more is taken to brake on to standstill, m/s²; 1…5.
  public var leadBraking: Double = 2.0
  /// How far ahead contact is looked for, s; 2…6.
  public var horizonSeconds: Double = 4.0
  /// Added to either side of the body, metres; 0…0.5.
  public var sideMarginMetres: Double = 0.1
  /// Slower than this the machine does not need it, m/s; 0…3.
  public var minimumSpeed: Double = 0.8
  /// Sweeps in a row in which a raw obstacle without a track must be in the way; above the tracker's
  /// confirmation, so that a moving thing has its track by then; 1…10.
  public var rawSweeps: Int = 4
  /// Frames in a row in which a track must demand it; 1…5.
  public var trackFrames: Int = 2
  /// Fewest points of a raw obstacle; 1…50.
  public var rawPoints: Int = 8
  /// A stopped machine is held this long before the latch opens, s; 0.5…10.
  public var holdSeconds: Double = 2.0
  public init() {}
}

struct EmergencyBrakeMemory: BitwiseCopyable, Sendable {
  var isLatched: Int64 = 0
  var rawCount: Int64 = 0
  var rawCapture = Stamp.never
  var trackCount: Int64 = 0
  var standingNanoseconds: Int64 = 0
}

/// Brakes when a collision can only just be avoided; the last stage of a chain, apart from the planner.
///
/// Sweeps the machine's body along its present arc and looks for the first contact with confirmed tracks,
/// which keep their velocity, and with raw lidar obstacles that no track explains, which are taken to stand.
/// Braking, once begun, is latched to standstill. Reads "ego", "tracks" and "obstacles"; writes "collision",
/// and the brake and throttle of the frame's commands. Acts only while engaged; warns always.
public final class EmergencyBrakeStage: Stage {
  private let settings: EmergencyBrakeSettings
  private let vehicle: VehicleDescription
  private let brakeIndex: Int
  private let throttleIndex: Int?
  private let ego: FixedList<EgoState>
  private let tracks: FixedList<Track>
  private let obstacles: FixedList<Obstacle>?
  private let collision: FixedList<CollisionRisk>
  private let corridor: SweptCorridor
  private let memory: StateValue<EmergencyBrakeMemory>

  public init(
    setup: StageSetup, settings: EmergencyBrakeSettings = EmergencyBrakeSettings()
  ) throws(SetupProblem) {
    let name = setup.stageName
    guard let brake = setup.actuators.firstIndex(where: { $0.name == "brake" }),
      brake < CommandSet.maximumActuators
    else { throw SetupProblem("stage \(name): there is no actuator \"brake\"; it brakes with one") }
    try Self.check(settings, setup)
    brakeIndex = brake
    throttleIndex = setup.actuators.prefix(CommandSet.maximumActuators)
      .firstIndex(where: { $0.name == "throttle" })
    self.settings = settings
    vehicle = setup.vehicle
    ego = try setup.input("ego", of: EgoState.self)
    tracks = try setup.input("tracks", of: Track.self)
    obstacles = setup.optionalInput("obstacles", of: Obstacle.self)
    collision = try setup.output(
      "collision", of: CollisionRisk.self, capacity: 1, zero: CollisionRisk())
    corridor = SweptCorridor(horizonSeconds: settings.horizonSeconds, stepSeconds: 0.05)
    memory = setup.state.value(named: "\(name).latch", initial: EmergencyBrakeMemory())
  }

  private static func check(_ s: EmergencyBrakeSettings, _ setup: StageSetup) throws(SetupProblem) {
    try setup.check("triggerDeceleration", s.triggerDeceleration, 0.5...20)
    try setup.check("demandDeceleration", s.demandDeceleration, 0.5...20)
    try setup.check("reactionSeconds", s.reactionSeconds, 0...2)
    try setup.check("marginMetres", s.marginMetres, 0...10)
    try setup.check("warningLeadSeconds", s.warningLeadSeconds, 0...10)
    try setup.check("leadBraking", s.leadBraking, 0.5...20)
    try setup.check("horizonSeconds", s.horizonSeconds, 0.5...20)
    try setup.check("sideMarginMetres", s.sideMarginMetres, 0...5)
    try setup.check("minimumSpeed", s.minimumSpeed, 0...20)
    try setup.check("rawSweeps", s.rawSweeps, 1...1000)
    try setup.check("trackFrames", s.trackFrames, 1...1000)
    try setup.check("rawPoints", s.rawPoints, 1...100_000)
    try setup.check("holdSeconds", s.holdSeconds, 0...600)
    try setup.check("fullBrakeDeceleration", setup.vehicle.fullBrakeDeceleration, 0.1...100)
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    collision.removeAll()
    guard !ego.isEmpty else { throw StageFailure(.inputMissing) }
    let now = ego[0]
    var m = memory.value
    var (risk, rawRisk) = risks(now)
    m.trackCount = demands(risk) ? min(m.trackCount + 1, 1000) : 0
    countRaw(rawRisk, at: frame.instant, &m)
    let isRawReal = m.rawCount >= settings.rawSweeps
    let triggers = m.trackCount >= settings.trackFrames || isRawReal && demands(rawRisk)
    if isRawReal, rawRisk.requiredDeceleration > risk.requiredDeceleration { risk = rawRisk }
    latch(&m, triggers: triggers, now, frame)
    memory.value = m

    if m.isLatched != 0 { risk.flags.insert(.warning) }
    if m.isLatched != 0 {
      risk.flags.insert(.braking)
      brake(&frame.commands)
    }
    collision.append(risk)
  }

  /// Counts sweeps, not frames: a frame that sees the same sweep again knows nothing more.
  private func countRaw(_ risk: CollisionRisk, at instant: Stamp, _ m: inout EmergencyBrakeMemory) {
    guard let obstacles, !obstacles.isEmpty else {
      m.rawCount = 0
      return
    }
    let capture = instant - obstacles[0].ageNanoseconds
    guard risk.flags.contains(.warning) else {
      m.rawCount = 0
      return
    }
    if capture > m.rawCapture { m.rawCount = min(m.rawCount + 1, 1000) }
    m.rawCapture = max(m.rawCapture, capture)
  }

  private func latch(
    _ m: inout EmergencyBrakeMemory, triggers: Bool, _ now: EgoState, _ frame: Frame
  ) {
    if frame.arming != .engaged {
      m.isLatched = 0
      m.standingNanoseconds = 0
      return
    }
    if triggers { m.isLatched = 1 }
    let stands = now.flags.contains(.valid) && abs(now.speed) < 0.1
    m.standingNanoseconds = stands ? min(m.standingNanoseconds &+ max(frame.stepNanoseconds, 0), 1 << 60) : 0
    if m.standingNanoseconds >= .seconds(settings.holdSeconds), !triggers { m.isLatched = 0 }
  }

  /// The worst track and the worst raw obstacle without one.
  private func risks(_ now: EgoState) -> (track: CollisionRisk, raw: CollisionRisk) {
    var worst = CollisionRisk()
    var worstRaw = CollisionRisk()
    guard now.speed > settings.minimumSpeed else { return (worst, worstRaw) }
    corridor.place(
      speed: now.speed, yawRate: now.yawRate, vehicle: vehicle, margin: settings.sideMarginMetres)
    for index in tracks.indices where isReal(tracks[index]) {
      let risk = risk(of: object(tracks[index]), now, trackID: tracks[index].id)
      if risk.requiredDeceleration > worst.requiredDeceleration { worst = risk }
    }
    guard let obstacles else { return (worst, worstRaw) }
    for index in obstacles.indices where Int(obstacles[index].pointCount) >= settings.rawPoints {
      let obstacle = obstacles[index]
      guard !isExplained(obstacle) else { continue }
      var risk = risk(of: object(obstacle), now, trackID: 0)
      risk.flags.insert(.rawObstacle)
      if risk.requiredDeceleration > worstRaw.requiredDeceleration { worstRaw = risk }
    }
    return (worst, worstRaw)
  }

  /// A radar alone cannot tell a bridge or a manhole cover from a standing car.
  private func isReal(_ track: Track) -> Bool {
    // How fast it closes in must be known, or a lead would be taken for a wall.
    track.flags.contains(.confirmed) && track.covariance.vxvx < 9
      && (track.flags.contains(.lidar) || track.flags.contains(.moving))
  }

  private func risk(of object: CollisionObject, _ now: EgoState, trackID: UInt64) -> CollisionRisk {
    guard let contact = corridor.contact(with: object, speed: now.speed) else { return CollisionRisk() }
    func needed(after reaction: Double) -> Double {
      contact.requiredDeceleration(speed: now.speed, reaction: reaction, margin: settings.marginMetres)
    }
    let soon = needed(after: settings.reactionSeconds + settings.warningLeadSeconds)
    return CollisionRisk(
      timeToCollision: contact.seconds, requiredDeceleration: needed(after: settings.reactionSeconds),
      closingSpeed: now.speed - contact.objectSpeed, trackID: trackID,
      flags: soon >= settings.triggerDeceleration ? .warning : [])
  }

  private func demands(_ risk: CollisionRisk) -> Bool {
    risk.requiredDeceleration >= settings.triggerDeceleration
  }

  private func brake(_ commands: inout CommandSet) {
    let share = min(max(settings.demandDeceleration / vehicle.fullBrakeDeceleration, 0), 1)
    commands.mode = CommandMode.emergency.rawValue
    commands.reason = CommandReason.collisionAhead.rawValue
    hold(&commands.commands[brakeIndex], at: share)
    if let throttleIndex { hold(&commands.commands[throttleIndex], at: 0) }
  }

  private func hold(_ command: inout ActuatorCommand, at value: Double) {
    command.value = value
    for point in 0..<ActuatorCommand.tailPoints {
      command.tail[point] = TailPoint(
        afterMicroseconds: point == 0 ? 1_000_000 : 0, value: point == 0 ? Float(value) : 0)
    }
  }

  private func object(_ track: Track) -> CollisionObject {
    let (s, c) = Pinned.sincos(track.yaw)
    let velocity = track.soundVelocity
    return CollisionObject(
      box: OrientedBox(
        x: track.x, y: track.y, halfLength: 0.5 * track.length, halfWidth: 0.5 * track.width, cos: c, sin: s),
      vx: velocity.x, vy: velocity.y, deceleration: braking(track))
  }

  /// How hard a moving thing brakes; 0 where that may be noise.
  private func braking(_ track: Track) -> Double {
    let speed = (track.vx * track.vx + track.vy * track.vy).squareRoot()
    guard track.flags.contains(.moving), speed > 1, track.hits >= 10 else { return 0 }
    let along = -(track.ax * track.vx + track.ay * track.vy) / speed
    return along > settings.leadBraking ? min(along, 9) : 0
  }

  private func object(_ obstacle: Obstacle) -> CollisionObject {
    let (s, c) = Pinned.sincos(obstacle.yaw)
    return CollisionObject(
      box: OrientedBox(
        x: obstacle.x, y: obstacle.y, halfLength: 0.5 * obstacle.length, halfWidth: 0.5 * obstacle.width,
        cos: c, sin: s), vx: 0, vy: 0)
  }

  /// Whether a confirmed track stands for the obstacle; then the track's velocity tells more.
  private func isExplained(_ obstacle: Obstacle) -> Bool {
    let box = object(obstacle).box
    // The obstacle lies where the thing was when it was seen.
    let seconds = Double(obstacle.ageNanoseconds) * 1e-9
    for index in tracks.indices where tracks[index].flags.contains(.confirmed) {
      var grown = object(tracks[index]).box
      grown.x -= tracks[index].vx * seconds
      grown.y -= tracks[index].vy * seconds
      grown.halfLength += 0.5
      grown.halfWidth += 0.5
      if grown.overlaps(box) { return true }
    }
    return false
  }
}
