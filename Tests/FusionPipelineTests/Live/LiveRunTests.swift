import Synchronization
import Testing

@testable import FusionPipeline

/// Something that a stage waits for and a test lets go.
private final class Gate: Sendable {
  private let isOpen = Atomic<Bool>(false)
  private let bell = Doorbell()

  func open() {
    isOpen.store(true, ordering: .releasing)
    bell.ring()
  }

  func wait() {
    while true {
      let seen = bell.count
      if isOpen.load(ordering: .acquiring) { return }
      bell.wait(seen: seen, until: .distantFuture)
    }
  }
}

@Suite("A live run", .serialized)
struct LiveRunTests {
  /// Every slot from 0 once for each actuator, the last one and only that one final.
  private func expectWholeSession(_ machine: LiveMachine, _ report: RunReport) {
    let commands = machine.commands
    #expect(commands.map(\.slot) == (0..<report.slots).map { $0 })
    #expect(report.commandsPublished == 2 * report.slots && machine.sink.count == report.commandsPublished)
    #expect(commands.last?.flags.contains(.final) == true)
    #expect(commands.dropLast().allSatisfy { !$0.flags.contains(.final) })
    #expect(machine.sink.closedWithLingerMilliseconds != nil)
  }

  @Test("Each slot has one command an actuator, the last is final and safe, and the log replays bit for bit")
  func whole() throws {
    let machine = try LiveMachine { _ in }
    try machine.run.start()
    machine.wait(forSlots: 15)
    let report = machine.run.stop()
    expectWholeSession(machine, report)
    #expect(machine.commands.prefix { $0.frame == 0 }.allSatisfy { $0.mode == .inhibit })
    #expect(report.hung.isEmpty && report.frames > 0)
    let verdict = try machine.replayed()
    #expect(verdict.isEqual && verdict.report.decisionDigest == report.decisionDigest)
  }

  @Test("A stage that hangs leaves its slots to the guard, and stopping names it and leaves a whole log")
  func hung() throws {
    let gate = Gate()
    defer { gate.open() }
    let machine = try LiveMachine { frame in if frame.number == 5 { gate.wait() } }
    try machine.run.start()
    machine.wait(forSlots: 30)
    let report = machine.run.stop()
    expectWholeSession(machine, report)
    #expect(report.hung.count == 1 && report.hung.first?.contains("stage given") == true)
    #expect(report.frames == 4 && machine.run.progress.frames == 4)
    // It runs for slots that come after its own: no sensor is to blame for them.
    #expect((report.books.byGuard[.overrunSkip] ?? 0) > 5)
    // Planned once, so the guard goes on from the plan and comes to rest.
    #expect(machine.commands.last?.mode == .safeStop)
    let verdict = try machine.replayed()
    #expect(verdict.isEqual && verdict.report.decisionDigest == report.decisionDigest)
  }
}
