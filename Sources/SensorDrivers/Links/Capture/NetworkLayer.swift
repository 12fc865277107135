/// What follows the link-layer header of a captured packet.
enum NetworkLayer: Equatable {
  /// The header begins at this offset.
  case ipv4(Int)
  case ipv6
  case otherProtocol
  /// Too short for the headers it announces.
  case damaged
  case unknownLink

  init(of packet: CapturedPacket) {
    let bytes = packet.bytes
    switch packet.link {
    case .ethernet:
      guard bytes.count >= 14 else {
        self = .damaged
        return
      }
      self.init(bytes, etherTypeAt: 12, payload: 14)
    case .linuxCooked:
      guard bytes.count >= 16 else {
        self = .damaged
        return
      }
      self.init(bytes, etherTypeAt: 14, payload: 16)
    case .linuxCooked2:
      guard bytes.count >= 20 else {
        self = .damaged
        return
      }
      self.init(bytes, etherTypeAt: 0, payload: 20)
    case .loopback:
      guard bytes.count >= 4 else {
        self = .damaged
        return
      }
      // The family is in the byte order of the machine that captured, IPv4's is 2 everywhere.
      let family = bytes.u32(0, bigEndian: true)
      switch family <= 0xFFFF ? family : family.byteSwapped {
      case 2: self = .ipv4(4)
      case 10, 24, 28, 30: self = .ipv6
      default: self = .otherProtocol
      }
    case .rawIP:
      guard let first = bytes.first else {
        self = .damaged
        return
      }
      self = first >> 4 == 4 ? .ipv4(0) : first >> 4 == 6 ? .ipv6 : .otherProtocol
    case .canRecord, .socketCAN, .other: self = .unknownLink
    }
  }

  /// Follows up to two VLAN tags.
  private init(_ bytes: [UInt8], etherTypeAt place: Int, payload start: Int) {
    var type = bytes.u16(place, bigEndian: true)
    var payload = start
    for _ in 0..<2 where type == 0x8100 || type == 0x88A8 || type == 0x9100 {
      guard bytes.count >= payload + 4 else {
        self = .damaged
        return
      }
      type = bytes.u16(payload + 2, bigEndian: true)
      payload += 4
    }
    switch type {
    case 0x0800: self = .ipv4(payload)
    case 0x86DD: self = .ipv6
    default: self = .otherProtocol
    }
  }
}

/// The header of an IPv4 packet. Source: RFC 791. Its checksum is not verified: captures of one's own sending
/// hold packets whose checksum the network card was to fill in.
struct IPv4Header: Equatable {
  enum Refusal: Error { case damaged, cut }

  var source: IPv4Address
  var destination: IPv4Address
  var protocolNumber: UInt8
  var identification: UInt16
  var hasMoreFragments: Bool
  /// In bytes.
  var fragmentOffset: Int
  var payload: Range<Int>

  var isFragment: Bool { hasMoreFragments || fragmentOffset > 0 }

  init(_ bytes: [UInt8], at start: Int) throws(Refusal) {
    guard bytes.count >= start + 20, bytes[start] >> 4 == 4 else { throw .damaged }
    let headerBytes = Int(bytes[start] & 0xF) * 4
    guard headerBytes >= 20, bytes.count >= start + headerBytes else { throw .damaged }
    var total = Int(bytes.u16(start + 2, bigEndian: true))
    // Segmentation offload leaves the length empty in captures on the sending machine.
    if total == 0 { total = min(bytes.count - start, 65_535) }
    guard total >= headerBytes else { throw .damaged }
    guard bytes.count - start >= total else { throw .cut }
    identification = bytes.u16(start + 4, bigEndian: true)
    let fragment = bytes.u16(start + 6, bigEndian: true)
    hasMoreFragments = fragment & 0x2000 != 0
    fragmentOffset = Int(fragment & 0x1FFF) * 8
    protocolNumber = bytes[start + 9]
    source = IPv4Address(value: bytes.u32(start + 12, bigEndian: true))
    destination = IPv4Address(value: bytes.u32(start + 16, bigEndian: true))
    payload = (start + headerBytes)..<(start + total)
  }
}
