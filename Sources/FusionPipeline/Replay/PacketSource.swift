/// One raw packet of a recording.
public struct RecordedPacket: Sendable {
  /// The sensor's number in the configuration.
  public var sensor: UInt16
  public var arrival: Stamp
  public var flags: SampleFlags
  public var bytes: [UInt8]
  /// The number that the packet's first sample had; 0 where nobody knows.
  public var firstSequence: UInt64
  /// The recording lacks packets of this sensor right before this one.
  public var isAfterLoss = false

  public init(
    sensor: UInt16, arrival: Stamp, flags: SampleFlags = [], bytes: [UInt8], firstSequence: UInt64 = 0
  ) {
    self.sensor = sensor
    self.arrival = arrival
    self.flags = flags
    self.bytes = bytes
    self.firstSequence = firstSequence
  }
}

/// A recording's raw packets in the order of their arrival.
///
/// Thread: one at a time.
public protocol PacketSource: AnyObject {
  func next() throws(ReplayFailure) -> RecordedPacket?
}

/// Packets in memory: for tests and for imports that were just made.
public final class PacketList: PacketSource {
  private let packets: [RecordedPacket]
  private var index = 0
  public init(_ packets: [RecordedPacket]) { self.packets = packets }
  public func next() -> RecordedPacket? {
    guard index < packets.count else { return nil }
    defer { index += 1 }
    return packets[index]
  }
}

/// Why a replay cannot go on; where, what, and what to do.
public struct ReplayFailure: Error, Sendable, Equatable {
  public var message: String
  public init(_ message: String) { self.message = message }
}
