// What a configuration may say. One declaration, made of the registry's parts, drives reading, checking,
// defaults and `fusiond schema`.

extension Registry {
  /// The whole configuration.
  public var declaration: Section {
    var fields: [Field] = [
      .string("name", length: 1...64, doc: "What reports and logs call this machine."),
      .section("vehicle", Self.vehicle),
      .list("sensors", of: .union(sensorUnion), count: 1...64, uniqueKey: "name", doc: "All sensors."),
      .list(
        "actuators", of: .section(Self.actuator), count: 1...8, uniqueKey: "name",
        doc: "What is commanded; the order is the order of sending."),
      .list("chains", of: .section(chain), count: 1...1, uniqueKey: "name", doc: "The chain that commands."),
      .boolean(
        "auto_engage", default: false,
        doc: "Engaged from the start, without an operator: for simulators and replays of imports only."),
      .section("record", Self.record), .section("realtime", Self.realtime),
    ]
    if let sink { fields.append(.section("publish", sink.section)) }
    return Section(
      "fusion", doc: "A machine: its sensors, its chain from samples to commands, its actuators.",
      fields: fields)
  }

  private static var vehicle: Section {
    Section(
      "vehicle",
      doc: "The machine's geometry and limits; frame: rear axle's centre on the ground, x forward, y left.",
      fields: [
        .number("wheelbase_m", unit: "m", range: 0.05...20, default: 2.7, doc: "Front to rear axle."),
        .number("width_m", unit: "m", range: 0.05...10, default: 1.85, doc: "Over everything."),
        .number(
          "front_overhang_m", unit: "m", range: 0...20, default: 3.7, doc: "Rear axle to front bumper."),
        .number("rear_overhang_m", unit: "m", range: 0...20, default: 0.9, doc: "Rear axle to rear bumper."),
        .number("maximum_steering_rad", unit: "rad", range: 0...1.6, default: 0.6, doc: "At the road wheel."),
        .number("maximum_speed_m_s", unit: "m/s", range: 0...120, default: 36, doc: "Never planned beyond."),
        .number(
          "full_throttle_m_s2", unit: "m/s²", range: 0.01...30, default: 3, doc: "Acceleration at throttle 1."
        ),
        .number(
          "full_brake_m_s2", unit: "m/s²", range: 0.01...30, default: 9, doc: "Deceleration at brake 1."),
      ])
  }

  private static var actuator: Section {
    Section(
      "actuator", doc: "One actuator.",
      fields: [
        .name(doc: "What stages call it: steering, throttle, brake."),
        .string("topic", length: 1...15, doc: "ZeroMQ topic, as act/steering."),
        .integer("data_id", range: 1...65535, doc: "The wire's data id; unique."),
        .number("minimum", doc: "Least value, in the actuator's unit."),
        .number("maximum", doc: "Greatest value."),
        .number(
          "rate_limit", unit: "1/s", range: 0 ... .infinity, default: .infinity,
          doc: "Greatest change a second."
        )
        .optional,
        .number("safe_value", doc: "The value of the safe state."),
      ])
  }

  private static var mounting: Section {
    Section(
      "mounting", doc: "vehicleFromSensor.",
      fields: [
        .vector(
          "position_m", 3, unit: "m", range: -100...100, default: [0, 0, 0],
          doc: "x, y, z in the vehicle frame."),
        .vector(
          "rotation_deg", 3, unit: "°", range: -360...360, default: [0, 0, 0],
          doc: "Roll, pitch, yaw; applied about x, then y, then z of the vehicle."),
      ])
  }

