/// The reference subscriber: decides for one actuator, from bytes and receipt times alone, what to do now.
///
/// In the manner of AUTOSAR E2E it detects corruption, repetition, loss, order, insertion, masquerade and
/// delay. Validity ends at receipt + validFor, to the nanosecond; then the output follows the stop tail and
/// comes to rest at the safe value. A pure value: no clock, no allocation, no trap on any input. The C and
/// Python examples mirror it step by step. Stamps are the receiver's own monotonic clock.
public struct CommandReceiver: Sendable {
  public let settings: CommandReceiverSettings
  public private(set) var counters = CommandReceiverCounters()
  /// The newest accepted command.
  public private(set) var newest: CommandFrame?

  var health = CommandReceiverState.noData
  var receivedAt = Stamp.never
  /// The first instant at which `newest` no longer holds.
  var validUntil = Stamp.never
  var hasTimedOut = false

  /// The output's last value and when it was given, for the rate limit; none while the operator drives.
  var driven: Double?
  var drivenAt = Stamp.never

  /// The promptest arrival of the session: receipt − decidedAt, and when.
  private var promptest: Int64 = 0
  private var promptestAt = Stamp.never
  private var newestCounter: UInt32 = 0
  private var hasEnded = false
  private var left: InlineArray<8, UInt64> = InlineArray(repeating: 0)
  private var leftCount: UInt64 = 0

  /// Two clocks part by at most one part in this: 200 ppm.
  private static let driftDivisor: Int64 = 5000

  public init(_ settings: CommandReceiverSettings) { self.settings = settings }

  /// Judges one frame. `instant` is its receipt, never before an earlier call's.
  @discardableResult
  public mutating func receive(_ bytes: RawSpan, at instant: Stamp) -> CommandVerdict {
    noticeTimeout(at: instant)
    do throws(CommandRefusal) {
      let frame = try CommandFrame(decoding: bytes)
      try checkOrigin(of: frame)
      let lost = try checkSequence(of: frame, at: instant)
      take(frame, lost: lost, at: instant)
      return .accepted(lost: lost)
    } catch {
      counters.count(error)
      if newest != nil { health = .invalid }
      return .refused(error)
    }
  }

  private func checkOrigin(of frame: CommandFrame) throws(CommandRefusal) {
    guard frame.topic == settings.topic else { throw .topic }
    guard frame.dataID == settings.dataID else { throw .dataID }
    guard frame.source == settings.sourceID else { throw .source }
    // While inhibited the value is nobody's: a fresh set carries 0 there.
    guard frame.mode == .inhibit || settings.admits(frame.command.value) else { throw .outOfRange }
  }

  /// The commands lost before this one.
  private mutating func checkSequence(
    of frame: CommandFrame, at instant: Stamp
  ) throws(CommandRefusal) -> UInt32 {
    guard let current = newest?.session else {
      guard !isStale(frame, at: instant, promptest: firstArrival(of: frame, at: instant)) else {
        throw .stale
      }
      return 0
    }
    guard frame.session == current else {
      // A second publisher cannot take over while the first one's word holds, nor come back later.
      guard instant >= validUntil, !hasLeft(frame.session) else { throw .session }
      guard !isStale(frame, at: instant, promptest: firstArrival(of: frame, at: instant)) else {
        throw .stale
      }
      return 0
    }
    let step = frame.counter &- newestCounter
    guard step != 0 else { throw .repeated }
    guard step < 1 << 31 else { throw .old }
    guard !hasEnded else { throw .afterFinal }
    guard !isStale(frame, at: instant, promptest: expectedArrival(at: instant)) else {
      // Its number is genuine: what it was is known, so it is neither lost nor news when it comes again.
      newestCounter = frame.counter
      throw .stale
    }
    return step &- 1
  }

  private mutating func take(_ frame: CommandFrame, lost: UInt32, at instant: Stamp) {
    let delay = instant - frame.decidedAt
    if newest?.session != frame.session {
      if let old = newest?.session { leave(old) }
      counters.sessions &+= 1
      promptest = firstArrival(of: frame, at: instant)
      promptestAt = instant
    } else if !settings.sharesClock, delay < expectedArrival(at: instant) {
      promptest = delay
      promptestAt = instant
    }
    newest = frame
    newestCounter = frame.counter
    hasEnded = frame.flags.contains(.final)
    receivedAt = instant
    validUntil = instant + validity(of: frame)
    hasTimedOut = false
    health = lost == 0 ? .ok : lost <= settings.toleratedLosses ? .degraded : .invalid
    counters.accepted &+= 1
    counters.lost &+= UInt64(lost)
  }

  /// Nanoseconds.
  private func validity(of frame: CommandFrame) -> Int64 {
    Int64(min(frame.validForMicroseconds, settings.maximumValidForMicroseconds)) * 1000
  }

  // MARK: Delay

  /// With clocks apart, a session's first command is the measure for those after it.
  private func firstArrival(of frame: CommandFrame, at instant: Stamp) -> Int64 {
    settings.sharesClock ? 0 : instant - frame.decidedAt
  }

  private func expectedArrival(at instant: Stamp) -> Int64 {
    if settings.sharesClock { return 0 }
    return (Stamp(nanoseconds: promptest) + (instant - promptestAt) / Self.driftDivisor).nanoseconds
  }

  private func isStale(_ frame: CommandFrame, at instant: Stamp, promptest: Int64) -> Bool {
    let delay = instant - frame.decidedAt
    let excess = Stamp(nanoseconds: delay) - Stamp(nanoseconds: promptest)
    return excess >= validity(of: frame)
  }

  // MARK: Sessions

  private func hasLeft(_ session: UInt64) -> Bool {
    for index in left.indices where UInt64(index) < leftCount && left[index] == session { return true }
    return false
  }

  private mutating func leave(_ session: UInt64) {
    left[Int(leftCount % 8)] = session
    leftCount &+= 1
  }

  // MARK: Time-out

  mutating func noticeTimeout(at instant: Stamp) {
    guard newest != nil, !hasTimedOut, instant >= validUntil else { return }
    hasTimedOut = true
    // A final command is meant to be the last: silence after it is no fault.
    if !hasEnded { counters.timeouts &+= 1 }
  }

  /// The newest command asks for the safe state at once.
  var isFinal: Bool { hasEnded }
}
