import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite struct CANFrameTests {
  func decode(_ bytes: [UInt8]) -> CANFrame? { unsafe CANFrame(decoding: bytes.span.bytes) }

  @Test("a classic frame is 16 bytes, laid out as documented")
  func classicLayout() {
    let frame = CANFrame(id: 0x18FF_1234, isExtended: true, bus: 3, data: [0xDE, 0xAD, 0xBE])
    #expect(
      frame.encoded() == [
        0x34, 0x12, 0xFF, 0x98, 3, 0, 3, 0, 0xDE, 0xAD, 0xBE, 0, 0, 0, 0, 0,
      ])
    #expect(decode(frame.encoded()) == frame)
    #expect(frame.littleEndianData == 0xBE_ADDE)
  }

  @Test("an FD frame is 72 bytes and keeps its flags")
  func fdLayout() {
    var frame = CANFrame(id: 0x123, isFD: true, bus: 1, data: (1...48).map { UInt8($0) })
    frame.hasBitRateSwitch = true
    frame.hasErrorState = true
    let bytes = frame.encoded()
    #expect(bytes.count == 72)
    #expect(Array(bytes.prefix(8)) == [0x23, 0x01, 0, 0, 48, 7, 1, 0])
    #expect(decode(bytes) == frame)
  }

  @Test("random frames read back as they were written")
  func roundTrip() throws {
    var random = Seeded(1)
    for _ in 0..<2000 {
      let isFD = Bool.random(using: &random)
      let length = Int.random(in: 0...(isFD ? 64 : 8), using: &random)
      var frame = CANFrame(
        id: UInt32.random(in: 0...UInt32.max, using: &random), isExtended: Bool.random(using: &random),
        isFD: isFD, bus: UInt8.random(in: 0...255, using: &random),
        data: (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
      frame.isRemoteRequest = !isFD && Bool.random(using: &random)
      frame.hasBitRateSwitch = isFD && Bool.random(using: &random)
      #expect(decode(frame.encoded()) == frame)
    }
  }

  @Test("bytes that are no record give nil: wrong size, wrong length, FD flag and size at odds")
  func refuses() {
    for count in [0, 1, 8, 15, 17, 71, 73, 80] {
      #expect(decode([UInt8](repeating: 0, count: count)) == nil)
    }
    var classic = [UInt8](repeating: 0, count: 16)
    classic[4] = 9
    #expect(decode(classic) == nil)
    classic[4] = 8
    #expect(decode(classic) != nil)
    classic[5] = 4
    #expect(decode(classic) == nil)
    var fd = [UInt8](repeating: 0, count: 72)
    #expect(decode(fd) == nil)
    fd[5] = 4
    fd[4] = 65
    #expect(decode(fd) == nil)
    fd[4] = 64
    #expect(decode(fd) != nil)
  }

  @Test("a frame in a pcap file of link type 227 is read, and damage refused")
  func pcapFrames() throws {
    let classic: [UInt8] = [0x98, 0xFF, 0x12, 0x34, 3, 0, 0, 0, 1, 2, 3]
    let fd: [UInt8] = [0, 0, 1, 0x23, 12, 5, 0, 0] + [UInt8](repeating: 7, count: 12)
    let reader = try CaptureFile.open(bytes: Wire.pcap([classic, fd], link: 227))
    var frames: [CANFrame?] = []
    while let packet = try reader.next() {
      #expect(packet.link == .socketCAN)
      frames.append(unsafe CANFrame(socketCANCapture: packet.bytes.span.bytes, bus: 2))
    }
    var fast = CANFrame(id: 0x123, isFD: true, bus: 2, data: [UInt8](repeating: 7, count: 12))
    fast.hasBitRateSwitch = true
    #expect(frames == [CANFrame(id: 0x18FF_1234, isExtended: true, bus: 2, data: [1, 2, 3]), fast])
    for count in 0..<classic.count {
      #expect(unsafe CANFrame(socketCANCapture: Array(classic.prefix(count)).span.bytes) == nil)
    }
    #expect(unsafe CANFrame(socketCANCapture: ([0, 0, 0, 1, 65, 4, 0, 0] + classic).span.bytes) == nil)
  }

  @Test("a buffer too small for the record is left alone")
  func smallBuffer() {
    let frame = CANFrame(id: 1)
    var bytes = [UInt8](repeating: 0xAA, count: 15)
    let written = unsafe bytes.withUnsafeMutableBytes { unsafe frame.encode(into: $0) }
    #expect(written == nil)
    #expect(bytes.allSatisfy { $0 == 0xAA })
  }
}
