/// How far the machine may move on its own; the wire's `mode` byte.
public enum CommandMode: UInt8, Sendable, CaseIterable {
  /// Not engaged, or nothing planned yet: actuators stay with their operator.
  case inhibit = 0
  case auto = 1
  case degraded = 2
  case safeStop = 3
  case emergency = 4
}

/// Why the mode is what it is; the wire's `reason` byte. Values are appended, never renumbered.
public enum CommandReason: UInt8, Sendable, CaseIterable {
  case none = 0
  case notEngaged = 1
  case noPlanYet = 2
  case noTrigger = 3
  case frameLate = 4
  case stageHung = 5
  case stageFailed = 6
  case inputMissing = 7
  case operatorStop = 8
  case collisionAhead = 9
  case limitExceeded = 10
  case shutdown = 11
  case overrunSkip = 12
}

public struct CommandFlags: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// The guard wrote this command, not a frame.
  public static let fromGuard = CommandFlags(rawValue: 1 << 0)
  /// The guard's limits changed the planned value.
  public static let limited = CommandFlags(rawValue: 1 << 1)
  /// The last command of the session: the machine is to hold its safe state.
  public static let final = CommandFlags(rawValue: 1 << 2)
}

/// One point of a stop tail: the value to hold at a time after the command was decided.
public struct TailPoint: BitwiseCopyable, Sendable, Equatable {
  public var afterMicroseconds: UInt32
  public var value: Float
  @inlinable public init(afterMicroseconds: UInt32, value: Float) {
    self.afterMicroseconds = afterMicroseconds
    self.value = value
  }
}

/// What one actuator is told. Units are the actuator's: rad at the road wheel (left positive), 0…1, m/s².
public struct ActuatorCommand: BitwiseCopyable, Sendable {
  public static let tailPoints = 8
  public var value: Double
  /// A second value for actuators that take one (a speed beside a position); 0 otherwise.
  public var secondValue: Double
  /// Greatest change of `value` a second; infinity for none.
  public var rateLimit: Double
  /// What follows if no newer command comes: first the plan's next points, then the way to the safe state.
  /// Times strictly increase; a point with `afterMicroseconds` 0 after the first ends the tail.
  public var tail: InlineArray<8, TailPoint>

  public init(value: Double = 0, secondValue: Double = 0, rateLimit: Double = .infinity) {
    self.value = value
    self.secondValue = secondValue
    self.rateLimit = rateLimit
    self.tail = InlineArray(repeating: TailPoint(afterMicroseconds: 0, value: 0))
  }

  /// The tail's value, linear between points, held after the last; `value` at 0.
  public func value(afterMicroseconds elapsed: UInt32) -> Double {
    var fromTime: UInt32 = 0
    var fromValue = value
    for index in tail.indices {
      let point = tail[index]
      guard point.afterMicroseconds > fromTime else { break }
      let pointValue = Double(point.value)
      if elapsed <= point.afterMicroseconds {
        let share = Double(elapsed &- fromTime) / Double(point.afterMicroseconds &- fromTime)
        return fromValue + (pointValue - fromValue) * share
      }
      fromTime = point.afterMicroseconds
      fromValue = pointValue
    }
    return fromValue
  }
}

/// How old one source's newest content was when the command was decided.
public struct SourceAge: BitwiseCopyable, Sendable, Equatable {
  /// The sensor's number in the configuration, from 1; 0 means this entry is unused.
  public var source: UInt16
  public var reserved: UInt16
  public var ageMicroseconds: UInt32
  public init(source: UInt16, ageMicroseconds: UInt32) {
    self.source = source
    self.reserved = 0
    self.ageMicroseconds = ageMicroseconds
  }
}

/// One slot's decision for all actuators of a chain, as a frame or the guard submits it.
///
/// Fixed layout and `BitwiseCopyable`, so that the mailbox can live in memory shared with a supervisor.
public struct CommandSet: BitwiseCopyable, Sendable {
  public static let maximumActuators = 8
  public var slot: UInt64
  public var frame: UInt64
  /// Logical instants: what the bundle was aligned to, and the release. Never measured times, which would
  /// differ in a replay.
  public var sensedAt: Stamp
  public var decidedAt: Stamp
  public var validForMicroseconds: UInt32
  /// Raw values of `CommandMode`, `CommandReason`.
  public var mode: UInt8
  public var reason: UInt8
  public var flags: CommandFlags
  /// Actuators in use, in the configuration's order.
  public var count: Int32
  public var reserved: Int32
  public var commands: InlineArray<8, ActuatorCommand>
  public var ages: InlineArray<4, SourceAge>

  public init(count: Int = 0) {
    slot = 0
    frame = 0
    sensedAt = .zero
    decidedAt = .zero
    validForMicroseconds = 100_000
    mode = CommandMode.inhibit.rawValue
    reason = CommandReason.noPlanYet.rawValue
    flags = []
    self.count = Int32(truncatingIfNeeded: min(max(count, 0), Self.maximumActuators))
    reserved = 0
    commands = InlineArray(repeating: ActuatorCommand())
    ages = InlineArray(repeating: SourceAge(source: 0, ageMicroseconds: 0))
  }
}

/// One actuator as the configuration describes it.
public struct ActuatorDescription: Sendable, Equatable {
  public var name: String
  /// The ZeroMQ topic, at most 15 bytes: `act/steering`.
  public var topic: String
  /// The wire's data id, unique in a configuration.
  public var dataID: UInt16
  public var minimum: Double
  public var maximum: Double
  /// Greatest change a second that the guard lets through.
  public var rateLimit: Double
  /// The value of the safe state: wheel straight, brake applied, throttle closed.
  public var safeValue: Double

  public init(
    name: String, topic: String, dataID: UInt16, minimum: Double, maximum: Double, rateLimit: Double,
    safeValue: Double
  ) {
    self.name = name
    self.topic = topic
    self.dataID = dataID
    self.minimum = minimum
    self.maximum = maximum
    self.rateLimit = rateLimit
    self.safeValue = safeValue
  }
}
