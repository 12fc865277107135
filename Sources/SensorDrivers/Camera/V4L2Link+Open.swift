import FusionPipeline
import Glibc

extension V4L2Link {
  /// Opens, checks, negotiates and starts the device; on failure everything is released again.
  public func open() throws(LinkFailure) {
    close()
    do {
      try start()
    } catch {
      close()
      throw error
    }
  }

  /// Stops, unmaps and closes; may be called at any time and again.
  public func close() {
    // A device that is gone refuses to stop; its memory and descriptor are released all the same.
    try? device.stopStreaming()
    device.unmapBuffers()
    device.close()
    image = nil
    heldBuffers = 0
    sequence = FrameSequence()
  }

  private func start() throws(LinkFailure) {
    try attempt("opening it") { () throws(VideoError) in try device.open(settings.path) }
    let isCamera = try attempt("asking what it can do") { () throws(VideoError) in
      try device.canCaptureAndStream()
    }
    guard isCamera else {
      throw refusal("it is no capture device with streaming; a camera often has a second node: try the next")
    }
    let negotiated = try negotiateFormat()
    try negotiateRate()
    for control in settings.controls {
      try attempt("setting control 0x\(String(control.id, radix: 16)) to \(control.value)") {
        () throws(VideoError) in try device.set(control)
      }
    }
    let buffers = try attempt("requesting \(settings.buffers) buffers") { () throws(VideoError) in
      try device.mapBuffers(UInt32(settings.buffers))
    }
    guard buffers >= 2, buffers <= 32 else {
      throw refusal("asked for \(settings.buffers) buffers, the driver grants \(buffers); free some memory")
    }
    for index in 0..<buffers {
      try attempt("queueing buffer \(index)") { () throws(VideoError) in try device.queue(index) }
    }
    try attempt("starting the stream") { () throws(VideoError) in try device.startStreaming() }
    image = negotiated
  }

  /// The driver's image, once it agreed to exactly the size and a layout that is wanted or leads to it.
  private func negotiateFormat() throws(LinkFailure) -> DriverImage {
    let wanted = settings.format
    let offered = try ask(for: wanted.pixels.rawValue)
    if let offered, offered.is(wanted.pixels.rawValue, of: wanted) {
      return try image(.wanted, offered)
    }
    if DriverImage.canBePlanar(wanted), let planar = try ask(for: DriverImage.planarFourCC),
      planar.is(DriverImage.planarFourCC, of: wanted)
    {
      return try image(.planar, planar)
    }
    let answer =
      offered.map { "would give \(fourCCText($0.fourCC)) \($0.width)x\($0.height)" } ?? "refused"
    throw refusal("asked for \(wanted.text), \(answer); it offers \(offers()); choose one of these")
  }

  /// What the driver would give when asked for a layout at the wanted size; nil where it refuses to say.
  private func ask(for fourCC: UInt32) throws(LinkFailure) -> VideoLayout? {
    do {
      return try device.negotiate(fourCC, width: settings.format.width, height: settings.format.height)
    } catch {
      if error.code == EINVAL { return nil }
      throw failure("asking for \(settings.format.text)", error)
    }
  }

  private func image(
    _ layout: DriverImage.Layout, _ offered: VideoLayout
  ) throws(LinkFailure) -> DriverImage {
    let image = DriverImage(settings.format, layout: layout, strideBytes: offered.strideBytes)
    guard let image else {
      throw refusal(
        "rows of \(offered.strideBytes) bytes cannot hold \(settings.format.text); the driver is at fault, "
          + "try another size")
    }
    return image
  }

  private func negotiateRate() throws(LinkFailure) {
    guard let wanted = settings.rate else { return }
    let granted: FrameRate
    do {
      granted = try device.negotiate(wanted)
    } catch {
      if error.code == ENOTTY || error.code == EINVAL {
        throw refusal("it has no settable frame rate; leave the rate out of the configuration")
      }
      throw failure("asking for \(wanted.text)", error)
    }
    guard granted.isNearly(wanted) else {
      throw refusal(
        "asked for \(settings.format.text) at \(wanted.text), would give \(granted.text); "
          + "it offers \(offeredRates()); choose one of these")
    }
  }

  /// Every pixel layout that the driver offers, and the sizes of the wanted one.
  private func offers() -> String {
    let layouts = list(64) { index throws(VideoError) in
      fourCCText(try device.offeredFormat(at: index))
    }
    let fourCC = settings.format.pixels.rawValue
    let sizes = list(32) { index throws(VideoError) in
      let size = try device.offeredSize(fourCC, at: index)
      let largest = "\(size.maximumWidth)x\(size.maximumHeight)"
      if size.minimumWidth == size.maximumWidth, size.minimumHeight == size.maximumHeight {
        return largest
      }
      return "\(size.minimumWidth)x\(size.minimumHeight) to \(largest)"
    }
    let known = layouts.isEmpty ? "no layout that it lists" : layouts
    return sizes.isEmpty ? known : "\(known); \(fourCCText(fourCC)) in \(sizes)"
  }

  private func offeredRates() -> String {
    let rates = list(32) { index throws(VideoError) in
      try device.offeredRate(settings.format, at: index).text
    }
    return rates.isEmpty ? "no rate that it lists" : rates
  }

  /// The offers of an enumeration, until it ends or `limit` is reached: a driver may repeat itself for ever.
  private func list(_ limit: UInt32, _ offer: (UInt32) throws(VideoError) -> String) -> String {
    var text = ""
    for index in 0..<limit {
      guard let item = try? offer(index) else { return text }
      text += text.isEmpty ? item : ", \(item)"
    }
    return text + ", ..."
  }

  private func attempt<Result>(
    _ doing: String, _ call: () throws(VideoError) -> Result
  ) throws(LinkFailure) -> Result {
    do {
      return try call()
    } catch {
      throw failure(doing, error)
    }
  }

  private func refusal(_ what: String) -> LinkFailure { LinkFailure(.refused, "\(settings.path): \(what)") }

  private func failure(_ doing: String, _ error: VideoError) -> LinkFailure {
    let (kind, advice): (LinkFailure.Kind, String) =
      switch error.code {
      case ENOENT, ENXIO, ENODEV:
        (.absent, "plug the camera in, or correct the path (v4l2-ctl --list-devices)")
      // A camera pulled out while it is set up answers with the bus's errors.
      case EIO, EPROTO, ETIMEDOUT, ESHUTDOWN: (.absent, "check the cable and its power")
      case EACCES, EPERM: (.refused, "add the user to the group video")
      case EBUSY: (.refused, "another program uses it (fuser -v \(settings.path))")
      case ENOTTY: (.refused, "this is no V4L2 device")
      default: (.refused, "the kernel's log may say why (dmesg)")
      }
    return LinkFailure(kind, "\(settings.path): \(doing): \(errorText(error.code)); \(advice)")
  }
}

/// An errno in words and by number.
func errorText(_ code: Int32) -> String {
  guard let words = unsafe strerror(code) else { return "error \(code)" }
  return unsafe "\(String(cString: words)) (errno \(code))"
}
