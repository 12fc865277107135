import Testing

@testable import SensorDrivers

/// Writes packets and capture files for the tests, one header at a time.
enum Wire {
  static let source = IPv4Address(192, 168, 1, 201)
  static let destination = IPv4Address(192, 168, 1, 77)

  static func big16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
  static func big32(_ value: UInt32) -> [UInt8] { big16(Int(value >> 16)) + big16(Int(value & 0xFFFF)) }
  static func number32(_ value: UInt32, big: Bool) -> [UInt8] { big ? big32(value) : big32(value).reversed() }
  static func number16(_ value: Int, big: Bool) -> [UInt8] { big ? big16(value) : big16(value).reversed() }

  static func udp(_ payload: [UInt8], from: Int = 443, to: Int = 2368, checksum: Bool = false) -> [UInt8] {
    var bytes = big16(from) + big16(to) + big16(payload.count + 8) + [0, 0] + payload
    if checksum {
      var sum = 17 + bytes.count
      for address in [source, destination] { sum += Int(address.value >> 16) + Int(address.value & 0xFFFF) }
      for (place, byte) in bytes.enumerated() { sum += place % 2 == 0 ? Int(byte) << 8 : Int(byte) }
      while sum > 0xFFFF { sum = sum >> 16 + sum & 0xFFFF }
      bytes.replaceSubrange(6..<8, with: big16(sum == 0xFFFF ? 0xFFFF : 0xFFFF - sum))
    }
    return bytes
  }

  static func ipv4(
    _ payload: [UInt8], id: Int = 1, offset: Int = 0, more: Bool = false, options: Int = 0,
    transport: UInt8 = 17
  ) -> [UInt8] {
    let head = 20 + options
    var bytes: [UInt8] = [UInt8(0x40 | head / 4), 0]
    bytes += big16(head + payload.count) + big16(id) + big16(offset / 8 | (more ? 0x2000 : 0))
    bytes += [64, transport, 0, 0] + big32(source.value) + big32(destination.value)
    return bytes + [UInt8](repeating: 1, count: options) + payload
  }

  static func ethernet(_ payload: [UInt8], type: Int = 0x0800, tags: [Int] = []) -> [UInt8] {
    var bytes = [UInt8](repeating: 2, count: 12)
    for tag in tags { bytes += big16(tag) + big16(5) }
    return bytes + big16(type) + payload
  }

  /// The Ethernet frames of one datagram sent in fragments of at most `size` bytes.
  static func fragments(_ datagram: [UInt8], size: Int, id: Int = 7) -> [[UInt8]] {
    stride(from: 0, to: datagram.count, by: size).map { offset in
      let part = Array(datagram[offset..<min(offset + size, datagram.count)])
      let more = offset + size < datagram.count
      return ethernet(ipv4(part, id: id, offset: offset, more: more))
    }
  }

  static func pcap(
    _ packets: [[UInt8]], link: UInt32 = 1, big: Bool = false, nanoseconds: Bool = true, original: Int? = nil
  ) -> [UInt8] {
    var file = number32(nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4, big: big)
    file += number16(2, big: big) + number16(4, big: big) + [UInt8](repeating: 0, count: 8)
    file += number32(65_535, big: big) + number32(link, big: big)
    for (index, packet) in packets.enumerated() {
      file += number32(1_700_000_000 + UInt32(index), big: big) + number32(123_456, big: big)
      file += number32(UInt32(packet.count), big: big) + number32(UInt32(original ?? packet.count), big: big)
      file += packet
    }
    return file
  }

  static func block(_ type: UInt32, _ body: [UInt8], big: Bool) -> [UInt8] {
    let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
    let length = number32(UInt32(padded.count + 12), big: big)
    return number32(type, big: big) + length + padded + length
  }

  static func section(big: Bool) -> [UInt8] {
    let version = number16(1, big: big) + number16(0, big: big) + [UInt8](repeating: 0xFF, count: 8)
    return block(0x0A0D_0D0A, number32(0x1A2B_3C4D, big: big) + version, big: big)
  }

  static func interface(
    link: Int = 1, snap: UInt32 = 0, resolution: UInt8? = nil, offset: Int? = nil, big: Bool = false
  ) -> [UInt8] {
    var body = number16(link, big: big) + [0, 0] + number32(snap, big: big)
    if let resolution { body += number16(9, big: big) + number16(1, big: big) + [resolution, 0, 0, 0] }
    if let offset {
      let halves = [
        number32(UInt32(offset >> 32), big: big), number32(UInt32(offset & 0xFFFF_FFFF), big: big),
      ]
      body += number16(14, big: big) + number16(8, big: big) + (big ? halves : halves.reversed()).joined()
    }
    return block(1, body + [0, 0, 0, 0], big: big)
  }

  static func enhanced(
    _ packet: [UInt8], ticks: UInt64, interface: UInt32 = 0, big: Bool = false
  ) -> [UInt8] {
    var body = number32(interface, big: big) + number32(UInt32(ticks >> 32), big: big)
    body += number32(UInt32(ticks & 0xFFFF_FFFF), big: big)
    body += number32(UInt32(packet.count), big: big) + number32(UInt32(packet.count), big: big)
    return block(6, body + packet, big: big)
  }
}

/// Every packet of a capture, and the failure it ends in.
func packets(_ bytes: [UInt8]) -> (packets: [CapturedPacket], failure: CaptureFailure?) {
  var packets: [CapturedPacket] = []
  do {
    let reader = try CaptureFile.open(bytes: bytes)
    while let packet = try reader.next() { packets.append(packet) }
    return (packets, nil)
  } catch {
    return (packets, error)
  }
}

/// Every datagram of a capture, and the reader's counters after it.
func datagrams(
  _ capture: any CaptureReader, mostPendingDatagrams: Int = 64, mostPendingPackets: UInt64 = 4096
) throws(CaptureFailure) -> (datagrams: [UDPDatagram], counters: DatagramCounters) {
  let reader = DatagramReader(
    capture, mostPendingDatagrams: mostPendingDatagrams, mostPendingPackets: mostPendingPackets)
  var datagrams: [UDPDatagram] = []
  while let datagram = try reader.next() { datagrams.append(datagram) }
  return (datagrams, reader.counters)
}

func datagrams(_ frames: [[UInt8]]) throws -> (datagrams: [UDPDatagram], counters: DatagramCounters) {
  try datagrams(CaptureFile.open(bytes: Wire.pcap(frames)))
}
