import Testing

@testable import SensorDrivers

@Suite struct PcapTests {
  static let first: [UInt8] = [1, 2, 3]
  static let second = [UInt8](repeating: 9, count: 1500)

  @Test("all four kinds of pcap give the same packets", arguments: [false, true], [false, true])
  func magics(big: Bool, nanoseconds: Bool) {
    let file = Wire.pcap([Self.first, [], Self.second], big: big, nanoseconds: nanoseconds)
    let (all, failure) = packets(file)
    #expect(failure == nil)
    #expect(all.map(\.bytes) == [Self.first, [], Self.second])
    let fraction: Int64 = nanoseconds ? 123_456 : 123_456_000
    #expect(all.map(\.realtimeNanoseconds) == (0..<3).map { (1_700_000_000 + $0) * 1_000_000_000 + fraction })
    #expect(all.allSatisfy { $0.link == .ethernet })
  }

  @Test("a pcap cut at any byte gives every whole packet, then says where it was cut")
  func cutAnywhere() {
    let file = Wire.pcap([[1, 2, 3], [], [4, 5]])
    let starts = [24, 24 + 19, 24 + 19 + 16]
    for length in 24..<file.count {
      let (all, failure) = packets(Array(file.prefix(length)))
      let whole = length < 24 + 19 ? 0 : length < 24 + 35 ? 1 : 2
      #expect(all.count == whole)
      if starts.contains(length) {
        #expect(failure == nil)
      } else {
        #expect(failure?.kind == .truncated)
        #expect(failure?.byteOffset == starts[whole])
        #expect(failure?.packetsBefore == UInt64(whole))
        #expect(failure?.message.contains("byte \(starts[whole])") == true)
      }
    }
    for length in 4..<24 { #expect(packets(Array(file.prefix(length))).failure?.kind == .truncated) }
  }

  @Test("a failure is final: it is thrown again")
  func failureStays() throws {
    let reader = try CaptureFile.open(bytes: Wire.pcap([[1, 2, 3]]).dropLast())
    for _ in 0..<3 {
      #expect(throws: CaptureFailure.self) { try reader.next() }
    }
  }

  @Test(
    "a claimed length near the limits of UInt32 is damage, not memory",
    arguments: [
      0x0020_0001, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFF,
    ] as [UInt32])
  func hugeLength(length: UInt32) {
    var file = Wire.pcap([[1], [2]])
    file.replaceSubrange((24 + 17 + 8)..<(24 + 17 + 12), with: Wire.number32(length, big: false))
    let (all, failure) = packets(file)
    #expect(all.count == 1)
    #expect(failure?.kind == .damaged)
    #expect(failure?.byteOffset == 41)
  }

  @Test("packets of which the capture kept the beginning are counted")
  func cutPackets() throws {
    let reader = try CaptureFile.open(bytes: Wire.pcap([[1, 2], [3]], original: 2))
    while try reader.next() != nil {}
    #expect(reader.counters.cutPackets == 1)
    #expect(reader.counters.packets == 2)
  }

  @Test("a file is recognised by its content, and what is not a capture says so")
  func recognition() {
    #expect(packets([]).failure?.message.contains("empty") == true)
    #expect(packets([0x89, 0x4D, 0x43, 0x41, 0x50]).failure?.kind == .unknownFormat)
    #expect(packets([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]).failure?.message.contains("unxz") == true)
    #expect(packets([0x1F, 0x8B, 8, 0]).failure?.message.contains("gunzip") == true)
    #expect(packets([0x28, 0xB5, 0x2F, 0xFD]).failure?.message.contains("unzstd") == true)
  }

  @Test("a file that is not there is absent; a directory cannot be read")
  func files() {
    do {
      _ = try CaptureFile.open("/nonexistent/capture.pcap")
      Issue.record("opened")
    } catch {
      #expect(error.kind == .absent)
      #expect(error.message.contains("/nonexistent/capture.pcap"))
    }
    do {
      _ = try CaptureFile.open("/")
      Issue.record("opened")
    } catch {
      #expect(error.kind == .unreadable)
    }
  }
}

@Suite struct PcapngTests {
  static let start: UInt64 = 1_700_000_000

  @Test("enhanced, simple and obsolete packets are read, in either byte order", arguments: [false, true])
  func blocks(big: Bool) throws {
    let ticks = Self.start * 1_000_000
    var file = Wire.section(big: big) + Wire.interface(big: big)
    file += Wire.block(5, [0, 0, 0, 0], big: big)
    file += Wire.enhanced([1, 2, 3, 4, 5], ticks: ticks + 7, big: big)
    file += Wire.block(3, Wire.number32(3, big: big) + [7, 8, 9], big: big)
    let stamp =
      Wire.number32(UInt32(ticks >> 32), big: big)
      + Wire.number32(UInt32(ticks & 0xFFFF_FFFF), big: big)
    let lengths = Wire.number32(2, big: big) + Wire.number32(60, big: big)
    file += Wire.block(2, Wire.number16(0, big: big) + [0, 0] + stamp + lengths + [6, 6], big: big)
    let reader = try CaptureFile.open(bytes: file)
    var all: [CapturedPacket] = []
    while let packet = try reader.next() { all.append(packet) }
    #expect(all.map(\.bytes) == [[1, 2, 3, 4, 5], [7, 8, 9], [6, 6]])
    let base = Int64(Self.start) * 1_000_000_000
    #expect(all.map(\.realtimeNanoseconds) == [base + 7000, base + 7000, base])
    #expect(reader.counters.skippedBlocks == 1)
    #expect(reader.counters.withoutStamp == 1)
    #expect(reader.counters.cutPackets == 1)
  }

