import FusionPipeline

/// What the probe sensor measures: a number, and which packet brought it.
struct ProbeSample: BitwiseCopyable, Sendable, Equatable {
  var value: Double = 0
  var tag: UInt64 = 0
}

/// One packet of the probe sensor: 40 bytes, little-endian.
struct ProbePacket {
  var value: Double = 0
  var tag: UInt64 = 0
  /// The device's stamp; taken for the pipeline clock when `.deviceOnPipelineClock` is among the flags.
  var device: Stamp = .never
  var spanNanoseconds: Int64 = 0
  var flags: SampleFlags = []
  /// How many samples the packet completes.
  var copies: UInt32 = 1

  static let byteCount = 40

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func put<T: FixedWidthInteger>(_ value: T) {
      for shift in 0..<(T.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> T(shift * 8))) }
    }
    put(value.bitPattern)
    put(tag)
    put(device.nanoseconds)
    put(spanNanoseconds)
    put(flags.rawValue)
    put(copies)
    return bytes
  }

  /// As a recording holds it, captured at its arrival unless a capture is given.
  func recorded(sensor: UInt16, arrival: Stamp, capture: Stamp? = nil) -> RecordedPacket {
    var packet = self
    if let capture {
      packet.device = capture
      packet.flags.insert(.deviceOnPipelineClock)
    }
    return RecordedPacket(sensor: sensor, arrival: arrival, bytes: packet.bytes)
  }
}

/// Reads probe packets; other lengths are counted as ignored.
final class ProbeDecoder: SensorDecoder {
  private(set) var counters = DecoderCounters()

  func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, ProbeSample) -> Void) {
    counters.packets &+= 1
    guard bytes.byteCount == ProbePacket.byteCount else {
      counters.ignored &+= 1
      return
    }
    let timing = SampleTiming(
      device: Stamp(nanoseconds: bytes.littleEndian(16)), spanNanoseconds: bytes.littleEndian(24),
      flags: SampleFlags(rawValue: bytes.littleEndian(32)))
    let sample = ProbeSample(
      value: Double(bitPattern: bytes.littleEndian(0)), tag: bytes.littleEndian(8))
    for _ in 0..<min(bytes.littleEndian(36, as: UInt32.self), 16) {
      counters.samples &+= 1
      emit(timing, sample)
    }
  }

  func reset() {}
}

/// Reads an operator's requests: one byte each.
final class ProbeOperatorDecoder: SensorDecoder {
  private(set) var counters = DecoderCounters()

  func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, OperatorInput) -> Void) {
    counters.packets &+= 1
    guard bytes.byteCount == 1, let request = OperatorRequest(rawValue: UInt32(bytes.byte(0))) else {
      counters.invalid &+= 1
      return
    }
    counters.samples &+= 1
    emit(SampleTiming(), OperatorInput(request))
  }

  func reset() {}
}

extension OperatorRequest {
  func recorded(sensor: UInt16, arrival: Stamp) -> RecordedPacket {
    RecordedPacket(sensor: sensor, arrival: arrival, bytes: [UInt8(rawValue)])
  }
}

extension Stamp {
  /// An instant in milliseconds, for tests that read like a timetable.
  static func millis(_ count: Double) -> Stamp { Stamp(nanoseconds: .milliseconds(count)) }
}

extension Int64 {
  static func millis(_ count: Double) -> Int64 { .milliseconds(count) }
}
