import FusionPipeline

/// What the tracker remembers beside its tracks.
struct TrackerMemory: BitwiseCopyable, Sendable {
  var nextID: UInt64 = 1
  /// All filters stand at this instant.
  var filterTime = Stamp.never
  var lastLidarCapture = Stamp.never
  var rejectedMeasurements: UInt64 = 0
  /// Births that found no room.
  var droppedBirths: UInt64 = 0
}

/// Follows things over time from lidar obstacles and radar detections; writes "tracks".
///
/// One constant-velocity filter a thing, in the odometry frame, so the machine's own turns and speed drop out.
/// Measurements are taken in the order of their capture. Assignment is the nearest pair first among all pairs
/// inside the gate, confirmed tracks before tentative ones; ties go to the lower id.
/// Reads "obstacles" and "ego" where stages before it write them, and every radar.
public final class ObjectTrackerStage: Stage {
  let settings: ObjectTrackerSettings
  let obstacles: FixedList<Obstacle>?
  let radars: [SensorPort<RadarScan>]
  let radarPools: [PayloadPool<RadarDetection>]
  let tracks: FixedList<TrackState>
  let memory: StateValue<TrackerMemory>
  let radarCaptures: FixedList<Stamp>
  let assignment: Assignment
  private let ego: FixedList<EgoState>?
  private let output: FixedList<Track>

  public init(
    setup: StageSetup, settings: ObjectTrackerSettings = ObjectTrackerSettings()
  ) throws(SetupProblem) {
    self.settings = settings
    try Self.check(settings, setup)
    obstacles = setup.optionalInput("obstacles", of: Obstacle.self)
    ego = setup.optionalInput("ego", of: EgoState.self)
    radars = setup.sensors(of: RadarScan.self)
    guard obstacles != nil || !radars.isEmpty else {
      throw SetupProblem(
        "stage \(setup.stageName): nothing to track; put a stage that writes \"obstacles\" before it, or add a radar"
      )
    }
    var pools: [PayloadPool<RadarDetection>] = []
    for radar in radars { pools.append(try setup.pool(of: RadarDetection.self, for: radar.name)) }
    radarPools = pools
    output = try setup.output("tracks", of: Track.self, capacity: settings.maximumTracks, zero: Track())
    let name = setup.stageName
    tracks = setup.state.list(
      of: TrackState.self, named: "\(name).tracks", capacity: settings.maximumTracks, zero: .zero)
    memory = setup.state.value(named: "\(name).memory", initial: TrackerMemory())
    radarCaptures = setup.state.list(
      of: Stamp.self, named: "\(name).radars", capacity: max(radars.count, 1), zero: .never)
    for _ in radars { radarCaptures.append(.never) }
    assignment = Assignment(
      maximumTracks: settings.maximumTracks, maximumItems: max(obstacles?.capacity ?? 0, 1024))
  }

  private static func check(_ s: ObjectTrackerSettings, _ setup: StageSetup) throws(SetupProblem) {
    try setup.check("accelerationNoise", s.accelerationNoise, 0.01...50)
    try setup.check("smallThingShare", s.smallThingShare, 0.01...10)
    try setup.check("lidarSigmaMetres", s.lidarSigmaMetres, 0.001...10)
    try setup.check("radarRangeSigmaMetres", s.radarRangeSigmaMetres, 0.001...10)
    try setup.check("radarBearingSigmaRadians", s.radarBearingSigmaRadians, 0.0001...1)
    try setup.check("radarRangeRateSigma", s.radarRangeRateSigma, 0.001...10)
    try setup.check("initialSpeedSigma", s.initialSpeedSigma, 0.1...100)
    try setup.check("lidarGate", s.lidarGate, 0.1...1000)
    try setup.check("radarGate", s.radarGate, 0.1...1000)
    try setup.check("confirmationHits", s.confirmationHits, 1...100)
    try setup.check("tentativeMilliseconds", s.tentativeMilliseconds, 1...10_000)
    try setup.check("coastMilliseconds", s.coastMilliseconds, 1...10_000)
    try setup.check("movingSpeed", s.movingSpeed, 0.01...20)
    try setup.check("radarBirthSpeed", s.radarBirthSpeed, 0...100)
    try setup.check("radarMinimumQuality", s.radarMinimumQuality, 0...255)
    try setup.check("maximumTracks", s.maximumTracks, 1...4096)
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    let motion = ego.flatMap { $0.isEmpty ? nil : $0[0] } ?? EgoState()
    for index in tracks.indices {
      tracks[index].misses = tracks[index].misses == .max ? .max : tracks[index].misses + 1
    }
    takeMeasurements(frame, motion)
    dropUnseen(at: frame.instant)
    handOn(at: frame.instant, vehicleFromOdometry: motion.odometryFromVehicle.inverse)
  }

