/// Has the last word on every slot: limits what frames plan, and fills the slots that frames miss.
///
/// Pure functions of their arguments, so that a replay's guard says the same. `DecisionEngine` has the one
/// for vehicles; a user's own machine brings its own.
/// Thread: `limit` on the frame's thread, `fill` on the output thread; no shared mutable state.
public protocol SlotGuard: AnyObject, Sendable {
  /// Brings a planned set inside the actuators' limits, given what the slot before it carried, and sets
  /// `.limited` where it changed a value. A non-finite value becomes the actuator's safe one.
  func limit(_ planned: inout CommandSet, previous: CommandSet?, periodNanoseconds: Int64)
  /// The set for a slot that no frame filled: the last accepted plan's next point at `instant`, or
  /// `inhibit` when that plan was an inhibit or there is none. `decidedAt` becomes `instant`.
  func fill(slot: UInt64, instant: Stamp, reason: CommandReason, last: CommandSet?) -> CommandSet
  /// Every actuator at its safe value: what an emergency stop by the operator means.
  func safeSet(count: Int) -> CommandSet
}

extension SlotGuard {
  /// `fill`, and the chain's own validity where there is no plan yet to take it from.
  func filled(
    slot: UInt64, instant: Stamp, reason: CommandReason, last: CommandSet?, timing: ChainTiming
  ) -> CommandSet {
    var set = fill(slot: slot, instant: instant, reason: reason, last: last)
    set.validForMicroseconds = last?.validForMicroseconds ?? timing.validForMicroseconds
    return set
  }
}

/// Where encoded command frames go: ZeroMQ in the product, a list in tests, nothing in a replay.
///
/// Thread: the output thread alone. `publish` must not block beyond the send call's own cost.
public protocol CommandSink: AnyObject {
  /// One complete frame, topic to CRC. The bytes are valid during the call.
  func publish(_ frame: RawSpan) throws(CommandSinkFailure)
  /// All actuators' commands of a slot have been sent: the time for what is only for people.
  func endSlot()
  /// Called once after the final safe command; waits at most `lingerMilliseconds` for it to leave.
  func close(lingerMilliseconds: Int)
}

extension CommandSink {
  public func endSlot() {}
}

public struct CommandSinkFailure: Error, Sendable, Equatable {
  public var message: String
  public init(_ message: String) { self.message = message }
}
