/// One packet of a capture file, as the capturing machine saw it.
public struct CapturedPacket: Sendable, Equatable {
  /// CLOCK_REALTIME of the capturing machine, nanoseconds since 1970 (or since whatever the file counts from).
  public var realtimeNanoseconds: Int64
  /// Says how `bytes` begins.
  public var link: CaptureLink
  /// The file's number of the interface; for CAN the bus.
  public var interface: Int
  /// Its length on the wire; more than `bytes.count` when the capture kept only the beginning.
  public var originalByteCount: Int
  public var bytes: [UInt8]

  public init(
    realtimeNanoseconds: Int64, link: CaptureLink, interface: Int = 0, originalByteCount: Int? = nil,
    bytes: [UInt8]
  ) {
    self.realtimeNanoseconds = realtimeNanoseconds
    self.link = link
    self.interface = interface
    self.originalByteCount = originalByteCount ?? bytes.count
    self.bytes = bytes
  }
}

/// The link layer of a captured packet. Source: the LINKTYPE_ registry of tcpdump.org.
public enum CaptureLink: Sendable, Equatable {
  case ethernet
  /// IPv4 or IPv6 without anything before it.
  case rawIP
  /// BSD loopback: four bytes of address family.
  case loopback
  case linuxCooked
  case linuxCooked2
  /// A `CANFrame` record.
  case canRecord
  /// A frame as pcap files hold it; `CANFrame(socketCANCapture:)` reads it.
  case socketCAN
  case other(UInt32)

  init(linkType: UInt32) {
    switch linkType {
    case 1: self = .ethernet
    case 12, 14, 101, 228, 229: self = .rawIP
    case 0, 108: self = .loopback
    case 113: self = .linuxCooked
    case 227: self = .socketCAN
    case 276: self = .linuxCooked2
    default: self = .other(linkType)
    }
  }
}

/// Reads the packets of a capture file one after the other, in bounded memory.
///
/// Thread: one. Cost: one array a packet; it is for imports, decoding and replays, not for the frame's path.
public protocol CaptureReader: AnyObject {
  /// The next packet, or nil at the end of the file.
  ///
  /// Everything that is whole is delivered before a failure is thrown. A pcap or pcapng failure is final: it is
  /// thrown again by every further call. A candump failure is about one line; the next call reads on.
  func next() throws(CaptureFailure) -> CapturedPacket?
  var counters: CaptureCounters { get }
}

/// What a reader met besides packets.
public struct CaptureCounters: Sendable, Equatable {
  public var packets: UInt64 = 0
  /// The capture kept less than the packet's length on the wire.
  public var cutPackets: UInt64 = 0
  /// pcapng blocks that hold no packet (statistics, names, secrets, custom ones).
  public var skippedBlocks: UInt64 = 0
  /// pcapng packet blocks too short for what they claim to hold.
  public var damagedPackets: UInt64 = 0
  /// Packets of an interface the file does not describe.
  public var unknownInterface: UInt64 = 0
  /// Packets without a stamp of their own; they carry the one of the packet before.
  public var withoutStamp: UInt64 = 0
  public init() {}
}

/// Why a capture cannot be read on; `message` names the place and what to do.
public struct CaptureFailure: Error, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The file is not there.
    case absent
    /// It is there but cannot be read (permission, device error).
    case unreadable
    /// Not a capture format we know.
    case unknownFormat
    /// It ends inside a packet.
    case truncated
    /// It contradicts its format.
    case damaged
  }
  public var kind: Kind
  public var path: String
  /// Where the packet, block or line at fault begins.
  public var byteOffset: Int
  /// Whole packets delivered before it.
  public var packetsBefore: UInt64
  /// For text captures, counted from 1.
  public var line: Int?
  public var message: String
}