  /// Radar scans and the lidars' obstacles, oldest capture first; at equal times the lidars come first.
  private func takeMeasurements(_ frame: Frame, _ motion: EgoState) {
    let lidarCapture = newestLidarCapture(frame.instant)
    var isLidarDone = lidarCapture == nil
    var done: UInt64 = 0
    while true {
      var next = -1
      var nextCapture = Stamp.distantFuture
      for index in radars.indices.prefix(64) where done & (1 << UInt64(index)) == 0 {
        guard let pick = radars[index].latest, pick.header.capture > radarCaptures[index] else { continue }
        let capture = frame.instant - pick.ageNanoseconds
        if capture < nextCapture {
          next = index
          nextCapture = capture
        }
      }
      if !isLidarDone, let lidarCapture, lidarCapture <= nextCapture {
        isLidarDone = true
        takeObstacles(at: lidarCapture, instant: frame.instant, motion: motion)
      } else if next >= 0 {
        done |= 1 << UInt64(next)
        takeRadar(next, capture: nextCapture, instant: frame.instant, motion: motion)
      } else {
        return
      }
    }
  }

  private func newestLidarCapture(_ instant: Stamp) -> Stamp? {
    guard let obstacles, !obstacles.isEmpty else { return nil }
    var newest = Stamp.never
    for index in obstacles.indices { newest = max(newest, instant - obstacles[index].ageNanoseconds) }
    // A sweep that an earlier frame used already says nothing new.
    return newest > memory.value.lastLidarCapture ? newest : nil
  }

  /// Brings every filter to one instant; an earlier one leaves them where they are.
  func advance(to stamp: Stamp) {
    let from = memory.value.filterTime
    guard stamp > from else { return }
    memory.value.filterTime = stamp
    guard from != .never else { return }
    let seconds = min(Double(stamp - from) * 1e-9, 2)
    for index in tracks.indices {
      tracks[index].filter.predict(seconds: seconds, density: density(of: tracks[index]))
    }
  }

  /// Of the white acceleration, m²/s³. People change their speed less than vehicles do.
  private func density(of track: TrackState) -> Double {
    let isSmall = track.hasExtent && max(track.length, track.width) < 1.2
    let noise = settings.accelerationNoise * (isSmall ? settings.smallThingShare : 1)
    return noise * noise
  }

  /// A new track, unless the list is full.
  func begin(_ filter: PlanarFilter, _ body: (inout TrackState) -> Void) {
    var track = TrackState(id: memory.value.nextID, filter: filter)
    body(&track)
    track.hit(confirmationHits: settings.confirmationHits)
    guard tracks.append(track) else {
      memory.value.droppedBirths &+= 1
      return
    }
    memory.value.nextID &+= 1
  }

  private func dropUnseen(at instant: Stamp) {
    let tentative = Int64.milliseconds(settings.tentativeMilliseconds)
    let confirmed = Int64.milliseconds(settings.coastMilliseconds)
    tracks.keep { track in
      track.filter.isFinite && instant - track.lastSeen <= (track.isConfirmed ? confirmed : tentative)
    }
  }

  private func handOn(at instant: Stamp, vehicleFromOdometry: Transform2) {
    output.removeAll()
    let seconds = min(max(Double(instant - memory.value.filterTime) * 1e-9, 0), 2)
    for index in tracks.indices {
      noteMotion(&tracks[index])
      let track = tracks[index]
      var filter = track.filter
      filter.predict(seconds: seconds, density: density(of: track))
      let seen = filter.moved(by: vehicleFromOdometry)
      let change = vehicleFromOdometry.rotate(Vector2(track.ax, track.ay))
      let isAcross = track.width > track.length
      var yaw = Pinned.wrapAngle(
        track.yaw + vehicleFromOdometry.yawRadians + (isAcross ? Double.pi / 2 : 0))
      if track.flags.contains(.moving) {
        let (s, c) = Pinned.sincos(yaw)
        if seen.vx * c + seen.vy * s < 0 { yaw = Pinned.wrapAngle(yaw + Double.pi) }
      }
      output.append(
        Track(
          id: track.id, x: seen.x, y: seen.y, vx: seen.vx, vy: seen.vy, covariance: seen.p,
          ax: change.x, ay: change.y, length: max(track.length, track.width),
          width: min(track.length, track.width),
          height: track.height, yaw: yaw, ageNanoseconds: max(instant - track.lastSeen, 0),
          hits: track.hits, misses: track.misses, flags: track.flags))
    }
  }

  private func noteMotion(_ track: inout TrackState) {
    let f = track.filter
    let speed = (f.vx * f.vx + f.vy * f.vy).squareRoot()
    // Along the velocity: across it, a radar's track may be unknown for long.
    let along = f.vx * f.vx * f.p.vxvx + 2 * f.vx * f.vy * f.p.vxvy + f.vy * f.vy * f.p.vyvy
    let sigma = max(along, 0).squareRoot() / max(speed, 1e-3)
    if speed > settings.movingSpeed, speed > 2.5 * sigma {
      track.flags.insert(.moving)
    } else if speed < 0.5 * settings.movingSpeed {
      track.flags.remove(.moving)
    }
  }
}
