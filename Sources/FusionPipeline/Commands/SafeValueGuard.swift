/// The guard of last resort: values inside their limits, and towards the safe ones where a plan is missing.
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
      for index in 0..<actuators.count {
        set.commands[index].value = followed(last, index, instant: instant, isEnd: reason == .shutdown)
        if reason != .shutdown { set.commands[index].tail = remainingTail(last, index, at: instant) }
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

  /// The plan's next point while its tail lasts; then towards the safe value, as fast as the actuator may.
  private func followed(_ last: CommandSet, _ index: Int, instant: Stamp, isEnd: Bool) -> Double {
    let actuator = actuators[index]
    let command = last.commands[index]
    let elapsed = max(instant - last.decidedAt, 0)
    var end: UInt32 = 0
    for point in 0..<ActuatorCommand.tailPoints {
      guard command.tail[point].afterMicroseconds > end else { break }
      end = command.tail[point].afterMicroseconds
    }
    // At the end of a session only the safe value is right, whatever was planned.
    if !isEnd, elapsed / 1000 <= Int64(end), end > 0 {
      return command.value(afterMicroseconds: UInt32(clamping: elapsed / 1000))
    }
    guard actuator.rateLimit.isFinite, command.value.isFinite, !isEnd else { return actuator.safeValue }
    let step = actuator.rateLimit * Double(elapsed) / 1e9
    return min(max(actuator.safeValue, command.value - step), command.value + step)
  }

  /// What of the plan's tail lies ahead, counted from the new command.
  private func remainingTail(_ last: CommandSet, _ index: Int, at instant: Stamp) -> InlineArray<8, TailPoint>
  {
    var tail = ActuatorCommand().tail
    let elapsed = UInt32(clamping: max(instant - last.decidedAt, 0) / 1000)
    var count = 0
    for point in 0..<ActuatorCommand.tailPoints {
      let planned = last.commands[index].tail[point]
      guard planned.afterMicroseconds > elapsed else { continue }
      tail[count] = TailPoint(afterMicroseconds: planned.afterMicroseconds &- elapsed, value: planned.value)
      count += 1
    }
    return tail
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
