/// One reading of the realtime clock between two of the monotonic clock; all in nanoseconds.
public struct RealtimeBracket: BitwiseCopyable, Sendable, Equatable {
  public var before: Int64
  public var realtime: Int64
  public var after: Int64

  public init(before: Int64, realtime: Int64, after: Int64) {
    self.before = before
    self.realtime = realtime
    self.after = after
  }

  /// How far apart the monotonic readings lie: the offset is known to half of it.
  var width: Int64 { after &- before }
  /// Realtime less monotonic, taking the realtime reading as made in the middle.
  var offset: Int64 { realtime &- (before &+ width / 2) }
}

/// Maps realtime stamps to the monotonic clock, and notices when somebody sets the realtime clock.
///
/// The offset comes from the tightest bracket of the last 100 ms or so; slewing at the kernel's limit of
/// 500 ppm moves it by 50 µs in that time. Every call also compares its own bracket, so that a step is seen by
/// the first packet after it. No clock is read here: brackets are given, which makes it testable.
/// Thread: one at a time. Cost: a few additions.
public struct RealtimeMapping: BitwiseCopyable, Sendable {
  /// A move of the offset beyond this makes stamps untrusted.
  public static var largestMoveNanoseconds: Int64 { 1_000_000 }
  static var keepNanoseconds: Int64 { 100_000_000 }
  /// A mapped stamp may lie this far after the call, for rounding and the brackets' width.
  static var toleranceNanoseconds: Int64 { 1_000_000 }

  private var held: RealtimeBracket?
  private var trustedFrom: Int64 = .min
  /// How often the offset moved by more than the limit.
  public private(set) var moves: UInt64 = 0

  public init() {}

  /// The stamp on the monotonic clock, given a bracket read just now; nil when it cannot be trusted.
  public mutating func stamp(fromRealtimeNanoseconds realtime: Int64, bracket: RealtimeBracket) -> Stamp? {
    guard consider(bracket), let held else { return nil }
    let (mapped, overflow) = realtime.subtractingReportingOverflow(held.offset)
    guard !overflow, mapped >= trustedFrom else { return nil }
    // A stamp of the future was made before the clock was set back.
    guard mapped <= bracket.after &+ Self.toleranceNanoseconds else { return nil }
    return Stamp(nanoseconds: min(mapped, bracket.after))
  }

  /// Takes a bracket in; false when it shows that the realtime clock was moved.
  private mutating func consider(_ bracket: RealtimeBracket) -> Bool {
    guard let last = held else {
      held = bracket
      return true
    }
    // A thread preempted between the readings learns nothing from them.
    let isWide = bracket.width > Self.largestMoveNanoseconds
    let move = (bracket.offset &- last.offset).magnitude
    let doubt = bracket.width.magnitude / 2 &+ last.width.magnitude / 2
    let allowed = UInt64(Self.largestMoveNanoseconds) &+ doubt
    if move > allowed {
      held = bracket
      trustedFrom = bracket.after
      moves &+= 1
      return false
    }
    let isOld = bracket.before &- last.after > Self.keepNanoseconds
    if bracket.width <= last.width || (isOld && !isWide) { held = bracket }
    return true
  }
}
