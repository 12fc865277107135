import FusionPipeline
import Testing

@testable import SensorDrivers

extension V4L2DeviceTests {
  /// Faults that the kernel's virtual camera injects into itself.
  @Suite(.serialized) struct Faults {
    init() throws { try Vivid.calm() }

    @Test(
      "a disconnected camera is gone, and opens and streams again",
      arguments: [
        Vivid.Control.disconnect, .fatalError,
      ])
    func vanishes(fault: Vivid.Control) throws {
      let before = try VideoHoldings.now
      let link = Vivid.link()
      let run = try VividRun(link)
      try run.take(3)
      try Vivid.set(fault)
      #expect(try run.takeUntilFailure().kind == .gone)
      link.close()
      #expect(try VideoHoldings.now == before)
      let again = try VividRun(link)
      try again.take(3)
    }

    @Test("a camera pulled out is gone, then absent, and streams again once it is back")
    func unplugged() throws {
      let link = Vivid.link()
      let run = try VividRun(link)
      try run.take(3)
      try Vivid.write("unbind")
      #expect(try run.takeUntilFailure().kind == .gone)
      link.close()
      let failure = #expect(throws: LinkFailure.self) { try link.open() }
      #expect(failure?.kind == .absent)
      try Vivid.write("bind")
      let again = try VividRun(link)
      try again.take(3)
    }

    @Test("frames that the driver drops are counted as lost by link and decoder alike")
    func dropped() throws {
      try Vivid.set(.droppedPercentage, to: 50)
      let run = try VividRun(Vivid.link())
      try run.take(40)
      let sequences = run.sequences
      #expect(run.link.counters.lostBefore > 0)
      #expect(run.link.counters.lostBefore == UInt64(sequences[39] - sequences[0]) - 39)
      #expect(run.link.counters.lostBefore == run.decoder.decoder.counters.missing)
    }

    @Test("a frame that the driver marks is damaged in link and decoder, and the next ones are not")
    func damaged() throws {
      let run = try VividRun(Vivid.link())
      try run.take(3)
      #expect(run.damaged == 0)
      try Vivid.set(.errorFlag)
      try run.take(20)
      #expect(run.damaged == 1)
    }

    @Test(
      "a driver that fails to give buffers or to start is refused, leaves nothing open, then works",
      arguments: [Vivid.Control.requestError, .startError])
    func opening(fault: Vivid.Control) throws {
      let before = try VideoHoldings.now
      let link = Vivid.link()
      try Vivid.set(fault)
      let failure = #expect(throws: LinkFailure.self) { try link.open() }
      #expect(failure?.kind == .refused)
      #expect(try VideoHoldings.now == before)
      let run = try VividRun(link)
      try run.take(3)
    }

    @Test("a buffer refused once costs no frame at hand and comes back into use")
    func queueing() throws {
      let run = try VividRun(Vivid.link())
      try run.take(3)
      for _ in 0..<6 {
        try Vivid.set(.queueError)
        try run.take(3)
      }
    }

    @Test("the driver's sequence wraps at 2^32 without a loss being made up")
    func sequenceWraps() throws {
      try Vivid.set(.wrapSequence)
      let run = try VividRun(Vivid.link(rate: FrameRate(frames: 25)))
      try run.take(160)
      let (first, last) = (run.sequences[0], run.sequences[159])
      #expect(first > UInt32.max - 1000 && last < 1000)
      #expect(run.link.counters.lostBefore < 1000)
    }

    @Test(
      "stamps that pass the end of 64 bits, or lie at 2^31 seconds, reach the decoder without a trap",
      arguments: [(1, 430), (2, 20)] as [(Int32, Int)])
    func stampsWrap(kind: Int32, frames: Int) throws {
      try Vivid.set(.wrapTimestamp, to: kind)
      defer { try? Vivid.set(.wrapTimestamp, to: 0) }
      let run = try VividRun(Vivid.link())
      try run.take(frames)
      #expect(run.decoder.frames.count == frames)
      // The first kind's stamps begin 16 s before 2^63 ns, and come out negative after it.
      let (first, last) = (run.stamps[0].nanoseconds, run.stamps[frames - 1].nanoseconds)
      #expect(kind == 1 ? first > .max - .seconds(20) && last < 0 : first > .seconds(2_147_483_600))
    }
  }
}
