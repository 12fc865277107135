import Testing

@testable import SensorDrivers

@Suite struct CaptureFuzzTests {
  /// Small captures of every kind the readers know.
  static let corpus: [[UInt8]] = {
    let payload = (0..<60).map { UInt8($0) }
    let fragments = Wire.fragments(Wire.udp(payload, checksum: true), size: 24)
    let tcp = Wire.big16(1) + Wire.big16(2) + Wire.big32(9) + Wire.big32(0) + [0x50, 2, 0, 0, 0, 0, 0, 0, 5]
    let whole = Wire.ipv4(Wire.udp(payload), options: 4)
    let frames =
      fragments + [
        Wire.ethernet(whole, tags: [0x8100, 0x8100]), Wire.ethernet(Wire.ipv4(tcp, transport: 6)),
      ]
    var little = Wire.section(big: false) + Wire.interface(resolution: 9, offset: 1)
    for frame in frames { little += Wire.enhanced(frame, ticks: 1 << 60) }
    little += Wire.block(3, Wire.number32(4, big: false) + [1, 2, 3, 4], big: false)
    let big = Wire.section(big: true) + Wire.interface(link: 101, resolution: 0x8A, big: true)
    let text = "(1.5) can0 123#DEADBEEF\n(1.6) can1 1ABCDEF0##3AABBCC\n can0  123   [4]  DE AD BE EF\n"
    return [
      Wire.pcap(frames), Wire.pcap([whole], link: 101, big: true),
      Wire.pcap([[2, 0, 0, 0] + whole], link: 0),
      Wire.pcap([[UInt8](repeating: 0, count: 14) + [8, 0] + whole], link: 113), little,
      big + Wire.enhanced(whole, ticks: 99, big: true) + little, Array((text + text).utf8),
    ]
  }()

  /// Overwrites, cuts, repeats or removes something.
  static func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
    for _ in 0...random.next() % 3 {
      guard !bytes.isEmpty else { return }
      let place = Int(random.next() % UInt64(bytes.count))
      switch random.next() % 8 {
      case 0...2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 3: bytes[place] ^= 1 << UInt8(random.next() % 8)
      case 4:
        let extremes: [UInt32] = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFC, 0xFFFF_FFFF, 0xFFFF, 12]
        let value = Wire.big32(extremes[Int(random.next() % 8)])
        let end = min(place + 4, bytes.count)
        bytes.replaceSubrange(place..<end, with: value.prefix(end - place))
      case 5: bytes.removeSubrange(place...)
      case 6:
        let end = min(place + Int(random.next() % 64), bytes.count)
        bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: bytes.removeSubrange(place..<min(place + 1 + Int(random.next() % 8), bytes.count))
      }
    }
  }

  /// Reads a capture to its end or its failure; false when some account does not balance.
  static func isAccounted(_ bytes: [UInt8]) -> Bool {
    do {
      let capture = try CaptureFile.open(bytes: bytes)
      let reader = DatagramReader(capture, mostPendingDatagrams: 4, mostPendingPackets: 8)
      var delivered = 0
      var failures = 0
      while failures < 100 {
        do {
          guard let message = try reader.nextMessage() else { break }
          switch message {
          case .datagram(let datagram): delivered += datagram.payload.count
          case .segment(let segment): delivered += segment.payload.count
          }
        } catch {
          guard error.byteOffset <= bytes.count, error.packetsBefore == capture.counters.packets else {
            return false
          }
          failures += 1
          // Only a text capture reads on behind a failure.
          if error.line == nil { break }
        }
      }
      let counters = reader.counters
      return failures < 100 && delivered <= bytes.count && counters.accountedPackets == counters.packets
        && counters.packets == capture.counters.packets
    } catch {
      return error.byteOffset <= bytes.count
    }
  }

  @Test("200000 mutated captures are read without a trap, every packet accounted for", arguments: 0..<8)
  func mutations(seed: Int) {
    var random = Seeded(UInt64(seed))
    for round in 0..<25_000 {
      var bytes = Self.corpus[round % Self.corpus.count]
      Self.mutate(&bytes, &random)
      if !Self.isAccounted(bytes) {
        Issue.record("seed \(seed), round \(round): \(bytes)")
        return
      }
    }
  }

  @Test("random bytes behind every magic number are read without a trap")
  func garbage() {
    var random = Seeded(99)
    let magics: [[UInt8]] = [
      [0xD4, 0xC3, 0xB2, 0xA1], [0xA1, 0xB2, 0x3C, 0x4D], Wire.section(big: false), Wire.section(big: true),
      [UInt8(ascii: "(")], [],
    ]
    for round in 0..<6000 {
      let count = Int(random.next() % 200)
      let noise = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      #expect(Self.isAccounted(magics[round % magics.count] + noise))
    }
  }
}
