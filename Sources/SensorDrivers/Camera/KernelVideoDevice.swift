import CV4L
import FusionPipeline
import Glibc

/// A V4L2 node of this machine, through libv4l2.
@safe final class KernelVideoDevice: VideoDevice {
  private var descriptor: Int32 = -1
  private var mapped: [UnsafeRawBufferPointer] = unsafe []

  init() {}

  deinit {
    unmapBuffers()
    close()
  }

  func open(_ path: String) throws(VideoError) {
    close()
    let opened = unsafe fusion_video_open(path)
    guard opened >= 0 else { throw VideoError(0 &- opened) }
    descriptor = opened
  }

  func canCaptureAndStream() throws(VideoError) -> Bool {
    var found: UInt32 = 0
    try check(unsafe fusion_video_capabilities(descriptor, &found))
    let wanted = fusion_video_can_capture | fusion_video_can_stream
    return found & wanted == wanted
  }

  func negotiate(_ fourCC: UInt32, width: UInt32, height: UInt32) throws(VideoError) -> VideoLayout {
    var layout = fusion_video_format(
      width: width, height: height, four_cc: fourCC, stride_bytes: 0, image_bytes: 0)
    try check(unsafe fusion_video_set_format(descriptor, &layout))
    return VideoLayout(
      fourCC: layout.four_cc, width: layout.width, height: layout.height,
      strideBytes: layout.stride_bytes)
  }

  func negotiate(_ rate: FrameRate) throws(VideoError) -> FrameRate {
    // V4L2 counts in seconds a frame: the fraction upside down.
    var (numerator, denominator) = (rate.seconds, rate.frames)
    try check(unsafe fusion_video_set_interval(descriptor, &numerator, &denominator))
    return FrameRate(frames: denominator, seconds: numerator)
  }

  func set(_ control: CameraControl) throws(VideoError) {
    try check(fusion_video_set_control(descriptor, control.id, control.value))
  }

  func offeredFormat(at index: UInt32) throws(VideoError) -> UInt32 {
    var fourCC: UInt32 = 0
    try check(unsafe fusion_video_format_at(descriptor, index, &fourCC))
    return fourCC
  }

  func offeredSize(_ fourCC: UInt32, at index: UInt32) throws(VideoError) -> VideoSize {
    var size = fusion_video_size()
    try check(unsafe fusion_video_size_at(descriptor, fourCC, index, &size))
    // A range has one entry; asking on would repeat it.
    if size.is_range != 0, index > 0 { throw VideoError(EINVAL) }
    return VideoSize(
      minimumWidth: size.min_width, minimumHeight: size.min_height, maximumWidth: size.max_width,
      maximumHeight: size.max_height)
  }

  func offeredRate(_ format: CameraFormat, at index: UInt32) throws(VideoError) -> FrameRate {
    var (numerator, denominator): (UInt32, UInt32) = (0, 0)
    try check(
      unsafe fusion_video_interval_at(
        descriptor, format.pixels.rawValue, format.width, format.height, index, &numerator, &denominator))
    return FrameRate(frames: denominator, seconds: numerator)
  }

  func mapBuffers(_ count: UInt32) throws(VideoError) -> UInt32 {
    unmapBuffers()
    var granted = count
    try check(unsafe fusion_video_request_buffers(descriptor, &granted))
    for index in 0..<granted {
      var start: UnsafeMutableRawPointer?
      var byteCount = 0
      try check(unsafe fusion_video_map(descriptor, index, &start, &byteCount))
      unsafe mapped.append(UnsafeRawBufferPointer(start: start, count: byteCount))
    }
    return granted
  }

  func bytes(ofBuffer index: UInt32) -> UnsafeRawBufferPointer {
    guard unsafe Int(index) < mapped.count else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    return unsafe mapped[Int(index)]
  }

  func queue(_ index: UInt32) throws(VideoError) {
    try check(fusion_video_queue(descriptor, index))
  }

  func startStreaming() throws(VideoError) { try check(fusion_video_stream(descriptor, 1)) }

  func stopStreaming() throws(VideoError) { try check(fusion_video_stream(descriptor, 0)) }

  func wait(_ timeoutNanoseconds: Int64) throws(VideoError) -> VideoReadiness {
    let events = fusion_video_wait(descriptor, max(timeoutNanoseconds, 0))
    if events == 0 { return .timedOut }
    if events == 0 &- EINTR { return .interrupted }
    guard events > 0 else { throw VideoError(0 &- events) }
    return events & Int32(POLLERR | POLLHUP | POLLNVAL) == 0 ? .ready : .failed
  }

  func dequeue() throws(VideoError) -> FilledBuffer {
    var filled = fusion_video_buffer()
    try check(unsafe fusion_video_dequeue(descriptor, &filled))
    let clock: CameraPacketHeader.Clock =
      switch filled.flags & fusion_video_clock_mask {
      case fusion_video_clock_monotonic: .monotonic
      case fusion_video_clock_copy: .copy
      default: .unknown
      }
    return FilledBuffer(
      index: filled.index, byteCount: filled.bytes_used, driverFlags: filled.flags,
      sequence: filled.sequence,
      deviceNanoseconds: saturatingNanoseconds(
        seconds: filled.stamp_seconds, microseconds: filled.stamp_microseconds),
      clock: clock,
      stampSource: filled.flags & fusion_video_source_mask == fusion_video_source_exposure
        ? .startOfExposure : .endOfFrame,
      isDamaged: filled.flags & fusion_video_flag_error != 0)
  }

  func unmapBuffers() {
    let hadBuffers = unsafe !mapped.isEmpty
    while let buffer = unsafe mapped.popLast() {
      unsafe fusion_video_unmap(UnsafeMutableRawPointer(mutating: buffer.baseAddress), buffer.count)
    }
    guard hadBuffers, descriptor >= 0 else { return }
    // Frees the driver's memory now, not at the last close of a shared descriptor; failing is no matter.
    var none: UInt32 = 0
    _ = unsafe fusion_video_request_buffers(descriptor, &none)
  }

  func close() {
    guard descriptor >= 0 else { return }
    fusion_video_close(descriptor)
    descriptor = -1
  }

  private func check(_ code: Int32) throws(VideoError) {
    if code != 0 { throw VideoError(code) }
  }
}

/// A driver's stamp in nanoseconds; one beyond `Int64` saturates instead of trapping.
func saturatingNanoseconds(seconds: Int64, microseconds: Int64) -> Int64 {
  let (whole, wholeOverflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
  let (part, partOverflow) = microseconds.multipliedReportingOverflow(by: 1000)
  if wholeOverflow { return seconds < 0 ? .min : .max }
  if partOverflow { return microseconds < 0 ? .min : .max }
  let (sum, overflow) = whole.addingReportingOverflow(part)
  return overflow ? (part < 0 ? .min : .max) : sum
}
