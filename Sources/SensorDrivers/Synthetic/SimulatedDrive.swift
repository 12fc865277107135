import FusionPipeline

/// A drive through scripted traffic, closed with a vehicle model, whose sensors give their devices' bytes.
///
/// The caller asks for packet after packet; between them it may actuate. The same settings and the same
/// calls at the same times give the same bytes on every machine: there is no clock, thread or file in it.
/// Times are nanoseconds since the drive's start. A packet's time is that of its newest content; a CAN
/// frame's is when it is on the bus. What a transport adds is the caller's.
/// Thread: one at a time. Cost: about 5 % of a core in real time with every sensor; no allocation after `init`.
public final class SimulatedDrive {
  /// The sensors; packets of one time come in this order.
  public enum Source: UInt8, Sendable, CaseIterable {
    /// Velodyne VLP-16 data packets of 1206 bytes.
    case lidar
    /// Xsens MTData2 messages, whole.
    case imu
    /// `CANFrame` records of Toyota's forward radar, one a packet.
    case radar
    /// `CameraPacketHeader` and image.
    case camera
    /// `CANFrame` records: steering, yaw rate, wheel speeds, speedometer, one a packet.
    case motion
  }

  public let settings: SimulatedDriveSettings
  /// The ego lane's centre line every two metres in the odometry frame, from the ego's start on.
  public let referencePath: [(x: Double, y: Double)]

  private(set) var scene: Scene
  private var timeNanoseconds: Int64 = 0
  private var nextTimes = InlineArray<5, Int64>(repeating: .max)
  private var packets = InlineArray<5, Int64>(repeating: 0)

  private var lidar: SyntheticLidar
  private var inertial: SyntheticInertial
  private var radar: SyntheticRadar
  private var camera: SyntheticCamera?
  private var xsens = XsensEncoder()
  private let radarWire: ToyotaRadarEncoder
  private var motion: SyntheticMotion

  private var lidarPacket = [UInt8](repeating: 0, count: VelodyneVLP16Encoder.byteCount)
  private var imuPacket = [UInt8](repeating: 0, count: XsensEncoder.byteCount)
  private var canPacket = [UInt8](repeating: 0, count: CANFrame.classicRecordBytes)
  private var cameraPacket: [UInt8] = []

  public init(settings: SimulatedDriveSettings = SimulatedDriveSettings()) {
    self.settings = settings
    let seed = settings.seed
    scene = Scene(seed: seed, speed: settings.initialSpeed)
    lidar = SyntheticLidar(
      vehicleFromLidar: settings.vehicleFromLidar, turnsPerMinute: settings.lidarTurnsPerMinute,
      microsecondsPastHourAtStart: settings.lidarMicrosecondsPastHour,
      noise: settings.hasNoise ? SyntheticLidar.Noise() : .none,
      random: RandomSource(seed: seed, stream: 1), boxCount: scene.boxes.count)
    inertial = SyntheticInertial(
      noise: settings.hasNoise ? SyntheticInertial.Noise() : .none,
      random: RandomSource(seed: seed, stream: 2))
    radar = SyntheticRadar(
      vehicleFromRadar: settings.vehicleFromRadar,
      noise: settings.hasNoise ? SyntheticRadar.Noise() : .none,
      random: RandomSource(seed: seed, stream: 3))
    radarWire = ToyotaRadarEncoder(bus: settings.radarBus)
    motion = SyntheticMotion(bus: settings.motionBus, steeringRatio: settings.steeringRatio)
    if let format = settings.cameraFormat {
      camera = SyntheticCamera(
        vehicleFromCamera: settings.vehicleFromCamera, format: format, boxCount: scene.boxes.count)
      cameraPacket = Array(repeating: 0, count: format.packetBytes)
    }
    let road = scene.road
    referencePath = (0...max(1, Int(min(max(settings.referencePathMetres, 2), 1e6) / 2))).map {
      let pose = road.pose(at: Double($0) * 2)
      return (pose.x, pose.y)
    }
    for source in Source.allCases where settings.sources.contains(source) {
      if source == .camera, camera == nil { continue }
      nextTimes[Int(source.rawValue)] = packetTime(source, 0)
    }
  }

  /// When the next packet's newest content is measured; `Int64.max` where there is no source.
  public var nextPacketTime: Int64 { nextTimes[next] }

  private var next: Int {
    var first = 0
    for index in 1..<5 where nextTimes[index] < nextTimes[first] { first = index }
    return first
  }

