import Testing

@testable import FusionPipeline

/// One steering actuator and its commands, as the tests of this folder use them.
enum CommandSamples {
  static let steering = ActuatorDescription(
    name: "steering", topic: "act/steering", dataID: 7, minimum: -0.6, maximum: 0.6, rateLimit: .infinity,
    safeValue: 0)
  static let session: UInt64 = 0x1122_3344_5566_7788
  static let source: UInt16 = 3

  static func set(
    value: Double = 0.25, mode: CommandMode = .auto, flags: CommandFlags = [],
    validForMicroseconds: UInt32 = 100_000, decidedAt: Int64 = 0, tail: [(UInt32, Float)] = []
  ) -> CommandSet {
    var set = CommandSet(count: 1)
    set.slot = 41
    set.frame = 40
    set.sensedAt = Stamp(nanoseconds: decidedAt - 20_000_000)
    set.decidedAt = Stamp(nanoseconds: decidedAt)
    set.mode = mode.rawValue
    set.reason = CommandReason.none.rawValue
    set.flags = flags
    set.validForMicroseconds = validForMicroseconds
    set.commands[0] = ActuatorCommand(value: value)
    for (index, point) in tail.enumerated() {
      set.commands[0].tail[index] = TailPoint(afterMicroseconds: point.0, value: point.1)
    }
    return set
  }

  static func bytes(
    _ set: CommandSet, actuator: ActuatorDescription = steering, session: UInt64 = session,
    counter: UInt32 = 1, source: UInt16 = source
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xAA, count: CommandFrame.byteCount)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    do {
      try CommandFrame.encode(
        set: set, actuatorIndex: 0, description: actuator, session: session, counter: counter,
        sourceID: source, into: &raw)
    } catch {
      Issue.record("encoding failed: \(error)")
    }
    return bytes
  }

  static func settings(_ actuator: ActuatorDescription = steering) -> CommandReceiverSettings {
    guard let settings = CommandReceiverSettings(actuator: actuator, sourceID: source) else {
      Issue.record("no settings for \(actuator.topic)")
      var fallback = actuator
      fallback.topic = "x"
      return CommandReceiverSettings(actuator: fallback, sourceID: source)!
    }
    return settings
  }

  static func decode(_ bytes: [UInt8]) -> Result<CommandFrame, CommandRefusal> {
    do throws(CommandRefusal) {
      return .success(try unsafe CommandFrame(decoding: bytes.span.bytes))
    } catch {
      return .failure(error)
    }
  }

  static func refusal(_ bytes: [UInt8]) -> CommandRefusal? {
    if case .failure(let refusal) = decode(bytes) { return refusal }
    return nil
  }

  /// Changes bytes and puts the CRC right again: what a faulty sender, not a faulty line, produces.
  static func resealed(_ bytes: [UInt8], _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var changed = bytes
    change(&changed)
    let sum = unsafe CommandFrame.checksum(of: changed.span.bytes)
    for index in 0..<4 { changed[204 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
    return changed
  }
}

extension CommandReceiver {
  @discardableResult
  mutating func receive(_ bytes: [UInt8], atNanoseconds instant: Int64) -> CommandVerdict {
    unsafe receive(bytes.span.bytes, at: Stamp(nanoseconds: instant))
  }
  @discardableResult
  mutating func output(atNanoseconds instant: Int64) -> CommandReceiverOutput {
    output(at: Stamp(nanoseconds: instant))
  }
}

extension Int64 {
  /// Nanoseconds.
  static func ms(_ count: Int64) -> Int64 { count * 1_000_000 }
}
