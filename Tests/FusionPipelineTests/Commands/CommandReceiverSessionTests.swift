import Testing

@testable import FusionPipeline

@Suite("Command receiver: sessions, delay, rate") struct CommandReceiverSessionTests {
  typealias S = CommandSamples

  static func receiving(_ set: CommandSet = S.set(), at instant: Int64 = 0) -> CommandReceiver {
    var receiver = CommandReceiver(S.settings())
    #expect(receiver.receive(S.bytes(set), atNanoseconds: instant) == .accepted(lost: 0))
    return receiver
  }

  @Test("another session is refused to the last nanosecond of the old one's validity, then accepted")
  func takeover() {
    var receiver = Self.receiving()
    let second = S.bytes(S.set(value: -0.5, decidedAt: 77), session: 2, counter: 900)
    #expect(receiver.receive(second, atNanoseconds: .ms(100) - 1) == .refused(.session))
    #expect(receiver.output(atNanoseconds: .ms(100) - 1).value == 0.25)
    #expect(receiver.receive(second, atNanoseconds: .ms(100)) == .accepted(lost: 0))
    #expect(receiver.output(atNanoseconds: .ms(100)).value == -0.5)
    #expect(receiver.output(atNanoseconds: .ms(100)).state == .ok)
    #expect(receiver.counters.sessions == 2)
    #expect(receiver.counters.timeouts == 1)
    #expect(receiver.counters.lost == 0)
  }

  @Test("a session that was left never comes back, up to eight sessions ago")
  func noReturn() {
    var receiver = CommandReceiver(S.settings())
    for session in UInt64(0)..<9 {
      let frame = S.bytes(S.set(decidedAt: .ms(200) * Int64(session)), session: session)
      #expect(receiver.receive(frame, atNanoseconds: .ms(200) * Int64(session)) == .accepted(lost: 0))
    }
    // 0…7 are left, 8 is current.
    for session in UInt64(0)..<8 {
      let frame = S.bytes(S.set(decidedAt: .ms(2000)), session: session, counter: 50)
      #expect(receiver.receive(frame, atNanoseconds: .ms(2000)) == .refused(.session))
    }
    let ninth = S.bytes(S.set(decidedAt: .ms(2000)), session: 9)
    #expect(receiver.receive(ninth, atNanoseconds: .ms(2000)) == .accepted(lost: 0))
    // Eight are remembered: 1…8. The oldest, 0, is forgotten.
    for (session, verdict) in [
      (UInt64(1), CommandVerdict.refused(.session)), (8, .refused(.session)),
      (0, .accepted(lost: 0)),
    ] {
      let frame = S.bytes(S.set(decidedAt: .ms(3000)), session: session, counter: 60)
      #expect(receiver.receive(frame, atNanoseconds: .ms(3000)) == verdict)
    }
  }

  @Test("session 0 is a session like any other, and not one that was left before it began")
  func zeroSession() {
    var receiver = Self.receiving()
    let second = S.bytes(S.set(decidedAt: .ms(200)), session: 2)
    #expect(receiver.receive(second, atNanoseconds: .ms(200)) == .accepted(lost: 0))
    let zero = S.bytes(S.set(decidedAt: .ms(400)), session: 0)
    #expect(receiver.receive(zero, atNanoseconds: .ms(400)) == .accepted(lost: 0))
  }

  @Test("a command that comes a validity later than the promptest of its session is stale, to the nanosecond")
  func stale() {
    // The clocks differ by an hour; the first command took 3 ms as both see it.
    let apart: Int64 = 3_600_000_000_000
    var receiver = CommandReceiver(S.settings())
    receiver.receive(S.bytes(S.set(decidedAt: apart)), atNanoseconds: .ms(3))
    // Decided at 20 ms, 100 ms late: refused. Drift is allowed for at 200 ppm of the 120 ms passed, and of
    // that allowance.
    let allowed: Int64 = 24_004
    let late = S.bytes(S.set(decidedAt: apart + .ms(20)), counter: 2)
    let edge = Int64.ms(3) + .ms(20) + .ms(100) + allowed
    var early = receiver
    #expect(early.receive(late, atNanoseconds: edge - 1) == .accepted(lost: 0))
    #expect(receiver.receive(late, atNanoseconds: edge) == .refused(.stale))
    // It is known now: again it is a repetition, and the next is no loss.
    #expect(receiver.receive(late, atNanoseconds: edge + 1) == .refused(.repeated))
    let fresh = S.bytes(S.set(decidedAt: apart + .ms(130)), counter: 3)
    #expect(receiver.receive(fresh, atNanoseconds: .ms(134)) == .accepted(lost: 0))
    #expect(receiver.counters.refused(.stale) == 1)
  }

