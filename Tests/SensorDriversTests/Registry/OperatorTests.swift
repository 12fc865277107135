import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Operator packets") struct OperatorTests {
  private func feed(_ packets: [[UInt8]], _ decoder: OperatorDecoder = OperatorDecoder()) -> (
    requests: [UInt32], decoder: OperatorDecoder
  ) {
    var requests: [UInt32] = []
    for packet in packets {
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { requests.append($1.request) }
    }
    return (requests, decoder)
  }

  @Test("A packet has exactly the documented bytes")
  func bytes() {
    let packet = OperatorPacket(.engage, counter: 0x0403_0201).encoded()
    #expect(packet.prefix(16) == [0x46, 0x55, 0x4F, 0x50, 1, 0, 20, 0, 1, 0, 0, 0, 1, 2, 3, 4])
    // zlib's sum of those sixteen bytes.
    #expect(packet.suffix(4) == checksum)
    #expect(packet.count == 20)
  }
  private let checksum: [UInt8] = [0x36, 0xb3, 0xdf, 0xdc]

  @Test("Requests come out as they were sent, and gaps are counted")
  func sequence() {
    var sender = OperatorSender(startMilliseconds: 1_700_000_000_000)
    let first = [sender.packet(.engage), sender.packet(.disengage)]
    _ = sender.packet(.engage)
    let (requests, decoder) = feed(first + [sender.packet(.emergencyStop)])
    #expect(requests == [1, 0, 2])
    #expect(decoder.counters.samples == 3 && decoder.counters.missing == 1 && decoder.counters.invalid == 0)
  }

  @Test("A late or repeated engage is refused, a late emergency stop is not")
  func stale() {
    let engage = OperatorPacket(.engage, counter: 10).encoded()
    let (requests, decoder) = feed([
      engage, OperatorPacket(.disengage, counter: 11).encoded(), engage,
      OperatorPacket(.disengage, counter: 11).encoded(), OperatorPacket(.emergencyStop, counter: 9).encoded(),
      // The stop did not set the counter back.
      engage, OperatorPacket(.engage, counter: 12).encoded(),
    ])
    #expect(requests == [1, 0, 2, 1])
    #expect(decoder.stalePackets == 3 && decoder.counters.invalid == 3)
  }

  @Test("The counter wraps, and a new connection begins anew")
  func wraps() {
    let (requests, decoder) = feed([
      OperatorPacket(.engage, counter: .max).encoded(), OperatorPacket(.disengage, counter: 0).encoded(),
    ])
    #expect(requests == [1, 0])
    decoder.reset()
    #expect(feed([OperatorPacket(.engage, counter: 0).encoded()], decoder).requests == [1])
  }

  @Test("Any changed bit refuses a packet, and no bytes bring the decoder down")
  func damaged() {
    let good = OperatorPacket(.engage, counter: 5).encoded()
    for bit in 0..<(8 * good.count) {
      var packet = good
      packet[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(feed([packet]).requests.isEmpty, "bit \(bit)")
    }
    var random = SeededBytes(seed: 11)
    let (_, decoder) = feed((0..<5000).map { _ in random.damaged(good) })
    #expect(decoder.counters.packets == 5000)
    #expect(decoder.counters.samples + decoder.counters.ignored + decoder.counters.invalid == 5000)
    // A request this version does not know, with a right checksum.
    var unknown = Array(good.prefix(16))
    unknown[8] = 9
    unknown.appendLittleEndian(unsafe CRC32.of(unknown.span.bytes))
    #expect(feed([unknown]).decoder.counters.invalid == 1)
  }
}
