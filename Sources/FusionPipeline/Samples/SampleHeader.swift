/// What every sample carries beside its payload: its number and its three instants.
///
/// The three stamps are fixed by the design: **device** is the sensor's own clock, **capture** the instant
/// the content belongs to on the pipeline clock, **arrival** when the kernel received the last byte.
public struct SampleHeader: BitwiseCopyable, Sendable, Equatable {
  /// Counts this sensor's samples from 1, gaps included; the same packets give the same numbers in a replay.
  public var sequence: UInt64
  /// The sensor's own clock in nanoseconds, unwrapped by its decoder; `Stamp.never` where it has none.
  public var device: Stamp
  /// The instant the content belongs to: a sweep's last point, a frame's exposure start, a radar's cycle.
  public var capture: Stamp
  public var arrival: Stamp
  /// When the decoded sample entered its ring: the end of the decoding part of the ledger.
  public var ready: Stamp
  /// One standard deviation of `capture`, nanoseconds.
  public var captureUncertaintyNanoseconds: Int64
  /// How long before `capture` the oldest content of the sample was taken (a sweep's first point).
  public var spanNanoseconds: Int64
  public var flags: SampleFlags

  public init(
    sequence: UInt64 = 0, device: Stamp = .never, capture: Stamp = .zero, arrival: Stamp = .zero,
    ready: Stamp = .zero, captureUncertaintyNanoseconds: Int64 = 0, spanNanoseconds: Int64 = 0,
    flags: SampleFlags = []
  ) {
    self.sequence = sequence
    self.device = device
    self.capture = capture
    self.arrival = arrival
    self.ready = ready
    self.captureUncertaintyNanoseconds = captureUncertaintyNanoseconds
    self.spanNanoseconds = spanNanoseconds
    self.flags = flags
  }
}

public struct SampleFlags: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Content is missing (a sweep with lost packets, the first sweep after a start).
  public static let partial = SampleFlags(rawValue: 1 << 0)
  /// The capture stamp would have lain after arrival and was clamped to it.
  public static let captureClamped = SampleFlags(rawValue: 1 << 1)
  /// The realtime-to-monotonic offset moved by more than 1 ms, so the receive call's time was used.
  public static let arrivalFromCall = SampleFlags(rawValue: 1 << 2)
  /// The driver marked the content as damaged (V4L2_BUF_FLAG_ERROR, a radar's invalid cycle).
  public static let damaged = SampleFlags(rawValue: 1 << 3)
  /// The device stamp is already on the pipeline clock (V4L2 monotonic buffers).
  public static let deviceOnPipelineClock = SampleFlags(rawValue: 1 << 4)
  /// The first packet after a link was opened again: what was under way before it is forgotten.
  public static let linkReopened = SampleFlags(rawValue: 1 << 6)
}

/// What a decoder knows of a sample's time; the intake makes the header's stamps from it.
public struct SampleTiming: BitwiseCopyable, Sendable, Equatable {
  /// The sensor's own clock, unwrapped, for the instant the content belongs to; `.never` where it has none.
  public var device: Stamp
  /// How long before the newest content of the packet at hand this sample's instant lies, by the device's
  /// clock. Zero for a sample that ends with its packet; a sweep that closes in mid-packet is earlier.
  public var beforePacketNanoseconds: Int64
  /// How long before that instant the oldest content was taken.
  public var spanNanoseconds: Int64
  public var flags: SampleFlags

  public init(
    device: Stamp = .never, beforePacketNanoseconds: Int64 = 0, spanNanoseconds: Int64 = 0,
    flags: SampleFlags = []
  ) {
    self.device = device
    self.beforePacketNanoseconds = beforePacketNanoseconds
    self.spanNanoseconds = spanNanoseconds
    self.flags = flags
  }
}
