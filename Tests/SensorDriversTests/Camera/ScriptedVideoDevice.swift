import FusionPipeline
import Glibc

@testable import SensorDrivers

/// A capture device that answers as a test tells it to, on a clock that the test owns.
///
/// Each open holds a real descriptor and real memory, so that a leak shows in the process too.
@safe final class ScriptedVideoDevice: VideoDevice {
  /// What the next wait or dequeue finds, in order; with none left, a wait lasts its whole time.
  enum Event {
    case frame(Frame)
    /// The next wait ends so, after `advance`.
    case wait(VideoReadiness)
    /// The next dequeue fails so.
    case fails(Int32)
  }

  struct Frame {
    var sequence: UInt32 = 0
    var byteCount: UInt32?
    var flags: UInt32 = 0x2000
    var device: Int64 = 0
    var isDamaged = false
    var fill: UInt8 = 0
  }

  enum Call: Hashable {
    case open, capabilities, format, rate, control, map, queue, start, wait
  }

  var events: [Event] = []
  /// Calls that fail, and with which errno, for as long as they stand here.
  var failures: [Call: Int32] = [:]
  var isCamera = true
  var layout: VideoLayout?
  var rate: FrameRate?
  var grantedBuffers: UInt32?
  var paddingBytes = 0
  /// It gives nothing but YU12, as libv4l does with a Motion-JPEG camera.
  var isPlanarOnly = false
  var offeredFormats: [UInt32] = [PixelFormat.yuyv.rawValue, PixelFormat.grey.rawValue]
  var offeredSizes: [VideoSize] = [
    VideoSize(minimumWidth: 4, minimumHeight: 3, maximumWidth: 4, maximumHeight: 3),
    VideoSize(minimumWidth: 8, minimumHeight: 8, maximumWidth: 64, maximumHeight: 48),
  ]
  private(set) var queued: Set<UInt32> = []
  private(set) var streaming = false
  private(set) var controls: [CameraControl] = []
  private(set) var waits: [Int64] = []
  private(set) var opens = 0
  private var descriptor: Int32 = -1
  private var memory: [UnsafeMutableRawBufferPointer] = unsafe []
  private let format: CameraFormat
  private let clock: ManualClock

  init(_ format: CameraFormat, clock: ManualClock) {
    self.format = format
    self.clock = clock
  }

  deinit {
    unmapBuffers()
    close()
  }

  var isReleased: Bool { unsafe descriptor < 0 && memory.isEmpty && !streaming }
  private var strideBytes: Int { format.strideBytes + paddingBytes }

  func open(_ path: String) throws(VideoError) {
    try fail(.open)
    descriptor = unsafe Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
    opens += 1
  }

  func canCaptureAndStream() throws(VideoError) -> Bool {
    try fail(.capabilities)
    return isCamera
  }

  func negotiate(_ fourCC: UInt32, width: UInt32, height: UInt32) throws(VideoError) -> VideoLayout {
    try fail(.format)
    if isPlanarOnly {
      return VideoLayout(
        fourCC: DriverImage.planarFourCC, width: width, height: height, strideBytes: UInt32(strideBytes))
    }
    return layout
      ?? VideoLayout(
        fourCC: fourCC, width: width, height: height,
        strideBytes: UInt32(strideBytes))
  }

  func negotiate(_ rate: FrameRate) throws(VideoError) -> FrameRate {
    try fail(.rate)
    return self.rate ?? rate
  }

  func set(_ control: CameraControl) throws(VideoError) {
    try fail(.control)
    controls.append(control)
  }

  func offeredFormat(at index: UInt32) throws(VideoError) -> UInt32 {
    guard index < offeredFormats.count else { throw VideoError(EINVAL) }
    return offeredFormats[Int(index)]
  }

  func offeredSize(_ fourCC: UInt32, at index: UInt32) throws(VideoError) -> VideoSize {
    guard index < offeredSizes.count else { throw VideoError(EINVAL) }
    return offeredSizes[Int(index)]
  }

  func offeredRate(_ format: CameraFormat, at index: UInt32) throws(VideoError) -> FrameRate {
    // A driver that never ends its list.
    FrameRate(frames: 15)
  }

