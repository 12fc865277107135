/// The header of a TCP segment. Source: RFC 9293.
struct TCPHeader: Equatable {
  var sourcePort: UInt16
  var destinationPort: UInt16
  var sequence: UInt32
  var isSynchronising: Bool
  var payload: ArraySlice<UInt8>

  init?(_ content: ArraySlice<UInt8>) {
    let head = Array(content.prefix(20))
    guard head.count == 20 else { return nil }
    let headerBytes = Int(head[12] >> 4) * 4
    guard headerBytes >= 20, content.count >= headerBytes else { return nil }
    sourcePort = head.u16(0, bigEndian: true)
    destinationPort = head.u16(2, bigEndian: true)
    sequence = head.u32(4, bigEndian: true)
    isSynchronising = head[13] & 2 != 0
    payload = content.dropFirst(headerBytes)
  }
}

/// Remembers how far every TCP direction has come, to leave out what was sent again.
///
/// Memory: the directions last met, at most 64.
struct TCPStreams {
  private struct Direction: Equatable {
    var source: IPv4Address
    var sourcePort: UInt16
    var destination: IPv4Address
    var destinationPort: UInt16
  }
  private var positions: [(direction: Direction, next: UInt32)] = []
  static let mostDirections = 64

  /// The part of the segment's content that had not come before.
  mutating func news(
    in segment: TCPHeader, from source: IPv4Address, to destination: IPv4Address
  ) -> (payload: ArraySlice<UInt8>, followsGap: Bool) {
    let direction = Direction(
      source: source, sourcePort: segment.sourcePort, destination: destination,
      destinationPort: segment.destinationPort)
    let length = UInt32(truncatingIfNeeded: segment.payload.count)
    let begin = segment.isSynchronising ? segment.sequence &+ 1 : segment.sequence
    let end = begin &+ length
    guard let index = positions.firstIndex(where: { $0.direction == direction }) else {
      if positions.count >= Self.mostDirections { positions.removeFirst() }
      positions.append((direction, end))
      return (segment.payload, false)
    }
    if segment.isSynchronising {
      positions[index].next = end
      return (segment.payload, false)
    }
    // Sequence numbers wrap, so the difference's sign is what orders them.
    let ahead = Int32(bitPattern: begin &- positions[index].next)
    if ahead < 0 {
      let known = Int(ahead.magnitude)
      if known < segment.payload.count { positions[index].next = end }
      return (segment.payload.dropFirst(known), false)
    }
    positions[index].next = end
    return (segment.payload, ahead > 0 && length > 0)
  }
}
