/// The aligner's side of one sensor in one chain: keeps what has arrived, picks for an instant, keeps books.
///
/// A pure state machine: samples in by `offer`, picks out into the port by `pick`. Every sample gets exactly
/// one fate (`SampleFate`), and the books add up at any moment.
/// Thread: the chain's frame thread. Cost: no allocation; `offer` is O(1) for samples in order, O(window)
/// at worst; `pick` is O(window).
@safe public final class SensorLane<Sample: BitwiseCopyable & Sendable> {
  struct Entry: BitwiseCopyable {
    var header: SampleHeader
    var sample: Sample
    var isUsed: Bool
  }

  public let port: SensorPort<Sample>
  public let settings: AlignSettings
  public private(set) var counts = FateCounts()
  /// When the newest sample entered its ring: whether the sensor lives.
  public private(set) var lastReady: Stamp = .never
  /// Undecided and reusable samples, by capture; equal captures by arrival.
  private let window: FixedList<Entry>
  private let payload: PooledPayload<Sample>?
  private var seen = SequenceWindow()
  /// Nothing at or before this can be picked any more.
  private var usedThrough: Stamp = .never

  public init(
    port: SensorPort<Sample>, settings: AlignSettings, payload: PooledPayload<Sample>?, zero: Sample
  ) {
    self.port = port
    self.settings = settings
    self.payload = payload
    window = FixedList(
      capacity: max(settings.window, 2), zero: Entry(header: SampleHeader(), sample: zero, isUsed: false))
  }

  /// Takes one sample in; its fate is decided now only if it can never be picked.
  public func offer(_ header: SampleHeader, _ sample: Sample) {
    counts.received &+= 1
    lastReady = max(lastReady, header.ready)
    if !seen.insert(header.sequence) {
      counts[.duplicate] &+= 1
    } else if header.flags.contains(.damaged) {
      counts[.invalid] &+= 1
    } else if header.capture <= usedThrough, !settings.takesEverything || settings.policy != .batch {
      counts[settings.policy == .batch ? .late : .outOfOrder] &+= 1
    } else {
      insert(Entry(header: header, sample: sample, isUsed: false))
    }
  }

  /// The ring lost this many samples to us before we read them.
  public func countEvicted(_ lost: UInt64) {
    counts.received &+= lost
    counts[.evicted] &+= lost
  }

  /// Whether waiting longer could not change the picks for `instant`, or is in vain.
  public func isSettled(at instant: Stamp, now: Stamp) -> Bool {
    guard settings.isAwaited else { return true }
    // A sensor that has been silent for three periods is dead until it speaks again.
    if now - lastReady > 3 * settings.periodNanoseconds { return true }
    guard !window.isEmpty else { return false }
    let newest = window[window.count - 1].header.capture
    if newest >= instant { return true }
    switch settings.policy {
    case .latestBefore, .batch: return newest + settings.periodNanoseconds > instant
    case .exact: return instant - newest <= AlignSettings.exactToleranceNanoseconds
    case .nearest, .interpolate: return false
    }
  }

  /// Fills the port for `instant`; decides the fate of everything that this makes unusable.
  public func pick(at instant: Stamp) {
    port.picks.removeAll()
    let after = firstIndex(after: instant)
    switch settings.policy {
    case .batch: pickBatch(before: after, instant: instant)
    case .latestBefore: pickOne(after - 1, .latestBefore, instant: instant)
    case .nearest: pickNearest(after: after, instant: instant)
    case .interpolate: pickAround(after: after, instant: instant)
    case .exact: pickExact(after: after, instant: instant)
    }
  }

  /// Gives back what `pick` pinned, after the frame.
  public func release() {
    guard let payload else { return }
    for index in port.picks.indices { payload.unpin(port.picks[index].sample) }
  }

  // MARK: - Policies

  private func pickBatch(before end: Int, instant: Stamp) {
    for index in 0..<end {
      let entry = window[index]
      if instant - entry.header.capture > settings.maximumAgeNanoseconds, !settings.takesEverything {
        counts[.late] &+= 1
      } else if hold(entry, .batch, weight: 1, instant: instant) {
        counts[.used] &+= 1
      } else {
        counts[.evicted] &+= 1
      }
    }
    removeFirst(end)
    usedThrough = max(usedThrough, instant)
  }

  private func pickNearest(after: Int, instant: Stamp) {
    var chosen = after - 1
    if after < window.count {
      let later = window[after].header.capture - instant
      let earlier = chosen >= 0 ? instant - window[chosen].header.capture : Int64.max
      if later < earlier, later <= settings.maximumAgeNanoseconds { chosen = after }
    }
    pickOne(chosen, .nearest, instant: instant)
  }

  private func pickExact(after: Int, instant: Stamp) {
    let tolerance = AlignSettings.exactToleranceNanoseconds
    var chosen = -1
    for index in max(after - 1, 0)..<window.count {
      let distance = window[index].header.capture - instant
      if distance > tolerance { break }
      if distance >= -tolerance { chosen = index }
    }
    if chosen >= 0 {
      pickOne(chosen, .exact, instant: instant)
    } else {
      // Their instant has passed without a frame at it.
      dropFirst(after, as: .late)
    }
  }

