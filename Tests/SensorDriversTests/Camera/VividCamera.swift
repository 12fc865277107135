import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

/// The kernel's virtual camera (the vivid module) at /dev/video0.
enum Vivid {
  static let path = "/dev/video0"

  /// Where a run must not pass by skipping: `FUSION_REQUIRE_V4L2=1`.
  static var isRequired: Bool {
    guard let value = unsafe getenv("FUSION_REQUIRE_V4L2") else { return false }
    return unsafe String(cString: value) == "1"
  }

  static var isPresent: Bool {
    guard let name = try? readFile("/sys/class/video4linux/video0/name", limit: 4096) else { return false }
    return String(decoding: name, as: UTF8.self).hasPrefix("vivid")
  }

  static let absence: Comment =
    "no virtual camera at /dev/video0: modprobe vivid n_devs=1 node_types=0x1, or scripts/test-v4l2-vm"

  /// The module's controls, by their numbers in the kernel's vivid-ctrls.c.
  enum Control: UInt32 {
    case timestampSource = 0x00F0_F018
    case wrapSequence = 0x00F0_F026
    case wrapTimestamp = 0x00F0_F027
    case droppedPercentage = 0x00F0_F040
    case disconnect = 0x00F0_F041
    case errorFlag = 0x00F0_F042
    case requestError = 0x00F0_F043
    case queueError = 0x00F0_F044
    case startError = 0x00F0_F045
    case fatalError = 0x00F0_F046
  }

  /// Sets a control through a descriptor of its own, as another program would.
  static func set(_ control: Control, to value: Int32 = 1) throws {
    let device = KernelVideoDevice()
    try device.open(path)
    try device.set(CameraControl(id: control.rawValue, value: value))
    device.close()
  }

  /// Every fault off, and stamps at the exposure's start.
  static func calm() throws {
    try set(.wrapSequence, to: 0)
    try set(.wrapTimestamp, to: 0)
    try set(.droppedPercentage, to: 0)
    try set(.timestampSource, to: 1)
  }

  static func link(
    _ format: CameraFormat = SomeFormat.make(.grey, 640, 480), rate: FrameRate? = FrameRate(frames: 25)
  ) -> V4L2Link {
    V4L2Link(V4L2LinkSettings(path: path, format: format, rate: rate), clock: LiveClock())
  }

  /// The device taken from its driver, or given back: a real unplug.
  static func write(_ action: String) throws {
    let file = "/sys/bus/platform/drivers/vivid/\(action)"
    let descriptor = unsafe open(file, O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    let written = unsafe Glibc.write(descriptor, "vivid.0", 7)
    _ = Glibc.close(descriptor)
    try #require(written == 7)
  }
}

/// What this process holds of video devices.
struct VideoHoldings: Equatable {
  var descriptors = 0
  var mappings = 0

  static var now: VideoHoldings {
    get throws {
      var holdings = VideoHoldings()
      for descriptor in 0..<1024 {
        var target = [UInt8](repeating: 0, count: 256)
        let length = unsafe target.withUnsafeMutableBytes { bytes in
          guard let start = bytes.baseAddress else { return 0 }
          return unsafe readlink(
            "/proc/self/fd/\(descriptor)", start.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        if length > 0, isVideo(target[..<length]) { holdings.descriptors += 1 }
      }
      let maps = try readFile("/proc/self/maps", limit: 1 << 24)
      holdings.mappings = maps.split(separator: UInt8(ascii: "\n")).count { isVideo($0) }
      return holdings
    }
  }

  private static func isVideo(_ text: ArraySlice<UInt8>) -> Bool {
    String(decoding: text, as: UTF8.self).contains("/dev/video")
  }
}

/// A vivid link's frames, checked and decoded as they come.
final class VividRun {
  let link: V4L2Link
  let decoder: DecoderBench
  let memory: PacketMemory
  private(set) var sequences: [UInt32] = []
  private(set) var stamps: [Stamp] = []
  private(set) var arrivals: [Stamp] = []
  private(set) var damaged = 0
  private(set) var lastBytes: [UInt8] = []

  init(_ link: V4L2Link, slots: Int = 4) throws {
    self.link = link
    decoder = DecoderBench(CameraDecoderSettings(link.settings.format), slots: slots)
    memory = PacketMemory(link.maximumPacketBytes)
    try link.open()
  }

  /// Takes that many frames; an emulated machine may need seconds for one.
  func take(_ count: Int) throws {
    for _ in 0..<count {
      let packet = try #require(
        try memory.receive(from: link, timeoutNanoseconds: .seconds(30)), "no frame within 30 s")
      lastBytes = memory.bytes(packet.byteCount)
      decoder.decode(lastBytes, arrival: packet.arrival)
      let (timing, frame) = try #require(decoder.frames.last)
      sequences.append(frame.driverSequence)
      stamps.append(timing.device)
      arrivals.append(packet.arrival)
      if packet.flags.contains(.damaged) { damaged += 1 }
      #expect(packet.flags.contains(.damaged) == timing.flags.contains(.damaged))
    }
  }

  /// Takes frames until the link fails, which it must within `limit`.
  func takeUntilFailure(limit: Int = 100) throws -> LinkFailure {
    for _ in 0..<limit {
      do {
        _ = try memory.receive(from: link, timeoutNanoseconds: .seconds(30))
      } catch {
        return error
      }
    }
    throw LinkFailure(.refused, "no failure in \(limit) frames")
  }
}
