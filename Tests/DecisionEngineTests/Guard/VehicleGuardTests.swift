import Testing

@testable import DecisionEngine
@testable import FusionPipeline

@Suite("The vehicle's guard")
struct VehicleGuardTests {
  let guardian = VehicleGuard(actuators: Bench.actuators)
  static let (steering, throttle, brake) = (0, 1, 2)

  private func set(
    _ steering: Double = 0, _ throttle: Double = 0, _ brake: Double = 0, mode: CommandMode = .auto
  ) -> CommandSet {
    var set = CommandSet(count: 3)
    set.mode = mode.rawValue
    set.reason = CommandReason.none.rawValue
    set.decidedAt = .seconds(10)
    set.sensedAt = .seconds(9.95)
    set.frame = 42
    set.commands[0].value = steering
    set.commands[1].value = throttle
    set.commands[2].value = brake
    return set
  }

  /// A plan: wheel turning to 0.2, throttle closing, brake opening at 300 ms.
  private func planned(mode: CommandMode = .auto) -> CommandSet {
    var set = set(0.1, 0.4, 0, mode: mode)
    let tails: [(Int, [(UInt32, Float)])] = [
      (0, [(100_000, 0.15), (200_000, 0.2), (3_000_000, 0.2)]),
      (1, [(100_000, 0.3), (200_000, 0.2), (300_000, 0), (3_000_000, 0)]),
      (2, [(200_000, 0), (300_000, 0.1), (500_000, 0.3), (3_000_000, 0.3)]),
    ]
    for (command, points) in tails {
      for (index, point) in points.enumerated() {
        set.commands[command].tail[index] = TailPoint(afterMicroseconds: point.0, value: point.1)
      }
    }
    return set
  }

  private func limited(_ set: CommandSet, previous: CommandSet? = nil, period: Int64 = 50_000_000)
    -> CommandSet
  {
    var set = set
    guardian.limit(&set, previous: previous, periodNanoseconds: period)
    return set
  }

  private func filled(_ last: CommandSet?, after milliseconds: Double, reason: CommandReason = .frameLate)
    -> CommandSet
  {
    guardian.fill(slot: 7, instant: .seconds(10) + .milliseconds(milliseconds), reason: reason, last: last)
  }

  // MARK: limits

