import Testing

@testable import FusionPipeline

/// A camera releases frames, a radar is awaited, two stages run; deadline 60 ms, period 100 ms.
private func ledgerMachine() -> ProbeMachine {
  var machine = ProbeMachine(
    sensors: [.init(name: "camera", number: 1), .init(name: "radar", number: 2)],
    timing: ChainTiming(
      trigger: .sensor(0), periodNanoseconds: .millis(100), deadlineNanoseconds: .millis(60),
      alignmentHoldNanoseconds: .millis(40)))
  machine.sensors[1].align = AlignSettings(
    policy: .latestBefore, maximumAgeNanoseconds: .millis(200), periodNanoseconds: .millis(100),
    isAwaited: true)
  machine.stages = [.sum, .idle("second", modelledNanoseconds: .millis(2))]
  return machine
}

/// What is delayed in the fifth frame, captured at 400 ms.
private struct Delays {
  var transport: Int64 = 0
  var radar: Int64 = 0
  var stages: [Int64] = [0, 0]
  var busyBefore: Int64 = 0
  var settings = VirtualRunner.Settings()
}

private let observed: UInt64 = 5

private func ledger(_ delays: Delays) throws -> (entry: LedgerEntry?, run: ProbeRun) {
  let machine = ledgerMachine()
  var settings = delays.settings
  let stages = delays.stages
  let busy = delays.busyBefore
  settings.stageDuration = { frame, stage in
    if frame == observed { return .millis(stage == 0 ? 1 : 2) + stages[stage] }
    // The frame before ends late: it ends at 413 ms without the delay, in time for the next trigger.
    return frame == observed - 1 && stage == 1 && busy > 0 ? .millis(99) + busy : nil
  }
  let run = ProbeRun(machine, settings: settings)
  let camera = (0..<7).map { index in
    let capture = Stamp.millis(Double(index) * 100)
    let delay = Int64.millis(10) + (index == 4 ? delays.transport : 0)
    return ProbePacket(value: 1).recorded(sensor: 1, arrival: capture + delay, capture: capture)
  }
  // The radar's captures lie 2 ms before the camera's; it has spoken by the time the camera's packet comes.
  let radar = (0..<7).map { index in
    let capture = Stamp.millis(Double(index) * 100 - 2)
    let delay = Int64.millis(6) + (index == 4 ? delays.radar : 0)
    return ProbePacket(value: 1).recorded(sensor: 2, arrival: capture + delay, capture: capture)
  }
  try run.run(merged(camera, radar))
  return (run.ledgers.first { $0.frame == observed }, run)
}

@Suite("Ledger")
struct LedgerTests {
  private func parts(_ entry: LedgerEntry) -> [LedgerPart: Int64] {
    var parts: [LedgerPart: Int64] = [:]
    for part in LedgerPart.allCases { parts[part] = entry[part] }
    return parts
  }