  private func pickAround(after: Int, instant: Stamp) {
    let before = after - 1
    guard before >= 0 else { return }
    let early = window[before]
    guard
      early.header.capture < instant, after < window.count,
      instant - early.header.capture <= settings.maximumAgeNanoseconds,
      window[after].header.capture - instant <= settings.maximumAgeNanoseconds
    else { return pickOne(before, .latestBefore, instant: instant) }
    dropFirst(before, as: .superseded)
    let late = window[1]
    let gap = Double(late.header.capture - early.header.capture)
    let share = Double(instant - early.header.capture) / gap
    usedThrough = early.header.capture
    guard take(0, .interpolated, weight: 1 - share, instant: instant) else { return }
    if !take(1, .interpolated, weight: share, instant: instant) {
      // The later one's payload is gone, so the earlier one stands alone.
      port.picks[0].kind = .latestBefore
      port.picks[0].weight = 1
    }
  }

  /// Picks the entry at `chosen`, if there is one and it is young enough, and drops all before it.
  private func pickOne(_ chosen: Int, _ kind: PickKind, instant: Stamp) {
    guard chosen >= 0 else { return }
    dropFirst(chosen, as: .superseded)
    let entry = window[0]
    if instant - entry.header.capture > settings.maximumAgeNanoseconds {
      // Instants only grow, so it will be too old for every later one too.
      return dropFirst(1, as: .late)
    }
    let kind = entry.header.capture == instant ? .exact : kind
    if take(0, kind, weight: 1, instant: instant) { usedThrough = entry.header.capture }
  }

  // MARK: - The window

  /// Puts the entry into the bundle; false when its payload has been overwritten.
  @discardableResult
  private func take(_ index: Int, _ kind: PickKind, weight: Double, instant: Stamp) -> Bool {
    guard hold(window[index], kind, weight: weight, instant: instant) else {
      if !window[index].isUsed { counts[.evicted] &+= 1 }
      window[index].isUsed = true
      return false
    }
    if window[index].isUsed {
      counts.reused &+= 1
    } else {
      counts[.used] &+= 1
      window[index].isUsed = true
    }
    return true
  }

  private func hold(_ entry: Entry, _ kind: PickKind, weight: Double, instant: Stamp) -> Bool {
    if let payload, !payload.pin(entry.sample) { return false }
    var header = entry.header
    // When decoding ended is a measured time; stages see only what a replay sees too.
    header.ready = header.arrival
    let kept = port.picks.append(
      Picked(
        header: header, sample: entry.sample, kind: kind, weight: weight,
        ageNanoseconds: instant - entry.header.capture))
    if !kept { payload?.unpin(entry.sample) }
    return kept
  }

  private func insert(_ entry: Entry) {
    if window.count == window.capacity { dropFirst(1, as: .evicted) }
    window.append(entry)
    var index = window.count - 1
    while index > 0, window[index - 1].header.capture > entry.header.capture {
      window[index] = window[index - 1]
      index -= 1
    }
    window[index] = entry
  }

  private func firstIndex(after instant: Stamp) -> Int {
    var index = window.count
    while index > 0, window[index - 1].header.capture > instant { index -= 1 }
    return index
  }

  private func dropFirst(_ number: Int, as fate: SampleFate) {
    for index in 0..<number where !window[index].isUsed { counts[fate] &+= 1 }
    removeFirst(number)
  }

  private func removeFirst(_ number: Int) {
    guard number > 0 else { return }
    for index in number..<max(window.count, number) { window[index - number] = window[index] }
    window.truncate(to: window.count - number)
  }
}

/// Pins and unpins a sample's payload, where its kind has one.
public struct PooledPayload<Sample>: Sendable {
  public var pin: @Sendable (Sample) -> Bool
  public var unpin: @Sendable (Sample) -> Void
  public init(pin: @escaping @Sendable (Sample) -> Bool, unpin: @escaping @Sendable (Sample) -> Void) {
    self.pin = pin
    self.unpin = unpin
  }
}

/// Which of the last 64 sequence numbers were seen; the manner of RFC 6479's anti-replay window.
struct SequenceWindow: BitwiseCopyable {
  private var highest: UInt64 = 0
  private var bits: UInt64 = 0
  private var isEmpty = true

  /// False when the number was seen before; numbers more than 64 below the highest count as new.
  mutating func insert(_ sequence: UInt64) -> Bool {
    if isEmpty || sequence > highest {
      let step = isEmpty ? 64 : sequence - highest
      bits = (step >= 64 ? 0 : bits << step) | 1
      highest = sequence
      isEmpty = false
      return true
    }
    let back = highest - sequence
    guard back < 64 else { return true }
    if bits & (1 << back) != 0 { return false }
    bits |= 1 << back
    return true
  }
}
