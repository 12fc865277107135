import FusionPipeline

// The decision chain's stages as a configuration names them.

extension Registry {
  /// Adds perception, prediction, planning, the vehicle's guard and the ZeroMQ sink.
  public mutating func addDecisionEngine() {
    stages += [
      Self.lidarObstacles, Self.egoMotion, Self.objectTracker, Self.prediction, Self.pathAndSpeed,
      Self.emergencyBrake,
    ]
    makeGuard = { VehicleGuard(actuators: $0) }
    sink = .zeroMQ
    decisionVersion = "vehicle-1"
  }

  private static func kind<Target: Sendable>(
    _ name: String, doc: String, _ table: SettingsTable<Target>, more: [Field] = [],
    make: @escaping @Sendable (StageSetup, Target, Settings) throws -> any Stage
  ) -> StageKind {
    StageKind(Section(name, doc: doc, fields: table.fields + more)) { setup, settings in
      try make(setup, table.read(settings), settings)
    }
  }

  private static var lidarObstacles: StageKind {
    kind(
      "lidar-obstacles",
      doc: "Ground, clusters and oriented boxes from the newest sweeps of all lidars; writes \"obstacles\".",
      SettingsTable(
        standard: LidarObstacleSettings(),
        rows: [
          .number("rear_m", "m", -100...0, \.rearMetres, "The region looked at, backwards."),
          .number("front_m", "m", 10...200, \.frontMetres, "Forwards."),
          .number("side_m", "m", 5...100, \.sideMetres, "To either side."),
          .number(
            "clearance_m", "m", 1.5...5, \.clearanceMetres,
            "What is higher above the ground passes over the machine."),
          .number(
            "ground_threshold_m", "m", 0.05...0.5, \.groundThresholdMetres,
            "What is lower belongs to the ground."),
          .number("maximum_slope", nil, 0.05...0.5, \.maximumSlope, "Steepest ground, rise over run."),
          .number(
            "slope_tolerance", nil, 0.02...0.3, \.slopeTolerance,
            "Change of slope along a ray, rise over run."),
          .number("minimum_height_m", "m", 0.1...1, \.minimumHeightMetres, "A thing rises at least so far."),
          .integer("minimum_points", 1...50, \.minimumPoints, "Fewer are noise."),
          .number("cell_m", "m", 0.1...0.5, \.cellMetres, "Edge of the clustering grid's cells."),
          .number("gap_m", "m", 0.2...2, \.gapMetres, "Gap that joins two parts near the machine."),
          .number("gap_per_m", nil, 0...0.03, \.gapPerMetre, "Growth of that gap with range."),
          .number("maximum_length_m", "m", 5...30, \.maximumLengthMetres, "Longer clusters are cut."),
          .number("maximum_width_m", "m", 2...10, \.maximumWidthMetres, "Wider clusters are cut."),
          .integer("maximum_points", 1000...1_000_000, \.maximumPoints, "Most points, all lidars together."),
          .integer("maximum_obstacles", 1...1024, \.maximumObstacles, "The nearest are kept."),
          .integer(
            "minimum_sensors", 0...8, \.minimumSensors, "Fewer lidars with a fresh sweep fail the frame."),
        ])
    ) { setup, settings, _ in try LidarObstacleStage(setup: setup, settings: settings) }
  }

  private static var egoMotion: StageKind {
    kind(
      "ego-motion",
      doc: "Speed, yaw rate and dead-reckoned pose from odometry and inertial sensors; writes \"ego\".",
      SettingsTable(
        standard: EgoMotionSettings(),
        rows: [
          .number("speed_limit_ms", "ms", 20...1000, \.speedLimitMilliseconds, "Older speeds are stale."),
          .number(
            "yaw_rate_limit_ms", "ms", 20...1000, \.yawRateLimitMilliseconds, "Older yaw rates are not used."),
          .number(
            "standstill_speed_m_s", "m/s", 0.01...0.5, \.standstillSpeed, "Below it the machine stands."),
          .number(
            "bias_gain", nil, 0...0.1, \.biasGain,
            "Share of a new sample in the gyroscope's bias; 0 never learns."),
          .number(
            "bias_limit_rad_s", "rad/s", 0.005...0.1, \.biasLimit, "A standing rate above is a disturbance."),
        ]),
      more: [
        .number(
          "assumed_speed_m_s", unit: "m/s", range: -20...60,
          doc:
            "The speed where no odometry is configured: for recordings of sensors alone, never for a machine that moves."
        )
        .optional
      ]
    ) { setup, plain, settings in
      var plain = plain
      plain.assumedSpeed = settings.optionalNumber("assumed_speed_m_s")
      return try EgoMotionStage(setup: setup, settings: plain)
    }
  }

