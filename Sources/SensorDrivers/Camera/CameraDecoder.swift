import FusionPipeline

/// What a camera's packets must be, and how its stamps become exposure starts.
public struct CameraDecoderSettings: Sendable {
  public var format: CameraFormat
  /// From the exposure's end to the stamp of a driver that stamps the frame's end.
  public var readoutNanoseconds: Int64
  /// From the exposure's start to its end.
  public var exposureNanoseconds: Int64

  public init(_ format: CameraFormat, readoutNanoseconds: Int64 = 0, exposureNanoseconds: Int64 = 0) {
    self.format = format
    self.readoutNanoseconds = max(readoutNanoseconds, 0)
    self.exposureNanoseconds = max(exposureNanoseconds, 0)
  }
}

/// Camera packets to camera frames: one packet, one frame, its pixels copied into a pool.
///
/// The device stamp is exposure start: a start-of-exposure stamp as it is, an end-of-frame stamp less the
/// configured readout and exposure. It is on the pipeline clock where the driver said "monotonic". A stamp
/// after arrival (some drivers stamp the future) is left for the intake to clamp.
/// Thread: one at a time. Cost: one copy of the image; no allocation after `init`.
public final class CameraDecoder: SensorDecoder {
  public let settings: CameraDecoderSettings
  public private(set) var counters = DecoderCounters()
  private let pixels: PayloadPool<UInt8>
  private var sequence = FrameSequence()

  /// `pixels` has slots of at least `settings.format.imageBytes`.
  public init(_ settings: CameraDecoderSettings, pixels: PayloadPool<UInt8>) {
    precondition(pixels.capacity >= settings.format.imageBytes, "a slot holds less than one image")
    self.settings = settings
    self.pixels = pixels
  }

  public func decode(
    _ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, CameraFrame) -> Void
  ) {
    counters.packets &+= 1
    guard CameraPacketHeader.begins(bytes) else {
      counters.ignored &+= 1
      return
    }
    let format = settings.format
    guard let header = CameraPacketHeader(bytes), header.describes(format),
      bytes.byteCount == format.packetBytes
    else {
      counters.invalid &+= 1
      return
    }
    counters.missing &+= sequence.missingBefore(header.driverSequence)
    guard let slot = pixels.acquire() else {
      counters.droppedNoSlot &+= 1
      return
    }
    unsafe bytes.withUnsafeBytes { packet in
      let image = unsafe UnsafeRawBufferPointer(rebasing: packet[CameraPacketHeader.byteCount...])
      unsafe UnsafeMutableRawBufferPointer(slot.elements).copyMemory(from: image)
    }
    let frame = CameraFrame(
      pixels: pixels.commit(slot, count: format.imageBytes), width: header.width, height: header.height,
      strideBytes: header.strideBytes, fourCC: header.fourCC, driverSequence: header.driverSequence)
    counters.samples &+= 1
    emit(timing(of: header), frame)
  }

  public func reset() { sequence = FrameSequence() }

  private func timing(of header: CameraPacketHeader) -> SampleTiming {
    var timing = SampleTiming()
    if header.driverFlags & CameraPacketHeader.errorFlag != 0 { timing.flags.insert(.damaged) }
    // Drivers that stamp nothing leave zero and no clock.
    if header.clock == .unknown, header.deviceNanoseconds == 0 { return timing }
    timing.device = Stamp(nanoseconds: header.deviceNanoseconds)
    if header.stampSource == .endOfFrame {
      timing.device = timing.device - settings.readoutNanoseconds - settings.exposureNanoseconds
    }
    if header.clock == .monotonic, timing.device != .never { timing.flags.insert(.deviceOnPipelineClock) }
    return timing
  }
}
