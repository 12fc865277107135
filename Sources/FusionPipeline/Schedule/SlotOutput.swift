/// Who wrote a slot's commands.
public enum SlotWinner: UInt8, Sendable, BitwiseCopyable {
  case frame = 0
  case guardFill = 1
}

/// A decided slot: what goes out now.
public struct DecidedSlot: BitwiseCopyable, Sendable {
  public var slot: UInt64
  public var winner: UInt8
  /// Why the guard filled it; the reason that `SlotGuard.fill` was given.
  public var fillReason: UInt8 = 0
  /// The instant from which a guard's commands count; the release for a frame's.
  public var instant: Stamp
  /// When it had to be decided at the latest.
  public var cutoff: Stamp
  public var set: CommandSet
  /// A frame's marks; empty for a guard's.
  public var marks: FrameMarks
}

/// The output side of a chain as a pure state machine: which slot is next, and what it carries.
///
/// Slots leave in order, each exactly once. Live, one thread asks it and sleeps as told; in virtual time the
/// runner does. Everything it decides on is in the board and the `now` it is given.
/// Thread: the output thread.
public final class SlotOutput {
  public enum Step {
    case wait(until: Stamp)
    case publish(DecidedSlot)
  }

  public let board: SlotBoard
  public let timing: ChainTiming
  public private(set) var grid: SlotGrid
  private let slotGuard: any SlotGuard
  /// The slot that leaves next.
  public private(set) var current: UInt64 = 0
  /// What the slot before carried: the guard continues from it.
  public private(set) var last: CommandSet?

  public init(board: SlotBoard, timing: ChainTiming, grid: SlotGrid, slotGuard: any SlotGuard) {
    self.board = board
    self.timing = timing
    self.grid = grid
    self.slotGuard = slotGuard
    for slot in 0..<UInt64(SlotBoard.cells) { board.open(slot) }
  }

  /// Moves the grid to where the session begins; before the first step only.
  func begin(on grid: SlotGrid) { self.grid = grid }

  public func step(now: Stamp) -> Step {
    switch board.state(of: current) {
    case .frame:
      let (set, marks) = board.read(current)
      return .publish(
        advance(
          DecidedSlot(
            slot: current, winner: SlotWinner.frame.rawValue, instant: set.decidedAt, cutoff: marks.deadline,
            set: set, marks: marks)))
    case .claimed:
      let cutoff = board.cutoff(of: current)
      if now < cutoff { return .wait(until: cutoff) }
      guard board.take(current, from: .claimed) else { return step(now: now) }
      let failure = board.failure(of: current)
      // A frame that gave up is filled for the slot's own instant: it had until its cutoff, and did not need it.
      return .publish(
        fill(
          reason: failure == .none ? .frameLate : failure, instant: max(cutoff, grid.instant(of: current)),
          cutoff: board.promisedCutoff(of: current)))
    case .open:
      let cutoff = timing.openCutoff(of: current, on: grid)
      if now < cutoff { return .wait(until: cutoff) }
      guard board.take(current, from: .open) else { return step(now: now) }
      let reason: CommandReason = board.isOverrun(current) ? .overrunSkip : .noTrigger
      return .publish(fill(reason: reason, instant: cutoff, cutoff: cutoff))
    case .taken, nil:
      // Only this side takes slots and opens them, so the current one is always one of the others.
      return .wait(until: now + timing.periodNanoseconds)
    }
  }

  /// Ends the session: the current slot becomes the final safe command, whatever runs.
  public func finish(now: Stamp) -> DecidedSlot {
    _ = board.take(current, from: .open) || board.take(current, from: .claimed)
    var decided = fill(reason: .shutdown, instant: now, cutoff: now)
    decided.set.flags.insert(.final)
    last = decided.set
    return decided
  }

  private func fill(reason: CommandReason, instant wanted: Stamp, cutoff: Stamp) -> DecidedSlot {
    // Never the moment this thread woke, so that virtual time decides the same; and never backwards.
    let instant = max(wanted, last?.decidedAt ?? wanted)
    let set = slotGuard.filled(slot: current, instant: instant, reason: reason, last: last, timing: timing)
    return advance(
      DecidedSlot(
        slot: current, winner: SlotWinner.guardFill.rawValue, fillReason: reason.rawValue, instant: instant,
        cutoff: cutoff, set: set,
        marks: FrameMarks()))
  }

  private func advance(_ decided: DecidedSlot) -> DecidedSlot {
    last = decided.set
    board.open(current + UInt64(SlotBoard.cells))
    current += 1
    return decided
  }
}
