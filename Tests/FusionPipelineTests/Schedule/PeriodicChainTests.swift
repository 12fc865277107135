import Testing

@testable import FusionPipeline

private func periodicMachine() -> ProbeMachine {
  ProbeMachine(
    sensors: [.init(name: "imu", number: 1)],
    timing: ChainTiming(trigger: .period, periodNanoseconds: .millis(20), deadlineNanoseconds: .millis(20)))
}

@Suite("Periodic chain")
struct PeriodicChainTests {
  @Test("Frames are released exactly on the grid however long their work takes, never at work plus period")
  func grid() throws {
    var settings = VirtualRunner.Settings()
    settings.stageDuration = { frame, _ in .millis(Double(frame % 15) + 1) }
    let run = ProbeRun(periodicMachine(), settings: settings)
    try run.run(steadyPackets(sensor: 1, period: .millis(5), count: 400))
    let releases = run.frames.map(\.outcome.release)
    #expect(releases.count > 95)
    for (index, release) in releases.enumerated() {
      #expect(release.release == Stamp.zero + Int64(index) * .millis(20))
      #expect(
        release.release == release.due && release.instant == release.due && release.slot == UInt64(index))
      #expect(release.deadline == release.release + .millis(20))
    }
    #expect(run.releases.overrunSkips == 0 && run.books.byFrame == UInt64(releases.count))
  }

  @Test(
    "Periods that pass while a frame runs are skipped and counted; the next frame is on the grid"
  )
  func overrun() throws {
    var settings = VirtualRunner.Settings()
    settings.stageDuration = { frame, _ in frame == 4 ? .millis(50) : nil }
    let run = ProbeRun(periodicMachine(), settings: settings)
    try run.run(steadyPackets(sensor: 1, period: .millis(5), count: 100))
    let instants = run.frames.prefix(6).map(\.outcome.release.instant)
    // The fourth frame runs from 60 to 110 ms: of 80 and 100 ms only the newer is run, late.
    #expect(instants == [0, 20, 40, 60, 100, 120].map { .millis($0) })
    #expect(run.frames[4].outcome.release.release == .millis(110))
    #expect(run.releases.overrunSkips == 1)
  }

  @Test("A skipped slot goes to the guard at once and does not hold back the frames behind it")
  func skippedSlot() throws {
    var machine = periodicMachine()
    // A deadline of five periods: the guard would wait as long for a frame that cannot come.
    machine.timing = ChainTiming(
      trigger: .period, periodNanoseconds: .millis(20), deadlineNanoseconds: .millis(100))
    var settings = VirtualRunner.Settings()
    settings.stageDuration = { frame, _ in frame == 4 ? .millis(50) : nil }
    let run = ProbeRun(machine, settings: settings)
    try run.run(steadyPackets(sensor: 1, period: .millis(5), count: 100))
    // The fourth frame ends at 110 ms: slot 4 (80 ms) is given up then, slot 5 (100 ms) is run, late.
    let slots = run.slots.prefix(8)
    #expect(slots.map(\.slot) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(slots.map(\.sent) == [1, 21, 41, 110, 110, 111, 121, 141].map { .millis($0) })
    #expect(slots.filter { $0.winner != SlotWinner.frame.rawValue }.map(\.slot) == [4])
    #expect(slots[4].reason == CommandReason.overrunSkip.rawValue && slots[4].instant == .millis(80))
    #expect(run.books.byGuard[.overrunSkip] == 1 && run.releases.slotSkips == 0)
  }

  @Test("Each frame's step is the time since the frame before, 0 in the first and after a failed one longer")
  func steps() throws {
    var machine = periodicMachine()
    var steps: [Int64] = []
    machine.stages = [
      .init(name: "watch") { (frame, _, _) throws(StageFailure) in
        steps.append(frame.stepNanoseconds)
        if frame.number == 2 { throw StageFailure(.inputMissing) }
      }
    ]
    let run = ProbeRun(machine)
    try run.run(steadyPackets(sensor: 1, period: .millis(5), count: 20))
    #expect(steps.prefix(4) == [0, .millis(20), .millis(40), .millis(20)])
  }
}
