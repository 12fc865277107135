/// The guard of last resort: values inside their limits, and the safe ones where a plan is missing.
///
/// Pure functions. A machine with a better idea of safety registers its own.
public final class SafeValueGuard: SlotGuard {
  private let actuators: [ActuatorDescription]
  public init(actuators: [ActuatorDescription]) { self.actuators = actuators }

  public func limit(_ planned: inout CommandSet, previous: CommandSet?, periodNanoseconds: Int64) {
    guard planned.mode != CommandMode.inhibit.rawValue else { return }
    for index in 0..<min(actuators.count, Int(planned.count)) {
      let actuator = actuators[index]
      let value = planned.commands[index].value
      var limited = value.isFinite ? min(max(value, actuator.minimum), actuator.maximum) : actuator.safeValue
      if let previous, actuator.rateLimit.isFinite, previous.mode != CommandMode.inhibit.rawValue {
        let step = actuator.rateLimit * Double(periodNanoseconds) / 1e9
        let before = previous.commands[index].value
        limited = min(max(limited, before - step), before + step)
      }
      if limited != value { planned.flags.insert(.limited) }
      planned.commands[index].value = limited
      planned.commands[index].rateLimit = actuator.rateLimit
    }
  }

  public func fill(slot: UInt64, instant: Stamp, reason: CommandReason, last: CommandSet?) -> CommandSet {
    var set = safeSet(count: actuators.count)
    if let last, last.mode != CommandMode.inhibit.rawValue {
      if last.mode == CommandMode.emergency.rawValue { set.mode = last.mode }
      // At the end of a session only the safe values are right, whatever was planned.
      let isEnd = reason == .shutdown
      let elapsed = UInt32(clamping: max(instant - last.decidedAt, 0) / 1000)
      for index in 0..<actuators.count where !isEnd {
        set.commands[index].value = last.commands[index].value(afterMicroseconds: elapsed)
      }
      set.frame = last.frame
      set.sensedAt = last.sensedAt
      set.ages = last.ages
    } else {
      set.mode = CommandMode.inhibit.rawValue
      for index in 0..<actuators.count { set.commands[index] = ActuatorCommand() }
    }
    set.slot = slot
    set.decidedAt = instant
    set.reason = reason.rawValue
    return set
  }

  public func safeSet(count: Int) -> CommandSet {
    var set = CommandSet(count: count)
    set.mode = CommandMode.safeStop.rawValue
    set.flags.insert(.fromGuard)
    for index in 0..<min(count, actuators.count) {
      set.commands[index] = ActuatorCommand(value: actuators[index].safeValue)
    }
    return set
  }
}
