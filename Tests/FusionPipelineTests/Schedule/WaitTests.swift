import Testing

@testable import FusionPipeline

@Suite("Waiting")
struct WaitTests {
  /// What a thread that only asks and sleeps as told can never do is spin: every wait lies in the future.
  @Test(
    "Whatever triggers come and go, both sides wait only for instants to come, and reach one in a few steps",
    arguments: [ChainTrigger.period, .sensor(0)], [1, 2, 3] as [UInt64])
  func neverPast(trigger: ChainTrigger, seed: UInt64) {
    var random = RandomSource(seed: seed, stream: 1)
    let timing = ChainTiming(
      trigger: trigger, periodNanoseconds: .millis(10), deadlineNanoseconds: .millis(35),
      alignmentHoldNanoseconds: .millis(4))
    let grid = SlotGrid(epoch: .millis(50), periodNanoseconds: timing.periodNanoseconds)
    let board = SlotBoard()
    let scheduler = ChainScheduler(timing: timing, grid: grid, board: board)
    let output = SlotOutput(
      board: board, timing: timing, grid: grid, slotGuard: SafeValueGuard(actuators: []))
    var now = Stamp.zero
    var released: FrameRelease?
    for round in 0..<20_000 {
      // Usually small steps, now and then a stall.
      now = now + Int64(random.below(random.below(100) == 0 ? 300_000_000 : 3_000_000))
      if random.below(3) == 0 {
        var header = SampleHeader()
        header.sequence = UInt64(round + 1)
        header.ready = now
        // Also captures that are old, equal to the last, or of another age of the world.
        let age = [0, 5_000_000, 60_000_000, Int64.max][Int(random.below(4))]
        header.capture = now - age
        header.arrival = header.capture
        scheduler.triggered(by: header)
      }
      let isSettled = random.below(2) == 0
      frame: for step in 0... {
        #expect(step < 3)
        switch scheduler.step(now: now, isSettled: { _ in isSettled }) {
        case .wait(let until):
          #expect(until > now)
          break frame
        case .release(let release):
          // What ran before is given up or handed in, whichever way it went.
          if let before = released, random.below(2) == 0 { board.fail(before.slot, reason: .stageFailed) }
          released = release
          var set = CommandSet(count: 0)
          set.slot = release.slot
          if random.below(2) == 0 { _ = board.submit(set, marks: FrameMarks()) }
        }
      }
      slots: for step in 0... {
        // A stall of 300 ms leaves 30 slots to catch up with.
        #expect(step < 64)
        switch output.step(now: now) {
        case .wait(let until):
          #expect(until > now)
          break slots
        case .publish: break
        }
      }
    }
    #expect(scheduler.counts.released > 100 && output.current > 1000)
  }
}
