extension CommandReceiver {
  /// What the actuator is to do at `instant`, never before an earlier call's. Call at the actuator's rate.
  public mutating func output(at instant: Stamp) -> CommandReceiverOutput {
    noticeTimeout(at: instant)
    guard let frame = newest else { return released(state: .noData) }
    let holds = instant < validUntil
    // A machine that was not engaged stays with its operator when its computer goes away.
    guard frame.mode != .inhibit else { return released(state: holds ? health : .safe) }

    // Earlier than the receipt counts as the receipt.
    let elapsed = max(0, instant - receivedAt)
    if holds, !isFinal {
      // The command's own limit may be finer than the actuator's.
      let value = approach(
        frame.command.value, limit: min(frame.command.rateLimit, settings.rateLimit), at: instant)
      return CommandReceiverOutput(
        value: value, secondValue: frame.command.secondValue, mode: frame.mode, state: health)
    }
    // The way to the safe state is bounded by the actuator's limit alone: no command can forbid it.
    let mode = frame.mode == .emergency ? CommandMode.emergency : .safeStop
    let end = Int64(frame.command.tailEndMicroseconds) * 1000
    if elapsed < end {
      // Below the tail's end, so the microseconds fit UInt32.
      let planned = frame.command.value(afterMicroseconds: UInt32(elapsed / 1000))
      let value = approach(settings.clamp(planned), limit: settings.rateLimit, at: instant)
      return CommandReceiverOutput(value: value, secondValue: 0, mode: mode, state: .stopTail)
    }
    let value = approach(settings.safeValue, limit: settings.rateLimit, at: instant)
    return CommandReceiverOutput(value: value, secondValue: 0, mode: mode, state: .safe)
  }

  /// The operator has the actuator: there is no earlier output of ours to limit the next one against.
  private mutating func released(state: CommandReceiverState) -> CommandReceiverOutput {
    driven = nil
    return CommandReceiverOutput(
      value: settings.safeValue, secondValue: 0, mode: .inhibit, state: state)
  }

  /// Moves the output towards `target` as far as the limit allows since the last output.
  private mutating func approach(_ target: Double, limit: Double, at instant: Stamp) -> Double {
    var value = target
    if let from = driven, limit < .infinity {
      let step = limit * Double(max(0, instant - drivenAt)) * 1e-9
      if target - from > step {
        value = from + step
      } else if from - target > step {
        value = from - step
      }
    }
    driven = value
    drivenAt = max(drivenAt, instant)
    return value
  }
}
