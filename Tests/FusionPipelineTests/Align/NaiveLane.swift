@testable import FusionPipeline

/// The lane's rules written down once more, as plainly as possible and with no thought of cost: a list of
/// everything, searched anew for each question.
struct NaiveLane {
  struct Entry {
    var header: SampleHeader
    var order: Int
    var isUsed = false
  }
  struct Pick: Equatable {
    var sequence: UInt64
    var kind: PickKind
    var weight: Double
  }

  let settings: AlignSettings
  var kept: [Entry] = []
  var seen: Set<UInt64> = []
  var highest: UInt64 = 0
  var barrier: Stamp = .never
  var counts: [SampleFate: Int] = [:]
  var received = 0
  var reused = 0
  private var order = 0

  init(settings: AlignSettings) { self.settings = settings }

  mutating func offer(_ header: SampleHeader) {
    received += 1
    // Numbers more than 64 below the highest count as new.
    let isRecent = header.sequence + 64 > highest
    if isRecent, seen.contains(header.sequence) { return drop(.duplicate) }
    seen.insert(header.sequence)
    highest = max(highest, header.sequence)
    if header.flags.contains(.damaged) { return drop(.invalid) }
    if header.capture <= barrier { return drop(settings.policy == .batch ? .late : .outOfOrder) }
    if kept.count == settings.window {
      let first = kept.removeFirst()
      if !first.isUsed { drop(.evicted) }
    }
    order += 1
    kept.append(Entry(header: header, order: order))
    kept.sort { ($0.header.capture, $0.order) < ($1.header.capture, $1.order) }
  }

  mutating func pick(at instant: Stamp) -> [Pick] {
    let maximumAge = settings.maximumAgeNanoseconds
    let before = kept.lastIndex { $0.header.capture <= instant }
    let after = kept.firstIndex { $0.header.capture > instant }
    switch settings.policy {
    case .batch:
      var picks: [Pick] = []
      for entry in kept where entry.header.capture <= instant {
        if instant - entry.header.capture > maximumAge {
          drop(.late)
        } else {
          counts[.used, default: 0] += 1
          picks.append(Pick(sequence: entry.header.sequence, kind: .batch, weight: 1))
        }
      }
      kept.removeAll { $0.header.capture <= instant }
      barrier = max(barrier, instant)
      return picks
    case .latestBefore:
      return single(before, .latestBefore, instant)
    case .nearest:
      if let after {
        let later = kept[after].header.capture - instant
        let earlier = before.map { instant - kept[$0].header.capture }
        if later <= maximumAge, earlier == nil || later < earlier ?? 0 {
          return single(after, .nearest, instant)
        }
      }
      return single(before, .nearest, instant)
    case .exact:
      let fitting = kept.lastIndex { abs($0.header.capture - instant) <= 500 }
      if let fitting { return single(fitting, .exact, instant) }
      for entry in kept where entry.header.capture <= instant && !entry.isUsed { drop(.late) }
      kept.removeAll { $0.header.capture <= instant }
      return []
    case .interpolate:
      guard let before else { return [] }
      let early = kept[before].header.capture
      if let after, early < instant, instant - early <= maximumAge,
        kept[after].header.capture - instant <= maximumAge
      {
        let share = Double(instant - early) / Double(kept[after].header.capture - early)
        discard(upTo: before)
        use(0)
        use(1)
        barrier = early
        return [
          Pick(sequence: kept[0].header.sequence, kind: .interpolated, weight: 1 - share),
          Pick(sequence: kept[1].header.sequence, kind: .interpolated, weight: share),
        ]
      }
      return single(before, .latestBefore, instant)
    }
  }

  private mutating func single(_ index: Int?, _ kind: PickKind, _ instant: Stamp) -> [Pick] {
    guard let index else { return [] }
    discard(upTo: index)
    if instant - kept[0].header.capture > settings.maximumAgeNanoseconds {
      if !kept[0].isUsed { drop(.late) }
      kept.removeFirst()
      return []
    }
    use(0)
    barrier = kept[0].header.capture
    return [
      Pick(
        sequence: kept[0].header.sequence, kind: kept[0].header.capture == instant ? .exact : kind, weight: 1)
    ]
  }

  private mutating func discard(upTo index: Int) {
    for entry in kept[..<index] where !entry.isUsed { drop(.superseded) }
    kept.removeFirst(index)
  }

  private mutating func use(_ index: Int) {
    if kept[index].isUsed { reused += 1 } else { counts[.used, default: 0] += 1 }
    kept[index].isUsed = true
  }

  private mutating func drop(_ fate: SampleFate) { counts[fate, default: 0] += 1 }
}
