import FusionPipeline
import Glibc

/// A camera through V4L2 as a packet link: one packet is a `CameraPacketHeader` and one image.
///
/// The image is copied out and its buffer queued back within `receive`. Handing on the driver's own memory
/// would spare one copy of some 0.1 ms, but lets a slow reader starve the driver, ties the mapping's life to
/// the last reader across a reconnect, and reads memory that is uncached on many boards more than once. The
/// copy happens on the link's thread, before the frame is released; rows lose the driver's padding on the
/// way, so a packet's size never depends on the driver.
///
/// A camera without the wanted layout but with another that libv4l can decode (Motion-JPEG, Bayer, ...) still
/// gives NV12 and grey: libv4l then decodes on the link's thread, which takes milliseconds a frame and memory
/// of its own, and keeps the camera's own range of luma.
///
/// Counters: `lostBefore` from gaps in the driver's sequence, `truncated` for short frames, which are not
/// handed on. A frame that the driver marked as damaged is handed on with `.damaged`.
/// Thread: one opens, receives and closes. Cost: a poll, a DQBUF, a copy and a QBUF a frame; no allocation
/// unless it fails.
public final class V4L2Link: PacketLink {
  public let settings: V4L2LinkSettings
  public internal(set) var counters = LinkCounters()
  public var maximumPacketBytes: Int { settings.format.packetBytes }

  let device: any VideoDevice
  private let clock: any PipelineClock
  /// How the driver lays out its images; nil while closed.
  var image: DriverImage?
  var sequence = FrameSequence()
  /// Buffers that the driver would not take back, a bit each; offered again before the next frame.
  var heldBuffers: UInt32 = 0

  public convenience init(_ settings: V4L2LinkSettings, clock: any PipelineClock) {
    self.init(settings, clock: clock, device: KernelVideoDevice())
  }

  init(_ settings: V4L2LinkSettings, clock: any PipelineClock, device: any VideoDevice) {
    self.settings = settings
    self.clock = clock
    self.device = device
  }

  deinit { close() }

  public func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket? {
    guard let image else {
      throw LinkFailure(.gone, "\(settings.path): not open; call open() first")
    }
    guard buffer.count >= maximumPacketBytes else {
      throw LinkFailure(
        .refused, "\(settings.path): a buffer of \(buffer.count) bytes cannot hold \(maximumPacketBytes)")
    }
    try offerHeldBuffers()
    let deadline = clock.now() + max(timeoutNanoseconds, 0)
    var left = max(timeoutNanoseconds, 0)
    while true {
      // Polled before each dequeue, not after an EAGAIN: libv4l2 writes a line to stderr for every one.
      let readiness = try wait(left)
      if readiness == .timedOut { return nil }
      if readiness != .interrupted {
        if let filled = try dequeue() {
          // The driver has no receive stamp apart from its own frame stamp, which goes into the header.
          let arrival = clock.now()
          let packet = unsafe pack(filled, image, into: buffer, arrival: arrival)
          giveBack(filled.index)
          if let packet { return packet }
        } else if readiness == .failed {
          throw LinkFailure(
            .gone, "\(settings.path): the device reports an error and gives no frame; reopen it")
        }
      }
      left = deadline - clock.now()
      if left <= 0 { return nil }
    }
  }

  /// Header and image into `buffer`; nil, counted, for a short frame.
  private func pack(
    _ filled: FilledBuffer, _ image: DriverImage, into buffer: UnsafeMutableRawBufferPointer,
    arrival: Stamp
  ) -> ReceivedPacket? {
    counters.received &+= 1
    counters.bytes &+= UInt64(filled.byteCount)
    counters.lostBefore &+= sequence.missingBefore(filled.sequence)
    let format = settings.format
    let mapped = unsafe device.bytes(ofBuffer: filled.index)
    let source = unsafe UnsafeRawBufferPointer(rebasing: mapped.prefix(Int(filled.byteCount)))
    let place = unsafe UnsafeMutableRawBufferPointer(
      rebasing: buffer[CameraPacketHeader.byteCount..<format.packetBytes])
    guard unsafe image.pack(from: source, into: place) else {
      counters.truncated &+= 1
      return nil
    }
    let header = CameraPacketHeader(
      format: format, driverSequence: filled.sequence, driverFlags: filled.driverFlags,
      clock: filled.clock, stampSource: filled.stampSource, deviceNanoseconds: filled.deviceNanoseconds)
    unsafe header.write(into: buffer)
    return ReceivedPacket(
      byteCount: format.packetBytes, arrival: arrival, flags: filled.isDamaged ? .damaged : [])
  }

  /// A filled buffer, or nil where none is ready.
  private func dequeue() throws(LinkFailure) -> FilledBuffer? {
    while true {
      do {
        return try device.dequeue()
      } catch {
        if error.code == EINTR { continue }
        if error.code == EAGAIN { return nil }
        throw gone("dequeueing a frame", error)
      }
    }
  }

  private func wait(_ nanoseconds: Int64) throws(LinkFailure) -> VideoReadiness {
    do {
      return try device.wait(nanoseconds)
    } catch {
      throw gone("waiting for a frame", error)
    }
  }

  /// A buffer the driver refuses is kept: the frame at hand is good, and the next call tries again.
  private func giveBack(_ index: UInt32) {
    do {
      try device.queue(index)
    } catch {
      heldBuffers |= index < 32 ? 1 << index : 0
    }
  }

  private func offerHeldBuffers() throws(LinkFailure) {
    while heldBuffers != 0 {
      let index = UInt32(heldBuffers.trailingZeroBitCount)
      do {
        try device.queue(index)
      } catch {
        throw gone("giving a buffer back", error)
      }
      heldBuffers &= heldBuffers &- 1
    }
  }

  private func gone(_ doing: String, _ error: VideoError) -> LinkFailure {
    LinkFailure(
      .gone,
      "\(settings.path): \(doing): \(errorText(error.code)); check the cable and its power, then reopen it")
  }
}
