/// One command for one actuator as it travels: layout v1, 208 bytes, topic to CRC.
///
/// See `docs/formats/command-frame.md`. A plain value: encoding and decoding allocate nothing and take any
/// bytes without trapping.
public struct CommandFrame: Sendable {
  public static let byteCount = CommandFrameLayout.byteCount

  public var topic: CommandTopic
  public var flags: CommandFlags
  public var source: UInt16
  public var dataID: UInt16
  public var session: UInt64
  public var counter: UInt32
  public var validForMicroseconds: UInt32
  public var frame: UInt64
  public var slot: UInt64
  public var sensedAt: Stamp
  public var decidedAt: Stamp
  public var mode: CommandMode
  /// Raw, because newer publishers may append reasons.
  public var reason: UInt8
  public var command: ActuatorCommand
  public var ages: InlineArray<4, SourceAge>

  /// One actuator's part of a set, made fit for the wire.
  ///
  /// The guard has already limited the values. Should a non-finite number come this far, it becomes the
  /// actuator's safe value, and an unusable rate limit the actuator's own; either sets `.limited`.
  public init(
    set: borrowing CommandSet, actuatorIndex: Int, description: borrowing ActuatorDescription,
    session: UInt64, counter: UInt32, sourceID: UInt16
  ) throws(CommandEncodingProblem) {
    guard let topic = CommandTopic(description.topic) else { throw .topic }
    guard actuatorIndex >= 0, actuatorIndex < Int(set.count),
      actuatorIndex < CommandSet.maximumActuators
    else { throw .actuator }
    guard let mode = CommandMode(rawValue: set.mode) else { throw .mode }
    self.topic = topic
    self.flags = set.flags
    self.source = sourceID
    self.dataID = description.dataID
    self.session = session
    self.counter = counter
    self.validForMicroseconds = set.validForMicroseconds
    self.frame = set.frame
    self.slot = set.slot
    self.sensedAt = set.sensedAt
    self.decidedAt = set.decidedAt
    self.mode = mode
    self.reason = set.reason
    self.command = set.commands[actuatorIndex]
    self.ages = set.ages
    if command.repairForWire(safeValue: description.safeValue, rateLimit: description.rateLimit) {
      flags.insert(.limited)
    }
  }
}

/// Why a set cannot be put on the wire: a fault of the configuration or of the caller, never of the data.
public enum CommandEncodingProblem: Error, Sendable, Equatable {
  /// The topic does not have 1 to 15 bytes, or holds a NUL.
  case topic
  /// The set has no such actuator.
  case actuator
  /// The set's `mode` byte is no `CommandMode`.
  case mode
  /// The destination holds fewer than `CommandFrame.byteCount` bytes.
  case space

  /// For people.
  public var message: String {
    switch self {
    case .topic: "the actuator's topic must have 1 to 15 bytes and no NUL: shorten it in \"actuators\""
    case .actuator: "the command set holds no such actuator: count and configuration differ"
    case .mode: "the command set's mode is no known mode: set it from a CommandMode"
    case .space: "the buffer is shorter than a command frame: give \(CommandFrame.byteCount) bytes"
    }
  }
}

extension ActuatorCommand {
  /// Replaces what the wire forbids; true when something was replaced.
  mutating func repairForWire(safeValue: Double, rateLimit fallback: Double) -> Bool {
    let safe = safeValue.isFinite ? safeValue : 0
    var repaired = false
    if !value.isFinite {
      value = safe
      repaired = true
    }
    if !secondValue.isFinite {
      secondValue = 0
      repaired = true
    }
    if !(rateLimit >= 0) {
      rateLimit = fallback >= 0 ? fallback : .infinity
      repaired = true
    }
    for index in tail.indices where !tail[index].value.isFinite {
      // A huge safe value would overflow Float to infinity.
      let narrow = Float(safe)
      tail[index].value = narrow.isFinite ? narrow : 0
      repaired = true
    }
    return repaired
  }

  /// When the tail ends, µs after the command; 0 when it has no points.
  var tailEndMicroseconds: UInt32 {
    var end: UInt32 = 0
    for index in tail.indices {
      guard tail[index].afterMicroseconds > end else { break }
      end = tail[index].afterMicroseconds
    }
    return end
  }
}
