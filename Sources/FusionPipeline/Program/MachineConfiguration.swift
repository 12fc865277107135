/// A configuration that has been read and checked: what a machine is built from.
public struct MachineConfiguration: Sendable {
  public struct Sensor: Sendable {
    public var name: String
    /// From 1, in the configuration's order.
    public var number: UInt16
    public var model: String
    public var settings: Settings
    public var rateHz: Double
    public var align: AlignSettings
    public var intake: IntakeSettings
    public var vehicleFromSensor: Transform3
  }

  /// The text as it was read, and the overrides applied to it: a log carries both.
  public var text: String
  public var file: String
  public var overrides: [String]
  public var name: String
  public var vehicle: VehicleDescription
  public var sensors: [Sensor]
  public var actuators: [ActuatorDescription]
  public var autoEngage: Bool
  public var chainName: String
  /// The chain's sensors, as indices into `sensors`.
  public var chainSensors: [Int]
  public var timing: ChainTiming
  public var stageSettings: [Settings]
  public var publishSettings: Settings?
  public var queueBytes: Int
  public var snapshotNanoseconds: Int64
  public var realtime: RealtimeRequest

  /// Reads and checks; throws every problem at once, each at its place.
  public init(
    text bytes: [UInt8], file: String, overrides: [String] = [], registry: Registry
  ) throws(Problems) {
    let settings = try registry.declaration.settings(parsing: bytes, file: file, overrides: overrides)
    var problems = Problems()
    text = String(decoding: bytes, as: UTF8.self)
    self.file = file
    self.overrides = overrides
    name = settings.string("name")
    vehicle = Self.vehicle(settings.section("vehicle"))
    autoEngage = settings.boolean("auto_engage")
    sensors = []
    for (index, sensor) in settings.sections("sensors").enumerated() {
      sensors.append(Self.sensor(sensor, number: UInt16(truncatingIfNeeded: index + 1), registry: registry))
    }
    actuators = Self.actuators(settings, &problems)
    let chain = settings.sections("chains")[0]
    chainName = chain.string("name")
    chainSensors = Self.chainSensors(chain, sensors, &problems)
    timing = Self.timing(chain, sensors, chainSensors, &problems)
    timing.validForMicroseconds = UInt32(clamping: Int64.milliseconds(chain.number("valid_for_ms")) / 1000)
    stageSettings = chain.sections("stages")
    Self.checkBudgets(chain, stageSettings, &problems)
    publishSettings = registry.sink == nil ? nil : settings.section("publish")
    let record = settings.section("record")
    queueBytes = record.integer("queue_mib") << 20
    snapshotNanoseconds = .seconds(record.number("snapshot_s"))
    let realtime = settings.section("realtime")
    self.realtime = RealtimeRequest(
      priority: Int32(realtime.integer("priority")), cpus: realtime.integers("cpus"),
      locksMemory: realtime.boolean("lock_memory"))
    if chainSensors.count > FrameMarks.maximumTaps {
      problems.add(chain.problem("sensors", "a chain takes at most \(FrameMarks.maximumTaps) sensors"))
    }
    guard problems.isEmpty else { throw problems }
  }

  private static func vehicle(_ s: Settings) -> VehicleDescription {
    VehicleDescription(
      wheelbaseMetres: s.number("wheelbase_m"), widthMetres: s.number("width_m"),
      frontOverhangMetres: s.number("front_overhang_m"), rearOverhangMetres: s.number("rear_overhang_m"),
      maximumSteeringRadians: s.number("maximum_steering_rad"),
      maximumSpeedMetresPerSecond: s.number("maximum_speed_m_s"),
      fullThrottleAcceleration: s.number("full_throttle_m_s2"),
      fullBrakeDeceleration: s.number("full_brake_m_s2"))
  }

  private static func sensor(_ s: Settings, number: UInt16, registry: Registry) -> Sensor {
    let model = registry.sensors.first { $0.section.name == s.variant }
    let policy =
      s.optionalString("align").flatMap(AlignPolicy.init(rawValue:)) ?? model?.defaultPolicy ?? .latestBefore
    let rate = s.number("rate_hz")
    let slots = s.integer("ring_slots")
    let mounting = s.section("mounting")
    let position = mounting.vector("position_m")
    let rotation = mounting.vector("rotation_deg")
    return Sensor(
      name: s.string("name"), number: number, model: s.variant, settings: s, rateHz: rate,
      align: AlignSettings(
        policy: policy, maximumAgeNanoseconds: .milliseconds(s.number("max_age_ms")),
        periodNanoseconds: .seconds(1 / rate), isAwaited: s.boolean("await"), window: min(slots, 256)),
      intake: IntakeSettings(
        minimumDelayNanoseconds: .microseconds(s.number("min_delay_us")),
        uncertaintyNanoseconds: .microseconds(s.number("uncertainty_us")), ringSlots: slots),
      vehicleFromSensor: Transform3(
        rollDegrees: rotation[0], pitchDegrees: rotation[1], yawDegrees: rotation[2],
        translation: Vector3(position[0], position[1], position[2])))
  }

