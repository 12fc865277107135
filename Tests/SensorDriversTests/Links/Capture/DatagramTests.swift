import Testing

@testable import SensorDrivers

@Suite struct DatagramTests {
  static let payload = (0..<100).map { UInt8($0) }

  /// The datagrams of a capture of one packet.
  func read(_ packet: [UInt8], link: UInt32) throws -> (datagrams: [UDPDatagram], counters: DatagramCounters)
  {
    try datagrams(CaptureFile.open(bytes: Wire.pcap([packet], link: link)))
  }

  @Test("a datagram comes with its addresses, ports and stamp")
  func fields() throws {
    let frame = Wire.ethernet(Wire.ipv4(Wire.udp(Self.payload, from: 7502, to: 65_535)))
    // Ethernet pads short frames; the padding is not the datagram's.
    let (all, counters) = try datagrams([frame + [0, 0, 0, 0]])
    let datagram = try #require(all.first)
    #expect(datagram.payload == Self.payload)
    #expect(datagram.source == Wire.source && datagram.destination == Wire.destination)
    #expect(datagram.sourcePort == 7502 && datagram.destinationPort == 65_535)
    #expect(datagram.realtimeNanoseconds == 1_700_000_000_000_123_456)
    #expect(counters.datagrams == 1 && counters.accountedPackets == 1)
  }

  @Test("every link layer is taken off: Ethernet, VLAN tags, raw, cooked, loopback")
  func linkLayers() throws {
    let ip = Wire.ipv4(Wire.udp(Self.payload), options: 12)
    let cooked = [UInt8](repeating: 0, count: 14) + [8, 0]
    let cooked2 = [8, 0] + [UInt8](repeating: 0, count: 18)
    let packets: [(UInt32, [UInt8])] = [
      (1, Wire.ethernet(ip)), (1, Wire.ethernet(ip, tags: [0x8100])),
      (1, Wire.ethernet(ip, tags: [0x88A8, 0x8100])), (101, ip), (228, ip), (12, ip), (113, cooked + ip),
      (276, cooked2 + ip), (0, [2, 0, 0, 0] + ip), (0, [0, 0, 0, 2] + ip), (108, [0, 0, 0, 2] + ip),
    ]
    for (link, packet) in packets {
      #expect(try read(packet, link: link).datagrams.map(\.payload) == [Self.payload], "link type \(link)")
    }
  }

  @Test("what is not UDP over IPv4 is passed over and counted by its reason")
  func reasons() throws {
    let udp = Wire.udp(Self.payload)
    let ip = Wire.ipv4(udp)
    var wrongVersion = ip
    wrongVersion[0] = 0x55
    var shortHeader = ip
    shortHeader[0] = 0x44
    var longUDP = Wire.udp(Self.payload)
    longUDP.replaceSubrange(4..<6, with: [0xFF, 0xFF])
    var shortUDP = Wire.udp(Self.payload)
    shortUDP.replaceSubrange(4..<6, with: [0, 7])
    func count(_ packet: [UInt8], link: UInt32 = 1) throws -> DatagramCounters {
      let (all, counters) = try read(packet, link: link)
      #expect(all.isEmpty)
      #expect(counters.packets == 1 && counters.accountedPackets == 1)
      return counters
    }
    #expect(try count(Wire.ethernet(ip, type: 0x86DD)).ipv6 == 1)
    #expect(try count(Wire.ethernet(ip, type: 0x0806)).notIP == 1)
    #expect(try count(Wire.ethernet(ip, tags: [0x8100, 0x8100, 0x8100])).notIP == 1)
    #expect(try count(ip, link: 147).unknownLink == 1)
    #expect(try count([1, 2, 3]).damagedLink == 1)
    #expect(try count(Array(Wire.ethernet(ip, tags: [0x8100]).prefix(15))).damagedLink == 1)
    #expect(try count([], link: 101).damagedLink == 1)
    #expect(try count(Wire.ethernet(wrongVersion)).damagedIP == 1)
    #expect(try count(Wire.ethernet(shortHeader)).damagedIP == 1)
    #expect(try count(Wire.ethernet(ip).dropLast()).cut == 1)
    #expect(try count(Wire.ethernet(Wire.ipv4(udp, transport: 1))).otherTransport == 1)
    #expect(try count(Wire.ethernet(Wire.ipv4(longUDP))).damagedTransport == 1)
    #expect(try count(Wire.ethernet(Wire.ipv4(shortUDP))).damagedTransport == 1)
    #expect(try count(Wire.ethernet(Wire.ipv4([1, 2, 3]))).damagedTransport == 1)
    #expect(try count(Wire.ethernet(Wire.ipv4([1, 2, 3], transport: 6))).damagedTransport == 1)
  }

