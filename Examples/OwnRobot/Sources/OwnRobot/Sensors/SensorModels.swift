import FusionPipeline

extension SensorModel {
  /// The ring as a configuration names it: `"model": "sonar-ring"`.
  public static var sonarRing: SensorModel {
    let section = Section(
      "sonar-ring", doc: "A ring of eight ultrasonic range finders.",
      fields: [
        // A key that every sensor has, declared anew for another default.
        .number("rate_hz", unit: "Hz", range: 1...50, default: 20, doc: "Turns a second."),
        .number(
          "ring_radius_m", unit: "m", range: 0...1, default: 0.2,
          doc: "From the ring's centre to its transducers."),
      ])
    return SensorModel(section, defaultPolicy: .latestBefore) { plan in
      SensorIntake(
        name: plan.name, number: plan.number, settings: plan.intake,
        decoder: SonarDecoder(ringRadiusMetres: plan.settings.number("ring_radius_m")), zero: SonarRing())
    }
  }

  /// The wheels: `"model": "wheel-encoders"`.
  public static var wheelEncoders: SensorModel {
    let section = Section(
      "wheel-encoders", doc: "Tick counters of two driven wheels.",
      fields: [
        .number("rate_hz", unit: "Hz", range: 1...1000, default: 50, doc: "Readings a second."),
        .number("metres_per_tick", unit: "m", range: 1e-6...1, doc: "How far a wheel rolls in one tick."),
        .number("track_m", unit: "m", range: 0.05...5, doc: "From wheel to wheel."),
      ])
    return SensorModel(section, defaultPolicy: .latestBefore) { plan in
      SensorIntake(
        name: plan.name, number: plan.number, settings: plan.intake,
        decoder: WheelDecoder(
          metresPerTick: plan.settings.number("metres_per_tick"), trackMetres: plan.settings.number("track_m")
        ),
        zero: OdometrySample())
    }
  }
}
