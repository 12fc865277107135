import FusionPipeline

extension SensorModel {
  /// Velodyne VLP-16.
  public static var velodyneVLP16: SensorModel {
    let section = Section(
      "velodyne-vlp16", doc: "Velodyne VLP-16 (Puck): 16 lasers, single or dual returns.",
      fields: [
        .number("rate_hz", unit: "Hz", range: 5...20, default: 10, doc: "Turns a second."),
        .integer(
          "returns", range: 1...2, default: 2,
          doc: "Returns a firing that a sweep has room for; 2 also serves single-return mode."),
        .number(
          "cut_deg", unit: "°", range: 0...360, default: 0, doc: "Azimuth where a sweep ends; 0 is the front."
        ),
      ] + rangeLimits(maximum: 200))
    return SensorModel(
      section, defaultPolicy: .latestBefore,
      make: { plan in
        let s = plan.settings
        // 300 000 firings of a laser a second; a tenth more, because a motor also turns slower than it is set.
        let points = Int(330_000 / s.number("rate_hz")) * s.integer("returns")
        let pool = lidarPool(plan, capacity: points)
        var settings = VelodyneVLP16Decoder.Settings()
        settings.cutDegrees = s.number("cut_deg")
        settings.minimumRangeMetres = Float(s.number("min_range_m"))
        settings.maximumRangeMetres = Float(s.number("max_range_m"))
        return lidar(plan, VelodyneVLP16Decoder(pool: pool, settings: settings), pool)
      }, export: exportVelodyneVLP16)
  }

  /// Ouster OS-0, OS-1, OS-2: the lidar half.
  public static var ouster: SensorModel {
    let section = Section(
      "ouster", doc: "Ouster OS lidar; its inertial unit is a sensor of its own, ouster-imu.",
      fields: [
        .number("rate_hz", unit: "Hz", range: 5...20, default: 10, doc: "Frames a second."),
        .path("calibration", doc: "The sensor's metadata as JSON, as its web page gives it."),
      ] + rangeLimits(maximum: 600))
    return SensorModel(
      section, defaultPolicy: .latestBefore,
      make: { plan in
        let path = plan.settings.path("calibration")
        let bytes: [UInt8]
        do throws(SetupProblem) {
          bytes = try plan.file("calibration")
        } catch {
          throw plan.settings.problem(
            "calibration", error.message, hint: "save it from the sensor's web page: /api/v1/sensor/metadata")
        }
        let metadata = try OusterMetadata(json: JSONNode(parsing: bytes, file: path))
        let pool = lidarPool(plan, capacity: metadata.pointsPerSweep)
        do throws(OusterMetadataError) {
          let decoder = try OusterDecoder(
            metadata: metadata, pool: pool, minimumRangeMetres: plan.settings.number("min_range_m"),
            maximumRangeMetres: plan.settings.number("max_range_m"))
          return lidar(plan, decoder, pool)
        } catch { throw SetupProblem("sensor \(plan.name): \(path): \(error.message)") }
      }, export: exportOuster)
  }

  private static func rangeLimits(maximum: Double) -> [Field] {
    [
      .number(
        "min_range_m", unit: "m", range: 0...100, default: 0.5,
        doc: "Nearer returns are left out: the vehicle itself."),
      .number(
        "max_range_m", unit: "m", range: 1...1000, default: maximum, doc: "Farther returns are left out."),
    ]
  }

  private static func lidarPool(_ plan: SensorPlan, capacity: Int) -> PayloadPool<LidarPoint> {
    PayloadPool(
      id: UInt32(plan.number), slots: plan.payloadSlots, capacity: max(capacity, 1),
      zero: LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0))
  }

  private static func lidar<Decoder: SensorDecoder>(
    _ plan: SensorPlan, _ decoder: Decoder, _ pool: PayloadPool<LidarPoint>
  ) -> any AnySensor where Decoder.Sample == LidarSweep {
    SensorIntake(
      name: plan.name, number: plan.number, settings: plan.intake, decoder: decoder,
      zero: LidarSweep(points: .none), pool: pool,
      payload: PooledPayload(pin: { pool.pin($0.points) }, unpin: { pool.unpin($0.points) }))
  }
}

extension PayloadHandle {
  /// Names no slot: no generation is 0.
  static var none: PayloadHandle { PayloadHandle(pool: 0, index: 0, generation: 0, count: 0) }
}

extension OusterMetadata {
  /// The most points of one frame: columns of the window, rows, returns.
  var pointsPerSweep: Int {
    let columns = (0..<columnsPerFrame).count { columnWindow.contains($0) }
    return columns * pixelsPerColumn * profile.returns
  }
}
