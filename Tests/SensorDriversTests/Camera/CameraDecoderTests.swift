import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite struct CameraDecoderTests {
  @Test(
    "a packet becomes a frame with its size, stride, layout, sequence and exact pixels",
    arguments: [SomeFormat.small, SomeFormat.grey, SomeFormat.nv12])
  func frame(format: CameraFormat) throws {
    let bench = DecoderBench(CameraDecoderSettings(format))
    let bytes = packet(format, sequence: 77, device: Stamp(nanoseconds: 5_000))
    bench.decode(bytes)
    let (timing, frame) = try #require(bench.frames.first)
    #expect(frame.width == format.width && frame.height == format.height)
    #expect(Int(frame.strideBytes) == format.strideBytes)
    #expect(frame.fourCC == format.pixels.rawValue && frame.driverSequence == 77)
    #expect(bench.pixels(frame.pixels) == Array(bytes[64...]))
    #expect(timing.device == Stamp(nanoseconds: 5_000))
    #expect(timing.flags == .deviceOnPipelineClock)
    #expect(bench.decoder.counters.samples == 1)
  }

  @Test("an end-of-frame stamp moves back by readout and exposure, a start-of-exposure stamp stays")
  func exposureStart() {
    let settings = CameraDecoderSettings(
      SomeFormat.small, readoutNanoseconds: 30_000, exposureNanoseconds: 8_000)
    let bench = DecoderBench(settings)
    bench.decode(packet(settings.format, device: Stamp(nanoseconds: 100_000), stampSource: .endOfFrame))
    bench.decode(packet(settings.format, sequence: 1, device: Stamp(nanoseconds: 100_000)))
    #expect(bench.frames.map(\.timing.device.nanoseconds) == [62_000, 100_000])
  }

  @Test("only a monotonic stamp is said to be on the pipeline clock; an unknown zero is no stamp")
  func clocks() {
    let bench = DecoderBench(CameraDecoderSettings(SomeFormat.small))
    let stamp = Stamp(nanoseconds: 9)
    bench.decode(packet(SomeFormat.small, device: stamp, clock: .unknown))
    bench.decode(packet(SomeFormat.small, sequence: 1, device: stamp, clock: .copy))
    bench.decode(packet(SomeFormat.small, sequence: 2, clock: .unknown))
    #expect(bench.frames.map(\.timing.device) == [stamp, stamp, .never])
    #expect(bench.frames.allSatisfy { $0.timing.flags.isEmpty })
  }

  @Test("a stamp after arrival, as some drivers give, is handed on unclamped")
  func future() {
    let bench = DecoderBench(CameraDecoderSettings(SomeFormat.small))
    bench.decode(packet(SomeFormat.small, device: Stamp(nanoseconds: 900)), arrival: Stamp(nanoseconds: 100))
    #expect(bench.frames.map(\.timing.device.nanoseconds) == [900])
  }

  @Test("stamps at the ends of Int64 saturate and do not trap", arguments: [Int64.min, .min + 1, .max])
  func extremes(nanoseconds: Int64) {
    let settings = CameraDecoderSettings(
      SomeFormat.small, readoutNanoseconds: .max, exposureNanoseconds: .max)
    let bench = DecoderBench(settings)
    bench.decode(
      packet(SomeFormat.small, device: Stamp(nanoseconds: nanoseconds), stampSource: .endOfFrame))
    #expect(bench.frames.count == 1)
  }

  @Test("the driver's error flag marks the frame as damaged, in a replay too")
  func damaged() {
    let bench = DecoderBench(CameraDecoderSettings(SomeFormat.small))
    bench.decode(packet(SomeFormat.small, driverFlags: 0x2040))
    bench.decode(packet(SomeFormat.small, sequence: 1, driverFlags: 0x2000))
    #expect(bench.frames.map { $0.timing.flags.contains(.damaged) } == [true, false])
  }

  @Test("another size, layout or length is invalid, what is no camera packet ignored, and neither emitted")
  func refused() {
    let bench = DecoderBench(CameraDecoderSettings(SomeFormat.small))
    bench.decode(packet(SomeFormat.make(.yuyv, 6, 2)))  // as many bytes, another size
    bench.decode(packet(SomeFormat.nv12))  // as many bytes, another layout
    bench.decode(packet(SomeFormat.grey))
    bench.decode(packet(SomeFormat.small) + [0])
    bench.decode(packet(SomeFormat.small).dropLast())
    #expect(bench.decoder.counters.invalid == 5)
    bench.decode([])
    bench.decode([UInt8](repeating: 0, count: 88))
    #expect(bench.decoder.counters.ignored == 2)
    #expect(bench.decoder.counters.packets == 7 && bench.frames.isEmpty)
  }

  @Test("missing frames are counted across the wrap at 2^32; repeats, steps back and a reset are no loss")
  func sequence() {
    let bench = DecoderBench(CameraDecoderSettings(SomeFormat.small))
    func feed(_ sequences: [UInt32]) -> UInt64 {
      let before = bench.decoder.counters.missing
      for sequence in sequences { bench.decode(packet(SomeFormat.small, sequence: sequence)) }
      return bench.decoder.counters.missing - before
    }
    #expect(feed([.max - 1, .max, 0, 1]) == 0)
    #expect(feed([5]) == 3)
    #expect(feed([5, 4, 0]) == 0)
    #expect(feed([.max - 2]) == 0)
    #expect(feed([2]) == 4)
    #expect(feed([2 + FrameSequence.longestGap + 1]) == 0)
    bench.decoder.reset()
    #expect(feed([100_000, 100_010]) == 9)
  }

  @Test("with every slot pinned a frame is dropped and counted, and the next one after an unpin is not")
  func pinned() throws {
    let bench = DecoderBench(CameraDecoderSettings(SomeFormat.small), slots: 1)
    bench.decode(packet(SomeFormat.small))
    let first = try #require(bench.frames.first).frame.pixels
    #expect(bench.pool.pin(first))
    bench.decode(packet(SomeFormat.small, sequence: 1))
    #expect(bench.decoder.counters.droppedNoSlot == 1)
    bench.pool.unpin(first)
    bench.decode(packet(SomeFormat.small, sequence: 2))
    #expect(bench.frames.count == 2 && bench.decoder.counters.missing == 0)
  }

  @Test("100 000 garbage packets are all counted and none traps")
  func fuzz() {
    let settings = CameraDecoderSettings(
      SomeFormat.small, readoutNanoseconds: 1_000_000, exposureNanoseconds: 1_000_000)
    let bench = DecoderBench(settings)
    let valid = packet(SomeFormat.small)
    var noise = CameraNoise(seed: 0xCA3E_0001)
    for _ in 0..<100_000 {
      var bytes: [UInt8]
      if noise.below(4) == 0 {
        bytes = (0..<noise.below(130)).map { _ in UInt8(truncatingIfNeeded: noise.next()) }
      } else {
        // Damaged headers reach further than noise does.
        bytes = valid
        for _ in 0..<noise.below(4) {
          bytes[noise.below(bytes.count)] = UInt8(truncatingIfNeeded: noise.next())
        }
        if noise.below(8) == 0 { bytes.removeLast(noise.below(bytes.count)) }
      }
      bench.decode(bytes, arrival: Stamp(nanoseconds: Int64(truncatingIfNeeded: noise.next())))
      bench.frames.removeAll(keepingCapacity: true)
    }
    let counters = bench.decoder.counters
    #expect(counters.packets == 100_000)
    #expect(counters.samples + counters.ignored + counters.invalid == 100_000)
    #expect(counters.samples > 1000 && counters.ignored > 1000 && counters.invalid > 1000)
  }
}