  private static func actuators(_ settings: Settings, _ problems: inout Problems) -> [ActuatorDescription] {
    var found: [ActuatorDescription] = []
    for s in settings.sections("actuators") {
      let actuator = ActuatorDescription(
        name: s.string("name"), topic: s.string("topic"), dataID: UInt16(clamping: s.integer("data_id")),
        minimum: s.number("minimum"), maximum: s.number("maximum"),
        rateLimit: s.optionalNumber("rate_limit") ?? .infinity, safeValue: s.number("safe_value"))
      if actuator.topic.utf8.count > 15 || actuator.topic.utf8.contains(0) {
        problems.add(s.problem("topic", "a topic has at most 15 bytes and no NUL", hint: "as act/steering"))
      }
      if actuator.minimum >= actuator.maximum {
        problems.add(
          s.problem("minimum", "the minimum \(actuator.minimum) is not below the maximum \(actuator.maximum)")
        )
      }
      if !(actuator.minimum...max(actuator.maximum, actuator.minimum)).contains(actuator.safeValue) {
        problems.add(s.problem("safe_value", "the safe value lies outside minimum … maximum"))
      }
      if found.contains(where: { $0.topic == actuator.topic }) {
        problems.add(s.problem("topic", "another actuator has the topic \"\(actuator.topic)\" already"))
      }
      if found.contains(where: { $0.dataID == actuator.dataID }) {
        problems.add(s.problem("data_id", "another actuator has the data id \(actuator.dataID) already"))
      }
      found.append(actuator)
    }
    return found
  }

  private static func chainSensors(
    _ chain: Settings, _ sensors: [Sensor], _ problems: inout Problems
  ) -> [Int] {
    let names = chain.strings("sensors")
    guard !names.isEmpty else { return Array(sensors.indices) }
    var found: [Int] = []
    for (index, name) in names.enumerated() {
      if let sensor = sensors.firstIndex(where: { $0.name == name }) {
        if !found.contains(sensor) { found.append(sensor) }
      } else {
        problems.add(
          chain.problem(
            "sensors", element: index, "there is no sensor \"\(name)\"",
            hint: "sensors: \(sensors.map(\.name).joined(separator: ", "))"))
      }
    }
    return found
  }

  private static func timing(
    _ chain: Settings, _ sensors: [Sensor], _ chainSensors: [Int], _ problems: inout Problems
  ) -> ChainTiming {
    let trigger = chain.section("trigger")
    var kind = ChainTrigger.period
    if trigger.variant == "sensor" {
      let name = trigger.string("sensor")
      if let index = chainSensors.firstIndex(where: { sensors[$0].name == name }) {
        kind = .sensor(index)
      } else {
        problems.add(
          trigger.problem(
            "sensor", "the chain has no sensor \"\(name)\"",
            hint: "its sensors: \(chainSensors.map { sensors[$0].name }.joined(separator: ", "))"))
      }
    }
    return ChainTiming(
      trigger: kind, periodNanoseconds: .milliseconds(chain.number("period_ms")),
      deadlineNanoseconds: .milliseconds(chain.number("deadline_ms")),
      holdNanoseconds: chain.optionalNumber("hold_ms").map(Int64.milliseconds),
      alignmentHoldNanoseconds: .milliseconds(chain.number("alignment_hold_ms")),
      publishReserveNanoseconds: .milliseconds(chain.number("publish_reserve_ms")))
  }

  /// A chain whose stages' budgets do not fit its deadline would miss by design.
  private static func checkBudgets(_ chain: Settings, _ stages: [Settings], _ problems: inout Problems) {
    let sum = stages.reduce(0.0) { $0 + $1.number("budget_ms") }
    let room = chain.number("deadline_ms") - chain.number("publish_reserve_ms")
    guard sum > room else { return }
    problems.add(
      chain.problem(
        "stages", "the stages' budgets sum to \(sum) ms, but the deadline leaves \(room) ms",
        hint: "lower budget_ms, or raise deadline_ms"))
  }
}

/// What a run asks of the kernel for its threads.
public struct RealtimeRequest: Sendable, Equatable {
  /// SCHED_FIFO priority of the frame's thread; 0 asks for none.
  public var priority: Int32
  /// CPU ids; empty: any.
  public var cpus: [Int]
  public var locksMemory: Bool

  public init(priority: Int32, cpus: [Int], locksMemory: Bool) {
    self.priority = priority
    self.cpus = cpus
    self.locksMemory = locksMemory
  }

  public static let none = RealtimeRequest(priority: 0, cpus: [], locksMemory: false)

  public var description: String {
    guard priority > 0 else { return "no real-time rights" }
    let place = cpus.isEmpty ? "any CPU" : "CPUs \(cpus.map(String.init).joined(separator: ","))"
    return "SCHED_FIFO \(priority), \(place)\(locksMemory ? ", memory locked" : "")"
  }
}
