import Testing

@testable import FusionPipeline

/// A lane with its port, for one policy.
private struct LaneUnderTest {
  let port: SensorPort<UInt64>
  let lane: SensorLane<UInt64>

  init(_ settings: AlignSettings, payload: PooledPayload<UInt64>? = nil) {
    port = SensorPort(
      name: "probe", number: 1, vehicleFromSensor: .identity, capacity: max(settings.window, 2),
      zero: Picked(header: SampleHeader(), sample: 0, kind: .exact, weight: 0, ageNanoseconds: 0))
    lane = SensorLane(port: port, settings: settings, payload: payload, zero: 0)
  }

  func offer(_ sequence: UInt64, at milliseconds: Double) {
    lane.offer(SampleHeader(sequence: sequence, capture: .millis(milliseconds)), sequence)
  }

  func pick(at milliseconds: Double) -> [NaiveLane.Pick] {
    lane.pick(at: .millis(milliseconds))
    return picks
  }

  var picks: [NaiveLane.Pick] {
    port.picks.indices.map {
      NaiveLane.Pick(
        sequence: port.picks[$0].sample, kind: port.picks[$0].kind, weight: port.picks[$0].weight)
    }
  }
}

private func settings(
  _ policy: AlignPolicy, age: Double = 100, period: Double = 10, awaited: Bool = false, window: Int = 64
) -> AlignSettings {
  AlignSettings(
    policy: policy, maximumAgeNanoseconds: .millis(age), periodNanoseconds: .millis(period),
    isAwaited: awaited,
    window: window)
}

@Suite("Sensor lane")
struct SensorLaneTests {
  /// 5 policies × 5 sensors × 40000: a million samples.
  @Test(
    "A million random samples: one fate each, books that always add up, a naive reference's picks",
    arguments: AlignPolicy.allCases)
  func everySampleOneFate(policy: AlignPolicy) {
    for (stream, rate) in [(0, 2.0), (1, 9.7), (2, 10.3), (3, 50.0), (4, 250.0)] {
      compare(policy, period: rate, stream: UInt64(stream), samples: 40_000)
    }
  }

  private func compare(_ policy: AlignPolicy, period: Double, stream: UInt64, samples: Int) {
    let settings = settings(policy, age: 60, period: period, window: stream == 3 ? 4 : 16)
    let test = LaneUnderTest(settings)
    var naive = NaiveLane(settings: settings)
    var random = RandomSource(seed: 42, stream: stream)
    var recent: [SampleHeader] = []
    var now = Stamp.zero
    var lastInstant = Stamp.never
    var lastFrame = Stamp.zero
    var sequence: UInt64 = 0
    var problems = 0
    func note(_ holds: Bool) { if !holds { problems += 1 } }
    func offer(_ header: SampleHeader) {
      test.lane.offer(header, header.sequence)
      naive.offer(header)
    }
    func agree() {
      let counts = test.lane.counts
      note(counts.received == UInt64(naive.received) && counts.reused == UInt64(naive.reused))
      for fate in SampleFate.allCases { note(counts[fate] == UInt64(naive.counts[fate] ?? 0)) }
      // What is in flight by the books is what the reference still holds undecided.
      note(counts.inFlight == UInt64(naive.kept.count { !$0.isUsed }))
    }
    var offered = 0
    while offered < samples {
      sequence += random.chance(0.02) ? 2 + random.below(80) : 1
      now = now + .millis(period)
      var header = SampleHeader(
        sequence: sequence, capture: now + Int64(random.uniform(-0.3, 0.3) * period * 1e6))
      // Whole milliseconds now and then, so that captures meet instants and each other.
      if random.chance(0.3) {
        header.capture = Stamp(nanoseconds: header.capture.nanoseconds / 1_000_000 * 1_000_000)
      }
      if random.chance(0.01) { header.flags.insert(.damaged) }
      if random.chance(0.02) {
        recent.append(header)
      } else {
        offer(header)
        offered += 1
        if random.chance(0.02) {
          offer(header)
          offered += 1
        }
      }
      if recent.count > 2, random.chance(0.3) {
        // Overtaken by later ones on its way.
        offer(recent.removeFirst())
        offered += 1
      }
      agree()
      while now - lastFrame > .millis(20) {
        lastFrame = lastFrame + .millis(random.chance(0.9) ? 10 : 25)
        let instant = max(lastFrame + Int64(random.uniform(-3, 3)) * 1_000_000, lastInstant + 1)
        guard instant > lastInstant else { continue }
        lastInstant = instant
        test.lane.pick(at: instant)
        note(test.picks == naive.pick(at: instant))
        agree()
        for index in test.port.picks.indices {
          let pick = test.port.picks[index]
          note(pick.ageNanoseconds == instant - pick.header.capture)
          note(abs(pick.ageNanoseconds) <= settings.maximumAgeNanoseconds)
          if index > 0 { note(test.port.picks[index - 1].header.capture <= pick.header.capture) }
        }
      }
    }
    #expect(problems == 0)
    #expect(test.lane.counts[.used] > 100)
    #expect(test.lane.counts[.duplicate] > 100 && test.lane.counts[.invalid] > 100)
  }

