/// Counts durations in log-linear buckets: 128 to the octave, so a quantile is right to 0.8 %.
///
/// The maximum and the count are exact, and nothing is ever left out. Fixed memory; `record` touches one
/// bucket. Thread: one at a time.
@safe public final class Histogram {
  private static var subBits: Int { 7 }
  private static var subBuckets: Int { 1 << subBits }
  private let buckets: FixedList<UInt64>
  public private(set) var count: UInt64 = 0
  /// 0 when empty.
  public private(set) var maximum: Int64 = 0
  /// Values below zero: they count as 0 in the buckets, and a latency below zero is a fault worth seeing.
  public private(set) var negatives: UInt64 = 0

  public init() {
    // 57 octaves above the first linear part cover Int64.
    let size = (64 - Self.subBits) * Self.subBuckets
    buckets = FixedList(capacity: size, zero: 0)
    for _ in 0..<size { buckets.append(0) }
  }

  public func record(_ nanoseconds: Int64) {
    if nanoseconds < 0 { negatives &+= 1 }
    buckets[Self.index(max(nanoseconds, 0))] &+= 1
    maximum = count == 0 ? nanoseconds : max(maximum, nanoseconds)
    count &+= 1
  }

  /// The smallest bucket's upper end that at least `quantile` of the values lie at or below; 0 when empty.
  public func quantile(_ quantile: Double) -> Int64 {
    guard count > 0 else { return 0 }
    let rank = max(UInt64((quantile * Double(count)).rounded(.up)), 1)
    var seen: UInt64 = 0
    for index in buckets.indices {
      seen &+= buckets[index]
      if seen >= rank { return min(Self.upperEnd(index), maximum) }
    }
    return maximum
  }

  private static func index(_ value: Int64) -> Int {
    guard value >= Int64(subBuckets) else { return Int(value) }
    let octave = 63 - value.leadingZeroBitCount - subBits
    return (octave + 1) * subBuckets + Int(value >> Int64(octave)) - subBuckets
  }

  private static func upperEnd(_ index: Int) -> Int64 {
    guard index >= subBuckets else { return Int64(index) }
    let octave = index / subBuckets - 1
    let low = Int64(index % subBuckets + subBuckets) << Int64(octave)
    // In this order: the largest bucket's end is the largest Int64.
    return low + ((Int64(1) << Int64(octave)) - 1)
  }
}
