import Synchronization

/// What the output side finds in a slot.
public enum SlotState: UInt64, Sendable {
  case open = 0
  /// A frame runs for it; the guard waits until that frame's cutoff.
  case claimed = 1
  /// A frame's commands lie in it.
  case frame = 2
  /// The guard has taken it.
  case taken = 3
}

/// When the parts of a frame ended, as its thread read the clock; travels with its commands.
public struct FrameMarks: BitwiseCopyable, Sendable {
  public static let maximumStages = 24
  public var capture: Stamp = .zero
  public var arrival: Stamp = .zero
  public var ready: Stamp = .zero
  /// When the release became possible: the trigger was ready, or the hold for others ended.
  public var due: Stamp = .zero
  public var start: Stamp = .zero
  public var aligned: Stamp = .zero
  public var stageEnds: InlineArray<24, Int64> = InlineArray(repeating: 0)
  public var stageCount: Int32 = 0
  public var reserved: Int32 = 0
  public var guarded: Stamp = .zero
  public var deadline: Stamp = .distantFuture
  public static let maximumTaps = 16
  /// Per sensor of the chain: the capture of the newest sample that this frame is the first to use, and of
  /// that sample's oldest content; `Int64.min` where the frame uses nothing new.
  public var newCaptures: InlineArray<16, Int64> = InlineArray(repeating: .min)
  public var newOldest: InlineArray<16, Int64> = InlineArray(repeating: .min)
  public init() {}

  /// The end of the last stage, or of alignment where there is none.
  public var lastStageEnd: Stamp {
    stageCount > 0 ? Stamp(nanoseconds: stageEnds[Int(stageCount) - 1]) : aligned
  }
}

/// Decides each slot once: a frame's commands, or the guard's.
///
/// A few cells in one block of plain memory, each with one atomic word (slot number and state); a single
/// compare-and-swap chooses the winner. The block holds no pointer, so that a supervisor process can own it.
/// Thread: `claim`, `submit`, `fail`, `frameBegins`, `frameEnded` from the frame's thread; `open`, `take`, `read` from the output's.
/// Cost: no allocation, no system call.
@safe public final class SlotBoard: @unchecked Sendable {
  /// Slots that can be undecided at a time.
  public static let cells = 8
  private let control: UnsafeMutablePointer<CellControl>
  private let sets: UnsafeMutablePointer<CommandSet>
  private let marks: UnsafeMutablePointer<FrameMarks>
  /// The slot of the frame that runs now; `UInt64.max` between frames.
  private let running = Atomic<UInt64>(.max)

  public init() {
    unsafe control = .allocate(capacity: Self.cells)
    unsafe sets = .allocate(capacity: Self.cells)
    unsafe marks = .allocate(capacity: Self.cells)
    for index in 0..<Self.cells {
      // No slot: the number can never match.
      unsafe (control + index).initialize(to: CellControl())
    }
    unsafe sets.initialize(repeating: CommandSet(), count: Self.cells)
    unsafe marks.initialize(repeating: FrameMarks(), count: Self.cells)
  }

  deinit {
    unsafe control.deinitialize(count: Self.cells)
    unsafe control.deallocate()
    unsafe sets.deallocate()
    unsafe marks.deallocate()
  }

  private static func word(_ slot: UInt64, _ state: SlotState) -> UInt64 { slot << 2 | state.rawValue }
  private func index(_ slot: UInt64) -> Int { Int(slot % UInt64(Self.cells)) }

  /// Makes a slot available to frames; the output side keeps a few ahead of the one it waits for.
  public func open(_ slot: UInt64) {
    let cell = unsafe control + index(slot)
    unsafe cell.pointee.cutoff.store(.max, ordering: .relaxed)
    unsafe cell.pointee.failure.store(0, ordering: .relaxed)
    unsafe cell.pointee.word.store(Self.word(slot, .open), ordering: .releasing)
  }

