/// One frame to run: which slot it is for, what it is aligned to, and by when it must be out.
public struct FrameRelease: BitwiseCopyable, Sendable, Equatable {
  public var frame: UInt64
  public var slot: UInt64
  /// What the bundle is aligned to: the trigger's capture, or the slot's instant.
  public var instant: Stamp
  /// When the release became possible.
  public var due: Stamp
  /// When it happened; the logical release that stages and commands see.
  public var release: Stamp
  public var deadline: Stamp
  /// The trigger's header; zero for a periodic frame.
  public var trigger: SampleHeader
}

/// Releases that did not become frames, by reason.
public struct ReleaseCounts: BitwiseCopyable, Sendable, Equatable {
  public var released: UInt64 = 0
  /// The release before was still running, or had just finished too late.
  public var overrunSkips: UInt64 = 0
  /// A trigger for which no slot was open: it came faster than the grid, or long after its slot.
  public var slotSkips: UInt64 = 0
  /// A trigger whose capture did not lie after the frame's before.
  public var staleSkips: UInt64 = 0
  /// Releases that waited for an awaited sensor until the hold limit.
  public var holdsExpired: UInt64 = 0
  public init() {}
}

/// Decides when a chain's frames are released: a pure state machine that is told the time and the triggers.
///
/// Live, the frame's thread asks it and sleeps as told; in virtual time the runner does. So both make the
/// same decisions from the same facts.
/// Thread: the chain's frame thread. Cost: a few comparisons, at most `SlotBoard.cells` claims.
public final class ChainScheduler {
  public enum Step {
    /// Nothing to do before this instant, or before the next sample.
    case wait(until: Stamp)
    case release(FrameRelease)
  }

  public let timing: ChainTiming
  public private(set) var grid: SlotGrid
  public let board: SlotBoard
  public private(set) var counts = ReleaseCounts()
  private var pending: SampleHeader?
  /// When the oldest operator's request came that no frame has taken up yet.
  private var requestedAt: Stamp?
  /// The release at hand was seen waiting for an awaited sensor.
  private var isHolding = false
  private var lastInstant: Stamp = .never
  private var nextFrame: UInt64 = 1
  private var nextPeriodic: UInt64 = 0

  public init(timing: ChainTiming, grid: SlotGrid, board: SlotBoard) {
    self.timing = timing
    self.grid = grid
    self.board = board
  }

  /// Moves the grid to where the session begins; before the first step only.
  func begin(on grid: SlotGrid) { self.grid = grid }

  /// A sample of the trigger's sensor has come. A newer one replaces one that has not been released.
  public func triggered(by header: SampleHeader) {
    if let waiting = pending {
      // An older sample that was overtaken on its way must not replace a newer one.
      guard header.capture > waiting.capture else {
        counts.staleSkips &+= 1
        return
      }
      counts.overrunSkips &+= 1
    }
    pending = header
    isHolding = false
  }

  /// An operator has asked for something. The next frame takes it up; where the trigger is silent, a frame is
  /// released for the request alone, or nobody could disengage a machine whose sensor has died.
  public func requested(at ready: Stamp) {
    if timing.trigger != .period, requestedAt == nil { requestedAt = ready }
  }

  /// - Parameter settledAt: for an instant, whether the awaited sensors have what it needs.
  public func step(now: Stamp, isSettled: (_ instant: Stamp) -> Bool) -> Step {
    switch timing.trigger {
    case .period: periodic(now: now, isSettled: isSettled)
    case .sensor: onTrigger(now: now, isSettled: isSettled)
    }
  }

  private func periodic(now: Stamp, isSettled: (Stamp) -> Bool) -> Step {
    let due = grid.instant(of: nextPeriodic)
    if now < due { return .wait(until: due) }
    // Late by whole periods: only the newest one is worth running.
    if let newest = grid.lastSlot(notAfter: now), newest > nextPeriodic {
      counts.overrunSkips &+= newest - nextPeriodic
      giveUp(nextPeriodic..<newest)
      nextPeriodic = newest
      isHolding = false
    }
    let instant = grid.instant(of: nextPeriodic)
    let limit = instant + timing.alignmentHoldNanoseconds
    let settled = isSettled(instant)
    if now < limit, !settled {
      isHolding = true
      return .wait(until: limit)
    }
    if !settled { counts.holdsExpired &+= 1 }
    let possible = possible(from: instant, now: now, limit: limit, settled: settled)
    let slot = nextPeriodic
    nextPeriodic += 1
    let deadline = instant + timing.deadlineNanoseconds
    guard board.claim(slot, cutoff: deadline - timing.publishReserveNanoseconds) else {
      counts.slotSkips &+= 1
      return .wait(until: grid.instant(of: nextPeriodic))
    }
    return release(
      slot, instant: instant, due: possible, now: now, deadline: deadline, trigger: SampleHeader())
  }

