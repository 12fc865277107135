import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite struct CameraPacketHeaderTests {
  private var header: CameraPacketHeader {
    CameraPacketHeader(
      format: SomeFormat.make(.nv12, 640, 480), driverSequence: 0xFFFF_FFFE, driverFlags: 0x0001_2040,
      clock: .monotonic, stampSource: .startOfExposure, deviceNanoseconds: 0x0102_0304_0506_0708)
  }

  private func header(in bytes: [UInt8]) -> CameraPacketHeader? {
    unsafe CameraPacketHeader(bytes.span.bytes)
  }

  @Test("a header's bytes are the documented ones, little-endian")
  func golden() {
    let memory = PacketMemory(64)
    #expect(memory.write(header))
    let expected: [UInt8] =
      [0x46, 0x43, 0x41, 0x4D, 1, 0, 64, 0] + [0x4E, 0x56, 0x31, 0x32]
      + [0x80, 2, 0, 0, 0xE0, 1, 0, 0] + [0x80, 2, 0, 0] + [0, 8, 7, 0]
      + [0xFE, 0xFF, 0xFF, 0xFF] + [0x40, 0x20, 0x01, 0x00] + [1, 1, 0, 0]
      + [8, 7, 6, 5, 4, 3, 2, 1] + [UInt8](repeating: 0, count: 16)
    #expect(memory.bytes(64) == expected)
  }

  @Test("every header reads back as it was written", arguments: [Int64.min, -1, 0, 1, .max - 1, .max])
  func roundTrip(stamp: Int64) {
    for clock in CameraPacketHeader.Clock.allCases {
      for source in CameraPacketHeader.StampSource.allCases {
        var written = header
        (written.clock, written.stampSource, written.deviceNanoseconds) = (clock, source, stamp)
        let memory = PacketMemory(64)
        #expect(memory.write(written))
        #expect(header(in: memory.bytes(64)) == written)
      }
    }
  }

  @Test("a buffer shorter than a header is not written to")
  func shortBuffer() {
    let memory = PacketMemory(63)
    #expect(!memory.write(header))
    #expect(memory.bytes(63).allSatisfy { $0 == 0xEE })
  }

  @Test(
    "another version, length, clock, source or a used reserved byte is refused",
    arguments: [0, 4, 6, 36, 37, 38, 39, 48, 55, 56, 63])
  func strict(offset: Int) {
    let memory = PacketMemory(64)
    #expect(memory.write(header))
    var bytes = memory.bytes(64)
    bytes[offset] = 0x77
    #expect(header(in: bytes) == nil)
  }

  @Test("an impossible layout and size makes no format")
  func formats() {
    #expect(CameraFormat(.yuyv, width: 3, height: 2) == nil)
    #expect(CameraFormat(.nv12, width: 4, height: 3) == nil)
    #expect(CameraFormat(.grey, width: 0, height: 3) == nil)
    #expect(CameraFormat(.grey, width: 1, height: .max) == nil)
    #expect(SomeFormat.make(.grey, 16_384, 16_384).imageBytes == 1 << 28)
    #expect(SomeFormat.small.imageBytes == 24)
    #expect(SomeFormat.nv12.imageBytes == 24)
    #expect(SomeFormat.grey.imageBytes == 15)
  }
}
