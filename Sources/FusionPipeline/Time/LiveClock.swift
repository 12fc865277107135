import Glibc
import Synchronization

/// CLOCK_MONOTONIC, and kernel realtime stamps mapped to it.
///
/// Thread: any. Cost: `now` one vDSO read (about 25 ns); `stamp` three, and a lock held for some additions
/// that only the links' threads share.
public final class LiveClock: PipelineClock {
  private let mapping = Mutex(RealtimeMapping())

  public init() {
    // The first bracket is taken now, so that a clock set before the first packet is noticed.
    _ = stamp(fromRealtimeNanoseconds: 0)
  }

  public func now() -> Stamp { Stamp(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

  public func stamp(fromRealtimeNanoseconds realtime: Int64) -> Stamp? {
    mapping.withLock { mapping in
      // Inside the lock, so that brackets are considered in the order they were read.
      let before = Self.read(CLOCK_MONOTONIC)
      let wall = Self.read(CLOCK_REALTIME)
      let after = Self.read(CLOCK_MONOTONIC)
      return mapping.stamp(
        fromRealtimeNanoseconds: realtime,
        bracket: RealtimeBracket(before: before, realtime: wall, after: after))
    }
  }

  /// How often the realtime clock was seen to move by more than 1 ms.
  public var realtimeMoves: UInt64 { mapping.withLock { $0.moves } }

  /// CLOCK_REALTIME in nanoseconds since 1970: for file names and for a log's anchor, never for a frame.
  public func realtimeNanoseconds() -> Int64 { Self.read(CLOCK_REALTIME) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