  /// Leaves slots that nobody can fill any more to the guard at once: waiting for their deadlines, where these
  /// are longer than the period, it would hold back the commands of the slots behind them.
  private func giveUp(_ slots: Range<UInt64>) {
    for slot in slots.suffix(SlotBoard.cells) {
      let cutoff = grid.instant(of: slot) + timing.deadlineNanoseconds - timing.publishReserveNanoseconds
      if board.claim(slot, cutoff: cutoff) { board.fail(slot, reason: .overrunSkip) }
    }
  }

  private func onTrigger(now: Stamp, isSettled: (Stamp) -> Bool) -> Step {
    guard let trigger = pending else { return onRequest(now: now) }
    guard trigger.capture > lastInstant else {
      pending = nil
      counts.staleSkips &+= 1
      return onRequest(now: now)
    }
    let limit = trigger.ready + timing.alignmentHoldNanoseconds
    let settled = isSettled(trigger.capture)
    if now < limit, !settled {
      isHolding = true
      return .wait(until: limit)
    }
    if !settled { counts.holdsExpired &+= 1 }
    let possible = possible(from: trigger.ready, now: now, limit: limit, settled: settled)
    pending = nil
    let deadline = trigger.capture + timing.deadlineNanoseconds
    guard let slot = claimSlot(for: trigger.ready, cutoff: deadline - timing.publishReserveNanoseconds) else {
      counts.slotSkips &+= 1
      return .wait(until: .distantFuture)
    }
    return release(
      slot, instant: trigger.capture, due: possible, now: now, deadline: deadline,
      trigger: trigger)
  }

  /// A frame for an operator's request, when the trigger has been silent for a period since.
  private func onRequest(now: Stamp) -> Step {
    guard let requestedAt else { return .wait(until: .distantFuture) }
    let due = requestedAt + timing.periodNanoseconds
    if now < due { return .wait(until: due) }
    let deadline = now + timing.deadlineNanoseconds
    guard let slot = claimSlot(for: now, cutoff: deadline - timing.publishReserveNanoseconds) else {
      // All slots up to now are taken; the next one opens within a period.
      self.requestedAt = now
      counts.slotSkips &+= 1
      return .wait(until: now + timing.periodNanoseconds)
    }
    return release(
      slot, instant: max(now, lastInstant + 1), due: due, now: now, deadline: deadline,
      trigger: SampleHeader())
  }

  /// When the release became possible: at once, when the last awaited sensor was seen to have spoken, or when
  /// the hold for it ended.
  private func possible(from ready: Stamp, now: Stamp, limit: Stamp, settled: Bool) -> Stamp {
    defer { isHolding = false }
    guard settled else { return limit }
    return isHolding ? max(min(now, limit), ready) : ready
  }

  /// The lowest open slot whose acceptance interval [instant − early, instant + hold] holds the trigger.
  private func claimSlot(for ready: Stamp, cutoff: Stamp) -> UInt64? {
    var slot = grid.firstSlot(notBefore: ready - timing.holdNanoseconds)
    while grid.instant(of: slot) - timing.earlyNanoseconds <= ready {
      if board.claim(slot, cutoff: cutoff) { return slot }
      slot += 1
    }
    return nil
  }

  private func release(
    _ slot: UInt64, instant: Stamp, due: Stamp, now: Stamp, deadline: Stamp, trigger: SampleHeader
  ) -> Step {
    let release = FrameRelease(
      frame: nextFrame, slot: slot, instant: instant, due: due, release: now, deadline: deadline,
      trigger: trigger)
    nextFrame += 1
    lastInstant = instant
    requestedAt = nil
    counts.released &+= 1
    return .release(release)
  }
}