  private static var objectTracker: StageKind {
    kind(
      "object-tracker", doc: "One tracker for lidar boxes and radar detections; writes \"tracks\".",
      SettingsTable(
        standard: ObjectTrackerSettings(),
        rows: [
          .number(
            "acceleration_noise", "m/s/√s", 0.1...10, \.accelerationNoise, "White acceleration of things."),
          .number("lidar_sigma_m", "m", 0.02...2, \.lidarSigmaMetres, "Of a box's centre."),
          .number("radar_range_sigma_m", "m", 0.02...5, \.radarRangeSigmaMetres, "Of a detection's range."),
          .number(
            "radar_bearing_sigma_rad", "rad", 0.001...0.2, \.radarBearingSigmaRadians, "Of its bearing."),
          .number("radar_range_rate_sigma_m_s", "m/s", 0.02...5, \.radarRangeRateSigma, "Of its range rate."),
          .number(
            "initial_speed_sigma_m_s", "m/s", 1...20, \.initialSpeedSigma, "Of a new track's velocity."),
          .number(
            "lidar_gate", nil, 1...100, \.lidarGate, "Mahalanobis distance squared, two degrees of freedom."),
          .number(
            "radar_gate", nil, 1...100, \.radarGate, "Mahalanobis distance squared, three degrees of freedom."
          ),
          .integer("confirmation_hits", 1...10, \.confirmationHits, "Updates until a track is confirmed."),
          .number(
            "tentative_ms", "ms", 20...2000, \.tentativeMilliseconds,
            "An unconfirmed track unseen for longer is dropped."),
          .number("coast_ms", "ms", 50...5000, \.coastMilliseconds, "A confirmed one."),
          .number("moving_speed_m_s", "m/s", 0.1...5, \.movingSpeed, "From here a thing counts as moving."),
          .number(
            "radar_birth_speed_m_s", "m/s", 0...10, \.radarBirthSpeed,
            "A radar alone begins a track only above this speed over the ground."),
          .integer("radar_minimum_quality", 0...100, \.radarMinimumQuality, "Weakest detection used."),
          .integer("maximum_tracks", 1...1024, \.maximumTracks, "Most tracks."),
        ])
    ) { setup, settings, _ in try ObjectTrackerStage(setup: setup, settings: settings) }
  }

  private static var prediction: StageKind {
    kind(
      "constant-velocity-prediction",
      doc: "Carries each track on at its velocity, doubt growing; writes \"predictions\".",
      SettingsTable(
        standard: PredictionSettings(),
        rows: [
          .number("step_s", "s", 0.1...1, \.stepSeconds, "Between the eight points."),
          .number("acceleration_noise", "m/s/√s", 0.1...10, \.accelerationNoise, "How fast doubt grows."),
        ])
    ) { setup, settings, _ in try ConstantVelocityPredictionStage(setup: setup, settings: settings) }
  }

  private static var pathAndSpeed: StageKind {
    let points = Field.list(
      "points_m", of: .vector(count: 2, range: -100_000...100_000, unit: "m"), count: 0...4096,
      doc: "The path for \"polyline\": x, y in the odometry frame, which begins where the machine does.")
    return kind(
      "path-and-speed",
      doc: "Follows a path, keeps a speed and a distance to what is ahead; writes \"plan\" and the commands.",
      SettingsTable(
        standard: PathAndSpeedSettings(),
        rows: [
          .boolean("is_loop", \.pathIsLoop, "The polyline closes on itself."),
          .number("cruise_speed_m_s", "m/s", 0...60, \.cruiseSpeed, "Kept where nothing is ahead."),
          .number("horizon_m", "m", 30...300, \.horizonMetres, "How far ahead the path is looked at."),
          .number(
            "maximum_acceleration_m_s2", "m/s²", 0.1...5, \.maximumAcceleration,
            "Comfort bound (ISO 15622: 2.0)."),
          .number(
            "maximum_deceleration_m_s2", "m/s²", 0.5...8, \.maximumDeceleration,
            "Comfort bound (ISO 15622: 3.5)."),
          .number("time_gap_s", "s", 0.8...3, \.timeGapSeconds, "To the one ahead."),
          .number("standstill_gap_m", "m", 1...6, \.standstillGapMetres, "Gap at standstill."),
          .number("jerk_up_m_s3", "m/s³", 0.5...10, \.jerkUp, "Upwards."),
          .number("jerk_down_m_s3", "m/s³", 0.5...10, \.jerkDown, "Downwards."),
          .number("side_margin_m", "m", 0...1, \.sideMarginMetres, "Room to either side that must be free."),
          .number(
            "cut_in_s", "s", 0...4, \.cutInSeconds,
            "What will be in the way within this time is followed already."),
          .number(
            "lateral_acceleration_m_s2", "m/s²", 0.5...5, \.lateralAcceleration, "Greatest (ISO 11270: 3.0)."),
          .number("lookahead_s", "s", 0.2...3, \.lookaheadSeconds, "Pure pursuit's."),
          .number("steering_rate_rad_s", "rad/s", 0.1...2, \.steeringRate, "Greatest, at the road wheel."),
          .number("stop_deceleration_m_s2", "m/s²", 1...4, \.stopDeceleration, "At the stop tail's end."),
        ]),
      more: [
        .choice(
          "path", ["lane", "polyline"], default: "lane",
          doc: "Straight on from where it was engaged, or along points_m."), points,
      ]
    ) { setup, plain, settings in
      var plain = plain
      plain.path = settings.string("path")
      plain.pathPoints = settings.vectors("points_m").flatMap { $0 }
      if plain.path == "polyline", plain.pathPoints.count < 4 {
        throw settings.problem(
          "points_m", "a polyline needs at least two points", hint: "as [[0, 0], [100, 0]]")
      }
      return try PathAndSpeedStage(setup: setup, settings: plain)
    }
  }