  @Test("A set inside every limit passes untouched and unflagged")
  func untouched() {
    let before = set(0.1, 0.3, 0)
    let after = limited(before, previous: set(0.1, 0.25, 0))
    #expect(after.flags.isEmpty)
    for index in 0..<3 { #expect(after.commands[index].value == before.commands[index].value) }
    #expect(after.mode == before.mode && after.reason == before.reason && after.frame == 42)
  }

  @Test("A value that is no number becomes the safe one", arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(value: Double) {
    let after = limited(set(value, value, value))
    #expect(after.commands[0].value == 0)
    #expect(after.commands[1].value == 0)
    #expect(after.commands[2].value == 0.4)
    #expect(after.flags == .limited)
  }

  @Test("A second value that is no number becomes zero, and any other stays")
  func secondValue() {
    var odd = set()
    odd.commands[0].secondValue = .nan
    odd.commands[1].secondValue = 12
    let after = limited(odd)
    #expect(after.commands[0].secondValue == 0)
    #expect(after.commands[1].secondValue == 12)
    #expect(after.flags == .limited)
  }

  @Test("Values are brought inside the actuator's range, on both sides")
  func range() {
    let high = limited(set(0.7, 1.5, 0))
    #expect(high.commands[0].value == 0.6 && high.commands[1].value == 1 && high.flags == .limited)
    let low = limited(set(-0.7, -0.2, -1))
    #expect(low.commands[0].value == -0.6 && low.commands[1].value == 0 && low.commands[2].value == 0)
    let edge = limited(set(0.6, 1, 0))
    #expect(edge.flags.isEmpty)
  }

  @Test("A value changes no faster than the actuator may, in either direction")
  func rate() {
    // 1.5 rad/s over 50 ms is 0.075 rad.
    let up = limited(set(0.5), previous: set(0.1))
    #expect(abs(up.commands[0].value - 0.175) < 1e-12 && up.flags == .limited)
    let down = limited(set(-0.5), previous: set(0.1))
    #expect(abs(down.commands[0].value - 0.025) < 1e-12)
    let exact = limited(set(0.1 + 0.07), previous: set(0.1))
    #expect(exact.flags.isEmpty)
    let twice = limited(set(0.5), previous: set(0.1), period: 100_000_000)
    #expect(abs(twice.commands[0].value - 0.25) < 1e-12)
  }

  @Test("A command's own rate limit holds where it is the lower one, and the lower one is sent on")
  func ownRate() {
    var slow = set(0.5)
    slow.commands[0].rateLimit = 0.2
    let after = limited(slow, previous: set(0.1))
    #expect(abs(after.commands[0].value - 0.11) < 1e-12)
    #expect(after.commands[0].rateLimit == 0.2)
    for wrong in [Double.nan, -1, 99, .infinity] {
      slow.commands[0].rateLimit = wrong
      let after = limited(slow, previous: set(0.1))
      #expect(abs(after.commands[0].value - 0.175) < 1e-12)
      #expect(after.commands[0].rateLimit == 1.5)
    }
    slow.commands[0].rateLimit = 0
    #expect(limited(slow, previous: set(0.1)).commands[0].value == 0.1)
  }

  @Test("In no time nothing changes, and time never runs backwards", arguments: [Int64(0), -50_000_000])
  func noTime(period: Int64) {
    #expect(limited(set(0.5), previous: set(0.1), period: period).commands[0].value == 0.1)
  }

  @Test("An actuator without a rate limit moves at once")
  func noRate() {
    var free = Bench.actuators
    free[0].rateLimit = .infinity
    var planned = set(0.5)
    VehicleGuard(actuators: free).limit(&planned, previous: set(-0.5), periodNanoseconds: 0)
    #expect(planned.commands[0].value == 0.5)
    #expect(planned.flags.isEmpty)
  }

  @Test("A previous value that is missing or no number limits no rate")
  func oddPrevious() {
    #expect(limited(set(0.5), previous: set(.nan)).commands[0].value == 0.5)
    #expect(limited(set(0.5), previous: set(.infinity)).commands[0].value == 0.5)
    #expect(limited(set(0.5), previous: CommandSet(count: 0)).commands[0].value == 0.5)
  }

  @Test("The range holds even when the previous value lay outside it")
  func previousOutside() {
    #expect(limited(set(0.6), previous: set(2)).commands[0].value == 0.6)
  }

  @Test("Throttle and brake never act together: the brake wins, also against the rate limit")
  func brakeWins() {
    let both = limited(set(0, 0.8, 0.3), previous: set(0, 0.8, 0.2))
    #expect(both.commands[1].value == 0 && both.commands[2].value == 0.3)
    #expect(both.flags == .limited)
    #expect(limited(set(0, 0.8, 0)).commands[1].value == 0.8)
    #expect(limited(set(0, 0, 0.8)).commands[2].value == 0.8)
  }

  @Test("A brake still opening by its rate limit shuts the throttle too")
  func brakeOpening() {
    var slow = Bench.actuators
    slow[2].rateLimit = 1
    var planned = set(0, 0.5, 0)
    VehicleGuard(actuators: slow).limit(&planned, previous: set(0, 0, 0.9), periodNanoseconds: 50_000_000)
    #expect(abs(planned.commands[2].value - 0.85) < 1e-12)
    #expect(planned.commands[1].value == 0)
  }

  @Test("Machines without a throttle or without a brake are limited all the same")
  func otherMachines() {
    for kept in [[0, 1], [0, 2], [0]] {
      let guardian = VehicleGuard(actuators: kept.map { Bench.actuators[$0] })
      var planned = set(0.9, 0.5, 0.5)
      guardian.limit(&planned, previous: nil, periodNanoseconds: 1)
      #expect(planned.commands[0].value == 0.6)
      #expect(planned.count == Int32(kept.count))
      if kept.count > 1 { #expect(planned.commands[1].value == 0.5) }
    }
  }

  @Test("A wrong count of commands is put right and flagged")
  func count() {
    var odd = set()
    odd.count = 99
    let after = limited(odd)
    #expect(after.count == 3 && after.flags == .limited)
  }

  @Test("More actuators than a set holds are not indexed")
  func tooMany() {
    let many = (0..<12).map { index in
      ActuatorDescription(
        name: "a\(index)", topic: "t", dataID: 1, minimum: -1, maximum: 1, rateLimit: 1, safeValue: 0)
    }
    var planned = CommandSet(count: 8)
    VehicleGuard(actuators: many).limit(&planned, previous: nil, periodNanoseconds: 1)
    #expect(planned.count == 8)
  }

  @Test("Tail values are brought inside the range, and ones that are no number made safe")
  func tail() {
    var odd = planned()
    odd.commands[0].tail[1].value = 3
    odd.commands[1].tail[0].value = -1
    odd.commands[2].tail[2].value = .nan
    let after = limited(odd)
    #expect(after.commands[0].tail[1].value == 0.6)
    #expect(after.commands[1].tail[0].value == 0)
    #expect(after.commands[2].tail[2].value == 0.4)
    #expect(after.flags == .limited)
    #expect(limited(planned()).flags.isEmpty)
  }

  @Test("What lies after a tail's end is left alone")
  func behindTail() {
    var odd = planned()
    odd.commands[0].tail[7].value = .nan
    #expect(limited(odd).flags.isEmpty)
  }

  // MARK: fills

  @Test("With no plan yet the slot is inhibited with safe values")
  func noPlan() {
    let fill = filled(nil, after: 0)
    #expect(fill.mode == CommandMode.inhibit.rawValue)
    #expect(fill.reason == CommandReason.noPlanYet.rawValue)
    #expect(fill.flags == .fromGuard && fill.slot == 7 && fill.count == 3)
    #expect(fill.decidedAt == .seconds(10))
    #expect(fill.commands[2].value == 0.4 && fill.commands[1].value == 0)
  }

  @Test("After an inhibit the slot is inhibited, for the same reason")
  func inhibitStays() {
    var last = set(0.2, 0.5, 0, mode: .inhibit)
    last.reason = CommandReason.notEngaged.rawValue
    last.validForMicroseconds = 70_000
    for reason in [CommandReason.frameLate, .shutdown] {
      let fill = filled(last, after: 50, reason: reason)
      #expect(fill.mode == CommandMode.inhibit.rawValue)
      #expect(fill.reason == CommandReason.notEngaged.rawValue)
      #expect(fill.frame == 42 && fill.sensedAt == .seconds(9.95) && fill.validForMicroseconds == 70_000)
      #expect(fill.commands[1].value == 0)
    }
  }

  @Test("A missed slot goes on along the plan's next points, degraded, for the given reason")
  func alongPlan() {
    let fill = filled(planned(), after: 50)
    #expect(fill.mode == CommandMode.degraded.rawValue)
    #expect(fill.reason == CommandReason.frameLate.rawValue)
    #expect(fill.flags == .fromGuard)
    #expect(fill.slot == 7 && fill.frame == 42)
    #expect(fill.decidedAt == .seconds(10.05) && fill.sensedAt == .seconds(9.95))
    #expect(abs(fill.commands[0].value - 0.125) < 1e-7)
    #expect(abs(fill.commands[1].value - 0.35) < 1e-7)
    #expect(fill.commands[2].value == 0)
  }

  @Test("The filled set's own tail is the rest of the plan's")
  func shiftedTail() {
    let fill = filled(planned(), after: 150)
    let tail = fill.commands[0].tail
    #expect(tail[0] == TailPoint(afterMicroseconds: 50_000, value: 0.2))
    #expect(tail[1] == TailPoint(afterMicroseconds: 2_850_000, value: 0.2))
    #expect(tail[2].afterMicroseconds == 0)
    // A point exactly reached is no longer ahead.
    #expect(filled(planned(), after: 200).commands[0].tail[0].afterMicroseconds == 2_800_000)
  }

  @Test("Filling twice in a row is filling once for the whole time", arguments: [50.0, 120, 240])
  func composed(milliseconds: Double) {
    let once = filled(planned(), after: 2 * milliseconds)
    let half = filled(planned(), after: milliseconds)
    let twice = guardian.fill(
      slot: 7, instant: once.decidedAt, reason: .frameLate, last: half)
    for index in 0..<3 {
      #expect(abs(once.commands[index].value - twice.commands[index].value) < 1e-6)
      for point in 0..<8 {
        #expect(
          once.commands[index].tail[point].afterMicroseconds
            == twice.commands[index].tail[point].afterMicroseconds)
      }
    }
    #expect(once.mode == twice.mode)
  }

  @Test("After 300 ms since what the plan saw, the fill is a safe stop, and stays one")
  func becomesSafeStop() {
    #expect(filled(planned(), after: 250).mode == CommandMode.degraded.rawValue)
    let stop = filled(planned(), after: 251)
    #expect(stop.mode == CommandMode.safeStop.rawValue)
    var young = stop
    young.sensedAt = young.decidedAt
    let next = guardian.fill(
      slot: 8, instant: young.decidedAt + 50_000_000, reason: .frameLate, last: young)
    #expect(next.mode == CommandMode.safeStop.rawValue)
  }

  @Test("A tail that has ended is a safe stop, its last value held")
  func tailEnds() {
    var short = planned()
    short.commands[0].tail[1].afterMicroseconds = 0
    let fill = filled(short, after: 100)
    #expect(fill.mode == CommandMode.safeStop.rawValue)
    #expect(abs(fill.commands[0].value - 0.15) < 1e-7)
    #expect(filled(short, after: 99).mode == CommandMode.degraded.rawValue)
    let late = filled(planned(), after: 60_000)
    #expect(late.mode == CommandMode.safeStop.rawValue)
    #expect(abs(late.commands[2].value - 0.3) < 1e-7 && late.commands[1].value == 0)
  }

  @Test("A fill keeps the plan's second value and rate limit")
  func keepsTheRest() {
    var last = planned()
    last.commands[0].secondValue = 3
    last.commands[0].rateLimit = 0.25
    let fill = filled(last, after: 50)
    #expect(fill.commands[0].secondValue == 3)
    #expect(fill.commands[0].rateLimit == 0.25)
  }

  @Test("Times that do not rise end a tail, also at its first point")
  func endedTail() {
    var none = planned()
    none.commands[0].tail[0].afterMicroseconds = 0
    let fill = filled(none, after: 10)
    #expect(fill.commands[0].tail[0].afterMicroseconds == 0 && fill.commands[0].value == 0.1)
    #expect(fill.mode == CommandMode.safeStop.rawValue)
    var equal = planned()
    equal.commands[0].tail[1].afterMicroseconds = 100_000
    let cut = filled(equal, after: 10).commands[0].tail
    #expect(cut[0].afterMicroseconds == 90_000 && cut[1].afterMicroseconds == 0)
  }

  @Test("An emergency stays an emergency, and its reason too")
  func emergency() {
    var last = planned(mode: .emergency)
    last.reason = CommandReason.collisionAhead.rawValue
    for milliseconds in [50.0, 5000] {
      let fill = filled(last, after: milliseconds)
      #expect(fill.mode == CommandMode.emergency.rawValue)
      #expect(fill.reason == CommandReason.collisionAhead.rawValue)
      #expect(fill.flags == .fromGuard)
    }
  }

  @Test(
    "Ordered to stop, all but the wheel go to safe values",
    arguments: [CommandReason.shutdown, .operatorStop])
  func ordered(reason: CommandReason) {
    let fill = filled(planned(), after: 50, reason: reason)
    #expect(fill.mode == CommandMode.safeStop.rawValue)
    #expect(fill.reason == reason.rawValue)
    #expect(abs(fill.commands[0].value - 0.125) < 1e-7)
    #expect(fill.commands[1].value == 0 && fill.commands[2].value == 0.4)
    #expect(fill.commands[2].tail[0].afterMicroseconds == 0)
    #expect(fill.commands[2].rateLimit == 20)
  }

  @Test("Where throttle and brake tails cross, the brake wins in a fill too")
  func crossingTails() {
    var odd = planned()
    odd.commands[2].tail[0] = TailPoint(afterMicroseconds: 50_000, value: 0.2)
    let fill = filled(odd, after: 50)
    #expect(fill.commands[1].value == 0 && abs(fill.commands[2].value - 0.2) < 1e-7)
    #expect(fill.flags == [.fromGuard, .limited])
  }

  @Test("A fill of a set that never passed the limits is inside them")
  func unchecked() {
    var odd = planned()
    odd.commands[0].value = .nan
    odd.commands[1].value = 7
    odd.count = -3
    let fill = filled(odd, after: 10)
    #expect(fill.count == 3)
    #expect(fill.commands[0].value.isFinite && fill.commands[1].value <= 1)
  }

  @Test("An instant before the plan's own is the plan's own value")
  func early() {
    let fill = filled(planned(), after: -50)
    #expect(fill.commands[0].value == 0.1)
    #expect(fill.mode == CommandMode.degraded.rawValue)
  }

  @Test("Ages grow by the time that passed, without overflow; unused entries stay unused")
  func ages() {
    var last = planned()
    last.ages[0] = SourceAge(source: 1, ageMicroseconds: 20_000)
    last.ages[1] = SourceAge(source: 2, ageMicroseconds: .max - 5)
    let fill = filled(last, after: 50)
    #expect(fill.ages[0].ageMicroseconds == 70_000)
    #expect(fill.ages[1].ageMicroseconds == .max)
    #expect(fill.ages[2].ageMicroseconds == 0)
  }

  @Test("Stamps at the ends of time do not trap")
  func endsOfTime() {
    for (last, instant) in [
      (Stamp.never, Stamp.distantFuture), (.distantFuture, .never), (.zero, .distantFuture),
    ] {
      var set = planned()
      set.decidedAt = last
      set.sensedAt = last
      let fill = guardian.fill(slot: 1, instant: instant, reason: .noTrigger, last: set)
      #expect(fill.commands[0].value.isFinite)
    }
  }

  @Test("Random sets, good and bad, always come out finite, in range and exclusive")
  func fuzz() {
    var random = TestRandom(seed: 99)
    func odd() -> Double {
      let pick = random.uniform()
      if pick < 0.1 { return .nan }
      if pick < 0.15 { return .infinity }
      return 3 * random.normal()
    }
    var previous: CommandSet?
    for _ in 0..<2000 {
      var any = set(odd(), odd(), odd(), mode: CommandMode(rawValue: UInt8(random.uniform() * 5)) ?? .auto)
      any.count = Int32(random.uniform() * 12 - 2)
      for command in 0..<3 {
        any.commands[command].rateLimit = odd()
        for point in 0..<8 {
          any.commands[command].tail[point] = TailPoint(
            afterMicroseconds: UInt32(random.uniform() * 1e6), value: Float(odd()))
        }
      }
      let out =
        random.uniform() < 0.5
        ? limited(any, previous: previous) : filled(any, after: 500 * random.uniform())
      for (index, actuator) in Bench.actuators.enumerated() {
        let command = out.commands[index]
        #expect(command.value >= actuator.minimum && command.value <= actuator.maximum)
        for point in 0..<8 where command.tail[point].afterMicroseconds > 0 {
          #expect(Double(command.tail[point].value) >= actuator.minimum - 1e-6)
          #expect(Double(command.tail[point].value) <= actuator.maximum + 1e-6)
        }
      }
      #expect(out.commands[1].value == 0 || out.commands[2].value == 0)
      previous = out
    }
  }
}
