/// The fixed numbers of MCAP version 0. Source: the MCAP format specification, "File Structure", "Records".
enum McapFormat {
  static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
  static let magicBytes = 8
  /// Opcode and length before every record's content.
  static let recordHeadBytes = 9
  /// Channel id, sequence and two times before a message's payload.
  static let messageHeadBytes = 22
  /// A chunk's fields around an empty compression name, up to its records.
  static let chunkHeadBytes = 40
  static let footerBytes = 20
}

/// What kind of record follows. Opcodes from 0x80 are private to applications.
public enum McapOpcode: UInt8, Sendable {
  case header = 0x01
  case footer = 0x02
  case schema = 0x03
  case channel = 0x04
  case message = 0x05
  case chunk = 0x06
  case messageIndex = 0x07
  case chunkIndex = 0x08
  case attachment = 0x09
  case attachmentIndex = 0x0A
  case statistics = 0x0B
  case metadata = 0x0C
  case metadataIndex = 0x0D
  case summaryOffset = 0x0E
  case dataEnd = 0x0F
}