  func mapBuffers(_ count: UInt32) throws(VideoError) -> UInt32 {
    try fail(.map)
    let granted = grantedBuffers ?? count
    for _ in 0..<granted {
      unsafe memory.append(.allocate(byteCount: strideBytes * format.rows, alignment: 16))
    }
    return granted
  }

  func bytes(ofBuffer index: UInt32) -> UnsafeRawBufferPointer {
    guard unsafe Int(index) < memory.count else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeRawBufferPointer(memory[Int(index)])
  }

  func queue(_ index: UInt32) throws(VideoError) {
    try fail(.queue)
    queued.insert(index)
  }

  func startStreaming() throws(VideoError) {
    try fail(.start)
    streaming = true
  }

  func wait(_ timeoutNanoseconds: Int64) throws(VideoError) -> VideoReadiness {
    try fail(.wait)
    waits.append(timeoutNanoseconds)
    if case .wait(let readiness) = events.first {
      events.removeFirst()
      clock.advance(byNanoseconds: 1000)
      return readiness
    }
    if events.isEmpty {
      clock.advance(byNanoseconds: timeoutNanoseconds)
      return .timedOut
    }
    clock.advance(byNanoseconds: 1000)
    return .ready
  }

  func dequeue() throws(VideoError) -> FilledBuffer {
    guard streaming else { throw VideoError(EINVAL) }
    switch events.first {
    case .none, .wait: throw VideoError(EAGAIN)
    case .fails(let code):
      events.removeFirst()
      throw VideoError(code)
    case .frame(let frame):
      guard let index = queued.min() else { throw VideoError(EAGAIN) }
      events.removeFirst()
      queued.remove(index)
      unsafe memory[Int(index)].initializeMemory(as: UInt8.self, repeating: 0xFF)
      for row in 0..<format.rows {
        for column in 0..<format.strideBytes {
          unsafe memory[Int(index)][row * strideBytes + column] =
            frame.fill
            &+ UInt8(
              truncatingIfNeeded: row &* 16 &+ column)
        }
      }
      return FilledBuffer(
        index: index, byteCount: frame.byteCount ?? UInt32(strideBytes * format.rows),
        driverFlags: frame.flags, sequence: frame.sequence, deviceNanoseconds: frame.device,
        clock: .monotonic, stampSource: .endOfFrame, isDamaged: frame.isDamaged)
    }
  }

  func stopStreaming() throws(VideoError) {
    guard descriptor >= 0 else { throw VideoError(EBADF) }
    streaming = false
    queued.removeAll()
  }

  func unmapBuffers() {
    while let block = unsafe memory.popLast() { unsafe block.deallocate() }
  }

  func close() {
    guard descriptor >= 0 else { return }
    _ = Glibc.close(descriptor)
    descriptor = -1
  }

  private func fail(_ call: Call) throws(VideoError) {
    if let code = failures[call] { throw VideoError(code) }
  }
}

/// A link on a scripted device, with a clock that starts at one second.
final class LinkBench {
  let clock = ManualClock(now: Stamp(nanoseconds: 1_000_000_000))
  let device: ScriptedVideoDevice
  let link: V4L2Link
  let memory: PacketMemory

  init(
    _ format: CameraFormat = SomeFormat.small, rate: FrameRate? = nil, controls: [CameraControl] = []
  ) {
    device = ScriptedVideoDevice(format, clock: clock)
    link = V4L2Link(
      V4L2LinkSettings(path: "/dev/video7", format: format, rate: rate, controls: controls), clock: clock,
      device: device)
    memory = PacketMemory(format.packetBytes)
  }

  func receive(_ timeoutNanoseconds: Int64 = 1_000_000) throws(LinkFailure) -> ReceivedPacket? {
    try memory.receive(from: link, timeoutNanoseconds: timeoutNanoseconds)
  }

  /// The failure of an action, or nil.
  func failure(of action: () throws(LinkFailure) -> Void) -> LinkFailure? {
    do {
      try action()
      return nil
    } catch {
      return error
    }
  }
}
