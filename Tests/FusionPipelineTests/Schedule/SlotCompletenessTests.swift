import Testing

@testable import FusionPipeline

/// A camera at 20 Hz on a 50 ms grid, deadline 50 ms after capture, its packets 10 ms old when they arrive.
private func cameraMachine() -> ProbeMachine {
  ProbeMachine(
    sensors: [.init(name: "camera", number: 1)],
    timing: ChainTiming(trigger: .sensor(0), periodNanoseconds: .millis(50)))
}

private func cameraPackets(_ count: Int, from: Double = 0) -> [RecordedPacket] {
  steadyPackets(sensor: 1, from: .millis(from), period: .millis(50), count: count, delay: .millis(10))
}

@Suite("Slots of a chain")
struct SlotCompletenessTests {
  /// The promise that holds whatever happens to frames.
  private func expectEverySlotOnce(_ run: ProbeRun) {
    #expect(run.slots.map(\.slot) == (0..<UInt64(run.slots.count)).map { $0 })
    #expect(run.commands.count == run.slots.count * run.machine.actuators.count)
    for (index, command) in run.commands.enumerated() {
      let actuators = run.machine.actuators.count
      #expect(command.slot == UInt64(index / actuators))
      #expect(command.dataID == run.machine.actuators[index % actuators].dataID)
      #expect(command.counter == UInt32(index / actuators + 1))
      #expect(command.flags.contains(.final) == (index / actuators == run.slots.count - 1))
    }
    #expect(run.books.slots == UInt64(run.slots.count))
    #expect(run.books.byFrame + run.books.byGuard.values.reduce(0, +) == run.books.slots)
    for (a, b) in zip(run.slots, run.slots.dropFirst()) {
      #expect(a.instant <= b.instant && a.sent <= b.sent)
    }
  }

  @Test("Every slot from the start to the final command carries exactly one set")
  func steady() throws {
    let run = ProbeRun(cameraMachine())
    try run.run(cameraPackets(200))
    expectEverySlotOnce(run)
    #expect(run.books.byFrame == 200 && run.releases.released == 200)
    #expect(run.commands.last?.reason == CommandReason.shutdown.rawValue)
    #expect(run.books.late == 0)
  }

  @Test("With no packet at all the slots are inhibited until the final command")
  func nothing() throws {
    let run = ProbeRun(cameraMachine())
    try run.run([])
    expectEverySlotOnce(run)
    #expect(run.commands.allSatisfy { $0.mode == .inhibit && $0.flags.contains(.fromGuard) })
    #expect(run.commands.last?.flags.contains(.final) == true)
  }