  @Test("a prompter command tightens the measure for those after it")
  func prompter() {
    // The first took 50 ms, the second 0: the measure is the second.
    var receiver = Self.receiving(S.set(decidedAt: 0), at: .ms(50))
    let second = S.bytes(S.set(decidedAt: .ms(60)), counter: 2)
    #expect(receiver.receive(second, atNanoseconds: .ms(60)) == .accepted(lost: 0))
    // A slower one in between does not loosen it.
    let third = S.bytes(S.set(decidedAt: .ms(70)), counter: 3)
    #expect(receiver.receive(third, atNanoseconds: .ms(110)) == .accepted(lost: 0))
    let fourth = S.bytes(S.set(decidedAt: .ms(80)), counter: 4)
    let edge = Int64.ms(180) + 24_004
    var early = receiver
    #expect(early.receive(fourth, atNanoseconds: edge - 1) == .accepted(lost: 0))
    #expect(receiver.receive(fourth, atNanoseconds: edge) == .refused(.stale))
  }

  @Test("clocks that part by 200 ppm cause no staleness in a day without a prompter command")
  func drift() {
    var receiver = Self.receiving()
    var counter: UInt32 = 2
    for minute in Int64(1)...1440 {
      let instant = minute * 60_000_000_000
      // The publisher's clock runs slow.
      let decided = instant - instant / 5001
      let frame = S.bytes(S.set(decidedAt: decided), counter: counter)
      #expect(receiver.receive(frame, atNanoseconds: instant) == .accepted(lost: 0))
      counter += 1
    }
  }

  @Test("with a shared clock age is judged absolutely, from the first command on")
  func sharedClock() {
    var settings = S.settings()
    settings.sharesClock = true
    var receiver = CommandReceiver(settings)
    let first = S.bytes(S.set(decidedAt: .ms(1000)))
    #expect(receiver.receive(first, atNanoseconds: .ms(1100)) == .refused(.stale))
    #expect(receiver.output(atNanoseconds: .ms(1100)).state == .noData)
    #expect(receiver.receive(first, atNanoseconds: .ms(1100) - 1) == .accepted(lost: 0))
    // A prompter one does not tighten the absolute measure.
    let second = S.bytes(S.set(decidedAt: .ms(1150)), counter: 2)
    #expect(receiver.receive(second, atNanoseconds: .ms(1120)) == .accepted(lost: 0))
    let third = S.bytes(S.set(decidedAt: .ms(1160)), counter: 3)
    #expect(receiver.receive(third, atNanoseconds: .ms(1260) - 1) == .accepted(lost: 0))
    let fourth = S.bytes(S.set(decidedAt: .ms(1170)), counter: 4)
    #expect(receiver.receive(fourth, atNanoseconds: .ms(1270)) == .refused(.stale))
    // A stale new session does not take over, and is not remembered as left.
    let other = S.bytes(S.set(decidedAt: .ms(1300)), session: 9)
    #expect(receiver.receive(other, atNanoseconds: .ms(1400)) == .refused(.stale))
    #expect(receiver.receive(other, atNanoseconds: .ms(1400) - 1) == .accepted(lost: 0))
  }

  @Test("a command valid for no time is never in force")
  func validForNothing() {
    var receiver = CommandReceiver(S.settings())
    let frame = S.bytes(S.set(validForMicroseconds: 0))
    #expect(receiver.receive(frame, atNanoseconds: 0) == .refused(.stale))
  }

