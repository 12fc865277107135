/// Unwraps a device's microseconds past the hour and says how a packet follows the one before.
struct HourClock {
  enum Arrival: Equatable {
    case first
    case next
    /// That many packets are missing in between.
    case skipped(Int64)
    /// Older than the one before, by a little: reordered or sent twice on the way.
    case late
    /// The device set its clock, as when it finds a satellite's time.
    case stepped
  }

  /// Since the hour in which the clock started.
  private(set) var nanoseconds: Int64 = 0
  /// The time before the last advance.
  private(set) var previousNanoseconds: Int64 = 0
  private var microsecondsPastHour: UInt32?

  private static let hourNanoseconds: Int64 = 3_600_000_000_000
  /// Reordering on a wire reaches no further.
  private static let latePackets: Int64 = 20
  private static let longestOutageNanoseconds: Int64 = 10_000_000_000

  mutating func advance(to microseconds: UInt32, periodNanoseconds: Int64) -> Arrival {
    guard let last = microsecondsPastHour else {
      microsecondsPastHour = microseconds
      nanoseconds = Int64(microseconds) &* 1000
      previousNanoseconds = nanoseconds
      return .first
    }
    var step = (Int64(microseconds) &- Int64(last)) &* 1000
    if step < -Self.hourNanoseconds / 2 { step &+= Self.hourNanoseconds }
    if step > Self.hourNanoseconds / 2 { step &-= Self.hourNanoseconds }
    if step <= 0, step > -Self.latePackets &* periodNanoseconds { return .late }
    previousNanoseconds = nanoseconds
    nanoseconds &+= step
    microsecondsPastHour = microseconds
    if step < 0 || step > Self.longestOutageNanoseconds { return .stepped }
    let skipped = (step &+ periodNanoseconds / 2) / periodNanoseconds &- 1
    return skipped > 0 ? .skipped(skipped) : .next
  }
}
