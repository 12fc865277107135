import FusionPipeline
import Testing

@testable import SensorDrivers

/// The V4L2 link against the kernel's own V4L2, without hardware.
@Suite(.serialized, .enabled(if: Vivid.isPresent || Vivid.isRequired, Vivid.absence))
struct V4L2DeviceTests {
  init() throws { try Vivid.calm() }

  @Test(
    "100 frames of each layout and size come in order, stamped by the driver, and leave nothing open",
    arguments: [PixelFormat.yuyv, .nv12, .grey],
    [(640, 480, FrameRate(frames: 25)), (1280, 720, FrameRate(frames: 25, seconds: 2))])
  func capture(pixels: PixelFormat, size: (UInt32, UInt32, FrameRate)) throws {
    let before = try VideoHoldings.now
    let format = SomeFormat.make(pixels, size.0, size.1)
    let run = try VividRun(Vivid.link(format, rate: size.2))
    try run.take(100)
    let during = try VideoHoldings.now
    run.link.close()

    #expect(zip(run.sequences, run.sequences.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(zip(run.stamps, run.stamps.dropFirst()).allSatisfy { $0 < $1 })
    // The stamps are of our clock: taken before their arrival, and not long before.
    #expect(zip(run.stamps, run.arrivals).allSatisfy { $0 <= $1 && $1 - $0 < .seconds(30) })
    #expect(run.decoder.frames.allSatisfy { $0.timing.flags == .deviceOnPipelineClock })
    // A test pattern of coloured bars, not an empty buffer.
    #expect(Set(run.lastBytes[64...]).count > 4)

    let counters = run.link.counters
    #expect(counters.received == 100 && counters.truncated == 0)
    #expect(counters.lostBefore == run.decoder.decoder.counters.missing)
    #expect(during == VideoHoldings(descriptors: before.descriptors + 1, mappings: before.mappings + 4))
    #expect(try VideoHoldings.now == before)
    let ages = zip(run.stamps, run.arrivals).map { $1 - $0 }.sorted()
    print("\(format.text): lost \(counters.lostBefore), stamp to dequeue p50 \(ages[50] / 1000) us")
  }

  @Test("end-of-frame stamps move back by the configured times, even those that lie in the future")
  func endOfFrame() throws {
    try Vivid.set(.timestampSource, to: 0)
    let link = Vivid.link()
    let run = try VividRun(link)
    try run.take(5)
    let settings = CameraDecoderSettings(
      link.settings.format, readoutNanoseconds: .milliseconds(20), exposureNanoseconds: .milliseconds(10))
    let moved = DecoderBench(settings)
    moved.decode(run.lastBytes)
    #expect(
      try #require(run.stamps.last) - (try #require(moved.frames.last)).timing.device == .milliseconds(30))
  }

  @Test("a hundred opens and closes leave no descriptor and no mapping")
  func reopen() throws {
    let before = try VideoHoldings.now
    let link = Vivid.link()
    let memory = PacketMemory(link.maximumPacketBytes)
    for cycle in 0..<100 {
      try link.open()
      if cycle % 10 == 0 {
        #expect(try memory.receive(from: link, timeoutNanoseconds: .seconds(30)) != nil)
      }
      link.close()
      #expect(try VideoHoldings.now == before)
    }
  }

  @Test("a size or rate the camera lacks is refused with those it has")
  func refusals() throws {
    func message(_ format: CameraFormat, _ rate: FrameRate?) -> String {
      do {
        try Vivid.link(format, rate: rate).open()
        return ""
      } catch {
        #expect(error.kind == .refused)
        return error.message
      }
    }
    let size = message(SomeFormat.make(.yuyv, 644, 480), nil)
    #expect(size.contains("asked for YUYV 644x480") && size.contains("640x480") && size.contains("NV12"))
    let rate = message(SomeFormat.make(.yuyv, 640, 480), FrameRate(frames: 1000))
    #expect(rate.contains("1000/s") && rate.contains("25/s"))
    print(size)
    print(rate)
  }

  @Test(
    "NV12 and grey made from YU12 are the driver's own, byte for byte", arguments: [PixelFormat.nv12, .grey])
  func planar(pixels: PixelFormat) throws {
    let format = SomeFormat.make(pixels, 640, 480)
    let direct = try VividRun(Vivid.link(format))
    try direct.take(3)
    direct.link.close()
    let settings = V4L2LinkSettings(path: Vivid.path, format: format)
    let around = try VividRun(
      V4L2Link(settings, clock: LiveClock(), device: WithholdingVideoDevice(withholding: pixels)))
    try around.take(3)
    // The upper half shows the driver's counters, which differ from frame to frame.
    let lumaHalf = 64 + 640 * 240..<64 + 640 * 480
    #expect(direct.lastBytes[lumaHalf] == around.lastBytes[lumaHalf])
    if pixels == .nv12 {
      let chromaHalf = 64 + 640 * 480 + 640 * 120..<format.packetBytes
      #expect(direct.lastBytes[chromaHalf] == around.lastBytes[chromaHalf])
      #expect(Set(direct.lastBytes[chromaHalf]).count > 4)
    }
  }

  @Test("a camera that another program streams from is refused as busy")
  func busy() throws {
    let first = Vivid.link()
    try first.open()
    defer { first.close() }
    let failure = #expect(throws: LinkFailure.self) { try Vivid.link().open() }
    #expect(failure?.kind == .refused && failure?.message.contains("another program") == true)
  }
}