  /// A delay of `step` in one place against none: that part grew by it, and no other by anything.
  private func expect(_ part: LedgerPart, growsBy step: Int64, with delays: Delays) throws {
    let before = try #require(try ledger(Delays()).entry)
    let after = try #require(try ledger(delays).entry)
    for other in LedgerPart.allCases {
      #expect(
        after[other] - before[other] == (other == part ? step : 0),
        "\(other.rawValue) beside \(part.rawValue)")
    }
    #expect(after.total - before.total == step)
    #expect(after.attributed == after.total && after.unattributed == 0)
  }

  @Test("Without delays the parts are the model's and sum to the total")
  func baseline() throws {
    let entry = try #require(try ledger(Delays()).entry)
    #expect(entry.transport == .millis(10) && entry.decode == 0 && entry.hold == 0 && entry.release == 0)
    #expect(entry.stageCount == 2 && entry.stages[0] == .millis(1) && entry.stages[1] == .millis(2))
    #expect(entry.total == .millis(13) && entry.unattributed == 0)
  }

  @Test("A packet that takes longer grows transport by exactly that", arguments: [1, 12_345_678])
  func transport(step: Int64) throws { try expect(.transport, growsBy: step, with: Delays(transport: step)) }

  @Test("Slower decoding grows decode by exactly that", arguments: [1, 12_345_678])
  func decode(step: Int64) throws {
    var delays = Delays()
    delays.settings.decodeNanoseconds = step
    try expect(.decode, growsBy: step, with: delays)
  }

  @Test("An awaited sensor that comes late grows the hold by exactly that", arguments: [1, 12_345_678])
  func hold(step: Int64) throws {
    // The radar is in time until it is 6 ms later.
    try expect(.hold, growsBy: step, with: Delays(radar: .millis(6) + step))
  }

  @Test("A frame before that is still busy grows the release by exactly that", arguments: [1, 12_345_678])
  func release(step: Int64) throws {
    try expect(.release, growsBy: step, with: Delays(busyBefore: step))
  }

  @Test("Alignment, guard, hand-over and publishing each grow their own part", arguments: [1, 1_234_567])
  func settings(step: Int64) throws {
    var delays = Delays()
    delays.settings.alignNanoseconds = step
    try expect(.align, growsBy: step, with: delays)
    delays = Delays()
    delays.settings.guardNanoseconds = step
    try expect(.guardPart, growsBy: step, with: delays)
    delays = Delays()
    delays.settings.handoverNanoseconds = step
    try expect(.handover, growsBy: step, with: delays)
    delays = Delays()
    delays.settings.publishNanoseconds = step
    try expect(.publish, growsBy: step, with: delays)
  }

  @Test("A slower stage grows that stage alone", arguments: [0, 1])
  func stages(stage: Int) throws {
    var delays = Delays()
    delays.stages[stage] = 7_654_321
    try expect(.stage, growsBy: 7_654_321, with: delays)
    let entry = try #require(try ledger(delays).entry)
    #expect(entry.stages[stage] == .millis(Double(stage + 1)) + 7_654_321)
    #expect(entry.stages[1 - stage] == .millis(Double(2 - stage)))
  }

  @Test("On a period too, waiting for an awaited sensor is hold and not release")
  func periodic() throws {
    var machine = ledgerMachine()
    machine.timing = ChainTiming(
      trigger: .period, periodNanoseconds: .millis(100), deadlineNanoseconds: .millis(60),
      alignmentHoldNanoseconds: .millis(40))
    let run = ProbeRun(machine)
    // Captured at the slot's instant, there 7 ms later.
    try run.run(steadyPackets(sensor: 2, period: .millis(100), count: 8, delay: .millis(7)))
    let entry = try #require(run.ledgers.first { $0.frame == 4 })
    #expect(entry.hold == .millis(7) && entry.release == 0 && entry.transport == 0 && entry.decode == 0)
    #expect(entry.total == .millis(10) && entry.unattributed == 0)
  }

  @Test("A hold that ends without the awaited sensor is counted, and takes the whole limit")
  func expired() throws {
    let (entry, run) = try ledger(Delays(radar: .millis(70)))
    #expect(entry?.hold == .millis(40) && entry?.release == 0)
    #expect(run.releases.holdsExpired == 1)
  }

  @Test("The miss names the part that went furthest beyond its allowance")
  func causes() throws {
    func cause(_ delays: Delays) throws -> MissCause? {
      let run = try ledger(delays).run
      #expect(run.books.misses.count >= 1)
      return run.books.misses.first { $0.frame == observed }.flatMap { MissCause(rawValue: $0.cause) }
    }
    #expect(try cause(Delays(transport: .millis(52))) == .lateSensor)
    #expect(try cause(Delays(radar: .millis(6 + 39), stages: [.millis(9), 0])) == .alignmentHold)
    #expect(try cause(Delays(busyBefore: .millis(50))) == .releaseLateness)
    #expect(try cause(Delays(stages: [0, .millis(50)])) == .stageOverrun)
    var delays = Delays()
    delays.settings.publishNanoseconds = .millis(50)
    #expect(try cause(delays) == .publishStall)
    let overrun = try ledger(Delays(stages: [0, .millis(50)])).run.books.misses.first { $0.frame == observed }
    #expect(overrun?.culpritStage == 1 && overrun?.culpritNanoseconds == .millis(52))
    #expect(overrun?.published == SlotWinner.guardFill.rawValue)
  }

  @Test(
    "A gap of the host above 5 ms is the cause whatever else was slow; page faults and preemption name stages"
  )
  func evidence() {
    var entry = LedgerEntry(set: CommandSet(), marks: FrameMarks(), woken: .zero, sent: .zero)
    entry.stageCount = 1
    entry.stages[0] = .millis(80)
    let classifier = MissClassifier(
      budgets: [.millis(5)], timing: ChainTiming(trigger: .period, periodNanoseconds: .millis(50)))
    func cause(_ change: (inout FrameEvidence) -> Void) -> MissCause? {
      var evidence = FrameEvidence()
      change(&evidence)
      return MissCause(
        rawValue: classifier.miss(entry, deadline: .zero, finished: .zero, evidence: evidence).cause)
    }
    #expect(cause { _ in } == .stageOverrun)
    #expect(cause { $0.involuntarySwitches = 1 } == .preemption)
    #expect(
      cause {
        $0.involuntarySwitches = 1
        $0.majorFaults = 1
      } == .pageFault)
    #expect(cause { $0.hostGapNanoseconds = 5_000_000 } == .stageOverrun)
    #expect(
      cause {
        $0.hostGapNanoseconds = 5_000_001
        $0.majorFaults = 1
      } == .hostStall)
  }

  @Test("Any stamps that a device may give make an entry and a report without a trap")
  func extremes() {
    let stamps: [Stamp] = [.never, .never + 1, .zero, .distantFuture - 1, .distantFuture]
    let books = SlotBooks(stageNames: ["a"], tapCount: 1)
    for capture in stamps {
      for sent in stamps {
        var marks = FrameMarks()
        marks.capture = capture
        marks.arrival = .zero
        marks.stageCount = 1
        marks.newCaptures[0] = capture.nanoseconds
        let entry = LedgerEntry(set: CommandSet(), marks: marks, woken: .zero, sent: sent)
        books.count(entry, marks: marks, sent: sent)
      }
    }
    _ = [books.latency, books.reaction].map { ($0.quantile(0.5), $0.quantile(1)) }
    #expect(books.latency.count == 25)
  }
}
