/// Opens capture files by what they contain, whatever their names.
public enum CaptureFile {
  /// A reader for pcap, pcapng or candump text.
  public static func open(_ path: String) throws(CaptureFailure) -> any CaptureReader {
    try reader(CaptureBytes(path: path))
  }

  /// The same for a capture in memory; `name` stands for the path in messages.
  public static func open(
    bytes: [UInt8], name: String = "capture"
  ) throws(CaptureFailure) -> any CaptureReader {
    try reader(CaptureBytes(bytes, name: name))
  }

  private static func reader(_ file: CaptureBytes) throws(CaptureFailure) -> any CaptureReader {
    let size = try file.available(6)
    if size >= 4 {
      let magic = file.u32(0, bigEndian: false)
      if magic == PcapngReader.sectionHeader { return try PcapngReader(file) }
      if PcapReader.format(magic: magic) != nil { return try PcapReader(file) }
      if let tool = decompressor(magic) {
        throw CaptureFailure(
          kind: .unknownFormat, path: file.path, byteOffset: 0, packetsBefore: 0,
          message: "\(file.path): the capture is compressed; unpack it first: \(tool) \(file.path)")
      }
    }
    if size > 0, CandumpLine.canBegin(with: file.byte(0)) { return CandumpReader(file) }
    throw CaptureFailure(
      kind: .unknownFormat, path: file.path, byteOffset: 0, packetsBefore: 0,
      message: "\(file.path): \(size == 0 ? "the file is empty" : "neither pcap, pcapng nor candump text")")
  }

  private static func decompressor(_ magic: UInt32) -> String? {
    if magic & 0xFFFF == 0x8B1F { return "gunzip -k" }
    return switch magic {
    case 0x587A_37FD: "unxz -k"
    case 0xFD2F_B528: "unzstd"
    case 0x184D_2204: "unlz4"
    default: nil
    }
  }
}
