/// Reads classic pcap files: microseconds or nanoseconds, either byte order.
///
/// Source: draft-ietf-opsawg-pcap.
public final class PcapReader: CaptureReader {
  public private(set) var counters = CaptureCounters()
  private let file: CaptureBytes
  private let isBigEndian: Bool
  private let nanosecondsPerTick: Int64
  private let link: CaptureLink
  private var failure: CaptureFailure?

  /// A record that claims more is damage: no link layer has longer packets than USB's 2^20 or so.
  static let largestPacketBytes = 1 << 21
  static let fileHeaderBytes = 24
  static let recordHeaderBytes = 16

  /// Byte order and resolution by the first four bytes; nil when they belong to no pcap file.
  static func format(magic: UInt32) -> (isBigEndian: Bool, nanosecondsPerTick: Int64)? {
    switch magic {
    case 0xA1B2_C3D4: (false, 1000)
    case 0xD4C3_B2A1: (true, 1000)
    case 0xA1B2_3C4D: (false, 1)
    case 0x4D3C_B2A1: (true, 1)
    default: nil
    }
  }

  init(_ file: CaptureBytes) throws(CaptureFailure) {
    self.file = file
    guard try file.available(Self.fileHeaderBytes) >= Self.fileHeaderBytes else {
      throw CaptureFailure(
        kind: .truncated, path: file.path, byteOffset: 0, packetsBefore: 0,
        message: "\(file.path): the file ends inside its 24-byte header; capture it again")
    }
    guard let format = Self.format(magic: file.u32(0, bigEndian: false)) else {
      throw CaptureFailure(
        kind: .unknownFormat, path: file.path, byteOffset: 0, packetsBefore: 0,
        message: "\(file.path): not a pcap file")
    }
    (isBigEndian, nanosecondsPerTick) = format
    // The upper bits tell the length of a frame check sequence, which IP's own length makes needless.
    link = CaptureLink(linkType: file.u32(20, bigEndian: isBigEndian) & 0x03FF_FFFF)
    file.skip(Self.fileHeaderBytes)
  }

  public func next() throws(CaptureFailure) -> CapturedPacket? {
    if let failure { throw failure }
    do throws(CaptureFailure) {
      return try read()
    } catch {
      failure = error
      throw error
    }
  }

  private func read() throws(CaptureFailure) -> CapturedPacket? {
    let head = try file.available(Self.recordHeaderBytes)
    if head == 0 { return nil }
    guard head >= Self.recordHeaderBytes else { throw cut("inside the header of packet") }
    let captured = Int(file.u32(8, bigEndian: isBigEndian))
    guard captured <= Self.largestPacketBytes else {
      throw fail(
        .damaged, "packet \(counters.packets + 1) claims \(captured) bytes; the file is damaged from here on")
    }
    let size = Self.recordHeaderBytes + captured
    guard try file.available(size) >= size else { throw cut("inside packet") }
    let seconds = Int64(file.u32(0, bigEndian: isBigEndian))
    let ticks = Int64(file.u32(4, bigEndian: isBigEndian))
    let packet = CapturedPacket(
      realtimeNanoseconds: seconds * 1_000_000_000 + ticks * nanosecondsPerTick, link: link,
      originalByteCount: Int(file.u32(12, bigEndian: isBigEndian)),
      bytes: file.copy(Self.recordHeaderBytes..<size))
    file.skip(size)
    counters.packets += 1
    if packet.originalByteCount > captured { counters.cutPackets += 1 }
    return packet
  }

  private func cut(_ place: String) -> CaptureFailure {
    fail(
      .truncated,
      """
      the file ends \(place) \(counters.packets + 1), which begins at byte \(file.offset); \
      the \(counters.packets) packets before it are whole
      """)
  }

  private func fail(_ kind: CaptureFailure.Kind, _ text: String) -> CaptureFailure {
    CaptureFailure(
      kind: kind, path: file.path, byteOffset: file.offset, packetsBefore: counters.packets,
      message: "\(file.path): at byte \(file.offset): \(text)")
  }
}
