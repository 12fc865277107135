extension CommandFrame {
  private typealias Offset = CommandFrameLayout.Offset

  /// Writes one actuator's command of a set; the number of bytes written is `CommandFrame.byteCount`.
  ///
  /// Thread: any. Cost: no allocation; about 208 bytes of stores and one CRC.
  public static func encode(
    set: borrowing CommandSet, actuatorIndex: Int, description: borrowing ActuatorDescription,
    session: UInt64, counter: UInt32, sourceID: UInt16, into bytes: inout MutableRawSpan
  ) throws(CommandEncodingProblem) {
    let frame = try CommandFrame(
      set: set, actuatorIndex: actuatorIndex, description: description, session: session,
      counter: counter, sourceID: sourceID)
    try frame.write(into: &bytes)
  }

  /// Writes the frame at the start of `bytes`, CRC included.
  public func write(into bytes: inout MutableRawSpan) throws(CommandEncodingProblem) {
    guard bytes.byteCount >= Self.byteCount else { throw .space }
    bytes.put(topic.low, at: Offset.topic)
    bytes.put(topic.high, at: Offset.topic + 8)
    bytes.put(CommandFrameLayout.magic, at: Offset.magic)
    bytes.put(CommandFrameLayout.version, at: Offset.version)
    bytes.put(flags.rawValue, at: Offset.flags)
    bytes.put(UInt16(truncatingIfNeeded: Self.byteCount), at: Offset.length)
    bytes.put(source, at: Offset.source)
    bytes.put(dataID, at: Offset.dataID)
    bytes.put(UInt16(0), at: Offset.reserved1)
    bytes.put(session, at: Offset.session)
    bytes.put(counter, at: Offset.counter)
    bytes.put(validForMicroseconds, at: Offset.validFor)
    bytes.put(frame, at: Offset.frame)
    bytes.put(slot, at: Offset.slot)
    bytes.put(sensedAt.nanoseconds, at: Offset.sensedAt)
    bytes.put(decidedAt.nanoseconds, at: Offset.decidedAt)
    bytes.put(command.value.bitPattern, at: Offset.value)
    bytes.put(command.secondValue.bitPattern, at: Offset.secondValue)
    bytes.put(command.rateLimit.bitPattern, at: Offset.rateLimit)
    bytes.put(mode.rawValue, at: Offset.mode)
    bytes.put(reason, at: Offset.reason)
    bytes.put(UInt16(0), at: Offset.reserved2)
    for index in ages.indices {
      let start = Offset.ages + index * CommandFrameLayout.ageStride
      bytes.put(ages[index].source, at: start)
      bytes.put(UInt16(0), at: start + 2)
      bytes.put(ages[index].ageMicroseconds, at: start + 4)
    }
    for index in command.tail.indices {
      let start = Offset.tail + index * CommandFrameLayout.tailStride
      bytes.put(command.tail[index].afterMicroseconds, at: start)
      bytes.put(command.tail[index].value.bitPattern, at: start + 4)
    }
    bytes.put(Self.checksum(of: bytes.bytes), at: Offset.checksum)
  }

  /// CRC-32 of everything before the CRC field; the caller has checked the length.
  static func checksum(of bytes: RawSpan) -> UInt32 {
    CRC32.of(bytes.extracting(0..<Offset.checksum))
  }
}

extension MutableRawSpan {
  /// Little-endian; the span checks the bounds.
  fileprivate mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }
}
