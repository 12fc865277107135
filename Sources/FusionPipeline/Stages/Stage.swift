/// One step of a chain: reads sensor ports and lists of earlier stages, writes its own lists.
///
/// `run` sees logical time only and draws on no effect: same inputs and state, same outputs, bit for bit.
/// What it remembers from frame to frame lies in the setup's `StateStore`, so that a frame that hangs can be
/// undone, a snapshot is a copy of bytes, and a replay can start in the middle.
/// Thread: the chain's frame thread. Cost: no allocation, lock or I/O in `run`.
public protocol Stage: AnyObject {
  func run(_ frame: Frame) throws(StageFailure)
}

/// A stage that cannot give an answer in this frame; the guard then fills the slot.
public struct StageFailure: Error, Sendable, Equatable {
  public var reason: CommandReason
  public init(_ reason: CommandReason) { self.reason = reason }
}

/// How a sample came to be in a bundle.
public enum PickKind: UInt8, Sendable, BitwiseCopyable {
  /// Its capture is the instant itself.
  case exact = 0
  case nearest = 1
  case latestBefore = 2
  /// One of the two samples around the instant; `weight` is its share.
  case interpolated = 3
  /// One of everything in (previous instant, this instant].
  case batch = 4
}

/// One sample of a bundle.
public struct Picked<Sample: BitwiseCopyable & Sendable>: BitwiseCopyable, Sendable {
  public var header: SampleHeader
  public var sample: Sample
  public var kind: PickKind
  /// Its share where interpolated, else 1.
  public var weight: Double
  /// Instant − capture, nanoseconds; negative for a sample after the instant.
  public var ageNanoseconds: Int64

  public init(
    header: SampleHeader, sample: Sample, kind: PickKind, weight: Double, ageNanoseconds: Int64
  ) {
    self.header = header
    self.sample = sample
    self.kind = kind
    self.weight = weight
    self.ageNanoseconds = ageNanoseconds
  }
}

/// One sensor as a stage sees it in a frame; filled by the framework before the first stage runs.
@safe public final class SensorPort<Sample: BitwiseCopyable & Sendable> {
  public let name: String
  /// The sensor's number in the configuration, from 1: the `source` of a command's ages.
  public let number: UInt16
  public let vehicleFromSensor: Transform3
  /// This frame's picks, oldest first; empty when the sensor has nothing young enough.
  public let picks: FixedList<Picked<Sample>>
  @inlinable public var latest: Picked<Sample>? { picks.isEmpty ? nil : picks[picks.count - 1] }

  public init(
    name: String, number: UInt16, vehicleFromSensor: Transform3, capacity: Int,
    zero: Picked<Sample>
  ) {
    self.name = name
    self.number = number
    self.vehicleFromSensor = vehicleFromSensor
    self.picks = FixedList(capacity: capacity, zero: zero)
  }
}

/// Whether the machine may move on its own.
public enum Arming: UInt8, Sendable, BitwiseCopyable {
  case disengaged = 0
  case engaged = 1
  case stopped = 2
}

/// One release of a chain: what the stages share while it runs. Reused from frame to frame.
public final class Frame {
  public internal(set) var number: UInt64 = 0
  public internal(set) var slot: UInt64 = 0
  /// The instant the bundle is aligned to: the trigger's capture, or the release of a periodic frame.
  public internal(set) var instant: Stamp = .zero
  /// `instant` minus the previous frame's, nanoseconds; 0 in the first.
  public internal(set) var stepNanoseconds: Int64 = 0
  /// The logical release.
  public internal(set) var release: Stamp = .zero
  public internal(set) var arming: Arming = .disengaged
  /// What this frame decides; the plan stage writes it, the guard limits it.
  public var commands = CommandSet()
  public init() {}
}
