/// What a link hands on with the bytes of one packet.
public struct ReceivedPacket: BitwiseCopyable, Sendable, Equatable {
  public var byteCount: Int
  /// When the kernel received it, on the pipeline clock.
  public var arrival: Stamp
  public var flags: SampleFlags

  public init(byteCount: Int, arrival: Stamp, flags: SampleFlags = []) {
    self.byteCount = byteCount
    self.arrival = arrival
    self.flags = flags
  }
}

/// Where raw packets come from: a socket, a serial line, a camera, a test. Bytes only; no decoding.
///
/// Thread: one thread opens, receives and closes. `receive` may block up to its time-out and no longer, so
/// that a stop request is seen. What a link hands on is exactly what is recorded and fed to the decoder
/// again in a replay.
public protocol PacketLink: AnyObject {
  /// The longest packet it can hand on; the caller's buffer has at least that many bytes.
  var maximumPacketBytes: Int { get }
  func open() throws(LinkFailure)
  /// The next packet's bytes into `buffer`, or nil after `timeoutNanoseconds` without one.
  func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket?
  func close()
  var counters: LinkCounters { get }
}

/// Every byte a link saw is in one of these.
public struct LinkCounters: BitwiseCopyable, Sendable, Equatable {
  public var received: UInt64 = 0
  public var bytes: UInt64 = 0
  /// Lost in the kernel before us (SO_RXQ_OVFL, V4L2 sequence gaps, CAN error frames).
  public var lostBefore: UInt64 = 0
  /// Longer than the buffer, or cut.
  public var truncated: UInt64 = 0
  /// Not ours: wrong sender, wrong identifier, damaged framing.
  public var refused: UInt64 = 0
  public init() {}
}

/// Why a link cannot go on; `message` says what to do about it.
public struct LinkFailure: Error, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// No such device or address: waiting for it to come back makes sense.
    case absent
    /// It is there but refuses what was asked (format, permission, busy).
    case refused
    /// It was open and is gone (unplugged, ENODEV, EIO).
    case gone
  }
  public var kind: Kind
  public var message: String
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