  /// Takes an open slot for a frame that is about to run; false when it is not open.
  public func claim(_ slot: UInt64, cutoff: Stamp) -> Bool {
    let cell = unsafe control + index(slot)
    // Written first, so that whoever sees the claim sees its cutoff; while the slot is open it is unused.
    guard unsafe cell.pointee.word.load(ordering: .acquiring) == Self.word(slot, .open) else { return false }
    unsafe cell.pointee.cutoff.store(cutoff.nanoseconds, ordering: .relaxed)
    unsafe cell.pointee.promised.store(cutoff.nanoseconds, ordering: .relaxed)
    // Again here: a `fail` that the guard overtook may have reached this cell after `open` cleared it.
    unsafe cell.pointee.failure.store(0, ordering: .relaxed)
    return unsafe cell.pointee.word.compareExchange(
      expected: Self.word(slot, .open), desired: Self.word(slot, .claimed), ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Hands the frame's commands over; false when the guard was faster, and they are then not published.
  public func submit(_ set: CommandSet, marks: FrameMarks) -> Bool {
    let index = index(set.slot)
    let word = unsafe control + index
    guard unsafe word.pointee.word.load(ordering: .acquiring) == Self.word(set.slot, .claimed) else {
      return false
    }
    // Only this thread writes a claimed cell; the output reads it after the exchange below.
    unsafe sets[index] = set
    unsafe self.marks[index] = marks
    return unsafe word.pointee.word.compareExchange(
      expected: Self.word(set.slot, .claimed), desired: Self.word(set.slot, .frame),
      ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// The frame gives no commands: the guard need not wait any longer.
  public func fail(_ slot: UInt64, reason: CommandReason) {
    let cell = unsafe control + index(slot)
    guard unsafe cell.pointee.word.load(ordering: .acquiring) == Self.word(slot, .claimed) else { return }
    unsafe cell.pointee.failure.store(reason.rawValue, ordering: .relaxed)
    unsafe cell.pointee.cutoff.store(.min, ordering: .releasing)
  }

  /// The frame for this slot begins; `frameEnded` follows, unless it hangs.
  public func frameBegins(_ slot: UInt64) { running.store(slot, ordering: .relaxed) }
  public func frameEnded() { running.store(.max, ordering: .relaxed) }

  /// Whether a frame for an earlier slot still runs, so that none could be released for this one.
  public func isOverrun(_ slot: UInt64) -> Bool { running.load(ordering: .relaxed) < slot }

  public func state(of slot: UInt64) -> SlotState? {
    let value = unsafe control[index(slot)].word.load(ordering: .acquiring)
    guard value >> 2 == slot else { return nil }
    return SlotState(rawValue: value & 3)
  }

  /// When the guard takes a claimed slot.
  public func cutoff(of slot: UInt64) -> Stamp {
    Stamp(nanoseconds: unsafe control[index(slot)].cutoff.load(ordering: .acquiring))
  }

  /// The cutoff that the frame was claimed with, also after it gave up.
  public func promisedCutoff(of slot: UInt64) -> Stamp {
    Stamp(nanoseconds: unsafe control[index(slot)].promised.load(ordering: .acquiring))
  }

  /// Why the claiming frame gave up, where it did.
  public func failure(of slot: UInt64) -> CommandReason {
    CommandReason(rawValue: unsafe control[index(slot)].failure.load(ordering: .acquiring)) ?? .none
  }

  /// Takes the slot for the guard; false when a frame's commands arrived at the last moment.
  public func take(_ slot: UInt64, from state: SlotState) -> Bool {
    unsafe control[index(slot)].word.compareExchange(
      expected: Self.word(slot, state), desired: Self.word(slot, .taken), ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// A submitted frame's commands and marks.
  public func read(_ slot: UInt64) -> (set: CommandSet, marks: FrameMarks) {
    let index = index(slot)
    return unsafe (sets[index], marks[index])
  }
}

/// One cell's atomics. The initial word names a slot that no run reaches.
struct CellControl: ~Copyable {
  let word = Atomic<UInt64>(.max)
  let cutoff = Atomic<Int64>(.max)
  let promised = Atomic<Int64>(.max)
  let failure = Atomic<UInt8>(0)
}