  /// Advances the world to the next packet's time and hands it out; the bytes are valid during the call.
  ///
  /// `body` may actuate and ask for the truth; it may not step.
  public func step(_ body: (Source, Int64, RawSpan) -> Void) {
    let index = next
    let time = nextTimes[index]
    guard time < .max, let source = Source(rawValue: UInt8(index)) else { return }
    let number = packets[index]
    scene.advance(to: time)
    timeNanoseconds = time
    packets[index] = number &+ 1
    nextTimes[index] = packetTime(source, number &+ 1)
    switch source {
    case .lidar:
      lidar.encode(
        into: &lidarPacket, start: time &- VelodyneVLP16Encoder.contentNanoseconds, scene: scene)
      Self.hand(lidarPacket, source, time, body)
    case .imu:
      let sample = inertial.sample(scene.ego, secondsSinceStep: scene.secondsSinceEgoStep(time))
      let ticks = UInt32(truncatingIfNeeded: Int64(settings.imuFineTicks) &+ time / 100_000)
      _ = xsens.encode(into: &imuPacket, fineTicks: ticks, sample: sample)
      Self.hand(imuPacket, source, time, body)
    case .radar:
      let place = Int(number % Int64(ToyotaRadarEncoder.framesPerCycle))
      let cycle = number / Int64(ToyotaRadarEncoder.framesPerCycle)
      if place == 0 { radar.measure(scene, at: time) }
      radarWire.frame(
        place, cycle: UInt8(truncatingIfNeeded: cycle), track: radar.track(place % ToyotaRadarEncoder.slots)
      ).write(into: &canPacket)
      Self.hand(canPacket, source, time, body)
    case .camera:
      camera?.encode(
        into: &cameraPacket, scene: scene, at: time, sequence: UInt32(truncatingIfNeeded: number),
        device: Stamp(nanoseconds: settings.startNanoseconds &+ time))
      Self.hand(cameraPacket, source, time, body)
    case .motion:
      let (cycle, place) = SyntheticMotion.position(of: number)
      motion.frame(cycle: cycle, place: place, ego: scene.ego).write(into: &canPacket)
      Self.hand(canPacket, source, time, body)
    }
  }

  private static func hand(
    _ packet: [UInt8], _ source: Source, _ time: Int64, _ body: (Source, Int64, RawSpan) -> Void
  ) {
    unsafe body(source, time, packet.span.bytes)
  }

  /// Commands the ego from the current time on: radians at the road wheel, left positive; throttle and brake
  /// 0…1; `mode` is `CommandMode`'s raw value. Values are clamped; what is not finite changes nothing.
  public func actuate(steeringRadians: Double, throttle: Double, brake: Double, mode: UInt8) {
    scene.actuate(steeringRadians: steeringRadians, throttle: throttle, brake: brake, mode: mode)
  }

  private func packetTime(_ source: Source, _ number: Int64) -> Int64 {
    switch source {
    case .lidar:
      return number &* VelodyneVLP16Encoder.packetNanoseconds &+ VelodyneVLP16Encoder.contentNanoseconds
    case .imu: return number &* max(settings.imuPeriodNanoseconds, 1_000_000)
    case .camera: return number &* max(settings.cameraPeriodNanoseconds, 1_000_000)
    case .radar:
      let frames = Int64(ToyotaRadarEncoder.framesPerCycle)
      let period = max(settings.radarPeriodNanoseconds, 10_000_000)
      return number / frames &* period &+ number % frames &* SyntheticMotion.busNanoseconds
    case .motion:
      let (cycle, place) = SyntheticMotion.position(of: number)
      let period = max(settings.motionPeriodNanoseconds, 2_000_000)
      return cycle &* period &+ place &* SyntheticMotion.busNanoseconds
    }
  }

  /// What is so at the current time.
  public var truth: DriveTruth {
    let ego = scene.ego
    let place = scene.road.project(x: ego.x, y: ego.y, near: scene.egoOnRoad.arcLength)
    let lane = scene.road.pose(at: place.arcLength)
    return DriveTruth(
      timeNanoseconds: timeNanoseconds, x: ego.x, y: ego.y, headingRadians: ego.headingRadians,
      speed: ego.speed, acceleration: ego.acceleration, yawRate: ego.yawRate,
      steeringRadians: ego.steeringRadians, mode: ego.mode, arcLengthMetres: place.arcLength,
      laneOffsetMetres: place.offset,
      laneHeadingRadians: Pinned.wrapAngle(ego.headingRadians - lane.headingRadians),
      laneCurvature: lane.curvature, distanceDrivenMetres: ego.distanceDriven,
      leadGapMetres: scene.leadGapMetres, leadSpeed: scene.leadSpeed,
      minimumGapMetres: scene.minimumGapMetres, collisions: scene.collisions)
  }
}
