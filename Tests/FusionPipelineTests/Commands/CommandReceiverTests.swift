import Testing

@testable import FusionPipeline

@Suite("Command receiver") struct CommandReceiverTests {
  typealias S = CommandSamples

  /// Receives one command decided and received at 0, valid for 100 ms, counter 1.
  static func receiving(
    _ set: CommandSet = S.set(), actuator: ActuatorDescription = S.steering, counter: UInt32 = 1
  ) -> CommandReceiver {
    var receiver = CommandReceiver(S.settings(actuator))
    #expect(
      receiver.receive(S.bytes(set, actuator: actuator, counter: counter), atNanoseconds: 0)
        == .accepted(lost: 0))
    return receiver
  }

  @Test("before the first command the actuator stays with its operator")
  func noData() {
    var receiver = CommandReceiver(S.settings())
    let output = receiver.output(atNanoseconds: 5)
    #expect(output == .init(value: 0, secondValue: 0, mode: .inhibit, state: .noData))
    #expect(!output.drives)
    // Nor does anything refused change that.
    #expect(receiver.receive([], atNanoseconds: 6) == .refused(.length))
    #expect(receiver.output(atNanoseconds: .max).state == .noData)
    #expect(receiver.counters.timeouts == 0)
  }

  @Test("a command holds from its receipt to the last nanosecond of validFor, and no longer")
  func validityEdge() {
    let set = S.set(validForMicroseconds: 100_001, tail: [(200_000, 0.1)])
    var receiver = Self.receiving(set)
    let last = receiver.output(atNanoseconds: 100_000_999)
    #expect(last == .init(value: 0.25, secondValue: 0, mode: .auto, state: .ok))
    #expect(receiver.counters.timeouts == 0)
    let next = receiver.output(atNanoseconds: 100_001_000)
    #expect(next.state == .stopTail)
    #expect(next.mode == .safeStop)
    #expect(receiver.counters.timeouts == 1)
    #expect(receiver.output(atNanoseconds: 100_001_001).state == .stopTail)
    #expect(receiver.counters.timeouts == 1, "one time-out is counted once")
  }

  @Test("validity counts from the receipt of the newest command, not of the first")
  func validityRenewed() {
    var receiver = Self.receiving()
    let second = S.bytes(S.set(value: 0.3, decidedAt: .ms(60)), counter: 2)
    #expect(receiver.receive(second, atNanoseconds: .ms(60)) == .accepted(lost: 0))
    #expect(receiver.output(atNanoseconds: .ms(160) - 1).value == 0.3)
    #expect(receiver.output(atNanoseconds: .ms(160)).state == .safe)
  }

  @Test("each time that validity runs out is counted, noticed by an output or by the next frame")
  func timeoutsCounted() {
    var receiver = Self.receiving()
    receiver.output(atNanoseconds: .ms(100))
    #expect(receiver.counters.timeouts == 1)
    receiver.receive(S.bytes(S.set(decidedAt: .ms(110)), counter: 2), atNanoseconds: .ms(110))
    #expect(receiver.counters.timeouts == 1)
    receiver.receive(S.bytes(S.set(decidedAt: .ms(210)), counter: 3), atNanoseconds: .ms(210))
    #expect(receiver.counters.timeouts == 2)
    receiver.receive([], atNanoseconds: .ms(310) - 1)
    #expect(receiver.counters.timeouts == 2)
    receiver.receive([], atNanoseconds: .ms(310))
    #expect(receiver.counters.timeouts == 3)
  }

  @Test("no command holds longer than the receiver's own bound")
  func validityBound() {
    var settings = S.settings()
    settings.maximumValidForMicroseconds = 50_000
    var receiver = CommandReceiver(settings)
    receiver.receive(S.bytes(S.set(validForMicroseconds: .max)), atNanoseconds: 0)
    #expect(receiver.output(atNanoseconds: .ms(50) - 1).state == .ok)
    #expect(receiver.output(atNanoseconds: .ms(50)).state == .safe)
    // Unless told otherwise: one second.
    receiver = Self.receiving(S.set(validForMicroseconds: .max))
    #expect(receiver.output(atNanoseconds: .ms(1000) - 1).state == .ok)
    #expect(receiver.output(atNanoseconds: .ms(1000)).state == .safe)
  }

  @Test("a receipt near the end of time saturates instead of trapping")
  func endOfTime() {
    for decided in [Int64.min, 0, .max] {
      for instant in [Int64.min, -1, 0, .max - 1, .max] {
        var set = S.set(validForMicroseconds: .max)
        set.decidedAt = Stamp(nanoseconds: decided)
        var receiver = CommandReceiver(S.settings())
        receiver.receive(S.bytes(set), atNanoseconds: instant)
        receiver.receive(S.bytes(set, counter: 2), atNanoseconds: instant)
        #expect(receiver.output(atNanoseconds: instant).value.isFinite)
        #expect(receiver.output(atNanoseconds: .max).value.isFinite)
        #expect(receiver.output(atNanoseconds: .min).value.isFinite)
      }
    }
  }

  @Test("after validity the output is the tail's value by the time since receipt, then the safe value")
  func tail() {
    // 0.25 at 0, 0.5 at 200 ms, 0.1 at 400 ms.
    var actuator = S.steering
    actuator.safeValue = -0.2
    let set = S.set(tail: [(200_000, 0.5), (400_000, 0.125)])
    var receiver = Self.receiving(set, actuator: actuator)
    #expect(receiver.output(atNanoseconds: .ms(100)).value == 0.375)
    #expect(receiver.output(atNanoseconds: .ms(100) + 999).value == 0.375, "whole microseconds count")
    #expect(receiver.output(atNanoseconds: .ms(200)).value == 0.5)
    #expect(receiver.output(atNanoseconds: .ms(300)).value == 0.3125)
    let last = receiver.output(atNanoseconds: .ms(400) - 1)
    #expect(last.state == .stopTail)
    #expect(abs(last.value - 0.125) < 1e-5)
    let safe = receiver.output(atNanoseconds: .ms(400))
    #expect(safe == .init(value: -0.2, secondValue: 0, mode: .safeStop, state: .safe))
    #expect(receiver.output(atNanoseconds: .max) == safe)
  }

  @Test("an emergency stays an emergency on the tail, every other mode becomes a safe stop")
  func tailMode() {
    for mode in [CommandMode.auto, .degraded, .safeStop, .emergency] {
      var receiver = Self.receiving(S.set(mode: mode, tail: [(200_000, 0)]))
      #expect(receiver.output(atNanoseconds: 1).mode == mode)
      let expected: CommandMode = mode == .emergency ? .emergency : .safeStop
      #expect(receiver.output(atNanoseconds: .ms(100)).mode == expected)
      #expect(receiver.output(atNanoseconds: .ms(200)).mode == expected)
    }
  }

  @Test("a tail that ends before validity does leads straight to the safe value")
  func shortTail() {
    var receiver = Self.receiving(S.set(tail: [(100_000, 0.5)]))
    #expect(receiver.output(atNanoseconds: .ms(100) - 1).value == 0.25)
    #expect(
      receiver.output(atNanoseconds: .ms(100))
        == .init(
          value: 0, secondValue: 0, mode: .safeStop, state: .safe))
  }

  @Test("a point that is not later than the one before ends the tail")
  func tailOrder() {
    for second: UInt32 in [0, 199_999, 200_000] {
      let set = S.set(tail: [(200_000, 0.5), (second, 0.1), (400_000, 0.125)])
      var receiver = Self.receiving(set)
      #expect(receiver.output(atNanoseconds: .ms(200) - 1).state == .stopTail)
      #expect(receiver.output(atNanoseconds: .ms(200)).state == .safe)
    }
    var receiver = Self.receiving(S.set(tail: [(200_000, 0.5), (200_001, 0.1)]))
    #expect(receiver.output(atNanoseconds: .ms(200)).state == .stopTail)
    #expect(receiver.output(atNanoseconds: .ms(200) + 1000).state == .safe)
  }

  @Test("a tail's rounding outside the actuator's range is brought back")
  func tailClamped() {
    // Float(0.6) is a little more than 0.6.
    #expect(Double(Float(0.6)) > 0.6)
    var receiver = Self.receiving(S.set(value: 0.6, tail: [(150_000, 0.6), (200_000, -0.9)]))
    #expect(receiver.output(atNanoseconds: .ms(149)).value == 0.6)
    #expect(receiver.output(atNanoseconds: .ms(200) - 1).value == -0.6)
  }

  @Test("one or two lost commands degrade, more make it invalid, the next in order heals; all are counted")
  func losses() {
    let expectations: [(UInt32, CommandReceiverState)] = [
      (0, .ok), (1, .degraded), (2, .degraded), (3, .invalid), (1 << 31 - 2, .invalid),
    ]
    for (lost, state) in expectations {
      var receiver = Self.receiving()
      let frame = S.bytes(S.set(value: 0.5), counter: 2 &+ lost)
      #expect(receiver.receive(frame, atNanoseconds: 1) == .accepted(lost: lost))
      let output = receiver.output(atNanoseconds: 2)
      #expect(output.state == state)
      #expect(output.value == 0.5, "the newest intact command holds whatever was lost before it")
      #expect(receiver.counters.lost == UInt64(lost))
      receiver.receive(S.bytes(S.set(), counter: 3 &+ lost), atNanoseconds: 3)
      #expect(receiver.output(atNanoseconds: 4).state == .ok)
      #expect(receiver.counters.accepted == 3)
    }
  }

  @Test("the newest counter again is a repetition, anything up to half the range behind it is old")
  func order() {
    var receiver = Self.receiving(counter: 10)
    #expect(receiver.receive(S.bytes(S.set(), counter: 10), atNanoseconds: 1) == .refused(.repeated))
    #expect(receiver.receive(S.bytes(S.set(), counter: 9), atNanoseconds: 1) == .refused(.old))
    let opposite: UInt32 = 10 &+ (1 << 31)
    #expect(receiver.receive(S.bytes(S.set(), counter: opposite), atNanoseconds: 1) == .refused(.old))
    #expect(
      receiver.receive(S.bytes(S.set(), counter: opposite &- 1), atNanoseconds: 1)
        == .accepted(lost: 1 << 31 - 2))
  }

  @Test("the counter wraps without a fault")
  func wrap() {
    var receiver = Self.receiving(counter: .max)
    #expect(receiver.receive(S.bytes(S.set(), counter: 0), atNanoseconds: 1) == .accepted(lost: 0))
    #expect(receiver.receive(S.bytes(S.set(), counter: .max), atNanoseconds: 2) == .refused(.old))
    #expect(receiver.receive(S.bytes(S.set(), counter: 2), atNanoseconds: 3) == .accepted(lost: 1))
  }

  @Test("a refused frame shows, but the newest good command holds until its validity ends")
  func refusedKeepsValue() {
    var receiver = Self.receiving()
    var broken = S.bytes(S.set(value: -0.5), counter: 2)
    broken[100] ^= 1
    #expect(receiver.receive(broken, atNanoseconds: .ms(50)) == .refused(.checksum))
    #expect(
      receiver.output(atNanoseconds: .ms(100) - 1)
        == .init(
          value: 0.25, secondValue: 0, mode: .auto, state: .invalid))
    #expect(receiver.output(atNanoseconds: .ms(100)).state == .safe)
    // A refused frame after the end changes nothing either.
    receiver.receive(broken, atNanoseconds: .ms(101))
    #expect(receiver.output(atNanoseconds: .ms(102)).state == .safe)
  }

  @Test("another topic, data id, source or a value outside the range is refused by its own class")
  func origin() {
    var receiver = Self.receiving()
    var other = S.steering
    other.topic = "act/steering2"
    func refused(_ bytes: [UInt8]) -> CommandVerdict { receiver.receive(bytes, atNanoseconds: 1) }
    #expect(refused(S.bytes(S.set(), actuator: other, counter: 2)) == .refused(.topic))
    other = S.steering
    other.dataID = 8
    #expect(refused(S.bytes(S.set(), actuator: other, counter: 2)) == .refused(.dataID))
    #expect(refused(S.bytes(S.set(), counter: 2, source: 4)) == .refused(.source))
    let above = S.bytes(S.set(value: 0.6.nextUp), counter: 2)
    #expect(refused(above) == .refused(.outOfRange))
    let below = S.bytes(S.set(value: (-0.6).nextDown), counter: 2)
    #expect(refused(below) == .refused(.outOfRange))
    for refusal in [CommandRefusal.topic, .dataID, .source] {
      #expect(receiver.counters.refused(refusal) == 1)
    }
    #expect(receiver.counters.refused(.outOfRange) == 2)
    #expect(receiver.counters.allRefused == 5)
    #expect(refused(S.bytes(S.set(value: 0.6), counter: 2)) == .accepted(lost: 0))
    #expect(refused(S.bytes(S.set(value: -0.6), counter: 3)) == .accepted(lost: 0))
    // A frame that inhibits says nothing about the value.
    #expect(refused(S.bytes(S.set(value: 9, mode: .inhibit), counter: 4)) == .accepted(lost: 0))
  }

  @Test("inhibit leaves the actuator to its operator, and silence after it does too")
  func inhibit() {
    var receiver = Self.receiving(S.set(mode: .inhibit, tail: [(500_000, 0.5)]))
    #expect(
      receiver.output(atNanoseconds: 1)
        == .init(
          value: 0, secondValue: 0, mode: .inhibit, state: .ok))
    #expect(receiver.output(atNanoseconds: .ms(100) - 1).state == .ok)
    #expect(
      receiver.output(atNanoseconds: .ms(100))
        == .init(
          value: 0, secondValue: 0, mode: .inhibit, state: .safe))
    #expect(receiver.counters.timeouts == 1)
  }

  @Test("a final command starts its tail at once, ends its session, and is no time-out")
  func final() {
    var receiver = Self.receiving(S.set(mode: .safeStop, flags: .final, tail: [(50_000, 0.5)]))
    #expect(
      receiver.output(atNanoseconds: 0)
        == .init(
          value: 0.25, secondValue: 0, mode: .safeStop, state: .stopTail))
    #expect(receiver.output(atNanoseconds: .ms(25)).value == 0.375)
    #expect(receiver.output(atNanoseconds: .ms(50)).state == .safe)
    #expect(receiver.receive(S.bytes(S.set(), counter: 2), atNanoseconds: .ms(60)) == .refused(.afterFinal))
    #expect(receiver.output(atNanoseconds: .ms(60)).state == .safe)
    #expect(
      receiver.receive(S.bytes(S.set(), session: 5), atNanoseconds: .ms(100) - 1) == .refused(.session))
    #expect(receiver.counters.timeouts == 0)
    #expect(receiver.output(atNanoseconds: .ms(100)).state == .safe)
    #expect(receiver.counters.timeouts == 0, "silence after the last command is meant")
    #expect(
      receiver.receive(S.bytes(S.set(value: 0.1), session: 5), atNanoseconds: .ms(101))
        == .accepted(lost: 0))
    #expect(receiver.output(atNanoseconds: .ms(101)).value == 0.1)
  }

  @Test("a final command that inhibits leaves the actuator to its operator")
  func finalInhibit() {
    var receiver = Self.receiving(S.set(mode: .inhibit, flags: .final))
    #expect(receiver.output(atNanoseconds: 1).mode == .inhibit)
    #expect(receiver.output(atNanoseconds: .ms(200)).mode == .inhibit)
    #expect(receiver.counters.timeouts == 0)
  }

  @Test("the second value is passed on while the command holds and is 0 on the tail")
  func secondValue() {
    var set = S.set(tail: [(200_000, 0)])
    set.commands[0].secondValue = 3.5
    var receiver = Self.receiving(set)
    #expect(receiver.output(atNanoseconds: 1).secondValue == 3.5)
    #expect(receiver.output(atNanoseconds: .ms(100)).secondValue == 0)
    #expect(receiver.output(atNanoseconds: .ms(200)).secondValue == 0)
  }

  @Test("settings fall to the safe side where the description makes no sense")
  func settings() {
    var actuator = S.steering
    actuator.topic = "act/steering/rear"
    #expect(CommandReceiverSettings(actuator: actuator, sourceID: 1) == nil)
    actuator = S.steering
    actuator.safeValue = .nan
    actuator.rateLimit = .nan
    var settings = S.settings(actuator)
    #expect(settings.safeValue == 0)
    #expect(settings.rateLimit == .infinity)
    actuator.safeValue = 0.3
    actuator.minimum = .nan
    actuator.rateLimit = -1
    settings = S.settings(actuator)
    #expect(settings.minimum == 0.3 && settings.maximum == 0.3)
    #expect(settings.rateLimit == .infinity)
    actuator.rateLimit = 0
    actuator.minimum = 0.7
    settings = S.settings(actuator)
    #expect(settings.rateLimit == 0)
    #expect(settings.minimum == 0.3 && settings.maximum == 0.3)
    actuator.minimum = 0.6
    #expect(S.settings(actuator).minimum == 0.6)
  }
}
