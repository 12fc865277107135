import FusionPipeline
import Testing

@Suite struct RealtimeMappingTests {
  static let wall: Int64 = 1_700_000_000_000_000_000

  @Test("a kernel stamp maps to the monotonic instant at which the packet arrived")
  func mapsStamp() {
    let clock = ManualClock(now: Stamp(nanoseconds: 5_000), realtimeOffsetNanoseconds: Self.wall)
    clock.advance(byNanoseconds: 1_000)
    #expect(clock.stamp(fromRealtimeNanoseconds: Self.wall + 5_400) == Stamp(nanoseconds: 5_400))
  }

  @Test("a realtime clock set forward or back makes one call untrusted, and older stamps for good")
  func noticesStep() {
    for step in [3_600_000_000_000, -3_600_000_000_000, 1_000_001, -1_000_001] as [Int64] {
      let clock = ManualClock(now: Stamp(nanoseconds: 50), realtimeOffsetNanoseconds: Self.wall)
      clock.advance(byNanoseconds: 10_000_000)
      let beforeTheStep = Self.wall + 5_000_000
      #expect(clock.stamp(fromRealtimeNanoseconds: beforeTheStep) != nil)
      clock.setRealtimeOffset(nanoseconds: Self.wall + step)
      #expect(clock.stamp(fromRealtimeNanoseconds: Self.wall + step + 10_000_000) == nil)
      clock.advance(byNanoseconds: 100)
      let fresh = clock.stamp(fromRealtimeNanoseconds: Self.wall + step + 10_000_050)
      #expect(fresh == Stamp(nanoseconds: 10_000_050))
      if step.magnitude > 10_000_000 {
        #expect(clock.stamp(fromRealtimeNanoseconds: beforeTheStep) == nil)
      }
    }
  }

  @Test("a move of up to 1 ms keeps the mapping")
  func toleratesSlew() {
    let clock = ManualClock(now: .zero, realtimeOffsetNanoseconds: Self.wall)
    clock.advance(byNanoseconds: 200_000_000)
    clock.setRealtimeOffset(nanoseconds: Self.wall + 900_000)
    let mapped = clock.stamp(fromRealtimeNanoseconds: Self.wall + 900_000 + 150_000_000)
    #expect(mapped == Stamp(nanoseconds: 150_000_000))
  }

  @Test("the tightest bracket is kept for 100 ms, and a wide one never replaces it")
  func keepsTightest() {
    var mapping = RealtimeMapping()
    func bracket(_ at: Int64, width: Int64, error: Int64) -> RealtimeBracket {
      RealtimeBracket(before: at, realtime: Self.wall + at + width / 2 + error, after: at + width)
    }
    _ = mapping.stamp(fromRealtimeNanoseconds: 0, bracket: bracket(0, width: 100, error: 0))
    let probe = Self.wall + 1_000
    let wide = bracket(50_000_000, width: 20_000, error: 9_000)
    #expect(mapping.stamp(fromRealtimeNanoseconds: probe, bracket: wide)?.nanoseconds == 1_000)
    let preempted = bracket(300_000_000, width: 5_000_000, error: 2_000_000)
    #expect(mapping.stamp(fromRealtimeNanoseconds: probe, bracket: preempted)?.nanoseconds == 1_000)
    let later = bracket(600_000_000, width: 200, error: 70_000)
    #expect(mapping.stamp(fromRealtimeNanoseconds: probe, bracket: later)?.nanoseconds == -69_000)
    #expect(mapping.moves == 0)
  }

  @Test("no stamp traps, whatever its value")
  func survivesExtremes() {
    let clock = ManualClock(now: .zero, realtimeOffsetNanoseconds: Self.wall)
    for value in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] {
      _ = clock.stamp(fromRealtimeNanoseconds: value)
      clock.setRealtimeOffset(nanoseconds: value)
      clock.set(Stamp(nanoseconds: value))
      _ = clock.stamp(fromRealtimeNanoseconds: value)
    }
  }

  @Test("the live clock places a fresh realtime reading between two of its own")
  func liveClock() throws {
    let clock = LiveClock()
    let before = clock.now()
    let wall = clock.realtimeNanoseconds()
    let stamp = try #require(clock.stamp(fromRealtimeNanoseconds: wall))
    let after = clock.now()
    #expect(before.nanoseconds - 1_000_000 <= stamp.nanoseconds)
    #expect(stamp <= after)
    #expect(clock.stamp(fromRealtimeNanoseconds: wall + 3_600_000_000_000) == nil)
  }
}
