import FusionPipeline

/// Numbers of `EgoMotionStage`.
public struct EgoMotionSettings: Sendable, Equatable {
  /// Older speeds are stale, ms; 20…1000.
  public var speedLimitMilliseconds: Double = 250
  /// An inertial yaw rate older than this is not used, ms; 20…1000.
  public var yawRateLimitMilliseconds: Double = 100
  /// Below this wheel speed the machine stands, m/s; 0.01…0.5.
  public var standstillSpeed: Double = 0.05
  /// Share of a new sample in the gyroscope's bias while standing; 0 (never learn)…0.1.
  public var biasGain: Double = 0.01
  /// A standing rate above this is a disturbance and no bias, rad/s; 0.005…0.1.
  public var biasLimit: Double = 0.05
  /// What the speed is taken to be where no odometry is configured, m/s: for recordings of sensors alone, never
  /// for a machine that moves. Nil refuses such a configuration.
  public var assumedSpeed: Double?
  public init() {}
}

/// What the stage remembers.
struct EgoMemory: BitwiseCopyable, Sendable {
  var x = 0.0
  var y = 0.0
  var yaw = 0.0
  var speed = 0.0
  var odometryYawRate = Double.nan
  var steeringAngle = Double.nan
  var gyroRate = 0.0
  var gyroBias = 0.0
  var speedCapture = Stamp.never
  var gyroCapture = Stamp.never
  var reckonedTo = Stamp.never
  var rejectedSamples: UInt64 = 0
}

/// Speed, yaw rate and a dead-reckoned pose from wheel odometry and inertial sensors; writes "ego".
///
/// Speed is the newest odometry's. Yaw rate is the inertial batch's mean about the vehicle's z axis, less a
/// bias learnt while the wheels stand; else odometry's; else the bicycle model's `v·tan(δ)/L`. The pose is
/// integrated sample by sample through the inertial batch.
public final class EgoMotionStage: Stage {
  private let settings: EgoMotionSettings
  private let wheelbaseMetres: Double
  private let odometry: [SensorPort<OdometrySample>]
  private let imu: [SensorPort<ImuSample>]
  private let ego: FixedList<EgoState>
  private let memory: StateValue<EgoMemory>

  public init(setup: StageSetup, settings: EgoMotionSettings = EgoMotionSettings()) throws(SetupProblem) {
    self.settings = settings
    wheelbaseMetres = setup.vehicle.wheelbaseMetres
    odometry = setup.sensors(of: OdometrySample.self)
    imu = setup.sensors(of: ImuSample.self)
    guard !odometry.isEmpty || settings.assumedSpeed != nil else {
      throw SetupProblem(
        "stage \(setup.stageName): no sensor gives odometry; add one, the machine's speed comes from it, or for a recording say what its speed was (assumed_speed_m_s)"
      )
    }
    try setup.check("speedLimitMilliseconds", settings.speedLimitMilliseconds, 1...10_000)
    try setup.check("yawRateLimitMilliseconds", settings.yawRateLimitMilliseconds, 1...10_000)
    try setup.check("standstillSpeed", settings.standstillSpeed, 0...2)
    try setup.check("biasGain", settings.biasGain, 0...1)
    try setup.check("biasLimit", settings.biasLimit, 0...1)
    try setup.check("assumedSpeed", settings.assumedSpeed ?? 0, -20...60)
    try setup.check("wheelbaseMetres", setup.vehicle.wheelbaseMetres, 0.05...50)
    ego = try setup.output("ego", of: EgoState.self, capacity: 1, zero: EgoState())
    memory = setup.state.value(named: "\(setup.stageName).ego", initial: EgoMemory())
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    var m = memory.value
    readOdometry(into: &m, at: frame.instant)
    let batchMean = integrateImu(into: &m, until: frame.instant)
    let rate = yawRate(m, batchMean: batchMean, at: frame.instant)
    advance(&m, to: frame.instant, yawRate: rate.value)
    memory.value = m

    let age = m.speedCapture == .never ? Int64.max : frame.instant - m.speedCapture
    var flags: EgoFlags = rate.isInertial ? .inertialYawRate : []
    if age <= .milliseconds(settings.speedLimitMilliseconds) {
      flags.insert(.valid)
      if abs(m.speed) < settings.standstillSpeed { flags.insert(.standstill) }
    } else if m.speedCapture != .never {
      flags.insert(.stale)
    }
    ego.removeAll()
    ego.append(
      EgoState(
        speed: m.speed, yawRate: rate.value, steeringAngle: m.steeringAngle.isNaN ? 0 : m.steeringAngle,
        x: m.x, y: m.y, yaw: m.yaw, ageNanoseconds: max(age, 0), flags: flags))
  }

