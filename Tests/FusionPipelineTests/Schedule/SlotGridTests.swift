import FusionPipeline
import Testing

@Suite("Slot grid")
struct SlotGridTests {
  @Test("A slot's instant, the first slot not before and the last not after agree around every grid point")
  func neighbours() {
    let grid = SlotGrid(epoch: Stamp(nanoseconds: 1_000_003), periodNanoseconds: 7)
    for slot in UInt64(0)..<200 {
      let instant = grid.instant(of: slot)
      #expect(instant.nanoseconds == 1_000_003 + 7 * Int64(slot))
      #expect(grid.firstSlot(notBefore: instant) == slot && grid.lastSlot(notAfter: instant) == slot)
      #expect(
        grid.firstSlot(notBefore: instant + 1) == slot + 1 && grid.lastSlot(notAfter: instant + 6) == slot)
      #expect(grid.lastSlot(notAfter: instant - 1) == (slot == 0 ? nil : slot - 1))
    }
    #expect(grid.firstSlot(notBefore: .never) == 0 && grid.lastSlot(notAfter: .never) == nil)
  }

  @Test("No slot number, instant or period traps")
  func extremes() {
    for period in [Int64.min, 0, 1, .max] {
      for epoch in [Stamp.never, .zero, .distantFuture] {
        let grid = SlotGrid(epoch: epoch, periodNanoseconds: period)
        for slot in [UInt64(0), 1, 1 << 62, .max] { _ = grid.instant(of: slot) }
        for instant in [Stamp.never, .zero, .distantFuture] {
          _ = grid.firstSlot(notBefore: instant)
          _ = grid.lastSlot(notAfter: instant)
        }
        #expect(grid.periodNanoseconds >= 1)
      }
    }
  }
}
