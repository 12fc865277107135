import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite struct CameraPacketEncoderTests {
  private func image(_ format: CameraFormat, _ pixel: (Int, Int) -> PixelColour) -> [UInt8] {
    let memory = PacketMemory(format.packetBytes)
    #expect(memory.encode(CameraPacketEncoder(format), pixel: pixel) == format.packetBytes)
    return Array(memory.bytes(format.packetBytes)[64...])
  }

  @Test("each layout puts luma and mean chroma where V4L2 says")
  func layouts() {
    func pixel(_ column: Int, _ row: Int) -> PixelColour {
      PixelColour(
        luma: UInt8(10 * row + column), blueDifference: UInt8(100 + column), redDifference: UInt8(200 + row))
    }
    #expect(image(SomeFormat.make(.grey, 3, 2), pixel) == [0, 1, 2, 10, 11, 12])
    #expect(image(SomeFormat.make(.yuyv, 2, 2), pixel) == [0, 101, 1, 200, 10, 101, 11, 201])
    #expect(
      image(SomeFormat.make(.nv12, 4, 2), pixel)
        == [0, 1, 2, 3, 10, 11, 12, 13, 101, 201, 103, 201])
  }

  @Test("a buffer one byte too short gives nil")
  func short() {
    let memory = PacketMemory(SomeFormat.small.packetBytes - 1)
    #expect(memory.encode(CameraPacketEncoder(SomeFormat.small)) == nil)
  }

  @Test("primary colours have the luma and chroma of BT.601's limited range")
  func colours() {
    func yuv(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> [UInt8] {
      let colour = PixelColour(red: red, green: green, blue: blue)
      return [colour.luma, colour.blueDifference, colour.redDifference]
    }
    #expect(yuv(0, 0, 0) == [16, 128, 128])
    #expect(yuv(255, 255, 255) == [235, 128, 128])
    #expect(yuv(255, 0, 0) == [82, 90, 240])
    #expect(yuv(0, 255, 0) == [144, 54, 34])
    #expect(yuv(0, 0, 255) == [41, 240, 110])
  }
}
