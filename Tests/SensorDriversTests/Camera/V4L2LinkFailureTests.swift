import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

@Suite struct V4L2LinkFailureTests {
  typealias Call = ScriptedVideoDevice.Call

  private func openFailure(_ bench: LinkBench) -> LinkFailure? {
    bench.failure { () throws(LinkFailure) in try bench.link.open() }
  }

  @Test(
    "each error while opening has a kind, names the path, and leaves nothing open",
    arguments: [
      (Call.open, ENOENT, LinkFailure.Kind.absent), (.open, ENODEV, .absent), (.open, ENXIO, .absent),
      (.open, EACCES, .refused), (.capabilities, ENOTTY, .refused), (.format, EBUSY, .refused),
      (.format, EIO, .absent), (.map, ENOMEM, .refused), (.map, EINVAL, .refused),
      (.queue, EINVAL, .refused), (.start, EINVAL, .refused), (.start, ENODEV, .absent),
      (.start, EPROTO, .absent),
    ])
  func opening(call: Call, code: Int32, kind: LinkFailure.Kind) throws {
    let bench = LinkBench()
    bench.device.failures[call] = code
    let failure = try #require(openFailure(bench))
    #expect(failure.kind == kind)
    #expect(failure.message.hasPrefix("/dev/video7: ") && failure.message.contains("(errno \(code))"))
    #expect(bench.device.isReleased)
    bench.device.failures = [:]
    try bench.link.open()
  }

  @Test("a node that cannot capture or stream is refused")
  func noCamera() throws {
    let bench = LinkBench()
    bench.device.isCamera = false
    #expect(openFailure(bench)?.kind == .refused)
    #expect(bench.device.isReleased)
  }

  @Test("another layout or size than asked for is refused with what was asked, given and on offer")
  func otherFormat() throws {
    let bench = LinkBench()
    bench.device.layout = VideoLayout(
      fourCC: 0x4745_504A, width: 8, height: 6, strideBytes: 0)
    let failure = try #require(openFailure(bench))
    #expect(failure.kind == .refused)
    #expect(
      failure.message
        == "/dev/video7: asked for YUYV 4x3, would give JPEG 8x6; it offers YUYV, GREY; "
        + "YUYV in 4x3, 8x8 to 64x48; choose one of these")
    bench.device.failures[.format] = EINVAL
    #expect(openFailure(bench)?.message.contains("refused; it offers YUYV, GREY") == true)
    #expect(bench.device.isReleased)
  }

  @Test("rows shorter than the image's are refused, longer ones taken")
  func strides() throws {
    let bench = LinkBench()
    bench.device.layout = VideoLayout(
      fourCC: PixelFormat.yuyv.rawValue, width: 4, height: 3, strideBytes: 7)
    #expect(openFailure(bench)?.kind == .refused)
    bench.device.layout?.strideBytes = .max
    #expect(openFailure(bench)?.kind == .refused)
    bench.device.layout?.strideBytes = 0
    #expect(openFailure(bench) == nil)
  }

  @Test("another frame rate is refused with the rates on offer, however long the driver's list")
  func otherRate() throws {
    let bench = LinkBench(rate: FrameRate(frames: 30))
    bench.device.rate = FrameRate(frames: 15)
    let failure = try #require(openFailure(bench))
    #expect(failure.kind == .refused)
    #expect(failure.message.contains("at 30/s, would give 15/s; it offers 15/s, 15/s"))
    bench.device.rate = FrameRate(frames: 30_003, seconds: 1000)
    #expect(openFailure(bench) == nil)
    bench.device.rate = FrameRate(frames: 0, seconds: 0)
    #expect(openFailure(bench)?.kind == .refused)
    bench.device.failures[.rate] = ENOTTY
    #expect(openFailure(bench)?.message.contains("leave the rate out") == true)
    #expect(bench.device.isReleased)
  }

  @Test("fewer than two buffers, or more than were ever asked for, are refused", arguments: [0, 1, 33])
  func buffers(granted: UInt32) {
    let bench = LinkBench()
    bench.device.grantedBuffers = granted
    #expect(openFailure(bench)?.kind == .refused)
    #expect(bench.device.isReleased)
  }

  @Test("a device that vanishes while streaming is gone, and opens again", arguments: [ENODEV, EIO, EPIPE])
  func vanishes(code: Int32) throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [.wait(.failed), .fails(code)]
    let failure = try #require(bench.failure { () throws(LinkFailure) in _ = try bench.receive() })
    #expect(failure.kind == .gone && failure.message.contains("(errno \(code))"))
    bench.link.close()
    #expect(bench.device.isReleased)
    try bench.link.open()
    bench.device.events = [.frame(.init())]
    #expect(try bench.receive() != nil)
  }

  @Test("an error or hang-up with nothing to dequeue is gone, with a frame still there it is not lost")
  func hangUp() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [.wait(.failed), .frame(.init())]
    #expect(try bench.receive() != nil)
    bench.device.events = [.wait(.failed)]
    #expect(bench.failure { () throws(LinkFailure) in _ = try bench.receive() }?.kind == .gone)
  }

  @Test("a wait that fails is gone")
  func waitFails() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.failures[.wait] = EBADF
    #expect(bench.failure { () throws(LinkFailure) in _ = try bench.receive() }?.kind == .gone)
  }

  @Test("receiving before open or after close is a failure, and so is too small a buffer")
  func misuse() throws {
    let bench = LinkBench()
    #expect(bench.failure { () throws(LinkFailure) in _ = try bench.receive() }?.kind == .gone)
    try bench.link.open()
    let small = PacketMemory(87)
    #expect(
      bench.failure { () throws(LinkFailure) in _ = try small.receive(from: bench.link) }?.kind == .refused)
    bench.link.close()
    bench.link.close()
    #expect(bench.failure { () throws(LinkFailure) in _ = try bench.receive() }?.kind == .gone)
  }

  @Test("a hundred opens, failed ones among them, release every descriptor and mapping")
  func reopen() throws {
    let bench = LinkBench()
    let calls: [Call] = [.open, .capabilities, .format, .map, .queue, .start]
    for cycle in 0..<100 {
      bench.device.failures = cycle % 3 == 0 ? [calls[cycle / 3 % calls.count]: EIO] : [:]
      let failure = openFailure(bench)
      #expect((failure == nil) == (cycle % 3 != 0))
      if failure == nil {
        bench.device.events = [.frame(.init(sequence: UInt32(cycle)))]
        #expect(try bench.receive() != nil)
        bench.link.close()
      }
      #expect(bench.device.isReleased)
    }
  }

  @Test("a path that is no device, or none at all, says so", arguments: ["/dev/null", "/nowhere/video0"])
  func realPaths(path: String) throws {
    let link = V4L2Link(
      V4L2LinkSettings(path: path, format: SomeFormat.small), clock: ManualClock())
    do {
      try link.open()
      Issue.record("\(path) opened as a camera")
    } catch {
      #expect(error.kind == (path == "/dev/null" ? .refused : .absent))
      #expect(error.message.hasPrefix(path))
    }
  }
}
