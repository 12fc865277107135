import FusionPipeline

extension SensorModel {
  /// The inertial unit inside an Ouster lidar.
  public static var ousterImu: SensorModel {
    plain(
      Section(
        "ouster-imu", doc: "The inertial unit of an Ouster lidar, on a UDP port of its own (7503).",
        fields: [.number("rate_hz", unit: "Hz", range: 1...1000, default: 100, doc: "Samples a second.")]),
      policy: .batch, zero: ImuSample(), decoder: { _ in OusterImuDecoder() })
  }

  /// Xsens MTi on a serial line.
  public static var xsensMTi: SensorModel {
    var model = plain(
      Section(
        "xsens-mti", doc: "Xsens MTi sending MTData2 messages.",
        fields: [.number("rate_hz", unit: "Hz", range: 1...2000, default: 100, doc: "Samples a second.")]),
      policy: .batch, zero: ImuSample(), decoder: { _ in XsensDecoder() })
    model.export = exportXsens
    return model
  }

  /// Wheel speeds, yaw rate and steering of a Toyota.
  public static var toyotaMotion: SensorModel {
    plain(
      Section(
        "toyota-motion", doc: "A Toyota's own motion from its CAN: speed, yaw rate, steering.",
        fields: [
          .number("rate_hz", unit: "Hz", range: 1...200, default: 83, doc: "Wheel-speed frames a second."),
          .number(
            "steering_ratio", range: 1...100,
            doc: "Angle of the steering wheel over that of the road wheel; without it, no steering angle."
          ).optional,
        ]), policy: .latestBefore, zero: OdometrySample(),
      decoder: { ToyotaMotionDecoder(steeringRatio: $0.optionalNumber("steering_ratio") ?? .nan) })
  }

  /// Toyota's forward radar on CAN.
  public static var toyotaRadar: SensorModel {
    let section = Section(
      "toyota-radar", doc: "Toyota's forward radar (Denso): 16 tracks from CAN.",
      fields: [.number("rate_hz", unit: "Hz", range: 1...100, default: 20, doc: "Cycles a second.")])
    return SensorModel(
      section, defaultPolicy: .latestBefore,
      make: { plan in
        let pool = PayloadPool(
          id: UInt32(plan.number), slots: plan.payloadSlots, capacity: 16,
          zero: RadarDetection(x: 0, y: 0, rangeRate: 0, trackID: 0))
        return SensorIntake(
          name: plan.name, number: plan.number, settings: plan.intake,
          decoder: ToyotaRadarDecoder(pool: pool), zero: RadarScan(detections: .none), pool: pool,
          payload: PooledPayload(pin: { pool.pin($0.detections) }, unpin: { pool.unpin($0.detections) }))
      }, export: exportToyotaRadar)
  }

  /// A person's requests.
  public static var operatorInput: SensorModel {
    plain(
      Section(
        "operator", doc: "Engage, disengage and emergency stop, in datagrams of docs/formats/operator.md.",
        fields: [
          .number(
            "rate_hz", unit: "Hz", range: 0.01...1000, default: 10, doc: "How often its sender repeats."),
          .number(
            "max_age_ms", unit: "ms", range: 0.1...600_000, default: 1000,
            doc: "An older request is not used."),
        ]), policy: .batch, zero: OperatorInput(.disengage), decoder: { _ in OperatorDecoder() })
  }

  /// Inertial samples that an importer or a program of the user's wrote.
  public static var imuRecord: SensorModel {
    plain(
      recordSection(
        "imu-record", doc: "Inertial samples as records of docs/formats/sample-record.md.", rate: 100,
        fields: ImuSample.recordFields), policy: .batch, zero: ImuSample(),
      decoder: { _ in RecordDecoder<ImuSample>() })
  }

  /// Odometry that an importer or a program of the user's wrote.
  public static var odometryRecord: SensorModel {
    plain(
      recordSection(
        "odometry-record", doc: "Odometry as records of docs/formats/sample-record.md.", rate: 50,
        fields: OdometrySample.recordFields), policy: .latestBefore, zero: OdometrySample(),
      decoder: { _ in RecordDecoder<OdometrySample>() })
  }

  private static func recordSection(_ name: String, doc: String, rate: Double, fields: [String]) -> Section {
    Section(
      name, doc: doc,
      fields: [
        .number("rate_hz", unit: "Hz", range: 0.01...10_000, default: rate, doc: "Samples a second."),
        Field.section("import", RecordImportSettings.section(fields: fields)).optional,
      ])
  }

  /// A model without payloads.
  private static func plain<Decoder: SensorDecoder & SendableMetatype>(
    _ section: Section, policy: AlignPolicy, zero: Decoder.Sample,
    decoder: @escaping @Sendable (Settings) -> Decoder
  ) -> SensorModel {
    SensorModel(section, defaultPolicy: policy) { plan in
      SensorIntake(
        name: plan.name, number: plan.number, settings: plan.intake, decoder: decoder(plan.settings),
        zero: zero)
    }
  }
}
