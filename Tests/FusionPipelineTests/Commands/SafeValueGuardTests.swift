import Testing

@testable import FusionPipeline

@Suite("The guard of last resort")
struct SafeValueGuardTests {
  private let wheels = SafeValueGuard(actuators: [
    ActuatorDescription(
      name: "wheel", topic: "act/wheel", dataID: 1, minimum: -1, maximum: 1, rateLimit: 2, safeValue: 0)
  ])

  private func planned(_ value: Double, tail: [TailPoint] = []) -> CommandSet {
    var set = CommandSet(count: 1)
    set.mode = CommandMode.auto.rawValue
    set.decidedAt = Stamp(nanoseconds: 1_000_000_000)
    set.commands[0].value = value
    for (index, point) in tail.enumerated() { set.commands[0].tail[index] = point }
    return set
  }

  private func fill(_ last: CommandSet?, afterMilliseconds: Int64, _ reason: CommandReason = .noTrigger)
    -> CommandSet
  {
    wheels.fill(
      slot: 9, instant: Stamp(nanoseconds: 1_000_000_000 + afterMilliseconds * 1_000_000), reason: reason,
      last: last)
  }

  @Test("a machine without a plan comes to its safe value at its own rate, fill by fill")
  func comesToRest() {
    var last = planned(0.6)
    var values: [Double] = []
    for slot in 1...8 {
      last = fill(last, afterMilliseconds: Int64(slot) * 50)
      values.append(last.commands[0].value)
      #expect(last.mode == CommandMode.safeStop.rawValue)
    }
    #expect(values.map { ($0 * 1000).rounded() } == [500, 400, 300, 200, 100, 0, 0, 0])
  }

  @Test("while the plan's tail lasts its next point is given, and after it the way to the safe value")
  func followsTail() {
    let tail = [TailPoint(afterMicroseconds: 100_000, value: 0.4)]
    #expect(abs(fill(planned(0.6, tail: tail), afterMilliseconds: 50).commands[0].value - 0.5) < 1e-6)
    #expect(abs(fill(planned(0.6, tail: tail), afterMilliseconds: 200).commands[0].value - 0.2) < 1e-9)
  }

  @Test("the end of a session is the safe value at once, an inhibited machine stays with its operator")
  func ends() {
    #expect(fill(planned(0.6), afterMilliseconds: 1, .shutdown).commands[0].value == 0)
    var inhibited = planned(0.6)
    inhibited.mode = CommandMode.inhibit.rawValue
    #expect(fill(inhibited, afterMilliseconds: 50).mode == CommandMode.inhibit.rawValue)
    #expect(fill(nil, afterMilliseconds: 50).mode == CommandMode.inhibit.rawValue)
  }

  @Test("an emergency stays one until a frame ends it")
  func staysInEmergency() {
    var emergency = planned(0.6)
    emergency.mode = CommandMode.emergency.rawValue
    #expect(fill(emergency, afterMilliseconds: 50).mode == CommandMode.emergency.rawValue)
  }

  @Test(
    "a value that is no number becomes the safe one, and one beyond its rate or range is limited and flagged")
  func limits() {
    for (value, expected) in [(Double.nan, 0.0), (5, 0.1), (-5, -0.1), (.infinity, 0)] {
      var set = planned(value)
      wheels.limit(&set, previous: planned(0), periodNanoseconds: 50_000_000)
      #expect(abs(set.commands[0].value - expected) < 1e-12 && set.flags.contains(.limited))
    }
    var fine = planned(0.05)
    wheels.limit(&fine, previous: planned(0), periodNanoseconds: 50_000_000)
    #expect(fine.commands[0].value == 0.05 && !fine.flags.contains(.limited))
  }
}
