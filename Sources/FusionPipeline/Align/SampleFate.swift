/// What became of a sample in a chain; decided once for each.
public enum SampleFate: UInt8, Sendable, CaseIterable {
  /// In a bundle that was given to stages that ran.
  case used = 0
  /// Too old when its turn came, or for an instant that had passed.
  case late = 1
  /// Its sequence number was seen before.
  case duplicate = 2
  /// Older than a sample that had already been used; it can never be picked.
  case outOfOrder = 3
  /// A newer sample was picked instead.
  case superseded = 4
  /// Overwritten in the ring or the aligner's window before its turn came.
  case evicted = 5
  /// Damaged, or with numbers that are not finite.
  case invalid = 6

  /// As reports and logs spell it.
  public var name: String {
    switch self {
    case .used: "used"
    case .late: "late"
    case .duplicate: "duplicate"
    case .outOfOrder: "out_of_order"
    case .superseded: "superseded"
    case .evicted: "evicted"
    case .invalid: "invalid"
    }
  }
}

/// One sensor's books in one chain: in = used + Σ dropped + in flight, always.
public struct FateCounts: BitwiseCopyable, Sendable, Equatable {
  public var received: UInt64 = 0
  /// Picks of a sample that an earlier bundle had used already.
  public var reused: UInt64 = 0
  private var counts: InlineArray<7, UInt64> = InlineArray(repeating: 0)

  public init() {}

  public subscript(fate: SampleFate) -> UInt64 {
    get { counts[Int(fate.rawValue)] }
    set { counts[Int(fate.rawValue)] = newValue }
  }

  public var dropped: UInt64 {
    var sum: UInt64 = 0
    for fate in SampleFate.allCases where fate != .used { sum &+= self[fate] }
    return sum
  }

  /// Received and not yet decided, by the books.
  public var inFlight: UInt64 { received &- self[.used] &- dropped }

  public static func == (a: FateCounts, b: FateCounts) -> Bool {
    guard a.received == b.received, a.reused == b.reused else { return false }
    for fate in SampleFate.allCases where a[fate] != b[fate] { return false }
    return true
  }
}