  @Test("TCP content is handed on once, in order, and gaps are counted")
  func tcp() throws {
    func segment(_ sequence: UInt32, _ content: [UInt8], synchronise: Bool = false) -> [UInt8] {
      let head = Wire.big16(3001) + Wire.big16(50_000) + Wire.big32(sequence) + Wire.big32(0)
      let flags: UInt8 = synchronise ? 2 : 0x10
      let rest: [UInt8] = [0x60, flags, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
      return Wire.ethernet(Wire.ipv4(head + rest + content, transport: 6))
    }
    let frames = [
      segment(0xFFFF_FFFD, [], synchronise: true), segment(0xFFFF_FFFE, [1, 2, 3]),
      segment(0xFFFF_FFFE, [1, 2, 3]), segment(0, [3, 4]), segment(2, []), segment(5, [6]),
      Wire.ethernet(Wire.ipv4(Wire.udp([9]))),
    ]
    let reader = DatagramReader(try CaptureFile.open(bytes: Wire.pcap(frames)))
    var contents: [[UInt8]] = []
    while let message = try reader.nextMessage() {
      if case .segment(let segment) = message {
        contents.append(segment.payload)
        #expect(segment.sourcePort == 3001)
      }
    }
    #expect(contents == [[1, 2, 3], [4], [6]])
    #expect(reader.counters.tcpGaps == 1)
    #expect(reader.counters.tcpWithoutNews == 3)
    #expect(reader.counters.accountedPackets == 7)
    #expect(reader.counters.datagrams == 1)
  }
}

@Suite struct FragmentTests {
  static func payload(_ seed: UInt64, count: Int = 8448) -> [UInt8] {
    var random = Seeded(seed)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  @Test("fragments in order, reversed, shuffled and repeated give the datagram", arguments: [8, 1400, 1480])
  func orders(size: Int) throws {
    let payload = Self.payload(1, count: 6464)
    let parts = Wire.fragments(Wire.udp(payload, checksum: true), size: size)
    var random = Seeded(5)
    for order in [parts, parts.reversed(), parts.shuffled(using: &random), parts.flatMap { [$0, $0] }] {
      let (all, counters) = try datagrams(order)
      #expect(all.first?.payload == payload)
      #expect(counters.reassembled == 1)
      #expect(counters.accountedPackets == counters.packets)
    }
  }

  @Test("the longest datagram there is comes through")
  func longest() throws {
    let payload = Self.payload(2, count: 65_507)
    let (all, _) = try datagrams(Wire.fragments(Wire.udp(payload), size: 1480))
    #expect(all.map(\.payload) == [payload])
  }

  @Test("overlapping fragments that agree are put together; the stamp is the last fragment's")
  func overlapping() throws {
    let udp = Wire.udp(Self.payload(3, count: 992))
    func part(_ range: Range<Int>) -> [UInt8] {
      Wire.ethernet(
        Wire.ipv4(Array(udp[range]), id: 9, offset: range.lowerBound, more: range.upperBound < udp.count))
    }
    let (all, counters) = try datagrams([part(0..<600), part(400..<808), part(0..<80), part(800..<1000)])
    #expect(all.map(\.payload) == [Array(udp.dropFirst(8))])
    #expect(all.first?.realtimeNanoseconds == 1_700_000_003_000_123_456)
    #expect(counters.incompleteDatagrams == 0)
  }

  @Test("overlapping fragments that disagree never give a mixed datagram")
  func contradiction() throws {
    let old = Wire.fragments(Wire.udp(Self.payload(4, count: 2992)), size: 1000)
    let new = Self.payload(5, count: 2992)
    let (all, counters) = try datagrams(Array(old.dropLast()) + Wire.fragments(Wire.udp(new), size: 1000))
    #expect(all.map(\.payload) == [new])
    #expect(counters.incompleteDatagrams == 1)
  }

  @Test("a missing fragment gives no datagram, and is counted at the end")
  func missing() throws {
    let parts = Wire.fragments(Wire.udp(Self.payload(6)), size: 1480)
    for missing in parts.indices {
      var rest = parts
      rest.remove(at: missing)
      let (all, counters) = try datagrams(rest)
      #expect(all.isEmpty)
      #expect(counters.incompleteDatagrams == 1)
      #expect(counters.fragments == UInt64(parts.count - 1))
    }
  }

  @Test("two datagrams whose fragments alternate come out both")
  func interleaved() throws {
    let payloads = [Self.payload(7), Self.payload(8)]
    let parts = payloads.enumerated().map { Wire.fragments(Wire.udp($1), size: 1480, id: $0) }
    let (all, _) = try datagrams(zip(parts[0], parts[1]).flatMap { [$0, $1] })
    #expect(all.map(\.payload) == payloads)
  }

  @Test(
    "a sender that never changes its identification loses only the datagrams that lost a fragment",
    arguments: [0, 1, 5], [false, true])
  func constantIdentification(lost: Int, checksum: Bool) throws {
    let payloads = (0..<6).map { Self.payload(UInt64(20 + $0)) }
    var parts = payloads.map { Wire.fragments(Wire.udp($0, checksum: checksum), size: 1480, id: 0) }
    parts[2].remove(at: lost)
    let (all, counters) = try datagrams(Array(parts.joined()))
    #expect(all.map(\.payload) == payloads.enumerated().filter { $0.offset != 2 }.map(\.element))
    #expect(counters.accountedPackets == counters.packets)
  }

  @Test("a reassembled datagram with a false checksum is dropped and counted")
  func checksum() throws {
    var udp = Wire.udp(Self.payload(9, count: 2000), checksum: true)
    udp[1000] ^= 1
    let (all, counters) = try datagrams(Wire.fragments(udp, size: 800))
    #expect(all.isEmpty)
    #expect(counters.damagedReassembled == 1)
  }

  @Test("datagrams that do not complete are given up by age and by number, so memory stays bounded")
  func bounds() throws {
    let parts = (0..<50).map { Wire.fragments(Wire.udp(Self.payload(UInt64($0))), size: 1480, id: $0) }
    let open = try CaptureFile.open(bytes: Wire.pcap(parts.map { $0[0] } + parts[49] + parts[0]))
    let (byNumber, counters) = try datagrams(open, mostPendingDatagrams: 4)
    #expect(byNumber.map(\.payload) == [Self.payload(49), Self.payload(0)])
    // Of 50, 46 were displaced at first; then the 51st, which completed, displaced another.
    #expect(counters.incompleteDatagrams == 49)

    let late: [[UInt8]] = Array(parts[0].dropLast()) + (0..<30).map { parts[1 + $0][0] } + [parts[0][5]]
    let reopened = try CaptureFile.open(bytes: Wire.pcap(late))
    let (byAge, _) = try datagrams(reopened, mostPendingPackets: 29)
    #expect(byAge.isEmpty)
    let again = try CaptureFile.open(bytes: Wire.pcap(late))
    #expect(try datagrams(again, mostPendingPackets: 31).datagrams.count == 1)
  }

  @Test("fragments beyond 65535 bytes, empty ones and inner ones of odd length are refused")
  func refused() throws {
    let parts = [
      Wire.ipv4([UInt8](repeating: 1, count: 16), offset: 65_528, more: false),
      Wire.ipv4([], offset: 8, more: true), Wire.ipv4([1, 2, 3], offset: 8, more: true),
    ]
    let (all, counters) = try datagrams(parts.map { Wire.ethernet($0) })
    #expect(all.isEmpty)
    #expect(counters.refusedFragments == 3)
    #expect(counters.incompleteDatagrams == 0)
  }
}
