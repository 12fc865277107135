import FusionPipeline

/// Numbers of `VehicleGuard`.
public struct VehicleGuardSettings: Sendable, Equatable {
  /// A plan older than this is no longer followed, only its stop, ms; 100…1000.
  public var safeStopAfterMilliseconds: Double = 300
  public init() {}
}

/// The last word on a road vehicle's commands: finite, inside limits, never throttle against brake.
///
/// Pure functions of their arguments. Actuators named "throttle" and "brake" exclude each other, the brake
/// winning; the one named "steering" keeps to its tail in a safe stop, since a wheel turned straight in a bend
/// leaves the lane.
public final class VehicleGuard: SlotGuard {
  private let actuators: [ActuatorDescription]
  private let throttle: Int?
  private let brake: Int?
  private let steering: Int?
  private let safeStopAfterNanoseconds: Int64

  public init(actuators: [ActuatorDescription], settings: VehicleGuardSettings = VehicleGuardSettings()) {
    self.actuators = Array(actuators.prefix(CommandSet.maximumActuators))
    throttle = self.actuators.firstIndex { $0.name == "throttle" }
    brake = self.actuators.firstIndex { $0.name == "brake" }
    steering = self.actuators.firstIndex { $0.name == "steering" }
    safeStopAfterNanoseconds = .milliseconds(settings.safeStopAfterMilliseconds)
  }

  public func limit(_ planned: inout CommandSet, previous: CommandSet?, periodNanoseconds: Int64) {
    var changed = fixCount(&planned)
    let seconds = Double(max(periodNanoseconds, 0)) * 1e-9
    for index in actuators.indices {
      let before = last(previous, index)
      if bound(&planned.commands[index], actuators[index], before: before, seconds: seconds) {
        changed = true
      }
      if boundTail(&planned.commands[index], actuators[index]) { changed = true }
    }
    if letBrakeWin(&planned) { changed = true }
    if changed { planned.flags.insert(.limited) }
  }

  public func fill(slot: UInt64, instant: Stamp, reason: CommandReason, last: CommandSet?) -> CommandSet {
    guard let last, last.mode != CommandMode.inhibit.rawValue else {
      return inhibit(slot: slot, instant: instant, last: last)
    }
    var set = last
    let sinceDecision: Int64 = instant - last.decidedAt
    // An instant before the plan's own counts as the plan's own.
    let elapsed = UInt32(clamping: sinceDecision / 1000)
    _ = fixCount(&set)
    let isOver = follow(&set, elapsed: elapsed)
    set.slot = slot
    set.decidedAt = instant
    set.flags = .fromGuard
    for index in set.ages.indices where set.ages[index].source != 0 {
      set.ages[index].ageMicroseconds = Self.sum(set.ages[index].ageMicroseconds, elapsed)
    }
    if last.mode == CommandMode.emergency.rawValue { return checked(set) }
    set.reason = reason.rawValue
    let isOrder = reason == .shutdown || reason == .operatorStop
    let isOld = instant - last.sensedAt > safeStopAfterNanoseconds
    let wasStopping = last.mode == CommandMode.safeStop.rawValue
    let mode: CommandMode = isOrder || isOld || isOver || wasStopping ? .safeStop : .degraded
    set.mode = mode.rawValue
    if isOrder { takeSafeValues(&set) }
    return checked(set)
  }

  public func safeSet(count: Int) -> CommandSet {
    var set = CommandSet(count: count)
    set.mode = CommandMode.safeStop.rawValue
    takeSafeValues(&set)
    return set
  }

  /// Nobody to follow: the actuators stay with their operator.
  private func inhibit(slot: UInt64, instant: Stamp, last: CommandSet?) -> CommandSet {
    var set = CommandSet(count: actuators.count)
    set.slot = slot
    set.decidedAt = instant
    set.flags = .fromGuard
    if let last {
      set.frame = last.frame
      set.sensedAt = last.sensedAt
      set.reason = last.reason
      set.validForMicroseconds = last.validForMicroseconds
    }
    for index in actuators.indices { set.commands[index].value = actuators[index].safeValue }
    return set
  }

  /// Moves every command along its tail; true when one of the tails has ended.
  private func follow(_ set: inout CommandSet, elapsed: UInt32) -> Bool {
    var isOver = false
    for index in actuators.indices {
      let planned = set.commands[index]
      var moved = ActuatorCommand(
        value: planned.value(afterMicroseconds: elapsed), secondValue: planned.secondValue,
        rateLimit: planned.rateLimit)
      var kept = 0
      var from: UInt32 = 0
      for point in planned.tail.indices {
        let tailPoint = planned.tail[point]
        guard tailPoint.afterMicroseconds > from else { break }
        from = tailPoint.afterMicroseconds
        guard from > elapsed else { continue }
        moved.tail[kept] = TailPoint(afterMicroseconds: from - elapsed, value: tailPoint.value)
        kept += 1
      }
      if kept == 0 { isOver = true }
      set.commands[index] = moved
    }
    return isOver
  }

  /// Ordered to stop: all but the wheel go to their safe values.
  private func takeSafeValues(_ set: inout CommandSet) {
    for index in actuators.indices where index != steering {
      set.commands[index] = ActuatorCommand(
        value: actuators[index].safeValue, rateLimit: set.commands[index].rateLimit)
    }
  }

  /// A filled set is inside the limits too: the plan it comes from may never have passed `limit`.
  private func checked(_ set: CommandSet) -> CommandSet {
    var set = set
    limit(&set, previous: nil, periodNanoseconds: 0)
    return set
  }

  private func fixCount(_ set: inout CommandSet) -> Bool {
    let count = Int32(truncatingIfNeeded: actuators.count)
    guard set.count != count else { return false }
    set.count = count
    return true
  }

  private func last(_ previous: CommandSet?, _ index: Int) -> Double? {
    guard let previous, index < Int(previous.count) else { return nil }
    let value = previous.commands[index].value
    return value.isFinite ? value : nil
  }

  private func bound(
    _ command: inout ActuatorCommand, _ actuator: ActuatorDescription, before: Double?, seconds: Double
  ) -> Bool {
    let planned = command
    if !command.value.isFinite { command.value = actuator.safeValue }
    if !command.secondValue.isFinite { command.secondValue = 0 }
    // Anything but a limit below the actuator's own counts as none.
    let isTighter = command.rateLimit >= 0 && command.rateLimit < actuator.rateLimit
    let rate = isTighter ? command.rateLimit : actuator.rateLimit
    if let before, rate.isFinite {
      let change = rate * seconds
      command.value = min(max(command.value, before - change), before + change)
    }
    command.value = min(max(command.value, actuator.minimum), actuator.maximum)
    command.rateLimit = rate
    return command.value != planned.value || command.secondValue != planned.secondValue
  }

  private func boundTail(_ command: inout ActuatorCommand, _ actuator: ActuatorDescription) -> Bool {
    var changed = false
    for point in command.tail.indices where command.tail[point].afterMicroseconds > 0 {
      let planned = command.tail[point].value
      let finite = planned.isFinite ? Double(planned) : actuator.safeValue
      let bounded = Float(min(max(finite, actuator.minimum), actuator.maximum))
      guard bounded != planned else { continue }
      command.tail[point].value = bounded
      changed = true
    }
    return changed
  }

  private func letBrakeWin(_ set: inout CommandSet) -> Bool {
    guard let throttle, let brake, set.commands[brake].value > 0, set.commands[throttle].value > 0 else {
      return false
    }
    set.commands[throttle].value = 0
    return true
  }

  private static func sum(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
