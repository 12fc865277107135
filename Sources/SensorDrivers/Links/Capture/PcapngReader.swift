/// Reads pcapng files: several sections and interfaces, either byte order, any time resolution.
///
/// Enhanced, simple and obsolete packet blocks give packets; other blocks are skipped and counted.
/// Source: draft-ietf-opsawg-pcapng.
public final class PcapngReader: CaptureReader {
  public private(set) var counters = CaptureCounters()
  private let file: CaptureBytes
  private var isBigEndian = false
  private var interfaces: [PcapngInterface] = []
  private var lastStamp: Int64 = 0
  private var failure: CaptureFailure?

  static let sectionHeader: UInt32 = 0x0A0D_0D0A
  static let largestBlockBytes = PcapReader.largestPacketBytes + 4096
  static let mostInterfaces = 4096

  init(_ file: CaptureBytes) throws(CaptureFailure) {
    self.file = file
    guard try file.available(4) >= 4, file.u32(0, bigEndian: false) == Self.sectionHeader else {
      throw fail(.unknownFormat, "not a pcapng file")
    }
  }

  public func next() throws(CaptureFailure) -> CapturedPacket? {
    if let failure { throw failure }
    do throws(CaptureFailure) {
      while try file.available(1) > 0 {
        if let packet = try readBlock() { return packet }
      }
      return nil
    } catch {
      failure = error
      throw error
    }
  }

  /// Reads one block; nil when it holds no packet.
  private func readBlock() throws(CaptureFailure) -> CapturedPacket? {
    guard try file.available(12) >= 12 else { throw cut() }
    let type = u32(0)
    if type == Self.sectionHeader { try beginSection() }
    let length = Int(u32(4))
    guard length >= 12, length % 4 == 0, length <= Self.largestBlockBytes else {
      throw fail(.damaged, "a block claims \(length) bytes; the file is damaged from here on")
    }
    guard try file.available(length) >= length else { throw cut() }
    guard Int(u32(length - 4)) == length else {
      throw fail(.damaged, "a block's two lengths differ; the file is damaged from here on")
    }
    let packet = try packet(type: type, length: length)
    file.skip(length)
    if let packet {
      counters.packets += 1
      lastStamp = packet.realtimeNanoseconds
      if packet.originalByteCount > packet.bytes.count { counters.cutPackets += 1 }
    }
    return packet
  }

  private func beginSection() throws(CaptureFailure) {
    // The byte order of the section, and so of this block's own length.
    switch file.u32(8, bigEndian: false) {
    case 0x1A2B_3C4D: isBigEndian = false
    case 0x4D3C_2B1A: isBigEndian = true
    default: throw fail(.damaged, "a section header without its byte-order mark")
    }
    interfaces.removeAll(keepingCapacity: true)
  }

  private func packet(type: UInt32, length: Int) throws(CaptureFailure) -> CapturedPacket? {
    switch type {
    case Self.sectionHeader: return nil
    case 1: try describeInterface(length)
    case 6 where length >= 32:
      return packet(
        interface: Int(u32(8)), ticks: UInt64(u32(12)) << 32 | UInt64(u32(16)), captured: Int(u32(20)),
        original: Int(u32(24)), at: 28, blockLength: length)
    case 2 where length >= 32:
      return packet(
        interface: Int(file.u16(8, bigEndian: isBigEndian)),
        ticks: UInt64(u32(12)) << 32 | UInt64(u32(16)), captured: Int(u32(20)), original: Int(u32(24)),
        at: 28, blockLength: length)
    case 3 where length >= 16: return simplePacket(length)
    case 2, 3, 6: counters.damagedPackets += 1
    default: counters.skippedBlocks += 1
    }
    return nil
  }

  private func packet(
    interface: Int, ticks: UInt64, captured: Int, original: Int, at start: Int, blockLength: Int
  ) -> CapturedPacket? {
    guard interface < interfaces.count else {
      counters.unknownInterface += 1
      return nil
    }
    guard captured <= blockLength - 4 - start else {
      counters.damagedPackets += 1
      return nil
    }
    let description = interfaces[interface]
    return CapturedPacket(
      realtimeNanoseconds: description.nanoseconds(ticks: ticks), link: description.link,
      interface: interface, originalByteCount: original, bytes: file.copy(start..<(start + captured)))
  }

