/// The absolute grid of command slots: slot `k` stands at `epoch + k × period`, never at work + period.
public struct SlotGrid: BitwiseCopyable, Sendable, Equatable {
  public var epoch: Stamp
  public var periodNanoseconds: Int64

  public init(epoch: Stamp, periodNanoseconds: Int64) {
    self.epoch = epoch
    self.periodNanoseconds = max(periodNanoseconds, 1)
  }

  public func instant(of slot: UInt64) -> Stamp {
    let (offset, overflow) = Int64(clamping: slot).multipliedReportingOverflow(by: periodNanoseconds)
    return overflow ? .distantFuture : epoch + offset
  }

  /// The first slot that stands at or after `instant`.
  public func firstSlot(notBefore instant: Stamp) -> UInt64 {
    let elapsed = instant - epoch
    guard elapsed > 0 else { return 0 }
    return UInt64((elapsed - 1) / periodNanoseconds + 1)
  }

  /// The last slot that stands at or before `instant`; nil before the epoch.
  public func lastSlot(notAfter instant: Stamp) -> UInt64? {
    let elapsed = instant - epoch
    return elapsed < 0 ? nil : UInt64(elapsed / periodNanoseconds)
  }
}

/// What releases a chain's frames.
public enum ChainTrigger: Sendable, Equatable {
  /// Every slot's own instant.
  case period
  /// Every new sample of the sensor with this index.
  case sensor(Int)
}

/// A chain's times, nanoseconds.
public struct ChainTiming: Sendable, Equatable {
  public var trigger: ChainTrigger
  public var periodNanoseconds: Int64
  /// From the trigger's capture, or from a periodic frame's release, to the return of the last send.
  public var deadlineNanoseconds: Int64
  /// How long after its instant a slot waits for a trigger before the guard fills it.
  public var holdNanoseconds: Int64
  /// How long before its instant a slot accepts a trigger. `early + hold` beyond one period is the
  /// hysteresis with which a drifting sensor's triggers stay assigned to their slots.
  public var earlyNanoseconds: Int64
  /// How long a release waits for the sensors that it is configured to await.
  public var alignmentHoldNanoseconds: Int64
  /// What publishing may take: the guard fills a claimed slot this long before the deadline.
  public var publishReserveNanoseconds: Int64
  /// How long a command holds at its receiver.
  public var validForMicroseconds: UInt32 = 100_000

  public init(
    trigger: ChainTrigger, periodNanoseconds: Int64, deadlineNanoseconds: Int64 = 50_000_000,
    holdNanoseconds: Int64? = nil, earlyNanoseconds: Int64? = nil,
    alignmentHoldNanoseconds: Int64 = 5_000_000, publishReserveNanoseconds: Int64 = 2_000_000
  ) {
    self.trigger = trigger
    self.periodNanoseconds = periodNanoseconds
    self.deadlineNanoseconds = deadlineNanoseconds
    self.holdNanoseconds = holdNanoseconds ?? periodNanoseconds
    self.earlyNanoseconds = earlyNanoseconds ?? periodNanoseconds / 2
    self.alignmentHoldNanoseconds = alignmentHoldNanoseconds
    self.publishReserveNanoseconds = publishReserveNanoseconds
  }

  /// When the guard fills a slot that no frame has claimed.
  public func openCutoff(of slot: UInt64, on grid: SlotGrid) -> Stamp {
    let wait = trigger == .period ? deadlineNanoseconds - publishReserveNanoseconds : holdNanoseconds
    return grid.instant(of: slot) + wait
  }
}
