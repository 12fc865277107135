import FusionPipeline

/// Why a device call failed: an errno.
struct VideoError: Error, BitwiseCopyable, Sendable, Equatable {
  var code: Int32
  init(_ code: Int32) { self.code = code }
}

/// What a driver settled on when it was asked for a format.
struct VideoLayout: BitwiseCopyable, Sendable, Equatable {
  var fourCC: UInt32
  var width: UInt32
  var height: UInt32
  var strideBytes: UInt32

  func `is`(_ fourCC: UInt32, of format: CameraFormat) -> Bool {
    self.fourCC == fourCC && width == format.width && height == format.height
  }
}

/// A frame size a driver offers; a range where minimum and maximum differ.
struct VideoSize: BitwiseCopyable, Sendable, Equatable {
  var minimumWidth: UInt32
  var minimumHeight: UInt32
  var maximumWidth: UInt32
  var maximumHeight: UInt32
}

/// A filled buffer as the driver handed it over; it stays ours until it is queued again.
struct FilledBuffer: BitwiseCopyable, Sendable, Equatable {
  var index: UInt32
  var byteCount: UInt32
  var driverFlags: UInt32
  var sequence: UInt32
  var deviceNanoseconds: Int64
  var clock: CameraPacketHeader.Clock
  var stampSource: CameraPacketHeader.StampSource
  /// V4L2_BUF_FLAG_ERROR.
  var isDamaged: Bool
}

enum VideoReadiness: Equatable {
  case ready
  case timedOut
  /// A signal came; nothing is known.
  case interrupted
  /// The device signals an error or a hang-up; a dequeue says which.
  case failed
}

/// The calls a V4L2 capture device answers, one method each, so that a test can answer them otherwise.
///
/// Thread: one. Every method but `close` and `unmapBuffers` may throw the kernel's errno.
protocol VideoDevice: AnyObject {
  func open(_ path: String) throws(VideoError)
  /// Whether it captures single-planar video and streams through mapped buffers.
  func canCaptureAndStream() throws(VideoError) -> Bool
  /// Asks for a layout and size and gives the driver's.
  func negotiate(_ fourCC: UInt32, width: UInt32, height: UInt32) throws(VideoError) -> VideoLayout
  /// Asks for a frame rate and gives the driver's.
  func negotiate(_ rate: FrameRate) throws(VideoError) -> FrameRate
  func set(_ control: CameraControl) throws(VideoError)
  /// The offers at an index; they end with EINVAL.
  func offeredFormat(at index: UInt32) throws(VideoError) -> UInt32
  func offeredSize(_ fourCC: UInt32, at index: UInt32) throws(VideoError) -> VideoSize
  func offeredRate(_ format: CameraFormat, at index: UInt32) throws(VideoError) -> FrameRate
  /// Allocates and maps up to `count` buffers; how many there are.
  func mapBuffers(_ count: UInt32) throws(VideoError) -> UInt32
  /// The mapped bytes of a buffer; empty for an index that is not mapped.
  func bytes(ofBuffer index: UInt32) -> UnsafeRawBufferPointer
  func queue(_ index: UInt32) throws(VideoError)
  func startStreaming() throws(VideoError)
  func wait(_ timeoutNanoseconds: Int64) throws(VideoError) -> VideoReadiness
  /// A filled buffer, or EAGAIN.
  func dequeue() throws(VideoError) -> FilledBuffer
  func stopStreaming() throws(VideoError)
  func unmapBuffers()
  func close()
}
