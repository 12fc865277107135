import FusionPipeline

@testable import SensorDrivers

/// SplitMix64: the same numbers on every machine.
struct CameraNoise {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}

/// The memory a link or an encoder writes one packet into.
@safe final class PacketMemory {
  private let memory: UnsafeMutableRawBufferPointer

  init(_ byteCount: Int) {
    unsafe memory = .allocate(byteCount: byteCount, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
  }

  deinit { unsafe memory.deallocate() }

  func receive(
    from link: some PacketLink, timeoutNanoseconds: Int64 = 1_000_000_000
  ) throws(LinkFailure) -> ReceivedPacket? {
    unsafe try link.receive(into: memory, timeoutNanoseconds: timeoutNanoseconds)
  }

  func next(of source: ImageFolderSource) throws(LinkFailure) -> ReceivedPacket? {
    unsafe try source.packet(into: memory)
  }

  func encode(
    _ encoder: CameraPacketEncoder, sequence: UInt32 = 0, device: Stamp = .zero,
    clock: CameraPacketHeader.Clock = .monotonic,
    stampSource: CameraPacketHeader.StampSource = .startOfExposure, driverFlags: UInt32 = 0,
    pixel: (Int, Int) -> PixelColour = { PixelColour(luma: UInt8(truncatingIfNeeded: $0 &+ 7 &* $1)) }
  ) -> Int? {
    unsafe encoder.encode(
      into: memory, sequence: sequence, device: device, clock: clock, stampSource: stampSource,
      driverFlags: driverFlags, pixel: pixel)
  }

  func write(_ header: CameraPacketHeader) -> Bool { unsafe header.write(into: memory) }

  func bytes(_ count: Int) -> [UInt8] { unsafe Array(memory[..<count]) }
}

/// A decoder with its pool, and what it emitted.
final class DecoderBench {
  let decoder: CameraDecoder
  let pool: PayloadPool<UInt8>
  var frames: [(timing: SampleTiming, frame: CameraFrame)] = []

  init(_ settings: CameraDecoderSettings, slots: Int = 4) {
    pool = PayloadPool(id: 3, slots: slots, capacity: settings.format.imageBytes, zero: 0)
    decoder = CameraDecoder(settings, pixels: pool)
  }

  func decode(_ bytes: [UInt8], arrival: Stamp = .zero) {
    unsafe decoder.decode(bytes.span.bytes, arrival: arrival) { frames.append(($0, $1)) }
  }

  func pixels(_ handle: PayloadHandle) -> [UInt8]? {
    guard pool.pin(handle) else { return nil }
    defer { pool.unpin(handle) }
    return unsafe Array(pool.elements(of: handle))
  }
}

/// Formats that every test may take for granted.
enum SomeFormat {
  static let small = make(.yuyv, 4, 3)
  static let grey = make(.grey, 5, 3)
  static let nv12 = make(.nv12, 4, 4)

  static func make(_ pixels: PixelFormat, _ width: UInt32, _ height: UInt32) -> CameraFormat {
    guard let format = CameraFormat(pixels, width: width, height: height) else {
      preconditionFailure("a test's format must be possible")
    }
    return format
  }
}

func packet(
  _ format: CameraFormat, sequence: UInt32 = 0, device: Stamp = .zero,
  clock: CameraPacketHeader.Clock = .monotonic,
  stampSource: CameraPacketHeader.StampSource = .startOfExposure, driverFlags: UInt32 = 0
) -> [UInt8] {
  let memory = PacketMemory(format.packetBytes)
  let written = memory.encode(
    CameraPacketEncoder(format), sequence: sequence, device: device, clock: clock,
    stampSource: stampSource, driverFlags: driverFlags)
  return memory.bytes(written ?? 0)
}