  /// A simple packet block has no stamp, and belongs to the section's first interface.
  private func simplePacket(_ length: Int) -> CapturedPacket? {
    guard let description = interfaces.first else {
      counters.unknownInterface += 1
      return nil
    }
    let original = Int(u32(8))
    let limit = description.snapLength == 0 ? Int.max : Int(description.snapLength)
    let captured = min(original, limit, length - 16)
    counters.withoutStamp += 1
    return CapturedPacket(
      realtimeNanoseconds: lastStamp, link: description.link, originalByteCount: original,
      bytes: file.copy(12..<(12 + captured)))
  }

  private func describeInterface(_ length: Int) throws(CaptureFailure) {
    guard length >= 20 else { throw fail(.damaged, "an interface description of \(length) bytes") }
    guard interfaces.count < Self.mostInterfaces else {
      throw fail(.damaged, "more than \(Self.mostInterfaces) interfaces in one section")
    }
    var description = PcapngInterface(
      link: CaptureLink(linkType: UInt32(file.u16(8, bigEndian: isBigEndian))), snapLength: u32(12))
    var place = 16
    while place + 4 <= length - 4 {
      let code = file.u16(place, bigEndian: isBigEndian)
      let size = Int(file.u16(place + 2, bigEndian: isBigEndian))
      guard code != 0, place + 4 + size <= length - 4 else { break }
      if code == 9, size >= 1 { description.resolution = file.byte(place + 4) }
      if code == 14, size >= 8 {
        let first = UInt64(u32(place + 4))
        let second = UInt64(u32(place + 8))
        description.offsetSeconds = Int64(
          bitPattern: isBigEndian ? first << 32 | second : second << 32 | first)
      }
      place += 4 + (size + 3) / 4 * 4
    }
    interfaces.append(description)
  }

  private func u32(_ index: Int) -> UInt32 { file.u32(index, bigEndian: isBigEndian) }

  private func cut() -> CaptureFailure {
    fail(
      .truncated,
      "the file ends inside the block that begins here; the \(counters.packets) packets before it are whole")
  }

  private func fail(_ kind: CaptureFailure.Kind, _ text: String) -> CaptureFailure {
    CaptureFailure(
      kind: kind, path: file.path, byteOffset: file.offset, packetsBefore: counters.packets,
      message: "\(file.path): at byte \(file.offset), after packet \(counters.packets): \(text)")
  }
}

/// What an interface description block says of its packets.
struct PcapngInterface {
  var link: CaptureLink
  /// 0: packets are kept whole.
  var snapLength: UInt32
  /// if_tsresol: ticks a second are 10^n, or 2^n where the highest bit is set.
  var resolution: UInt8 = 6
  /// if_tsoffset.
  var offsetSeconds: Int64 = 0

  /// Saturates where a hostile resolution or stamp leaves Int64.
  func nanoseconds(ticks: UInt64) -> Int64 {
    let exponent = Int(resolution & 0x7F)
    let time: UInt64
    if resolution & 0x80 != 0 {
      let (high, low) = ticks.multipliedFullWidth(by: 1_000_000_000)
      if exponent >= 64 {
        time = high >> UInt64(exponent - 64)
      } else if high >> UInt64(exponent) != 0 {
        time = .max
      } else {
        time = exponent == 0 ? low : high << UInt64(64 - exponent) | low >> UInt64(exponent)
      }
    } else if exponent <= 9 {
      let (product, overflow) = ticks.multipliedReportingOverflow(by: Self.power(9 - exponent))
      time = overflow ? .max : product
    } else {
      time = exponent - 9 > 19 ? 0 : ticks / Self.power(exponent - 9)
    }
    let (offset, overflow) = offsetSeconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return offsetSeconds < 0 ? .min : .max }
    let (sum, sumOverflow) = Int64(clamping: time).addingReportingOverflow(offset)
    return sumOverflow ? .max : sum
  }

  private static func power(_ exponent: Int) -> UInt64 {
    (0..<exponent).reduce(1 as UInt64) { product, _ in product &* 10 }
  }
}
