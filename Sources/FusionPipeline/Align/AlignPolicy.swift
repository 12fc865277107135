/// Which of a sensor's samples belongs to an instant.
public enum AlignPolicy: String, Sendable, CaseIterable {
  /// The one whose capture is the instant, within half a microsecond.
  case exact
  case nearest
  case latestBefore = "latest-before"
  /// The two around the instant with their shares; latest-before, flagged by its kind, without the later.
  case interpolate
  /// Everything in (previous instant, this instant].
  case batch
}

/// How one sensor is aligned in one chain.
public struct AlignSettings: Sendable, Equatable {
  public var policy: AlignPolicy
  /// A sample further from the instant than this is not used.
  public var maximumAgeNanoseconds: Int64
  /// The nominal time between samples; a sensor silent for three of them is not waited for.
  public var periodNanoseconds: Int64
  /// A release waits for this sensor's sample until the chain's hold limit.
  public var isAwaited: Bool
  /// Samples kept while undecided.
  public var window: Int
  /// A batch takes what comes late or is too old as well: of a person's requests none may be lost.
  public var takesEverything = false

  public init(
    policy: AlignPolicy, maximumAgeNanoseconds: Int64, periodNanoseconds: Int64, isAwaited: Bool = false,
    window: Int = 64
  ) {
    self.policy = policy
    self.maximumAgeNanoseconds = maximumAgeNanoseconds
    self.periodNanoseconds = periodNanoseconds
    self.isAwaited = isAwaited
    self.window = window
  }

  /// Capture stamps this close to the instant count as exact.
  static var exactToleranceNanoseconds: Int64 { 500 }
}
