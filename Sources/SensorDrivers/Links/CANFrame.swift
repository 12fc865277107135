import FusionPipeline

/// One frame of a CAN bus, and its record: the bytes a `CANLink` hands on, logs hold and decoders read.
///
/// The record is little-endian: u32 identifier with flags (bit 31 extended, bit 30 remote request, bit 29
/// error, as Linux has them), u8 length, u8 flags (bit 0 bit-rate switch, bit 1 error state, bit 2 FD), u8 bus,
/// u8 zero, then the data padded with zeros to 8 bytes (classic: 16 in all) or to 64 (FD: 72 in all).
/// Source of the layout: struct can_frame and struct canfd_frame of <linux/can.h>.
public struct CANFrame: BitwiseCopyable, Sendable {
  /// Without flags: 11 bits, or 29 when extended. For an error frame its class bits.
  public var id: UInt32
  public var isExtended: Bool
  public var isRemoteRequest = false
  public var isError = false
  public var isFD: Bool
  /// FD only: the data went at the higher bit rate.
  public var hasBitRateSwitch = false
  /// FD only: the sender is error passive.
  public var hasErrorState = false
  public var bus: UInt8
  /// Data bytes in use, 0…8 or, for FD, 0…64. A remote request's is the length it asks for.
  public var length: UInt8
  /// Zero beyond `length`.
  public var data: InlineArray<64, UInt8>

  public static var classicRecordBytes: Int { 16 }
  public static var fdRecordBytes: Int { 72 }
  static var headBytes: Int { 8 }
  static var extendedBit: UInt32 { 1 << 31 }
  static var remoteBit: UInt32 { 1 << 30 }
  static var errorBit: UInt32 { 1 << 29 }

  public init(id: UInt32, isExtended: Bool = false, isFD: Bool = false, bus: UInt8 = 0, length: UInt8 = 0) {
    self.id = id & (isExtended ? 0x1FFF_FFFF : 0x7FF)
    self.isExtended = isExtended
    self.isFD = isFD
    self.bus = bus
    self.length = min(length, isFD ? 64 : 8)
    data = InlineArray(repeating: 0)
  }

  public init(
    id: UInt32, isExtended: Bool = false, isFD: Bool = false, bus: UInt8 = 0,
    data bytes: some Collection<UInt8>
  ) {
    self.init(id: id, isExtended: isExtended, isFD: isFD, bus: bus, length: UInt8(clamping: bytes.count))
    for (index, byte) in bytes.prefix(Int(length)).enumerated() { data[index] = byte }
  }

  /// Nil when the bytes are no record: wrong size, or a length beyond the frame's kind.
  @inlinable public init?(decoding record: RawSpan) {
    guard record.byteCount == 16 || record.byteCount == 72 else { return nil }
    let word = record.littleEndian(0, as: UInt32.self)
    let flags = record.byte(5)
    isFD = flags & 4 != 0
    guard isFD == (record.byteCount == 72) else { return nil }
    length = record.byte(4)
    guard length <= (isFD ? 64 : 8) else { return nil }
    isExtended = word >> 31 & 1 != 0
    isRemoteRequest = word >> 30 & 1 != 0
    isError = word >> 29 & 1 != 0
    id = word & (isExtended || isError ? 0x1FFF_FFFF : 0x7FF)
    hasBitRateSwitch = isFD && flags & 1 != 0
    hasErrorState = isFD && flags & 2 != 0
    bus = record.byte(6)
    data = InlineArray(repeating: 0)
    for index in 0..<Int(length) { data[index] = record.byte(8 &+ index) }
  }

  public var recordByteCount: Int { isFD ? Self.fdRecordBytes : Self.classicRecordBytes }

  /// Writes the record; the number of bytes written, or nil when the buffer is too small.
  public func encode(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    let count = recordByteCount
    guard buffer.count >= count else { return nil }
    unsafe buffer.storeBytes(of: word.littleEndian, toByteOffset: 0, as: UInt32.self)
    unsafe buffer[4] = min(length, isFD ? 64 : 8)
    unsafe buffer[5] = flags
    unsafe buffer[6] = bus
    unsafe buffer[7] = 0
    for index in 0..<(count - Self.headBytes) {
      unsafe buffer[Self.headBytes + index] = index < Int(length) ? data[index] : 0
    }
    return count
  }

  /// The record in an array of its own; for files and tests, not for the frame's path.
  public func encoded() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: recordByteCount)
    _ = unsafe bytes.withUnsafeMutableBytes { unsafe encode(into: $0) }
    return bytes
  }

  /// The first eight data bytes as a little-endian number, the form in which classic signals are cut out.
  @inlinable public var littleEndianData: UInt64 {
    var value: UInt64 = 0
    for index in 0..<8 { value |= UInt64(data[index]) << UInt64(8 &* index) }
    return value
  }

  private var word: UInt32 {
    id & 0x1FFF_FFFF | (isExtended ? Self.extendedBit : 0) | (isRemoteRequest ? Self.remoteBit : 0)
      | (isError ? Self.errorBit : 0)
  }

  private var flags: UInt8 {
    isFD ? 4 | (hasBitRateSwitch ? 1 : 0) | (hasErrorState ? 2 : 0) : 0
  }
}

extension CANFrame {
  /// A frame from a pcap file of link type 227: as the record, but the identifier big-endian, only the data in
  /// use kept, and FD known by bit 2 of the flags or by a length above 8. Nil when it is damaged.
  ///
  /// Source: LINKTYPE_CAN_SOCKETCAN of tcpdump.org.
  public init?(socketCANCapture bytes: RawSpan, bus: UInt8 = 0) {
    guard bytes.byteCount >= Self.headBytes else { return nil }
    let word = bytes.bigEndian(0, as: UInt32.self)
    let count = bytes.byte(4)
    let flags = bytes.byte(5)
    let isFD = flags & 4 != 0 || count > 8
    let isRemote = word & Self.remoteBit != 0
    guard count <= (isFD ? 64 : 8) else { return nil }
    guard isRemote || bytes.byteCount >= Self.headBytes + Int(count) else { return nil }
    self.init(id: word, isExtended: word & Self.extendedBit != 0, isFD: isFD, bus: bus, length: count)
    isRemoteRequest = isRemote
    isError = word & Self.errorBit != 0
    if isError { id = word & 0x1FFF_FFFF }
    hasBitRateSwitch = isFD && flags & 1 != 0
    hasErrorState = isFD && flags & 2 != 0
    guard !isRemote else { return }
    for index in 0..<Int(count) { data[index] = bytes.byte(Self.headBytes + index) }
  }
}

extension CANFrame: Equatable {
  public static func == (a: CANFrame, b: CANFrame) -> Bool {
    guard a.word == b.word, a.flags == b.flags, a.bus == b.bus, a.length == b.length else { return false }
    return a.data.indices.allSatisfy { a.data[$0] == b.data[$0] }
  }
}