  private static var emergencyBrake: StageKind {
    kind(
      "emergency-brake",
      doc: "Brakes when a collision can only just be avoided, latched to standstill; writes \"collision\".",
      SettingsTable(
        standard: EmergencyBrakeSettings(),
        rows: [
          .number(
            "trigger_deceleration_m_s2", "m/s²", 3...8, \.triggerDeceleration,
            "Braking begins when so much is needed (UN R152: at least 5)."),
          .number("demand_deceleration_m_s2", "m/s²", 5...10, \.demandDeceleration, "Demanded once braking."),
          .number("reaction_s", "s", 0...0.6, \.reactionSeconds, "Brake delay and half its build-up."),
          .number("margin_m", "m", 0...2, \.marginMetres, "Left free before the obstacle."),
          .number(
            "warning_lead_s", "s", 0.8...2, \.warningLeadSeconds, "How much earlier the warning comes."),
          .number("horizon_s", "s", 2...6, \.horizonSeconds, "How far ahead contact is looked for."),
          .number("side_margin_m", "m", 0...0.5, \.sideMarginMetres, "Added to either side of the body."),
          .number("minimum_speed_m_s", "m/s", 0...3, \.minimumSpeed, "Slower, the machine does not need it."),
          .number(
            "lead_braking_m_s2", "m/s²", 1...5, \.leadBraking,
            "A lead that slows down by more is taken to brake to standstill."),
          .integer("raw_sweeps", 1...10, \.rawSweeps, "Sweeps in a row for an obstacle without a track."),
          .integer("track_frames", 1...5, \.trackFrames, "Frames in a row for a track."),
          .integer("raw_points", 1...50, \.rawPoints, "Fewest points of an obstacle without a track."),
          .number("hold_s", "s", 0.5...10, \.holdSeconds, "Held at standstill before the latch opens."),
        ])
    ) { setup, settings, _ in try EmergencyBrakeStage(setup: setup, settings: settings) }
  }
}

extension SinkKind {
  /// Commands over ZeroMQ, one frame for each: `registry.sink = .zeroMQ`, also without any stage of this module.
  public static var zeroMQ: SinkKind {
    SinkKind(
      Section(
        "publish", doc: "Where commands go: ZeroMQ PUB sockets.",
        fields: [
          .list(
            "endpoints", of: .string(length: 1...255), count: 0...8,
            doc: "As tcp://127.0.0.1:5600 or ipc:///run/fusion/commands; none: the log only."),
          .boolean(
            "json_mirror", default: false, doc: "Each command as JSON too, on json/TOPIC, for people."),
          .path("curve_secret_key", doc: "The file with the publisher's CURVE secret key.").optional,
          .boolean(
            "insecure", default: false,
            doc: "Binds beyond this machine without CURVE keys. Anyone there can listen."),
        ])
    ) { plan in
      let settings = plan.settings
      let endpoints = settings.strings("endpoints")
      guard !endpoints.isEmpty else { return NoCommandSink() }
      var publish = CommandPublishSettings(endpoints: endpoints, topics: plan.actuators.map(\.topic))
      publish.ioThreadPriority = plan.priority
      publish.mirrorsJSON = settings.boolean("json_mirror")
      publish.curveSecretKeyFile = settings.optionalPath("curve_secret_key")
      publish.insecure = settings.boolean("insecure")
      do throws(CommandSocketFailure) {
        return try ZeroMQCommandSink(publish)
      } catch { throw settings.problem("endpoints", error.message) }
    }
  }
}

/// Sends nothing: a configuration without endpoints.
private final class NoCommandSink: CommandSink {
  func publish(_ frame: RawSpan) {}
  func close(lingerMilliseconds: Int) {}
}
