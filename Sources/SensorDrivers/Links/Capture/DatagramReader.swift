/// One UDP datagram of a capture, whole again where it had travelled in fragments.
public struct UDPDatagram: Sendable, Equatable {
  /// Of its last packet, by the capturing machine's realtime clock.
  public var realtimeNanoseconds: Int64
  public var source: IPv4Address
  public var sourcePort: UInt16
  public var destination: IPv4Address
  public var destinationPort: UInt16
  public var payload: [UInt8]
}

/// The content of one TCP segment of a capture.
public struct TCPSegment: Sendable, Equatable {
  public var realtimeNanoseconds: Int64
  public var source: IPv4Address
  public var sourcePort: UInt16
  public var destination: IPv4Address
  public var destinationPort: UInt16
  public var sequence: UInt32
  public var payload: [UInt8]
}

public enum CapturedMessage: Sendable, Equatable {
  case datagram(UDPDatagram)
  case segment(TCPSegment)
}

/// Every packet a `DatagramReader` took is in exactly one of `inPackets`' terms.
public struct DatagramCounters: Sendable, Equatable {
  public var packets: UInt64 = 0
  public var datagrams: UInt64 = 0
  /// TCP segments with content that was new.
  public var segments: UInt64 = 0
  /// Of the datagrams, those put together from fragments.
  public var reassembled: UInt64 = 0
  public var fragments: UInt64 = 0

  // Packets passed over, by reason.
  public var unknownLink: UInt64 = 0
  public var notIP: UInt64 = 0
  public var ipv6: UInt64 = 0
  public var otherTransport: UInt64 = 0
  /// TCP without content, or with content that had come before.
  public var tcpWithoutNews: UInt64 = 0
  /// The capture kept only the packet's beginning.
  public var cut: UInt64 = 0
  public var damagedLink: UInt64 = 0
  public var damagedIP: UInt64 = 0
  public var damagedTransport: UInt64 = 0
  public var refusedFragments: UInt64 = 0

  // Datagrams given up although some of their fragments came.
  public var incompleteDatagrams: UInt64 = 0
  /// Put together, but with a false UDP length or checksum.
  public var damagedReassembled: UInt64 = 0
  /// Segments that do not follow the one before.
  public var tcpGaps: UInt64 = 0
  public init() {}

  /// The sum over all fates of a packet; equals `packets`.
  public var accountedPackets: UInt64 {
    let used = datagrams - reassembled + segments + fragments
    let passedOver = unknownLink + notIP + ipv6 + otherTransport + tcpWithoutNews + cut
    return used + passedOver + damagedLink + damagedIP + damagedTransport + refusedFragments
  }
}

/// Finds the UDP datagrams (and TCP contents) in a network capture.
///
/// Ethernet with up to two VLAN tags, raw IP, Linux cooked 1 and 2, BSD loopback; IPv4 with options and
/// fragments. Thread: one. Memory: bounded, see `FragmentAssembly`.
public final class DatagramReader {
  private let capture: any CaptureReader
  private var assembly: FragmentAssembly
  private var streams = TCPStreams()
  private var tally = DatagramCounters()

  /// `mostPendingDatagrams` bounds the memory, at most 64 KiB each; a datagram whose fragments do not complete
  /// within `mostPendingPackets` packets is given up.
  public init(
    _ capture: any CaptureReader, mostPendingDatagrams: Int = 64, mostPendingPackets: UInt64 = 4096
  ) {
    self.capture = capture
    assembly = FragmentAssembly(mostDatagrams: mostPendingDatagrams, mostPackets: mostPendingPackets)
  }

  public var counters: DatagramCounters {
    var counters = tally
    counters.incompleteDatagrams = assembly.counters.abandoned
    return counters
  }

  /// The next datagram; TCP is passed over. Nil at the end.
  public func next() throws(CaptureFailure) -> UDPDatagram? {
    while let message = try nextMessage() {
      if case .datagram(let datagram) = message { return datagram }
    }
    return nil
  }

  /// The next datagram or TCP content, in the order of the capture. Nil at the end.
  ///
  /// TCP is handed on segment by segment, without what was sent again; a gap is counted, not waited out.
  public func nextMessage() throws(CaptureFailure) -> CapturedMessage? {
    do throws(CaptureFailure) {
      while let packet = try capture.next() {
        tally.packets += 1
        if let message = message(in: packet) { return message }
      }
    } catch {
      assembly.finish()
      throw error
    }
    assembly.finish()
    return nil
  }