  @Test("Nearest takes the nearer, the earlier on a tie, and reuses one until a nearer comes")
  func nearest() {
    let lane = LaneUnderTest(settings(.nearest))
    lane.offer(1, at: 0)
    lane.offer(2, at: 10)
    #expect(lane.pick(at: 5).map(\.sequence) == [1])
    #expect(lane.pick(at: 6).map(\.sequence) == [2])
    #expect(lane.pick(at: 10) == [.init(sequence: 2, kind: .exact, weight: 1)])
    #expect(lane.lane.counts.reused == 1 && lane.lane.counts[.used] == 2)
  }

  @Test("Latest-before never looks past the instant")
  func latestBefore() {
    let lane = LaneUnderTest(settings(.latestBefore))
    lane.offer(1, at: 0)
    lane.offer(2, at: 10)
    lane.offer(3, at: 20)
    #expect(lane.pick(at: 19.999).map(\.sequence) == [2])
    #expect(lane.lane.counts[.superseded] == 1 && lane.lane.counts.inFlight == 1)
  }

  @Test("Interpolation gives both neighbours with their shares, and says latest-before without the later one")
  func interpolate() {
    let lane = LaneUnderTest(settings(.interpolate))
    lane.offer(1, at: 0)
    lane.offer(2, at: 10)
    #expect(
      lane.pick(at: 2.5) == [
        .init(sequence: 1, kind: .interpolated, weight: 0.75),
        .init(sequence: 2, kind: .interpolated, weight: 0.25),
      ])
    #expect(lane.pick(at: 12) == [.init(sequence: 2, kind: .latestBefore, weight: 1)])
  }

  @Test("Exact takes a capture within half a microsecond and no other")
  func exact() {
    let lane = LaneUnderTest(settings(.exact))
    lane.offer(1, at: 1.0006)
    #expect(lane.pick(at: 1).isEmpty)
    #expect(lane.pick(at: 1.0002).map(\.sequence) == [1])
    lane.offer(2, at: 5)
    #expect(lane.pick(at: 5.0006).isEmpty && lane.lane.counts[.late] == 1)
  }

  @Test("A batch holds everything since the instant before, once")
  func batch() {
    let lane = LaneUnderTest(settings(.batch))
    for sequence in UInt64(1)...5 { lane.offer(sequence, at: Double(sequence)) }
    #expect(lane.pick(at: 3).map(\.sequence) == [1, 2, 3])
    #expect(lane.pick(at: 4).map(\.sequence) == [4])
    lane.offer(6, at: 3.5)
    #expect(lane.pick(at: 9).map(\.sequence) == [5] && lane.lane.counts[.late] == 1)
  }

  @Test("A payload that was overwritten counts as evicted and is not handed out")
  func overwritten() {
    let payload = PooledPayload<UInt64>(pin: { $0 != 2 }, unpin: { _ in })
    for policy in AlignPolicy.allCases {
      let lane = LaneUnderTest(settings(policy), payload: payload)
      lane.offer(2, at: 5)
      #expect(lane.pick(at: 5).isEmpty)
      #expect(lane.lane.counts[.evicted] == 1 && lane.lane.counts.inFlight == 0)
    }
  }

  @Test("Interpolation with one payload gone hands out no lonely share")
  func halfGone() {
    for gone in [UInt64(1), 2] {
      let lane = LaneUnderTest(
        settings(.interpolate), payload: PooledPayload(pin: { $0 != gone }, unpin: { _ in }))
      lane.offer(1, at: 0)
      lane.offer(2, at: 10)
      let picks = lane.pick(at: 5)
      #expect(picks.count <= 1 && picks.allSatisfy { $0.weight == 1 && $0.kind != .interpolated })
      #expect(lane.lane.counts.inFlight + lane.lane.counts[.used] + lane.lane.counts.dropped == 2)
    }
  }

  @Test("What the ring lost is received and evicted")
  func lost() {
    let lane = LaneUnderTest(settings(.batch))
    lane.lane.countEvicted(7)
    #expect(
      lane.lane.counts.received == 7 && lane.lane.counts[.evicted] == 7 && lane.lane.counts.inFlight == 0)
  }

  @Test("A lane waits for an awaited sensor only while it can still come, and never for a dead one")
  func settled() {
    for policy in AlignPolicy.allCases {
      let lane = LaneUnderTest(settings(policy, awaited: true))
      func offer(_ sequence: UInt64, at milliseconds: Double) {
        lane.lane.offer(
          SampleHeader(sequence: sequence, capture: .millis(milliseconds), ready: .millis(milliseconds)),
          sequence)
      }
      // Never spoken: dead.
      #expect(lane.lane.isSettled(at: .millis(100), now: .millis(100)))
      offer(1, at: 85)
      #expect(!lane.lane.isSettled(at: .millis(100), now: .millis(100)))
      // Silent for three periods.
      #expect(lane.lane.isSettled(at: .millis(100), now: .millis(115.1)))
      offer(2, at: 95)
      let canForesee = policy == .latestBefore || policy == .batch
      #expect(lane.lane.isSettled(at: .millis(100), now: .millis(100)) == canForesee)
      offer(3, at: 105)
      #expect(lane.lane.isSettled(at: .millis(100), now: .millis(105)))
    }
    #expect(LaneUnderTest(settings(.nearest)).lane.isSettled(at: .zero, now: .zero))
  }

  @Test("Pins taken by picks are all given back")
  func pins() {
    let pool = PayloadPool<UInt8>(id: 1, slots: 2, capacity: 1, zero: 0)
    let handles = (0..<2).map { _ in pool.acquire().map { pool.commit($0, count: 1) } }
    guard let first = handles[0], let second = handles[1] else { return #expect(Bool(false)) }
    let payload = PooledPayload<UInt64>(
      pin: { pool.pin($0 == 1 ? first : second) }, unpin: { pool.unpin($0 == 1 ? first : second) })
    let lane = LaneUnderTest(settings(.interpolate), payload: payload)
    lane.offer(1, at: 0)
    lane.offer(2, at: 10)
    for instant in [2.0, 5, 11] {
      _ = lane.pick(at: instant)
      #expect(pool.acquire() == nil || instant > 10)
      lane.lane.release()
    }
    #expect(pool.acquire() != nil)
  }

  @Test("Devices' extreme stamps neither trap nor count twice", arguments: AlignPolicy.allCases)
  func extremes(policy: AlignPolicy) {
    let lane = LaneUnderTest(settings(policy, awaited: true))
    let stamps: [Stamp] = [.distantFuture, .never, .zero, .never + 1, .distantFuture - 1, .never]
    for (index, stamp) in stamps.enumerated() {
      lane.lane.offer(
        SampleHeader(sequence: UInt64(index) &* .max, capture: stamp, ready: stamp), UInt64(index))
      for instant in [Stamp.never, .zero, .distantFuture] { _ = lane.lane.isSettled(at: instant, now: stamp) }
    }
    for instant in [Stamp.never, .zero, .distantFuture] { lane.lane.pick(at: instant) }
    let counts = lane.lane.counts
    #expect(counts.received == 6 && counts.inFlight + counts[.used] + counts.dropped == 6)
  }
}
