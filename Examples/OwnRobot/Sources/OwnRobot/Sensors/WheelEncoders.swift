import FusionPipeline

/// The two wheels' tick counters on the wire, 20 bytes, little-endian: sync `WE`, version u8, zero u8, the
/// board's clock u32 in ms, ticks left and right i32 (they wrap), CRC-32 of bytes 0–15.
public struct WheelPacket: Equatable, Sendable {
  public static let byteCount = 20
  static let sync: (UInt8, UInt8) = (UInt8(ascii: "W"), UInt8(ascii: "E"))

  public var clockMilliseconds: UInt32
  public var leftTicks: Int32
  public var rightTicks: Int32

  public init(clockMilliseconds: UInt32, leftTicks: Int32, rightTicks: Int32) {
    self.clockMilliseconds = clockMilliseconds
    self.leftTicks = leftTicks
    self.rightTicks = rightTicks
  }

  public func encoded() -> [UInt8] {
    var frame = FrameBytes()
    frame.append(Self.sync.0)
    frame.append(Self.sync.1)
    frame.append(UInt8(1))
    frame.append(UInt8(0))
    frame.append(clockMilliseconds)
    frame.append(leftTicks)
    frame.append(rightTicks)
    return frame.sealed()
  }
}

/// The robot's motion from tick counters, as the framework's own `OdometrySample`: a device of one's own that
/// gives a known sample kind feeds every stage that knows the kind.
public final class WheelDecoder: SensorDecoder {
  public private(set) var counters = DecoderCounters()
  private let metresPerTick: Double
  private let trackMetres: Double
  private var window = FrameWindow(sync: WheelPacket.sync, byteCount: WheelPacket.byteCount)
  private var clock = BoardClock()
  private var last: (device: Stamp, left: Int32, right: Int32)?
  /// Ticks further apart than this make no speed: packets were lost, or the board stood still.
  private static let longestStep: Int64 = 500_000_000

  /// - Parameter trackMetres: from wheel to wheel.
  public init(metresPerTick: Double, trackMetres: Double) {
    self.metresPerTick = metresPerTick
    self.trackMetres = trackMetres
  }

  public func reset() {
    window.clear()
    clock.clear()
    last = nil
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, OdometrySample) -> Void) {
    counters.packets &+= 1
    for offset in 0..<bytes.byteCount where window.push(bytes.byte(offset)) {
      guard window.bytes[2] == 1 else {
        counters.ignored &+= 1
        continue
      }
      let now = (
        device: clock.unwrapped(window.number(4, as: UInt32.self)), left: window.number(8, as: Int32.self),
        right: window.number(12, as: Int32.self)
      )
      let before = last
      last = now
      guard let before, case let step = now.device - before.device, step > 0, step <= Self.longestStep else {
        continue
      }
      counters.samples &+= 1
      let seconds = Double(step) * 1e-9
      let left = Double(now.left &- before.left) * metresPerTick / seconds
      let right = Double(now.right &- before.right) * metresPerTick / seconds
      emit(
        SampleTiming(device: now.device),
        OdometrySample(speed: (left + right) / 2, yawRate: (right - left) / trackMetres))
    }
    counters.invalid = window.damaged
  }
}
