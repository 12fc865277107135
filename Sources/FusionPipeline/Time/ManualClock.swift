import Synchronization

/// A clock that stands still until it is told to move: for tests, replays and simulators.
///
/// Its realtime clock is `now` plus an offset; changing the offset by more than 1 ms makes mapped stamps
/// untrusted exactly as on a live clock.
/// Thread: any.
public final class ManualClock: PipelineClock {
  private struct State {
    var now: Stamp
    var realtimeOffset: Int64
    var mapping = RealtimeMapping()
  }
  private let state: Mutex<State>

  public init(now: Stamp = .zero, realtimeOffsetNanoseconds: Int64 = 0) {
    state = Mutex(State(now: now, realtimeOffset: realtimeOffsetNanoseconds))
    _ = stamp(fromRealtimeNanoseconds: 0)
  }

  public func now() -> Stamp { state.withLock { $0.now } }

  /// Sets the time; going back is permitted, as a replay that starts over does.
  public func set(_ now: Stamp) { state.withLock { $0.now = now } }

  public func advance(byNanoseconds step: Int64) { state.withLock { $0.now = $0.now + step } }

  /// What somebody setting the machine's wall clock does.
  public func setRealtimeOffset(nanoseconds: Int64) {
    state.withLock { $0.realtimeOffset = nanoseconds }
  }

  public func stamp(fromRealtimeNanoseconds realtime: Int64) -> Stamp? {
    state.withLock { state in
      let now = state.now.nanoseconds
      let bracket = RealtimeBracket(before: now, realtime: now &+ state.realtimeOffset, after: now)
      return state.mapping.stamp(fromRealtimeNanoseconds: realtime, bracket: bracket)
    }
  }
}
