import CLinux
import FusionPipeline
import Glibc

/// Where a UDP link listens and to whom.
public struct UDPLinkOptions: Sendable, Equatable {
  /// An address of this machine; `.any` listens on all.
  public var address: IPv4Address
  /// 0 lets the kernel choose; see `UDPLink.boundPort`.
  public var port: UInt16
  /// Packets from any other address are refused and counted.
  public var sender: IPv4Address?
  public var multicastGroup: IPv4Address?
  /// The address of the interface on which to join the group; `.any` lets the routing table choose.
  public var multicastInterface: IPv4Address
  /// Lets several programs bind the same port. A unicast packet then reaches only the last of them, which
  /// is why it is off unless a multicast group is joined.
  public var sharesPort: Bool
  public var receiveBufferBytes: Int
  /// Longer packets are counted as truncated and not handed on.
  public var maximumPacketBytes: Int

  public init(
    address: IPv4Address = .any, port: UInt16, sender: IPv4Address? = nil,
    multicastGroup: IPv4Address? = nil, multicastInterface: IPv4Address = .any, sharesPort: Bool = false,
    receiveBufferBytes: Int = 4 << 20, maximumPacketBytes: Int = 65_507
  ) {
    self.address = address
    self.port = port
    self.sender = sender
    self.multicastGroup = multicastGroup
    self.multicastInterface = multicastInterface
    self.sharesPort = sharesPort
    self.receiveBufferBytes = receiveBufferBytes
    self.maximumPacketBytes = min(max(maximumPacketBytes, 1), 65_507)
  }
}

/// Datagrams of one UDP port: lidars, Ethernet radars.
///
/// Arrival is the kernel's receive stamp on the pipeline clock; where the realtime clock was moved it is the
/// receive call's time, flagged. Drops for want of receive buffer are in `counters.lostBefore` as soon as a
/// packet arrives after them.
/// Thread: one. Cost: one or two system calls a packet, no allocation after `open`.
public final class UDPLink: PacketLink {
  public let options: UDPLinkOptions
  public private(set) var counters = LinkCounters()
  /// What the kernel granted of `receiveBufferBytes`; 0 before `open`.
  public private(set) var grantedReceiveBufferBytes = 0
  public private(set) var boundPort: UInt16 = 0
  private let clock: any PipelineClock
  private var socket: DatagramSocket?

  public var maximumPacketBytes: Int { options.maximumPacketBytes }

  public init(_ options: UDPLinkOptions, clock: any PipelineClock) {
    self.options = options
    self.clock = clock
  }

  public func open() throws(LinkFailure) {
    close()
    let socket = try DatagramSocket(
      domain: AF_INET, type: Int32(SOCK_DGRAM.rawValue), protocol: 0, clock: clock)
    if options.sharesPort || options.multicastGroup != nil { _ = socket.set(SOL_SOCKET, SO_REUSEADDR, 1) }
    grantedReceiveBufferBytes = socket.requestReceiveBuffer(bytes: options.receiveBufferBytes)
    if let error = socket.requestReceipts() {
      throw LinkFailure(.refused, "\(name): the kernel gives no receive stamps: \(error)")
    }
    let result = fusion_bind_ipv4(socket.descriptor, options.address.networkOrder, options.port.bigEndian)
    if result < 0 { throw bindFailure(SystemError(result: result)) }
    try join(on: socket)
    boundPort = UInt16(truncatingIfNeeded: max(0, fusion_bound_port(socket.descriptor))).byteSwapped
    self.socket = socket
  }

  public func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket? {
    guard let socket else { throw LinkFailure(.gone, "\(name): receive before open") }
    let window = unsafe UnsafeMutableRawBufferPointer(
      start: buffer.baseAddress, count: min(buffer.count, maximumPacketBytes))
    var remaining = timespec(nanoseconds: timeoutNanoseconds)
    // A flood of packets that are not ours must not hold up a stop request.
    for _ in 0..<64 {
      switch unsafe socket.receive(into: window, remaining: &remaining) {
      case .timeout: return nil
      case .failure(let error):
        guard isTransient(error) else { throw LinkFailure(.gone, "\(name): receive failed: \(error)") }
      case .packet(let receipt):
        counters.lostBefore &+= receipt.lostBefore
        if let sender = options.sender, receipt.sender != sender {
          counters.refused &+= 1
        } else if receipt.isTruncated {
          counters.truncated &+= 1
        } else {
          counters.received &+= 1
          counters.bytes &+= UInt64(receipt.byteCount)
          return ReceivedPacket(
            byteCount: receipt.byteCount, arrival: receipt.arrival, flags: receipt.flags)
        }
      }
    }
    return nil
  }

  public func close() {
    socket = nil
    boundPort = 0
  }

  private var name: String { "udp \(options.address):\(options.port)" }

  private func join(on socket: DatagramSocket) throws(LinkFailure) {
    guard let group = options.multicastGroup else { return }
    guard group.isMulticast else {
      throw LinkFailure(
        .refused, "\(name): \(group) is no multicast group; groups are 224.0.0.0 to 239.255.255.255")
    }
    // Otherwise groups that other programs of this machine have joined would arrive here as well.
    _ = socket.set(Int32(IPPROTO_IP), IP_MULTICAST_ALL, 0)
    let result = fusion_join_group(
      socket.descriptor, group.networkOrder, options.multicastInterface.networkOrder)
    guard result < 0 else { return }
    throw LinkFailure(
      .absent,
      """
      \(name): cannot join multicast group \(group): \(SystemError(result: result)); \
      give the address of the interface the sensor is on
      """)
  }

  private func bindFailure(_ error: SystemError) -> LinkFailure {
    switch error.code {
    case EADDRINUSE:
      LinkFailure(
        .refused,
        "\(name): the port is in use; stop the other program (`ss -ulpn` names it) or choose another port")
    case EADDRNOTAVAIL:
      LinkFailure(
        .absent,
        """
        \(name): this machine has no address \(options.address); `ip -4 address` lists those it has, \
        0.0.0.0 listens on all
        """)
    case EACCES:
      LinkFailure(
        .refused, "\(name): not permitted; ports under 1024 need CAP_NET_BIND_SERVICE, choose a higher one")
    default: LinkFailure(.refused, "\(name): cannot listen: \(error)")
    }
  }

  /// An ICMP message about some packet, or a shortage that passes, is no reason to give the socket up.
  private func isTransient(_ error: SystemError) -> Bool {
    switch error.code {
    case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENOPROTOOPT, EPROTO, EMSGSIZE, ENOMEM, ENOBUFS:
      true
    default: false
    }
  }
}