  @Test("time resolutions are powers of ten or two, with an offset in seconds")
  func resolutions() {
    func stamp(_ resolution: UInt8?, _ ticks: UInt64, offset: Int? = nil) -> Int64? {
      let file = Wire.section(big: false) + Wire.interface(resolution: resolution, offset: offset)
      return packets(file + Wire.enhanced([1], ticks: ticks)).packets.first?.realtimeNanoseconds
    }
    #expect(stamp(nil, 5) == 5000)
    #expect(stamp(9, 1_700_000_000_123_456_789) == 1_700_000_000_123_456_789)
    #expect(stamp(3, 5) == 5_000_000)
    #expect(stamp(0, 5) == 5_000_000_000)
    #expect(stamp(12, 5_999) == 5)
    #expect(stamp(0x80 | 10, 1536) == 1_500_000_000)
    #expect(stamp(0x80 | 32, 0x6000_0000_8000_0000) == 1_610_612_736_500_000_000)
    #expect(stamp(9, 5, offset: 1_700_000_000) == 1_700_000_000_000_000_005)
    #expect(stamp(9, 5, offset: -1 & Int.max) == .max)
    for exponent in 0...127 as ClosedRange<UInt8> {
      _ = stamp(exponent, .max)
      _ = stamp(exponent | 0x80, .max)
    }
  }

  @Test("several interfaces and sections of different byte order are kept apart")
  func sections() {
    var file = Wire.section(big: false) + Wire.interface(link: 1) + Wire.interface(link: 101, resolution: 9)
    file += Wire.enhanced([1], ticks: 2_000, interface: 1) + Wire.enhanced([2], ticks: 3, interface: 0)
    file += Wire.enhanced([3], ticks: 3, interface: 2)
    file += Wire.section(big: true) + Wire.interface(link: 113, big: true)
    file += Wire.enhanced([4], ticks: 9, big: true) + Wire.enhanced([5], ticks: 9, interface: 1, big: true)
    let (all, failure) = packets(file)
    #expect(failure == nil)
    #expect(all.map(\.bytes) == [[1], [2], [4]])
    #expect(all.map(\.link) == [.rawIP, .ethernet, .linuxCooked])
    #expect(all.map(\.realtimeNanoseconds) == [2_000, 3_000, 9_000])
  }

  @Test("a pcapng cut at any byte gives every whole packet, then says where it was cut")
  func cutAnywhere() {
    let head = Wire.section(big: false) + Wire.interface()
    let block = Wire.enhanced([1, 2, 3], ticks: 5)
    let file = head + block + block
    for length in head.count..<file.count {
      let (all, failure) = packets(Array(file.prefix(length)))
      let whole = (length - head.count) / block.count
      #expect(all.count == whole)
      let start = head.count + whole * block.count
      #expect((failure == nil) == (length == start))
      if let failure {
        #expect(failure.kind == .truncated && failure.byteOffset == start)
        #expect(failure.packetsBefore == UInt64(whole))
      }
    }
  }

  @Test(
    "impossible block lengths are damage at the block's place",
    arguments: [
      0, 4, 11, 13, 0x7FFF_FFFC, 0xFFFF_FFFC, 0xFFFF_FFFF,
    ] as [UInt32])
  func blockLengths(length: UInt32) {
    let head = Wire.section(big: false) + Wire.interface()
    let bad = Wire.number32(6, big: false) + Wire.number32(length, big: false)
    let file = head + Wire.enhanced([1], ticks: 5) + bad + [UInt8](repeating: 0, count: 64)
    let (all, failure) = packets(file)
    #expect(all.count == 1)
    #expect(failure?.kind == .damaged)
    #expect(failure?.byteOffset == head.count + 36)
  }

  @Test("a packet that claims more than its block holds is passed over and counted")
  func lyingPacket() throws {
    var block = Wire.enhanced([1, 2, 3], ticks: 5)
    block.replaceSubrange(20..<24, with: [0xFF, 0xFF, 0xFF, 0xFF])
    let file = Wire.section(big: false) + Wire.interface() + block + Wire.enhanced([4], ticks: 6)
    let reader = try CaptureFile.open(bytes: file)
    #expect(try reader.next()?.bytes == [4])
    #expect(try reader.next() == nil)
    #expect(reader.counters.damagedPackets == 1)
  }
}