  private func message(in packet: CapturedPacket) -> CapturedMessage? {
    switch NetworkLayer(of: packet) {
    case .ipv4(let offset):
      do throws(IPv4Header.Refusal) {
        return message(in: packet, try IPv4Header(packet.bytes, at: offset))
      } catch {
        switch error {
        case .damaged: tally.damagedIP += 1
        case .cut: tally.cut += 1
        }
      }
    case .ipv6: tally.ipv6 += 1
    case .otherProtocol: tally.notIP += 1
    case .damaged: tally.damagedLink += 1
    case .unknownLink: tally.unknownLink += 1
    }
    return nil
  }

  private func message(in packet: CapturedPacket, _ header: IPv4Header) -> CapturedMessage? {
    let content = packet.bytes[header.payload]
    switch header.protocolNumber {
    case 17 where header.isFragment: return reassemble(content, header, packet.realtimeNanoseconds)
    case 17:
      if let datagram = UDPDatagram(content, header, packet.realtimeNanoseconds) {
        tally.datagrams += 1
        return .datagram(datagram)
      }
      tally.damagedTransport += 1
    case 6 where !header.isFragment: return segment(content, header, packet.realtimeNanoseconds)
    default: tally.otherTransport += 1
    }
    return nil
  }

  private func reassemble(
    _ content: ArraySlice<UInt8>, _ header: IPv4Header, _ realtime: Int64
  ) -> CapturedMessage? {
    let key = FragmentAssembly.Key(
      source: header.source, destination: header.destination, identification: header.identification,
      protocolNumber: header.protocolNumber)
    let outcome = assembly.add(
      content, at: header.fragmentOffset, isLast: !header.hasMoreFragments, key: key, packet: tally.packets)
    switch outcome {
    case .refused: tally.refusedFragments += 1
    case .incomplete: tally.fragments += 1
    case .complete(let bytes):
      tally.fragments += 1
      // Fragments of two datagrams with one identification can fit together: only the checksum tells.
      guard UDPDatagram.hasGoodChecksum(bytes, header),
        let datagram = UDPDatagram(bytes[...], header, realtime)
      else {
        tally.damagedReassembled += 1
        // The fragments behind may belong to the datagram that this one begins.
        if header.fragmentOffset == 0 {
          _ = assembly.add(content, at: 0, isLast: !header.hasMoreFragments, key: key, packet: tally.packets)
        }
        return nil
      }
      tally.datagrams += 1
      tally.reassembled += 1
      return .datagram(datagram)
    }
    return nil
  }

  private func segment(
    _ content: ArraySlice<UInt8>, _ header: IPv4Header, _ realtime: Int64
  ) -> CapturedMessage? {
    guard let tcp = TCPHeader(content) else {
      tally.damagedTransport += 1
      return nil
    }
    let news = streams.news(in: tcp, from: header.source, to: header.destination)
    if news.followsGap { tally.tcpGaps += 1 }
    guard !news.payload.isEmpty else {
      tally.tcpWithoutNews += 1
      return nil
    }
    tally.segments += 1
    return .segment(
      TCPSegment(
        realtimeNanoseconds: realtime, source: header.source, sourcePort: tcp.sourcePort,
        destination: header.destination, destinationPort: tcp.destinationPort, sequence: tcp.sequence,
        payload: Array(news.payload)))
  }
}

extension UDPDatagram {
  /// Nil when the lengths are at odds. Source: RFC 768.
  init?(_ content: ArraySlice<UInt8>, _ header: IPv4Header, _ realtime: Int64) {
    let bytes = Array(content.prefix(8))
    guard bytes.count == 8 else { return nil }
    let length = Int(bytes.u16(4, bigEndian: true))
    guard length >= 8, length <= content.count else { return nil }
    self.init(
      realtimeNanoseconds: realtime, source: header.source, sourcePort: bytes.u16(0, bigEndian: true),
      destination: header.destination, destinationPort: bytes.u16(2, bigEndian: true),
      payload: Array(content.dropFirst(8).prefix(length - 8)))
  }

  /// True also where the sender gave none.
  static func hasGoodChecksum(_ bytes: [UInt8], _ header: IPv4Header) -> Bool {
    guard bytes.count >= 8, bytes.u16(6, bigEndian: true) != 0 else { return true }
    let length = Int(bytes.u16(4, bigEndian: true))
    guard length <= bytes.count else { return false }
    var sum = UInt64(17) + UInt64(length)
    for address in [header.source, header.destination] {
      sum += UInt64(address.value >> 16) + UInt64(address.value & 0xFFFF)
    }
    for place in stride(from: 0, to: length - 1, by: 2) { sum += UInt64(bytes.u16(place, bigEndian: true)) }
    if length % 2 == 1 { sum += UInt64(bytes[length - 1]) << 8 }
    while sum > 0xFFFF { sum = sum >> 16 + sum & 0xFFFF }
    return sum == 0xFFFF
  }
}
