/// Where a frame's marks come from: the clock live, modelled durations in virtual time.
///
/// Thread: the chain's frame thread.
public protocol FrameTimer: AnyObject {
  func now() -> Stamp
  /// The end of alignment.
  func aligned() -> Stamp
  /// The end of the stage with this index.
  func stageEnded(_ index: Int) -> Stamp
  /// The end of the guard's limits.
  func guarded() -> Stamp
}

/// Reads the pipeline clock: every mark is the instant it is asked for.
public final class ClockTimer: FrameTimer {
  private let clock: any PipelineClock
  public init(clock: any PipelineClock) { self.clock = clock }
  public func now() -> Stamp { clock.now() }
  public func aligned() -> Stamp { clock.now() }
  public func stageEnded(_ index: Int) -> Stamp { clock.now() }
  public func guarded() -> Stamp { clock.now() }
}

/// Virtual time: each step takes what the model says, whatever the machine does.
public final class ModelledTimer: FrameTimer {
  public private(set) var time: Stamp = .zero
  public var alignNanoseconds: Int64
  public var stageNanoseconds: [Int64]
  public var guardNanoseconds: Int64

  public init(alignNanoseconds: Int64 = 0, stageNanoseconds: [Int64], guardNanoseconds: Int64 = 0) {
    self.alignNanoseconds = alignNanoseconds
    self.stageNanoseconds = stageNanoseconds
    self.guardNanoseconds = guardNanoseconds
  }

  public func set(_ now: Stamp) { time = now }
  public func now() -> Stamp { time }
  public func aligned() -> Stamp { advance(alignNanoseconds) }
  public func stageEnded(_ index: Int) -> Stamp {
    advance(index < stageNanoseconds.count ? stageNanoseconds[index] : 0)
  }
  public func guarded() -> Stamp { advance(guardNanoseconds) }

  private func advance(_ nanoseconds: Int64) -> Stamp {
    time = time + nanoseconds
    return time
  }
}
