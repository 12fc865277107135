import Testing

@testable import FusionPipeline

/// An operator as sensor 1 and a camera as sensor 2, so that numbers and places differ.
private func operatorMachine(trigger: ChainTrigger = .sensor(1)) -> ProbeMachine {
  var machine = ProbeMachine(
    sensors: [
      .init(name: "operator", number: 1, isOperator: true), .init(name: "camera", number: 2),
    ],
    timing: ChainTiming(trigger: trigger, periodNanoseconds: .millis(50)))
  machine.sensors[0].align = AlignSettings(
    policy: .batch, maximumAgeNanoseconds: .millis(200), periodNanoseconds: .millis(1000))
  machine.autoEngage = false
  return machine
}

private func camera(_ count: Int, from: Double = 0) -> [RecordedPacket] {
  steadyPackets(sensor: 2, from: .millis(from), period: .millis(50), count: count, delay: .millis(10))
}

@Suite("Operator")
struct OperatorTests {
  /// The modes of the frames' commands, by frame.
  private func modes(_ run: ProbeRun) -> [CommandMode] {
    run.commands(of: 0).filter { !$0.flags.contains(.fromGuard) }.map(\.mode)
  }

  @Test("A machine that nobody engaged says inhibit with neutral values")
  func disengaged() throws {
    let run = ProbeRun(operatorMachine())
    try run.run(camera(5))
    #expect(modes(run) == [.inhibit, .inhibit, .inhibit, .inhibit, .inhibit])
    for command in run.commands(of: 0).prefix(5) {
      #expect(command.reason == CommandReason.notEngaged.rawValue && command.command.value == 0)
    }
  }

  @Test("An emergency stop holds against engaging until somebody disengages first")
  func latch() throws {
    let run = ProbeRun(operatorMachine())
    try run.run(
      merged(
        camera(12),
        [
          OperatorRequest.engage.recorded(sensor: 1, arrival: .millis(75)),
          OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(175)),
          OperatorRequest.engage.recorded(sensor: 1, arrival: .millis(275)),
          OperatorRequest.disengage.recorded(sensor: 1, arrival: .millis(375)),
          OperatorRequest.engage.recorded(sensor: 1, arrival: .millis(475)),
        ]))
    #expect(
      modes(run) == [
        .inhibit, .inhibit, .auto, .auto, .emergency, .emergency, .emergency, .emergency, .inhibit, .inhibit,
        .auto,
        .auto,
      ])
    let stopped = run.commands(of: 1)[5]
    #expect(stopped.reason == CommandReason.operatorStop.rawValue && stopped.command.value > 0.25)
  }

  @Test("An emergency stop holds also when the frame that took it fails")
  func failedFrame() throws {
    var machine = operatorMachine()
    machine.autoEngage = true
    machine.stages = [.sum, .failing(in: [3])]
    let run = ProbeRun(machine)
    try run.run(merged(camera(6), [OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(95))]))
    #expect(modes(run) == [.auto, .auto, .emergency, .emergency, .emergency, .emergency])
  }

  @Test("Disengaging and stopping reach the actuators while every frame fails, and a replay repeats them")
  func failingForGood() throws {
    var machine = operatorMachine()
    machine.autoEngage = true
    machine.stages = [.sum, .failing(in: Set(3...100))]
    let packets = merged(
      camera(12),
      [
        OperatorRequest.disengage.recorded(sensor: 1, arrival: .millis(195)),
        OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(345)),
      ])
    let run = ProbeRun(machine)
    try run.run(packets)
    let all = run.commands(of: 0)
    // Frames 3 and 4 fail while engaged: the guard goes on from the plan.
    #expect(all[2...3].allSatisfy { $0.flags.contains(.fromGuard) && $0.mode != .inhibit })
    #expect(all[4...6].allSatisfy { $0.mode == .inhibit && $0.reason == CommandReason.notEngaged.rawValue })
    #expect(
      all[7...11].allSatisfy { $0.mode == .emergency && $0.reason == CommandReason.operatorStop.rawValue })
    // What failed left no trace, and used nothing.
    #expect(run.built.memory[0].value == 3 && run.built.memory[1].value == 2)
    #expect(run.books.sensorReaction[1].count == 2)
    let recorded = try RecordedRun(machine, packets)
    let replayed = try ReplayedRun(machine, log: recorded.log)
    #expect(replayed.comparison.divergent == 0 && replayed.digest == recorded.digest)
    #expect(recorded.digest == run.publisher.decisionDigest)
  }

  @Test(
    "The operator's word reaches the actuators within two periods of a dead trigger, and a replay repeats it")
  func deadTrigger() throws {
    var machine = operatorMachine()
    machine.autoEngage = true
    let packets = merged(
      camera(4),
      [
        OperatorRequest.disengage.recorded(sensor: 1, arrival: .millis(500)),
        OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(900)),
      ], camera(1, from: 2000))
    let run = ProbeRun(machine)
    try run.run(packets)
    let all = run.commands(of: 0)
    func modes(from start: Double, to end: Double) -> Set<CommandMode> {
      Set(all.filter { $0.decidedAt >= .millis(start) && $0.decidedAt < .millis(end) }.map(\.mode))
    }
    #expect(!modes(from: 250, to: 500).contains(.inhibit))
    #expect(modes(from: 600, to: 900) == [.inhibit])
    #expect(modes(from: 1000, to: 1900) == [.emergency])
    // One command in every slot all the while.
    #expect(all.map(\.slot) == Array(0..<UInt64(all.count)))
    let recorded = try RecordedRun(machine, packets)
    let replayed = try ReplayedRun(machine, log: recorded.log)
    #expect(replayed.comparison.divergent == 0 && replayed.digest == recorded.digest)
  }

  @Test("An emergency stop that comes during a long gap in the frames acts in that gap and after it")
  func gap() throws {
    var machine = operatorMachine()
    machine.autoEngage = true
    let run = ProbeRun(machine)
    try run.run(
      merged(
        camera(2), [OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(100))],
        camera(2, from: 2000)))
    #expect(modes(run) == [.auto, .auto, .emergency, .emergency, .emergency])
    #expect(run.counts[0][.used] == 1 && run.counts[0].dropped == 0)
  }

  @Test("An emergency stop acts also when it was decoded after a frame whose instant lies behind it")
  func afterTheFrame() throws {
    var machine = operatorMachine(trigger: .period)
    machine.autoEngage = true
    var settings = VirtualRunner.Settings()
    settings.decodeNanoseconds = .millis(2)
    let run = ProbeRun(machine, settings: settings)
    // Captured 1 ms before the slot at 100 ms, in its ring 1 ms after it.
    try run.run(merged(camera(6), [OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(99))]))
    #expect(modes(run).prefix(5) == [.auto, .auto, .auto, .emergency, .emergency])
  }

  @Test("A command's ages name sensors by their number in the configuration, the operator left out")
  func ages() throws {
    let run = ProbeRun(operatorMachine())
    try run.run(camera(3))
    let ages = try #require(run.commands(of: 0).first).ages
    #expect(ages[0] == SourceAge(source: 2, ageMicroseconds: 10_000))
    #expect(ages[1].source == 0)
  }
}
