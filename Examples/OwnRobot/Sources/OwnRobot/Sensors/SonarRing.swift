import FusionPipeline

/// One turn of a ring of eight ultrasonic range finders: this robot's own kind of sample.
///
/// Beam 0 looks along the ring's x axis, the others follow every 45° to the left.
public struct SonarRing: BitwiseCopyable, Sendable {
  public static let beams = 8
  /// From the ring's centre, metres; NaN where no echo came.
  public var rangesMetres: InlineArray<8, Float>

  public init() { rangesMetres = InlineArray(repeating: .nan) }
}

/// A turn on the wire, 32 bytes, little-endian.
///
/// | offset | field | |
/// |---:|---|---|
/// | 0 | sync | the bytes `SR` |
/// | 2 | version, beams | 1, 8 |
/// | 4 | sequence | u16, one more with each turn, wraps |
/// | 6 | span | u16, ms from the first ping to the last |
/// | 8 | clock | u32, ms of the board's clock at the last ping, wraps |
/// | 12 | ranges | 8 × u16, mm from the transducer; 0xFFFF: no echo |
/// | 28 | CRC-32 | zlib's, of bytes 0–27 |
public struct SonarPacket: Equatable, Sendable {
  public static let byteCount = 32
  static let sync: (UInt8, UInt8) = (UInt8(ascii: "S"), UInt8(ascii: "R"))
  static let noEcho = UInt16.max

  public var sequence: UInt16
  public var spanMilliseconds: UInt16
  public var clockMilliseconds: UInt32
  /// Millimetres from the transducers; nil: no echo.
  public var ranges: [UInt16?]

  public init(sequence: UInt16, spanMilliseconds: UInt16 = 30, clockMilliseconds: UInt32, ranges: [UInt16?]) {
    self.sequence = sequence
    self.spanMilliseconds = spanMilliseconds
    self.clockMilliseconds = clockMilliseconds
    self.ranges = ranges
  }

  public func encoded() -> [UInt8] {
    var frame = FrameBytes()
    frame.append(Self.sync.0)
    frame.append(Self.sync.1)
    frame.append(UInt8(1))
    frame.append(UInt8(SonarRing.beams))
    frame.append(sequence)
    frame.append(spanMilliseconds)
    frame.append(clockMilliseconds)
    for beam in 0..<SonarRing.beams {
      frame.append(beam < ranges.count ? ranges[beam] ?? Self.noEcho : Self.noEcho)
    }
    return frame.sealed()
  }
}

/// Turns from the ring's bytes: bytes in, samples out, no clock and no I/O, so that a log replays through it.
public final class SonarDecoder: SensorDecoder {
  public private(set) var counters = DecoderCounters()
  private let ringRadiusMetres: Float
  private var window = FrameWindow(sync: SonarPacket.sync, byteCount: SonarPacket.byteCount)
  private var clock = BoardClock()
  private var lastSequence: UInt16?

  /// - Parameter ringRadiusMetres: how far the transducers stand from the ring's centre.
  public init(ringRadiusMetres: Double) { self.ringRadiusMetres = Float(ringRadiusMetres) }

  public func reset() {
    window.clear()
    clock.clear()
    lastSequence = nil
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, SonarRing) -> Void) {
    counters.packets &+= 1
    for offset in 0..<bytes.byteCount where window.push(bytes.byte(offset)) {
      guard window.bytes[2] == 1, window.bytes[3] == UInt8(SonarRing.beams) else {
        counters.ignored &+= 1
        continue
      }
      countMissing()
      counters.samples &+= 1
      let timing = SampleTiming(
        device: clock.unwrapped(window.number(8, as: UInt32.self)),
        spanNanoseconds: Int64(window.number(6, as: UInt16.self)) * 1_000_000)
      emit(timing, turn)
    }
    counters.invalid = window.damaged
  }

  private var turn: SonarRing {
    var ring = SonarRing()
    for beam in 0..<SonarRing.beams {
      let millimetres = window.number(12 + 2 * beam, as: UInt16.self)
      if millimetres != SonarPacket.noEcho {
        ring.rangesMetres[beam] = Float(millimetres) / 1000 + ringRadiusMetres
      }
    }
    return ring
  }

  private func countMissing() {
    let sequence = window.number(4, as: UInt16.self)
    // A step backwards is a board that started anew, not a loss of thousands.
    if let lastSequence, case let step = sequence &- lastSequence, step > 1, step < 1000 {
      counters.missing &+= UInt64(step &- 1)
    }
    lastSequence = sequence
  }
}
