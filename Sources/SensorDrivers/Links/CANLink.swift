import CLinux
import FusionPipeline
import Glibc

/// Which frames of a bus are wanted.
public struct CANIdentifier: BitwiseCopyable, Sendable, Hashable {
  public var id: UInt32
  public var isExtended: Bool

  public init(_ id: UInt32, isExtended: Bool = false) {
    self.id = id
    self.isExtended = isExtended
  }
}

/// Frames of a SocketCAN interface as `CANFrame` records; CAN FD where the interface has it.
///
/// Arrival is the kernel's receive stamp. Error frames are not handed on: they are counted in `errorFrames` and
/// in `counters.lostBefore`, together with what the receive buffer had no room for.
/// Thread: one. Cost: one or two system calls a frame, no allocation after `open`.
public final class CANLink: PacketLink {
  public let interface: String
  /// Goes into every record.
  public let bus: UInt8
  /// The kernel drops every other frame uncounted; empty takes all.
  public let identifiers: [CANIdentifier]
  public private(set) var counters = LinkCounters()
  /// Reports of the controller: lost arbitration, bus off, overflow.
  public private(set) var errorFrames: UInt64 = 0
  /// The classes of the last error frame (CAN_ERR_… of <linux/can/error.h>).
  public private(set) var lastErrorClasses: UInt32 = 0
  public private(set) var hasFD = false
  private let clock: any PipelineClock
  private let receiveBufferBytes: Int
  private var socket: DatagramSocket?

  public var maximumPacketBytes: Int { CANFrame.fdRecordBytes }

  public init(
    interface: String, bus: UInt8 = 0, identifiers: [CANIdentifier] = [], receiveBufferBytes: Int = 1 << 20,
    clock: any PipelineClock
  ) {
    self.interface = interface
    self.bus = bus
    self.identifiers = identifiers
    self.receiveBufferBytes = receiveBufferBytes
    self.clock = clock
  }

  public func open() throws(LinkFailure) {
    close()
    let index = unsafe interface.withCString { unsafe if_nametoindex($0) }
    guard index > 0, let number = Int32(exactly: index) else {
      throw LinkFailure(
        .absent,
        "can \(interface): no such interface; `ip link show type can` lists those there are")
    }
    let socket = try DatagramSocket(
      domain: AF_CAN, type: Int32(SOCK_RAW.rawValue), protocol: Int32(CAN_RAW), clock: clock)
    hasFD = socket.set(fusion_SOL_CAN_RAW, Int32(CAN_RAW_FD_FRAMES), 1) == nil
    _ = socket.set(fusion_SOL_CAN_RAW, Int32(CAN_RAW_ERR_FILTER), Int32(bitPattern: CAN_ERR_MASK))
    _ = socket.requestReceiveBuffer(bytes: receiveBufferBytes)
    try filter(socket)
    if let error = socket.requestReceipts() {
      throw LinkFailure(.refused, "can \(interface): the kernel gives no receive stamps: \(error)")
    }
    let result = fusion_bind_can(socket.descriptor, number)
    guard result >= 0 else {
      let error = SystemError(result: result)
      throw LinkFailure(.refused, "can \(interface): cannot listen: \(error); is it a CAN interface?")
    }
    self.socket = socket
  }

  public func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket? {
    guard let socket else { throw LinkFailure(.gone, "can \(interface): receive before open") }
    let window = unsafe UnsafeMutableRawBufferPointer(
      start: buffer.baseAddress, count: min(buffer.count, maximumPacketBytes))
    var remaining = timespec(nanoseconds: timeoutNanoseconds)
    // A storm of error frames must not hold up a stop request.
    for _ in 0..<64 {
      switch unsafe socket.receive(into: window, remaining: &remaining) {
      case .timeout: return nil
      case .failure(let error):
        // ENOBUFS and the like pass; an interface that was shut down does not by itself.
        guard error.code == ENOBUFS || error.code == ENOMEM else { throw gone(error) }
      case .packet(let receipt):
        counters.lostBefore &+= receipt.lostBefore
        if receipt.isTruncated {
          counters.truncated &+= 1
        } else if let count = unsafe accept(window, byteCount: receipt.byteCount) {
          counters.received &+= 1
          counters.bytes &+= UInt64(count)
          return ReceivedPacket(byteCount: count, arrival: receipt.arrival, flags: receipt.flags)
        }
      }
    }
    return nil
  }

  public func close() { socket = nil }

  /// Makes the kernel's frame, which has the record's layout already, into a record.
  private func accept(_ frame: UnsafeMutableRawBufferPointer, byteCount: Int) -> Int? {
    let isFD = byteCount == CANFrame.fdRecordBytes
    guard isFD || byteCount == CANFrame.classicRecordBytes, frame.count >= byteCount else {
      counters.refused &+= 1
      return nil
    }
    let word = unsafe frame.loadUnaligned(as: UInt32.self)
    if word & CANFrame.errorBit != 0 {
      errorFrames &+= 1
      lastErrorClasses = word & 0x1FFF_FFFF
      counters.lostBefore &+= 1
      return nil
    }
    let length = unsafe Int(frame[4])
    guard length <= (isFD ? 64 : 8) else {
      counters.refused &+= 1
      return nil
    }
    unsafe frame.storeBytes(of: word.littleEndian, as: UInt32.self)
    unsafe frame[5] = isFD ? frame[5] & 3 | 4 : 0
    unsafe frame[6] = bus
    unsafe frame[7] = 0
    // What lies beyond the length is whatever the sender's memory held.
    for index in (CANFrame.headBytes + length)..<byteCount { unsafe frame[index] = 0 }
    return byteCount
  }

  private func filter(_ socket: DatagramSocket) throws(LinkFailure) {
    guard !identifiers.isEmpty else { return }
    let filters = identifiers.map { wanted in
      can_filter(
        can_id: wanted.id | (wanted.isExtended ? CANFrame.extendedBit : 0),
        can_mask: CANFrame.extendedBit | CANFrame.remoteBit | (wanted.isExtended ? 0x1FFF_FFFF : 0x7FF))
    }
    let result = unsafe filters.withUnsafeBufferPointer { list in
      unsafe fusion_can_filter(socket.descriptor, list.baseAddress, list.count)
    }
    guard result < 0 else { return }
    throw LinkFailure(
      .refused,
      """
      can \(interface): the kernel refuses a list of \(filters.count) identifiers: \
      \(SystemError(result: result)); it takes 512 at most
      """)
  }

  private func gone(_ error: SystemError) -> LinkFailure {
    let advice =
      error.code == ENETDOWN
      ? "the interface is down; `ip link set \(interface) up` starts it" : "check the adapter"
    return LinkFailure(.gone, "can \(interface): \(error); \(advice)")
  }
}
