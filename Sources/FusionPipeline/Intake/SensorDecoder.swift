/// Turns packets of one sensor into samples of one kind. No I/O, no clock: bytes in, samples out.
///
/// The same bytes in the same order give the same samples, which is what lets a log of raw packets replay.
/// A decoder never traps, whatever the bytes: it counts what it refuses. It allocates at `init` only.
/// Thread: one thread at a time.
public protocol SensorDecoder: AnyObject {
  associatedtype Sample: BitwiseCopyable & Sendable
  /// Calls `emit` for every sample that this packet completes, oldest first. `emit` may read `counters`, so
  /// no access to them is open meanwhile; a sample dropped for want of a slot is counted before the next.
  func decode(
    _ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, Sample) -> Void)
  /// Forgets partial content (a sweep under way), as after a reconnect.
  func reset()
  var counters: DecoderCounters { get }
}

public struct DecoderCounters: BitwiseCopyable, Sendable, Equatable {
  public var packets: UInt64 = 0
  public var samples: UInt64 = 0
  /// Not this sensor's, by length or identifier; ordinary on a shared bus.
  public var ignored: UInt64 = 0
  /// This sensor's but damaged: checksum, impossible field, non-finite number.
  public var invalid: UInt64 = 0
  /// Packets known to be missing, from sequence numbers or azimuth steps.
  public var missing: UInt64 = 0
  /// Samples dropped because every payload slot was pinned.
  public var droppedNoSlot: UInt64 = 0
  public init() {}
}

extension RawSpan {
  /// A fixed-width integer at a byte offset; the caller has checked the length. Traps beyond the end.
  @inlinable public func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, as type: T.Type = T.self
  ) -> T {
    unsafe T(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
  }
  @inlinable public func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, as type: T.Type = T.self
  ) -> T {
    unsafe T(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
  }
  @inlinable public func byte(_ offset: Int) -> UInt8 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
  }
}
