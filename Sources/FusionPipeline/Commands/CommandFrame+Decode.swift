/// Why a receiver does not use a frame: one class per kind of fault, each counted.
///
/// The first seven are found in the bytes alone; the rest need to know what was expected or came before.
public enum CommandRefusal: UInt8, Error, Sendable, CaseIterable {
  /// Shorter or longer than a frame, or its length field says so.
  case length = 0
  /// Not a command frame at all.
  case magic = 1
  /// Another layout.
  case version = 2
  /// Corrupted on the way.
  case checksum = 3
  /// Not a topic, or another actuator's.
  case topic = 4
  /// A mode this receiver does not know.
  case mode = 5
  /// A value, rate limit or tail point is NaN or infinite, or the rate limit is negative.
  case notFinite = 6
  /// Another actuator's command under this topic.
  case dataID = 7
  /// Another publisher.
  case source = 8
  /// The value lies outside the actuator's range.
  case outOfRange = 9
  /// Another session while the current one still holds, or one that was left before.
  case session = 10
  /// The counter of the newest command again.
  case repeated = 11
  /// A counter from before the newest command.
  case old = 12
  /// The session already said that it was its last command.
  case afterFinal = 13
  /// Its validity had run out on the way, as far as the stamps show.
  case stale = 14
}

extension CommandFrame {
  private typealias Offset = CommandFrameLayout.Offset

  /// Reads a frame; total on any bytes. Cost: no allocation.
  public init(decoding bytes: RawSpan) throws(CommandRefusal) {
    guard bytes.byteCount >= Offset.length + 2 else { throw .length }
    guard bytes.number(UInt32.self, at: Offset.magic) == CommandFrameLayout.magic else { throw .magic }
    // Before the length: a later version may be longer, and "version" is what its operator must read.
    guard bytes.number(UInt16.self, at: Offset.version) == CommandFrameLayout.version else {
      throw .version
    }
    guard bytes.byteCount == Self.byteCount,
      Int(bytes.number(UInt16.self, at: Offset.length)) == Self.byteCount
    else { throw .length }
    guard bytes.number(UInt32.self, at: Offset.checksum) == Self.checksum(of: bytes) else {
      throw .checksum
    }
    guard
      let topic = CommandTopic(
        low: bytes.number(UInt64.self, at: Offset.topic),
        high: bytes.number(UInt64.self, at: Offset.topic + 8))
    else { throw .topic }
    guard let mode = CommandMode(rawValue: bytes.number(UInt8.self, at: Offset.mode)) else {
      throw .mode
    }
    self.topic = topic
    self.mode = mode
    flags = CommandFlags(rawValue: bytes.number(UInt16.self, at: Offset.flags))
    source = bytes.number(UInt16.self, at: Offset.source)
    dataID = bytes.number(UInt16.self, at: Offset.dataID)
    session = bytes.number(UInt64.self, at: Offset.session)
    counter = bytes.number(UInt32.self, at: Offset.counter)
    validForMicroseconds = bytes.number(UInt32.self, at: Offset.validFor)
    frame = bytes.number(UInt64.self, at: Offset.frame)
    slot = bytes.number(UInt64.self, at: Offset.slot)
    sensedAt = Stamp(nanoseconds: bytes.number(Int64.self, at: Offset.sensedAt))
    decidedAt = Stamp(nanoseconds: bytes.number(Int64.self, at: Offset.decidedAt))
    reason = bytes.number(UInt8.self, at: Offset.reason)
    ages = InlineArray(repeating: SourceAge(source: 0, ageMicroseconds: 0))
    for index in ages.indices {
      let start = Offset.ages + index * CommandFrameLayout.ageStride
      ages[index] = SourceAge(
        source: bytes.number(UInt16.self, at: start),
        ageMicroseconds: bytes.number(UInt32.self, at: start + 4))
    }
    command = ActuatorCommand(
      value: Double(bitPattern: bytes.number(UInt64.self, at: Offset.value)),
      secondValue: Double(bitPattern: bytes.number(UInt64.self, at: Offset.secondValue)),
      rateLimit: Double(bitPattern: bytes.number(UInt64.self, at: Offset.rateLimit)))
    guard command.value.isFinite, command.secondValue.isFinite, command.rateLimit >= 0 else {
      throw .notFinite
    }
    for index in command.tail.indices {
      let start = Offset.tail + index * CommandFrameLayout.tailStride
      let value = Float(bitPattern: bytes.number(UInt32.self, at: start + 4))
      guard value.isFinite else { throw .notFinite }
      command.tail[index] = TailPoint(
        afterMicroseconds: bytes.number(UInt32.self, at: start), value: value)
    }
  }
}

extension RawSpan {
  /// Little-endian; the span checks the bounds.
  fileprivate func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
    // Any bits are a valid integer; the load itself is bounds-checked.
    T(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
  }
}
