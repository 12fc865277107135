import FusionPipeline

/// The last word on this robot's commands: finite, inside limits, and nothing is spread on one spot.
///
/// A slot without a plan moves every actuator to its safe value at its own rate limit, and so does the stop
/// tail that each command carries in case the whole computer goes silent. The gate shuts at once.
/// Pure functions of their arguments, or a replay would say something else.
public final class SpreaderGuard: SlotGuard {
  private let actuators: [ActuatorDescription]
  private let wheels: [Int]
  private let gate: Int?
  /// Slower wheels stand.
  private static let standing = 0.05

  public init(actuators: [ActuatorDescription]) {
    self.actuators = Array(actuators.prefix(CommandSet.maximumActuators))
    wheels = actuators.indices.filter {
      actuators[$0].name == "left_wheel" || actuators[$0].name == "right_wheel"
    }
    gate = actuators.firstIndex { $0.name == "gate" }
  }

  public func limit(_ planned: inout CommandSet, previous: CommandSet?, periodNanoseconds: Int64) {
    guard planned.mode != CommandMode.inhibit.rawValue else { return }
    planned.count = Int32(truncatingIfNeeded: actuators.count)
    for index in actuators.indices {
      let wanted = planned.commands[index].value
      let target = wanted.isFinite ? wanted : actuators[index].safeValue
      let value = moved(index, from: before(index, previous), to: target, nanoseconds: periodNanoseconds)
      if value != wanted { planned.flags.insert(.limited) }
      planned.commands[index].value = value
    }
    finish(&planned)
  }

  public func fill(slot: UInt64, instant: Stamp, reason: CommandReason, last: CommandSet?) -> CommandSet {
    guard let last, last.mode != CommandMode.inhibit.rawValue else {
      // Nobody drove, so nobody has to stop.
      var set = CommandSet(count: actuators.count)
      set.slot = slot
      set.decidedAt = instant
      set.flags = .fromGuard
      set.reason = reason.rawValue
      return set
    }
    var set = last
    set.slot = slot
    set.decidedAt = instant
    set.flags = .fromGuard
    if last.mode != CommandMode.emergency.rawValue {
      set.mode = CommandMode.safeStop.rawValue
      set.reason = reason.rawValue
    }
    let elapsed = max(instant - last.decidedAt, 0)
    for index in actuators.indices {
      set.commands[index].value = moved(
        index, from: before(index, last), to: actuators[index].safeValue, nanoseconds: elapsed)
    }
    for index in set.ages.indices where set.ages[index].source != 0 {
      set.ages[index].ageMicroseconds = UInt32(
        clamping: Int64(set.ages[index].ageMicroseconds) + elapsed / 1000)
    }
    if let gate { set.commands[gate].value = actuators[gate].safeValue }
    finish(&set)
    return set
  }

  public func safeSet(count: Int) -> CommandSet {
    var set = CommandSet(count: count)
    set.mode = CommandMode.safeStop.rawValue
    for index in actuators.indices { set.commands[index].value = actuators[index].safeValue }
    return set
  }

  /// What holds of every set that leaves: a shut gate where the wheels stand, and the stop tails.
  private func finish(_ set: inout CommandSet) {
    var stands = true
    for wheel in wheels where abs(set.commands[wheel].value) > Self.standing { stands = false }
    if let gate, stands, set.commands[gate].value != actuators[gate].safeValue {
      set.commands[gate].value = actuators[gate].safeValue
      set.flags.insert(.limited)
    }
    for index in actuators.indices {
      set.commands[index] = withStop(set.commands[index].value, index, holding: set.validForMicroseconds)
    }
  }

  /// The value for as long as the command is valid, then the way to the safe one.
  private func withStop(_ value: Double, _ index: Int, holding validFor: UInt32) -> ActuatorCommand {
    let actuator = actuators[index]
    var command = ActuatorCommand(value: value, rateLimit: actuator.rateLimit)
    let hold = max(validFor, 1)
    let way =
      actuator.rateLimit.isFinite ? abs(value - actuator.safeValue) / max(actuator.rateLimit, 1e-6) : 0
    let ramp = UInt32(min(max(way * 1e6, 1), 60e6))
    command.tail[0] = TailPoint(afterMicroseconds: hold, value: Float(value))
    command.tail[1] = TailPoint(afterMicroseconds: hold &+ ramp, value: Float(actuator.safeValue))
    return command
  }

  /// Where an actuator comes from: its last command, or its safe value when nobody commanded it.
  private func before(_ index: Int, _ set: CommandSet?) -> Double {
    guard let set, set.mode != CommandMode.inhibit.rawValue, set.commands[index].value.isFinite else {
      return actuators[index].safeValue
    }
    return set.commands[index].value
  }

  /// As far as the limits allow in that time.
  private func moved(_ index: Int, from: Double, to target: Double, nanoseconds: Int64) -> Double {
    let actuator = actuators[index]
    let step = actuator.rateLimit * Double(max(nanoseconds, 0)) * 1e-9
    let reached = step.isNaN ? target : min(max(target, from - step), from + step)
    return min(max(reached, actuator.minimum), actuator.maximum)
  }
}
