/// What an actuator knows by itself: whose commands it takes, its range, and where it is safe.
public struct CommandReceiverSettings: BitwiseCopyable, Sendable, Equatable {
  public var topic: CommandTopic
  public var dataID: UInt16
  /// The one publisher that may command this actuator.
  public var sourceID: UInt16
  public var minimum: Double
  public var maximum: Double
  /// Greatest change of the output a second; infinity for none.
  public var rateLimit: Double
  public var safeValue: Double
  /// More commands lost at once than this is reported as `invalid`, not as `degraded`.
  public var toleratedLosses: UInt32 = 2
  /// No command holds longer than this, whatever it says.
  public var maximumValidForMicroseconds: UInt32 = 1_000_000
  /// The publisher's pipeline clock is this receiver's: same host, or clocks held together. Staleness is
  /// then judged by `decidedAt` itself; else only by how much later than the session's promptest command
  /// one comes, which a delay that was always there cannot show.
  public var sharesClock = false

  /// Nil when the topic does not fit the wire. Unusable limits fall to the safe side: a range that is none
  /// becomes the safe value alone, a rate limit that is none becomes no limit.
  public init?(actuator: ActuatorDescription, sourceID: UInt16) {
    guard let topic = CommandTopic(actuator.topic) else { return nil }
    self.topic = topic
    self.dataID = actuator.dataID
    self.sourceID = sourceID
    safeValue = actuator.safeValue.isFinite ? actuator.safeValue : 0
    if actuator.minimum <= actuator.maximum {
      minimum = actuator.minimum
      maximum = actuator.maximum
    } else {
      minimum = safeValue
      maximum = safeValue
    }
    rateLimit = actuator.rateLimit >= 0 ? actuator.rateLimit : .infinity
  }

  func admits(_ value: Double) -> Bool { minimum <= value && value <= maximum }

  /// Tail points are narrower numbers than the range's ends and may lie a rounding outside.
  func clamp(_ value: Double) -> Double {
    if value > maximum { return maximum }
    return value < minimum ? minimum : value
  }
}

/// How good the stream of commands is now.
public enum CommandReceiverState: UInt8, Sendable, CaseIterable {
  /// No command has come yet.
  case noData = 0
  case ok = 1
  /// The newest command holds, one or two before it were lost.
  case degraded = 2
  /// The newest frame was refused, or too many were lost; the newest good command still holds.
  case invalid = 3
  /// Validity has run out; the output follows the stop tail.
  case stopTail = 4
  /// The tail has ended; the output is, or moves to, the safe value.
  case safe = 5
}

/// What to do with a frame that came.
public enum CommandVerdict: Sendable, Equatable {
  /// In force; `lost` commands before it never came.
  case accepted(lost: UInt32)
  case refused(CommandRefusal)
}

/// What the actuator is to do now.
public struct CommandReceiverOutput: Sendable, Equatable {
  /// Meaningless to the machine while `mode` is `inhibit`; the safe value then.
  public var value: Double
  public var secondValue: Double
  /// `inhibit` leaves the actuator with its operator.
  public var mode: CommandMode
  public var state: CommandReceiverState
  /// Whether the actuator is to follow `value`.
  public var drives: Bool { mode != .inhibit }
}

/// What a receiver has seen since it was made.
public struct CommandReceiverCounters: BitwiseCopyable, Sendable {
  public internal(set) var accepted: UInt64 = 0
  /// Commands that never came, by the gaps in the counter.
  public internal(set) var lost: UInt64 = 0
  /// Times that validity ran out.
  public internal(set) var timeouts: UInt64 = 0
  /// Sessions taken up, the first included.
  public internal(set) var sessions: UInt64 = 0
  var refusals: InlineArray<15, UInt64> = InlineArray(repeating: 0)

  public func refused(_ refusal: CommandRefusal) -> UInt64 { refusals[Int(refusal.rawValue)] }

  public var allRefused: UInt64 {
    var sum: UInt64 = 0
    for index in refusals.indices { sum &+= refusals[index] }
    return sum
  }

  mutating func count(_ refusal: CommandRefusal) { refusals[Int(refusal.rawValue)] &+= 1 }
}