  @Test(
    "The guard fills a slot without a trigger at its instant plus the hold: a miss of no_trigger"
  )
  func noTrigger() throws {
    let run = ProbeRun(cameraMachine())
    try run.run(cameraPackets(10) + cameraPackets(10, from: 1000))
    expectEverySlotOnce(run)
    // One more stands at the end, where the runner waits in vain.
    let filled = run.slots.filter { $0.reason == CommandReason.noTrigger.rawValue && $0.slot < 30 }
    #expect(filled.count == 10)
    for record in filled {
      #expect(record.winner == SlotWinner.guardFill.rawValue)
      #expect(record.sent == Stamp.zero + Int64(record.slot) * .millis(50) + .millis(50))
      #expect(record.instant == record.cutoff && record.cutoff == record.sent && record.isLate == 0)
    }
    #expect(
      run.books.misses.filter { $0.slot < 30 }.map(\.cause)
        == filled.map { _ in MissCause.noTrigger.rawValue })
  }

  @Test("A late frame loses its slot to the guard at deadline less reserve, and its state still holds")
  func late() throws {
    var settings = VirtualRunner.Settings()
    settings.stageDuration = { frame, _ in frame == 5 ? .millis(45) : nil }
    let run = ProbeRun(cameraMachine(), settings: settings)
    try run.run(cameraPackets(10))
    expectEverySlotOnce(run)
    let record = try #require(run.slots.first { $0.reason == CommandReason.frameLate.rawValue })
    #expect(record.slot == 4)
    // Captured at 200 ms: deadline 250 ms, reserve 2 ms.
    #expect(record.sent == .millis(248) && record.cutoff == .millis(248) && record.isLate == 0)
    #expect(run.books.misses.count { $0.slot < 10 } == 1)
    #expect(run.books.misses.first?.cause == MissCause.stageOverrun.rawValue)
    #expect(run.books.misses.first?.published == SlotWinner.guardFill.rawValue)
    // The sum over all ten frames is there although the fifth was not published.
    #expect(run.built.memory[0].value == 55)
    #expect(run.frames.map(\.outcome.isSubmitted) == (1...10).map { $0 != 5 })
  }

  @Test("A stage that fails has its state undone, and the guard fills the slot at once, before any deadline")
  func failed() throws {
    var machine = cameraMachine()
    machine.stages = [.sum, .failing(in: [5])]
    let run = ProbeRun(machine)
    try run.run(cameraPackets(10))
    expectEverySlotOnce(run)
    let record = try #require(run.slots.first { $0.reason == CommandReason.stageFailed.rawValue })
    // Ready at 210 ms, two stages of 1 ms; the cutoff would have been 248 ms.
    #expect(record.slot == 4 && record.sent == .millis(212) && record.cutoff == .millis(248))
    #expect(record.isLate == 0 && run.books.late == 0 && run.books.lateUnexplained == 0)
    #expect(run.built.memory[0].value == 50 && run.built.memory[1].value == 9)
    #expect(run.books.misses.filter { $0.slot < 10 }.map(\.cause) == [MissCause.stageFailed.rawValue])
    #expect(run.books.misses.first?.culpritStage == 1)
  }

  @Test(
    "A stage that fails before the first plan is counted by its reason and is no miss; after it, it is one")
  func failedBeforeThePlan() throws {
    var machine = cameraMachine()
    machine.stages = [.sum, .failing(in: [1, 2, 3, 8])]
    let run = ProbeRun(machine)
    try run.run(cameraPackets(10))
    expectEverySlotOnce(run)
    #expect(run.commands(of: 0).prefix(3).allSatisfy { $0.mode == .inhibit })
    #expect(run.books.byGuard[.stageFailed] == 4)
    let failed = run.books.misses.filter { $0.cause == MissCause.stageFailed.rawValue }
    #expect(failed.map(\.frame) == [8])
  }

  @Test("Misses are counted by cause and stage also beyond those that are kept whole")
  func manyMisses() {
    let books = SlotBooks(stageNames: ["perceive", "plan"], tapCount: 0)
    for index in 0..<5000 {
      var miss = Miss()
      miss.cause = index % 5 == 0 ? MissCause.noTrigger.rawValue : MissCause.stageOverrun.rawValue
      miss.culpritStage = index % 5 == 0 ? -1 : 1
      books.count(miss)
    }
    let report = RunReport(books: books)
    #expect(report.missCount == 5000)
    #expect(report.missesByCause().map(\.0) == ["no_trigger", "stage_overrun"])
    #expect(report.missesByCause().map(\.1) == [1000, 4000])
    #expect(report.missesByStage().map(\.0) == ["plan"] && report.missesByStage().map(\.1) == [4000])
  }

  @Test("A recording with a stamp hours away is refused in words instead of filling days of slots")
  func wrongStamp() throws {
    let run = ProbeRun(cameraMachine())
    let failure = #expect(throws: ReplayFailure.self) {
      try run.run(cameraPackets(3) + cameraPackets(1, from: 1.7e12))
    }
    #expect(failure?.message.contains("clock was not set") == true)
    #expect(run.books.slots < 10)
  }

  @Test("A trigger that comes while a frame runs replaces the one that waits, and each skip is counted")
  func overrun() throws {
    var settings = VirtualRunner.Settings()
    // Busy from 210 to 345 ms: the triggers of 260 and 310 ms wait, the newer one wins.
    settings.stageDuration = { frame, _ in frame == 5 ? .millis(135) : nil }
    let run = ProbeRun(cameraMachine(), settings: settings)
    try run.run(cameraPackets(20))
    expectEverySlotOnce(run)
    #expect(run.releases.overrunSkips == 1 && run.releases.released == 19)
    #expect(run.releases.slotSkips == 0 && run.releases.staleSkips == 0)
    // Slots 5 and 6 stand at 250 and 300 ms; the frame of slot 4 still runs when the guard fills the first.
    let skipped = run.slots.filter { $0.reason == CommandReason.overrunSkip.rawValue }
    #expect(skipped.map(\.slot) == [5])
    #expect(run.books.misses.filter { $0.slot == 5 }.map(\.cause) == [MissCause.stageOverrun.rawValue])
    // The slowest run of the stage is among its times, although its commands never left.
    #expect(run.books.stageTimes[0].maximum == .millis(135) && run.books.stageTimes[0].count == 19)
  }

  @Test("A trigger faster than the grid fills every slot once; the rest are counted as slot skips")
  func fasterThanGrid() throws {
    let run = ProbeRun(cameraMachine())
    try run.run(steadyPackets(sensor: 1, period: .millis(10), count: 500, delay: .millis(10)))
    expectEverySlotOnce(run)
    #expect(run.releases.released + run.releases.slotSkips == 500)
    #expect(run.releases.slotSkips > 390)
    #expect(run.books.byFrame == run.releases.released && run.books.byFrame >= 100)
  }

  @Test("An older trigger that was overtaken on its way does not replace a newer one")
  func overtaken() throws {
    var settings = VirtualRunner.Settings()
    settings.stageDuration = { frame, _ in frame == 1 ? .millis(40) : nil }
    let run = ProbeRun(cameraMachine(), settings: settings)
    try run.run([
      ProbePacket(value: 1).recorded(sensor: 1, arrival: .millis(10), capture: .millis(0)),
      ProbePacket(value: 2).recorded(sensor: 1, arrival: .millis(30), capture: .millis(25)),
      ProbePacket(value: 3).recorded(sensor: 1, arrival: .millis(31), capture: .millis(20)),
    ])
    #expect(run.frames.map(\.outcome.release.instant) == [.millis(0), .millis(25)])
    #expect(run.releases.staleSkips == 1 && run.releases.overrunSkips == 0)
  }

  @Test("A damaged trigger releases no frame")
  func damaged() throws {
    let run = ProbeRun(cameraMachine())
    try run.run([
      ProbePacket(value: 1, flags: [.damaged]).recorded(sensor: 1, arrival: .millis(10), capture: .zero)
    ])
    #expect(run.releases.released == 0 && run.counts[0][.invalid] == 1)
  }

  @Test(
    "Over an hour a drifting sensor with 5 ms of jitter loses at most one slot each time it drifts past one",
    arguments: [200, -200])
  func drift(partsPerMillion: Int64) throws {
    // The scheduler, the board and the output alone: 36000 frames of 100 ms.
    let period: Int64 = .millis(100)
    let timing = ChainTiming(trigger: .sensor(0), periodNanoseconds: period)
    let grid = SlotGrid(epoch: .zero, periodNanoseconds: period)
    let board = SlotBoard()
    let scheduler = ChainScheduler(timing: timing, grid: grid, board: board)
    let output = SlotOutput(
      board: board, timing: timing, grid: grid, slotGuard: SafeValueGuard(actuators: []))
    var random = RandomSource(seed: 11)
    var byFrame = 0
    var byGuard: [UInt64] = []
    func publish(until now: Stamp) {
      while case .publish(let decided) = output.step(now: now) {
        if decided.winner == SlotWinner.frame.rawValue { byFrame += 1 } else { byGuard.append(decided.slot) }
      }
    }
    let step = period + period * partsPerMillion / 1_000_000
    for index in 0..<36_000 {
      let capture = Stamp.millis(20) + Int64(index) * step + Int64(random.uniform(-5e6, 5e6))
      let ready = capture + .millis(10)
      publish(until: ready - 1)
      scheduler.triggered(
        by: SampleHeader(sequence: UInt64(index + 1), capture: capture, arrival: ready, ready: ready))
      if case .release(let release) = scheduler.step(now: ready, isSettled: { _ in true }) {
        var set = CommandSet()
        set.slot = release.slot
        set.decidedAt = release.release
        #expect(board.submit(set, marks: FrameMarks()))
      }
    }
    let counts = scheduler.counts
    #expect(counts.released + counts.slotSkips + counts.staleSkips + counts.overrunSkips == 36_000)
    // 200 ppm of an hour are 0.72 s: 7.2 periods.
    #expect(byGuard.count <= 8 && counts.slotSkips <= 8)
    for (a, b) in zip(byGuard, byGuard.dropFirst()) { #expect(b - a > 4000) }
    #expect(byFrame + byGuard.count >= 35_990)
  }
}