  private func readOdometry(into m: inout EgoMemory, at instant: Stamp) {
    if odometry.isEmpty, let assumed = settings.assumedSpeed {
      m.speed = assumed
      m.speedCapture = instant
    }
    for port in odometry {
      for index in port.picks.indices {
        let pick = port.picks[index]
        guard pick.header.capture > m.speedCapture else { continue }
        guard pick.sample.speed.isFinite, abs(pick.sample.speed) < 150 else {
          m.rejectedSamples &+= 1
          continue
        }
        m.speed = pick.sample.speed
        m.odometryYawRate = pick.sample.yawRate.isFinite ? pick.sample.yawRate : .nan
        m.steeringAngle = pick.sample.steeringAngle.isFinite ? pick.sample.steeringAngle : .nan
        m.speedCapture = pick.header.capture
      }
    }
  }

  /// Walks the batch of the first inertial sensor that has one; gives its mean rate, or nil without one.
  private func integrateImu(into m: inout EgoMemory, until instant: Stamp) -> Double? {
    for port in imu where !port.picks.isEmpty {
      var sum = 0.0
      var count = 0.0
      for index in port.picks.indices {
        let pick = port.picks[index]
        guard pick.header.capture > m.gyroCapture, pick.header.capture <= instant else { continue }
        let sensorRate = Vector3(pick.sample.rateX, pick.sample.rateY, pick.sample.rateZ)
        let raw = port.vehicleFromSensor.rotate(sensorRate).z
        guard raw.isFinite, abs(raw) < 20 else {
          m.rejectedSamples &+= 1
          continue
        }
        if m.speedCapture != .never, abs(m.speed) < settings.standstillSpeed, abs(raw) < settings.biasLimit {
          m.gyroBias += settings.biasGain * (raw - m.gyroBias)
        }
        m.gyroRate = raw - m.gyroBias
        m.gyroCapture = pick.header.capture
        advance(&m, to: pick.header.capture, yawRate: m.gyroRate)
        sum += m.gyroRate
        count += 1
      }
      if count > 0 { return sum / count }
    }
    return nil
  }

  private func yawRate(
    _ m: EgoMemory, batchMean: Double?, at instant: Stamp
  ) -> (value: Double, isInertial: Bool) {
    if let batchMean { return (batchMean, true) }
    if m.gyroCapture != .never,
      instant - m.gyroCapture <= .milliseconds(settings.yawRateLimitMilliseconds)
    {
      return (m.gyroRate, true)
    }
    if !m.odometryYawRate.isNaN { return (m.odometryYawRate, false) }
    if !m.steeringAngle.isNaN { return (m.speed * Pinned.tan(m.steeringAngle) / wheelbaseMetres, false) }
    return (0, false)
  }

  /// One step of dead reckoning along the mean heading.
  private func advance(_ m: inout EgoMemory, to stamp: Stamp, yawRate: Double) {
    guard m.reckonedTo != .never else {
      m.reckonedTo = stamp
      return
    }
    guard stamp > m.reckonedTo else { return }
    // A pause of more than a second is a gap in the data, and no motion is made up for it.
    let seconds = min(Double(stamp - m.reckonedTo) * 1e-9, 1)
    m.reckonedTo = stamp
    // Standing wheels do not turn the machine: a gyroscope's noise must not turn the pose.
    let rate = abs(m.speed) < settings.standstillSpeed ? 0 : yawRate
    let (s, c) = Pinned.sincos(m.yaw + 0.5 * rate * seconds)
    m.x += m.speed * seconds * c
    m.y += m.speed * seconds * s
    m.yaw = Pinned.wrapAngle(m.yaw + rate * seconds)
  }
}