  /// The sensors' section, with every model of the registry.
  public var sensorUnion: Union {
    var common: [Field] = [
      .name(doc: "What chains, reports and topics call it."),
      .number("rate_hz", unit: "Hz", range: 0.01...10_000, doc: "Nominal samples a second."),
      .number(
        "max_age_ms", unit: "ms", range: 0.1...600_000, default: 200, doc: "An older sample is not used."),
      .number(
        "min_delay_us", unit: "µs", range: 0...10_000_000, default: 0,
        doc: "The part of the transport delay that arrivals cannot show."),
      .number(
        "uncertainty_us", unit: "µs", range: 0...10_000_000, default: 500,
        doc: "What else is not known of its captures."),
      .section("mounting", Self.mounting),
      .choice(
        "align", AlignPolicy.allCases.map(\.rawValue),
        doc: "Which sample belongs to an instant; default: the model's own."
      ).optional,
      .boolean("await", default: false, doc: "A release waits for it until alignment_hold_ms."),
      .integer("ring_slots", range: 2...65536, default: 64, doc: "Samples its ring holds."),
    ]
    if !links.isEmpty {
      let union = Union(
        "link", tag: "kind", doc: "Where its packets come from.", variants: links.map(\.section))
      common.append(Field.union("link", union).optional)
    }
    return Union(
      "sensor", tag: "model", doc: "A sensor; its model decides which keys it has.", common: common,
      variants: sensors.map(\.section))
  }

  private var chain: Section {
    let trigger = Union(
      "trigger", tag: "kind", doc: "What releases frames.",
      variants: [
        Section("period", doc: "Every slot's instant.", fields: []),
        Section("sensor", doc: "Every sample of one sensor.", fields: [.name("sensor", doc: "Its name.")]),
      ])
    let stage = Union(
      "stage", tag: "kind", doc: "One step from samples to commands.",
      common: [
        .number("budget_ms", unit: "ms", range: 0.001...10_000, default: 10, doc: "What it may take."),
        .number(
          "modelled_ms", unit: "ms", range: 0...10_000, default: 1,
          doc: "What it takes in virtual time."),
      ], variants: stages.map(\.section))
    return Section(
      "chain", doc: "Stages from sensors to commands, released on a trigger, answered in every slot.",
      fields: [
        .name(doc: "What reports call it."),
        .union("trigger", trigger),
        .number("period_ms", unit: "ms", range: 1...10_000, default: 50, doc: "The slots' grid."),
        .number(
          "deadline_ms", unit: "ms", range: 0.5...10_000, default: 50,
          doc: "From the trigger's capture (or the release on a period) to the last send."),
        .number(
          "hold_ms", unit: "ms", range: 0...10_000,
          doc: "How long a slot waits for a trigger; default: the period."
        )
        .optional,
        .number(
          "alignment_hold_ms", unit: "ms", range: 0...1000, default: 5,
          doc: "How long a release waits for awaited sensors."),
        .number(
          "publish_reserve_ms", unit: "ms", range: 0...1000, default: 2,
          doc: "The guard fills a late frame's slot this long before the deadline."),
        .number(
          "valid_for_ms", unit: "ms", range: 1...10_000, default: 100,
          doc: "How long a command holds at its receiver."),
        .list("sensors", of: .name, count: 0...16, doc: "The sensors it uses; none named: all."),
        .list("stages", of: .union(stage), count: 1...24, doc: "In the order in which they run."),
      ])
  }

  private static var record: Section {
    Section(
      "record", doc: "What `--record` does.",
      fields: [
        .integer(
          "queue_mib", unit: "MiB", range: 1...4096, default: 16, doc: "Each sensor's queue to the recorder."),
        .number(
          "snapshot_s", unit: "s", range: 0.1...3600, default: 10, doc: "Time between snapshots of the state."
        ),
      ])
  }

  private static var realtime: Section {
    Section(
      "realtime", doc: "What is asked of the kernel; what it grants is in every report.",
      fields: [
        .integer(
          "priority", range: 0...90, default: 60,
          doc: "SCHED_FIFO priority of the frame's thread; 0: none asked."),
        .list(
          "cpus", of: .integer(range: 0...1023, unit: nil), count: 0...64,
          doc: "CPU ids the real-time threads may run on; none: any."),
        .boolean(
          "lock_memory", default: true, doc: "mlockall: no page of ours is ever swapped or faulted in again."),
      ])
  }
}