  @Test("a publisher frozen for 200 ms: safe within 100 ms, every queued command refused, then on")
  func frozenPublisher() {
    let period = Int64.ms(10)
    var receiver = CommandReceiver(S.settings())
    var counter: UInt32 = 0
    func frame(decidedAt instant: Int64) -> [UInt8] {
      counter += 1
      return S.bytes(S.set(decidedAt: instant), counter: counter)
    }
    for slot in Int64(0)..<20 {
      #expect(
        receiver.receive(frame(decidedAt: slot * period), atNanoseconds: slot * period)
          == .accepted(lost: 0))
    }
    // Frozen from 190 ms; five commands decided just then sit in its queue.
    let queued = (Int64(0)..<5).map { frame(decidedAt: .ms(195) + $0) }
    #expect(receiver.output(atNanoseconds: .ms(290) - 1).state == .ok)
    #expect(receiver.output(atNanoseconds: .ms(290)).state == .safe)
    for bytes in queued {
      #expect(receiver.receive(bytes, atNanoseconds: .ms(395)) == .refused(.stale))
    }
    #expect(receiver.output(atNanoseconds: .ms(395)).state == .safe)
    #expect(receiver.receive(frame(decidedAt: .ms(396)), atNanoseconds: .ms(397)) == .accepted(lost: 0))
    #expect(receiver.output(atNanoseconds: .ms(397)).state == .ok)
  }

  // MARK: Rate

  static func limited(command: Double, actuator: Double) -> CommandReceiver {
    var description = S.steering
    description.rateLimit = actuator
    var receiver = CommandReceiver(S.settings(description))
    var set = S.set(value: 0, tail: [(300_000, 0.5)])
    set.commands[0].rateLimit = command
    receiver.receive(S.bytes(set, actuator: description), atNanoseconds: 0)
    #expect(receiver.output(atNanoseconds: 0).value == 0)
    set.commands[0].value = 0.5
    receiver.receive(S.bytes(set, actuator: description, counter: 2), atNanoseconds: 0)
    return receiver
  }

  @Test("the output moves no faster than the finer of the command's and the actuator's limit")
  func rate() {
    for (command, actuator) in [(2.0, Double.infinity), (.infinity, 2), (2, 5), (5, 2)] {
      var receiver = Self.limited(command: command, actuator: actuator)
      #expect(abs(receiver.output(atNanoseconds: .ms(10)).value - 0.02) < 1e-12)
      #expect(abs(receiver.output(atNanoseconds: .ms(30)).value - 0.06) < 1e-12)
      #expect(abs(receiver.output(atNanoseconds: .ms(30)).value - 0.06) < 1e-12, "no time, no change")
      #expect(abs(receiver.output(atNanoseconds: .ms(20)).value - 0.06) < 1e-12, "nor backwards")
      #expect(abs(receiver.output(atNanoseconds: .ms(40)).value - 0.08) < 1e-12, "nor is time won twice")
    }
    var free = Self.limited(command: .infinity, actuator: .infinity)
    #expect(free.output(atNanoseconds: 0).value == 0.5)
  }

  @Test("the limit holds downwards too and stops at the target")
  func rateDown() {
    var receiver = Self.limited(command: 10, actuator: .infinity)
    #expect(receiver.output(atNanoseconds: .ms(60)).value == 0.5)
    var set = S.set(value: -0.5)
    set.commands[0].rateLimit = 10
    receiver.receive(S.bytes(set, counter: 3), atNanoseconds: .ms(60))
    #expect(abs(receiver.output(atNanoseconds: .ms(70)).value - 0.4) < 1e-12)
    #expect(receiver.output(atNanoseconds: .ms(159)).value >= -0.5)
    set.commands[0].rateLimit = 0
    set.commands[0].value = 0.5
    receiver.receive(S.bytes(set, counter: 4), atNanoseconds: .ms(159))
    let held = receiver.output(atNanoseconds: .ms(160)).value
    #expect(receiver.output(atNanoseconds: .ms(200)).value == held, "a limit of 0 holds still")
  }

  @Test("on the way to the safe state the actuator's own limit counts alone")
  func rateOnTail() {
    // The command would hold still; the actuator may move 2 a second.
    var receiver = Self.limited(command: 0, actuator: 2)
    #expect(receiver.output(atNanoseconds: .ms(100) - 1).value == 0)
    // On the tail since: 0.5 planned, 2 × 10 ms allowed.
    let tail = receiver.output(atNanoseconds: .ms(110))
    #expect(tail.state == .stopTail)
    #expect(abs(tail.value - 0.02) < 1e-8)
    #expect(abs(receiver.output(atNanoseconds: .ms(290)).value - 0.38) < 1e-8)
    // Safe: back to 0, no faster.
    let safe = receiver.output(atNanoseconds: .ms(310))
    #expect(safe.state == .safe)
    #expect(abs(safe.value - 0.34) < 1e-8)
    #expect(receiver.output(atNanoseconds: .ms(600)).value == 0)
  }

  @Test("after the operator had the actuator the first value is not limited against an older one")
  func rateAfterInhibit() {
    var receiver = Self.limited(command: 1, actuator: .infinity)
    receiver.receive(S.bytes(S.set(mode: .inhibit), counter: 3), atNanoseconds: .ms(1))
    #expect(receiver.output(atNanoseconds: .ms(1)).mode == .inhibit)
    var set = S.set(value: 0.5)
    set.commands[0].rateLimit = 1
    receiver.receive(S.bytes(set, counter: 4), atNanoseconds: .ms(2))
    #expect(receiver.output(atNanoseconds: .ms(2)).value == 0.5)
  }
}
