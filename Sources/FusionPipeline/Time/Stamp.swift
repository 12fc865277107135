/// An instant on the pipeline clock: nanoseconds of CLOCK_MONOTONIC, or of a replay's virtual time.
///
/// Arithmetic saturates at the ends of `Int64`: stamps come from devices, and a hostile one (vivid's
/// `wrap_timestamp` lies near 2^63 ns) must not trap the process.
public struct Stamp: Hashable, Comparable, BitwiseCopyable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let zero = Stamp(nanoseconds: 0)
  /// Before every instant; the stamp of something that has not happened.
  public static let never = Stamp(nanoseconds: .min)
  /// After every instant.
  public static let distantFuture = Stamp(nanoseconds: .max)

  @inlinable public static func < (a: Stamp, b: Stamp) -> Bool { a.nanoseconds < b.nanoseconds }

  @inlinable public static func + (stamp: Stamp, nanoseconds: Int64) -> Stamp {
    let (sum, overflow) = stamp.nanoseconds.addingReportingOverflow(nanoseconds)
    return Stamp(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
  }

  @inlinable public static func - (stamp: Stamp, nanoseconds: Int64) -> Stamp {
    let (difference, overflow) = stamp.nanoseconds.subtractingReportingOverflow(nanoseconds)
    return Stamp(nanoseconds: overflow ? (nanoseconds < 0 ? .max : .min) : difference)
  }

  /// Nanoseconds from `earlier` to `later`.
  @inlinable public static func - (later: Stamp, earlier: Stamp) -> Int64 {
    let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return overflow ? (later.nanoseconds < 0 ? .min : .max) : difference
  }
}

extension Int64 {
  /// Nanoseconds in a number of milliseconds; saturates, so a configuration's huge value cannot trap.
  @inlinable public static func milliseconds(_ count: Double) -> Int64 { nanoseconds(count * 1e6) }
  @inlinable public static func microseconds(_ count: Double) -> Int64 { nanoseconds(count * 1e3) }
  @inlinable public static func seconds(_ count: Double) -> Int64 { nanoseconds(count * 1e9) }

  @usableFromInline static func nanoseconds(_ count: Double) -> Int64 {
    if count.isNaN { return 0 }
    if count >= 9.2e18 { return .max }
    if count <= -9.2e18 { return .min }
    return Int64(count.rounded())
  }
}
