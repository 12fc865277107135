/// Where each field of a command frame lies: the one table of layout v1.
///
/// The codec reads these offsets, `docs/formats/command-frame.md` prints `fields`, and the tests hold both
/// and the C and Python decoders to it. All numbers are little-endian. A change makes a new version.
public enum CommandFrameLayout {
  /// "FCMD" as bytes.
  public static let magic: UInt32 = 0x444D_4346
  public static let version: UInt16 = 1
  /// The whole frame, topic to CRC.
  public static let byteCount = 208
  public static let ages = 4
  public static let ageStride = 8
  public static let tailPoints = 8
  public static let tailStride = 8

  public enum Offset {
    public static let topic = 0
    public static let magic = 16
    public static let version = 20
    public static let flags = 22
    public static let length = 24
    public static let source = 26
    public static let dataID = 28
    public static let reserved1 = 30
    public static let session = 32
    public static let counter = 40
    public static let validFor = 44
    public static let frame = 48
    public static let slot = 56
    public static let sensedAt = 64
    public static let decidedAt = 72
    public static let value = 80
    public static let secondValue = 88
    public static let rateLimit = 96
    public static let mode = 104
    public static let reason = 105
    public static let reserved2 = 106
    public static let ages = 108
    public static let tail = 140
    public static let checksum = 204
  }

  /// One row of the table.
  public struct Field: Sendable, Equatable {
    public var name: String
    public var offset: Int
    public var byteCount: Int
    public var type: String
    public var meaning: String
  }

  public static let fields: [Field] = [
    Field(
      name: "topic", offset: Offset.topic, byteCount: 16, type: "char[16]",
      meaning: "`act/steering`; NUL-padded, the last byte always NUL"),
    Field(
      name: "magic", offset: Offset.magic, byteCount: 4, type: "u32", meaning: "the bytes `FCMD`"),
    Field(name: "version", offset: Offset.version, byteCount: 2, type: "u16", meaning: "1"),
    Field(
      name: "flags", offset: Offset.flags, byteCount: 2, type: "u16",
      meaning: "bit 0 from the guard, bit 1 limited by the guard, bit 2 final; others are ignored"),
    Field(name: "length", offset: Offset.length, byteCount: 2, type: "u16", meaning: "208"),
    Field(
      name: "source", offset: Offset.source, byteCount: 2, type: "u16",
      meaning: "which publisher, from its configuration"),
    Field(
      name: "data_id", offset: Offset.dataID, byteCount: 2, type: "u16",
      meaning: "which actuator, unique in a configuration"),
    Field(
      name: "reserved1", offset: Offset.reserved1, byteCount: 2, type: "u16",
      meaning: "0 when sent, ignored when read"),
    Field(
      name: "session", offset: Offset.session, byteCount: 8, type: "u64",
      meaning: "drawn anew at each start of the publisher, never used twice"),
    Field(
      name: "counter", offset: Offset.counter, byteCount: 4, type: "u32",
      meaning: "per actuator, one more with each command, wraps"),
    Field(
      name: "valid_for_us", offset: Offset.validFor, byteCount: 4, type: "u32",
      meaning: "how long after its receipt the command holds, µs"),
    Field(
      name: "frame", offset: Offset.frame, byteCount: 8, type: "u64",
      meaning: "the frame that decided, or the last one before the guard filled in"),
    Field(
      name: "slot", offset: Offset.slot, byteCount: 8, type: "u64",
      meaning: "the command slot on the chain's grid"),
    Field(
      name: "sensed_at_ns", offset: Offset.sensedAt, byteCount: 8, type: "i64",
      meaning: "logical instant the inputs were aligned to, publisher's pipeline clock"),
    Field(
      name: "decided_at_ns", offset: Offset.decidedAt, byteCount: 8, type: "i64",
      meaning: "logical instant of the release, same clock"),
    Field(
      name: "value", offset: Offset.value, byteCount: 8, type: "f64",
      meaning: "SI: rad at the road wheel (left positive), 0…1, m/s²; finite"),
    Field(
      name: "second_value", offset: Offset.secondValue, byteCount: 8, type: "f64",
      meaning: "for actuators that take two, else 0; finite"),
    Field(
      name: "rate_limit", offset: Offset.rateLimit, byteCount: 8, type: "f64",
      meaning: "greatest change of `value` a second, ≥ 0; +infinity for none"),
    Field(
      name: "mode", offset: Offset.mode, byteCount: 1, type: "u8",
      meaning: "0 inhibit, 1 auto, 2 degraded, 3 safe stop, 4 emergency"),
    Field(
      name: "reason", offset: Offset.reason, byteCount: 1, type: "u8",
      meaning: "why that mode; values are only appended"),
    Field(
      name: "reserved2", offset: Offset.reserved2, byteCount: 2, type: "u16",
      meaning: "0 when sent, ignored when read"),
    Field(
      name: "ages", offset: Offset.ages, byteCount: 32, type: "4 × {u16, u16, u32}",
      meaning: "source id (0: unused), 0, age of its newest content at `decided_at`, µs"),
    Field(
      name: "tail", offset: Offset.tail, byteCount: 64, type: "8 × {u32, f32}",
      meaning: "stop tail: time after the command, µs, strictly increasing until it ends; value, finite"),
    Field(
      name: "crc32", offset: Offset.checksum, byteCount: 4, type: "u32",
      meaning: "zlib's CRC-32 of bytes 0–203"),
  ]
}
