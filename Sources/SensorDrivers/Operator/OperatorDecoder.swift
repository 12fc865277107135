import FusionPipeline

/// One request of a person in 20 bytes, little-endian: docs/formats/operator.md.
public struct OperatorPacket: Sendable, Equatable {
  public static let byteCount = 20
  /// "FUOP" in the order of the bytes.
  public static let magic: UInt32 = 0x504F_5546
  public static let version: UInt16 = 1

  public var request: OperatorRequest
  /// One more with each packet of a sender; wraps.
  public var counter: UInt32

  public init(_ request: OperatorRequest, counter: UInt32) {
    self.request = request
    self.counter = counter
  }

  /// Why bytes are no packet.
  public enum Refusal: Error, Sendable {
    /// Another protocol's.
    case foreign
    /// Ours, but of another version or length, or its checksum or request is wrong.
    case damaged
  }

  public init(_ bytes: RawSpan) throws(Refusal) {
    guard bytes.byteCount >= 4, bytes.littleEndian(0, as: UInt32.self) == Self.magic else { throw .foreign }
    guard bytes.byteCount == Self.byteCount, bytes.littleEndian(4, as: UInt16.self) == Self.version,
      bytes.littleEndian(6, as: UInt16.self) == UInt16(Self.byteCount),
      bytes.littleEndian(16, as: UInt32.self) == CRC32.of(bytes.extracting(0..<16)),
      let request = OperatorRequest(rawValue: bytes.littleEndian(8))
    else { throw .damaged }
    self.request = request
    counter = bytes.littleEndian(12)
  }

  /// The 20 bytes; for senders, allocates.
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    bytes.appendLittleEndian(Self.magic)
    bytes.appendLittleEndian(Self.version)
    bytes.appendLittleEndian(UInt16(Self.byteCount))
    bytes.appendLittleEndian(request.rawValue)
    bytes.appendLittleEndian(counter)
    let sum = unsafe CRC32.of(bytes.span.bytes)
    bytes.appendLittleEndian(sum)
    return bytes
  }
}

/// A person's requests from packets: one packet, one sample.
///
/// A packet whose counter is not ahead of the last one's (by less than half its range) came late or twice and
/// is refused: an old `engage` must not follow a newer `disengage`. An emergency stop is taken whatever its
/// counter: one too many does less harm than one too few. There is no device clock.
/// Thread: one at a time. Cost: no allocation.
public final class OperatorDecoder: SensorDecoder {
  public typealias Sample = OperatorInput

  /// `invalid` counts damaged packets and stale ones.
  public private(set) var counters = DecoderCounters()
  /// Of the invalid ones, those with a counter that is not ahead.
  public private(set) var stalePackets: UInt64 = 0
  private var lastCounter: UInt32?

  public init() {}

  public func reset() { lastCounter = nil }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, OperatorInput) -> Void) {
    counters.packets &+= 1
    let packet: OperatorPacket
    do throws(OperatorPacket.Refusal) {
      packet = try OperatorPacket(bytes)
    } catch {
      switch error {
      case .foreign: counters.ignored &+= 1
      case .damaged: counters.invalid &+= 1
      }
      return
    }
    let step = lastCounter.map { Int32(bitPattern: packet.counter &- $0) }
    if let step, step <= 0, packet.request != .emergencyStop {
      counters.invalid &+= 1
      stalePackets &+= 1
      return
    }
    if let step, step > 1 { counters.missing &+= UInt64(step &- 1) }
    if step.map({ $0 > 0 }) ?? true { lastCounter = packet.counter }
    counters.samples &+= 1
    emit(SampleTiming(), OperatorInput(packet.request))
  }
}

/// Makes a sender's packets with counters that go on ahead of those of an earlier run.
public struct OperatorSender: Sendable {
  private var counter: UInt32

  /// - Parameter startMilliseconds: of any clock that a restart does not set back, as the time since 1970.
  public init(startMilliseconds: Int64) { counter = UInt32(truncatingIfNeeded: startMilliseconds) }

  public mutating func packet(_ request: OperatorRequest) -> [UInt8] {
    counter &+= 1
    return OperatorPacket(request, counter: counter).encoded()
  }
}

extension [UInt8] {
  mutating func appendLittleEndian<T: FixedWidthInteger>(_ value: T) {
    for byte in 0..<(T.bitWidth / 8) { append(UInt8(truncatingIfNeeded: value >> T(8 * byte))) }
  }
}
