import FusionPipeline

extension SensorModel {
  /// A camera: V4L2 live, an image folder in imports.
  public static var camera: SensorModel {
    let section = Section(
      "camera", doc: "A camera; its packets are docs/formats' camera packets, whatever the link.",
      fields: [
        .number(
          "rate_hz", unit: "Hz", range: 0.01...1000, default: 30,
          doc: "Frames a second; asked of the driver too."),
        .choice("format", CameraFormat.names, default: "YUYV", doc: "Pixel layout."),
        .integer("width", unit: "px", range: 1...16_384, doc: "Columns."),
        .integer("height", unit: "px", range: 1...16_384, doc: "Rows."),
        .number(
          "readout_us", unit: "µs", range: 0...1_000_000, default: 0,
          doc: "From the exposure's end to the stamp of a driver that stamps the frame's end."),
        .number(
          "exposure_us", unit: "µs", range: 0...10_000_000, default: 0,
          doc: "From the exposure's start to its end."),
      ])
    return SensorModel(section, defaultPolicy: .latestBefore) { plan in
      let s = plan.settings
      let format = try CameraFormat(configured: s)
      let pool = PayloadPool(
        id: UInt32(plan.number), slots: plan.payloadSlots, capacity: format.imageBytes, zero: UInt8(0))
      let settings = CameraDecoderSettings(
        format, readoutNanoseconds: .microseconds(s.number("readout_us")),
        exposureNanoseconds: .microseconds(s.number("exposure_us")))
      return SensorIntake(
        name: plan.name, number: plan.number, settings: plan.intake,
        decoder: CameraDecoder(settings, pixels: pool),
        zero: CameraFrame(pixels: .none, width: 0, height: 0, strideBytes: 0, fourCC: 0, driverSequence: 0),
        pool: pool, payload: PooledPayload(pin: { pool.pin($0.pixels) }, unpin: { pool.unpin($0.pixels) }))
    }
  }
}

extension CameraFormat {
  static let names = ["GREY", "YUYV", "NV12"]

  /// From a camera's `format`, `width` and `height`; throws where the layout cannot have that size.
  init(configured s: Settings) throws(ConfigurationProblem) {
    let pixels: PixelFormat =
      switch s.string("format") {
      case "GREY": .grey
      case "NV12": .nv12
      default: .yuyv
      }
    let width = UInt32(clamping: s.integer("width"))
    let height = UInt32(clamping: s.integer("height"))
    guard let format = CameraFormat(pixels, width: width, height: height) else {
      throw s.problem(
        "width", "\(s.string("format")) cannot be \(width)x\(height)",
        hint: "YUYV needs an even width, NV12 an even width and height")
    }
    self = format
  }
}
