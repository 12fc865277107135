import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

@Suite struct V4L2LinkTests {
  typealias Frame = ScriptedVideoDevice.Frame

  @Test(
    "a frame becomes header and packed image, stamped at its dequeue, and its buffer goes back at once",
    arguments: [SomeFormat.small, SomeFormat.grey, SomeFormat.nv12], [0, 6])
  func frame(format: CameraFormat, padding: Int) throws {
    let bench = LinkBench(format)
    bench.device.paddingBytes = padding
    try bench.link.open()
    bench.device.events = [.frame(Frame(sequence: 9, flags: 0x2001, device: 123, fill: 3))]
    let packet = try #require(try bench.receive())
    #expect(packet.byteCount == format.packetBytes && packet.byteCount == bench.link.maximumPacketBytes)
    #expect(packet.arrival == bench.clock.now() && packet.flags.isEmpty)
    let bytes = bench.memory.bytes(packet.byteCount)
    #expect(
      unsafe CameraPacketHeader(bytes.span.bytes)
        == CameraPacketHeader(
          format: format, driverSequence: 9, driverFlags: 0x2001, clock: .monotonic,
          stampSource: .endOfFrame, deviceNanoseconds: 123))
    let image = (0..<format.rows).flatMap { row in
      (0..<format.strideBytes).map { 3 &+ UInt8(truncatingIfNeeded: row &* 16 &+ $0) }
    }
    #expect(Array(bytes[64...]) == image)
    #expect(bench.device.queued.count == 4)
    #expect(bench.link.counters.received == 1)
  }

  @Test("what the link hands on is what the decoder takes")
  func decodes() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [.frame(Frame(sequence: 1, device: .max))]
    let packet = try #require(try bench.receive())
    let decoder = DecoderBench(CameraDecoderSettings(SomeFormat.small))
    decoder.decode(bench.memory.bytes(packet.byteCount), arrival: packet.arrival)
    #expect(decoder.frames.count == 1)
  }

  @Test("without a frame receive gives nil after exactly its time-out, and at zero at once")
  func timeout() throws {
    let bench = LinkBench()
    try bench.link.open()
    let before = bench.clock.now()
    #expect(try bench.receive(5_000_000) == nil)
    #expect(bench.clock.now() - before == 5_000_000)
    #expect(try bench.receive(0) == nil)
    #expect(try bench.receive(-1) == nil)
    #expect(bench.device.waits == [5_000_000, 0, 0])
  }

  @Test("a signal while waiting or dequeueing costs neither the frame nor more than the time left")
  func interrupted() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [
      .wait(.interrupted), .wait(.interrupted), .fails(EINTR), .wait(.ready), .frame(Frame()),
    ]
    #expect(try bench.receive() != nil)
    #expect(bench.device.waits == [1_000_000, 999_000, 998_000, 997_000])
    bench.device.events = Array(repeating: .wait(.interrupted), count: 5000)
    #expect(try bench.receive() == nil)
  }

  @Test("gaps in the driver's sequence are counted as lost, over the wrap at 2^32 too")
  func sequence() throws {
    let bench = LinkBench()
    try bench.link.open()
    for sequence in [UInt32.max - 1, .max, 2, 3, 3, 4] {
      bench.device.events.append(.frame(Frame(sequence: sequence)))
    }
    for _ in 0..<6 { #expect(try bench.receive() != nil) }
    #expect(bench.link.counters.lostBefore == 2)
    // A stream that starts again begins to count again.
    try bench.link.open()
    bench.device.events = [.frame(Frame(sequence: 0))]
    #expect(try bench.receive() != nil)
    #expect(bench.link.counters.lostBefore == 2)
  }

  @Test("a frame the driver marks as damaged is handed on with the flag")
  func damaged() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [.frame(Frame(flags: 0x2040, isDamaged: true)), .frame(Frame(sequence: 1))]
    #expect(try bench.receive()?.flags == .damaged)
    #expect(try bench.receive()?.flags == [])
  }

  @Test("a short frame is counted, not handed on, and its buffer goes back", arguments: [0, 1, 23])
  func short(byteCount: UInt32) throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [
      .frame(Frame(sequence: 0, byteCount: byteCount)), .wait(.ready), .frame(Frame(sequence: 1, fill: 9)),
    ]
    #expect(try bench.receive()?.byteCount == 88)
    #expect(bench.memory.bytes(65)[64] == 9)
    #expect(bench.link.counters.truncated == 1 && bench.link.counters.received == 2)
    #expect(bench.device.queued.count == 4)
  }

  @Test("a driver that gives nothing but short frames does not hold receive beyond its time-out")
  func onlyShort() throws {
    let bench = LinkBench()
    try bench.link.open()
    for sequence in 0..<5000 {
      bench.device.events += [.wait(.ready), .frame(Frame(sequence: UInt32(sequence), byteCount: 1))]
    }
    #expect(try bench.receive() == nil)
    #expect(bench.link.counters.truncated > 900)
  }

  @Test("a frame said to be longer than its buffer is cut to the image, and never read beyond")
  func tooLong() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [.frame(Frame(byteCount: .max))]
    #expect(try bench.receive()?.byteCount == 88)
  }

  @Test("a buffer that the driver refuses to take back is offered again before the next frame")
  func heldBuffer() throws {
    let bench = LinkBench()
    try bench.link.open()
    bench.device.events = [.frame(Frame())]
    bench.device.failures[.queue] = EINVAL
    #expect(try bench.receive() != nil)
    #expect(bench.device.queued.count == 3)
    bench.device.failures[.queue] = nil
    #expect(try bench.receive() == nil)
    #expect(bench.device.queued.count == 4)

    bench.device.events = [.frame(Frame(sequence: 1))]
    bench.device.failures[.queue] = EINVAL
    #expect(try bench.receive() != nil)
    #expect(bench.failure { () throws(LinkFailure) in _ = try bench.receive() }?.kind == .gone)
  }

  @Test("controls are set when the device is opened, in order")
  func controls() throws {
    let wanted = [CameraControl(id: 1, value: 2), CameraControl(id: 0x9A_0901, value: -3)]
    let bench = LinkBench(controls: wanted)
    try bench.link.open()
    #expect(bench.device.controls == wanted)
  }

  @Test("a driver's stamp beyond Int64 saturates")
  func stamps() {
    #expect(saturatingNanoseconds(seconds: 1, microseconds: 5) == 1_000_005_000)
    #expect(saturatingNanoseconds(seconds: 9_223_372_036, microseconds: 854_775) == 9_223_372_036_854_775_000)
    #expect(saturatingNanoseconds(seconds: 9_223_372_036, microseconds: 854_776) == .max)
    #expect(saturatingNanoseconds(seconds: .max, microseconds: .max) == .max)
    #expect(saturatingNanoseconds(seconds: .min, microseconds: .min) == .min)
    #expect(saturatingNanoseconds(seconds: 0, microseconds: .max) == .max)
    #expect(saturatingNanoseconds(seconds: -9_223_372_036, microseconds: -854_776) == .min)
  }
}
