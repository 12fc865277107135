import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite struct DriverImageTests {
  private func packed(_ image: DriverImage, _ source: [UInt8]) -> [UInt8]? {
    var packed = [UInt8](repeating: 0xEE, count: image.format.imageBytes)
    let isPacked = unsafe source.withUnsafeBytes { from in
      unsafe packed.withUnsafeMutableBytes { to in unsafe image.pack(from: from, into: to) }
    }
    return isPacked ? packed : nil
  }

  private func image(
    _ format: CameraFormat, _ layout: DriverImage.Layout, _ strideBytes: UInt32
  ) throws -> DriverImage {
    try #require(DriverImage(format, layout: layout, strideBytes: strideBytes))
  }

  /// 4 x 2 pixels in YU12 with rows of 6 bytes: luma, then blue and red difference in rows of 3.
  private let planar: [UInt8] = [1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0, 0] + [10, 11, 0] + [20, 21, 0]

  @Test("planes become interleaved NV12, or grey without them, and lose their padding")
  func planes() throws {
    let nv12 = try image(SomeFormat.make(.nv12, 4, 2), .planar, 6)
    #expect(packed(nv12, planar) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 11, 21])
    let grey = try image(SomeFormat.make(.grey, 4, 2), .planar, 6)
    #expect(packed(grey, planar) == [1, 2, 3, 4, 5, 6, 7, 8])
    let tight = try image(SomeFormat.make(.nv12, 2, 2), .planar, 0)
    #expect(packed(tight, [1, 2, 3, 4, 5, 6]) == [1, 2, 3, 4, 5, 6])
  }

  @Test("the last row may lack its padding, and one byte less is a short image")
  func short() throws {
    let image = try image(SomeFormat.make(.nv12, 4, 2), .planar, 6)
    #expect(image.neededBytes == planar.count - 1)
    #expect(packed(image, planar.dropLast()) != nil)
    #expect(packed(image, planar.dropLast(2)) == nil)
    let padded = try self.image(SomeFormat.make(.grey, 2, 2), .wanted, 5)
    #expect(packed(padded, [1, 2, 0, 0, 0, 3, 4]) == [1, 2, 3, 4])
    #expect(packed(padded, [1, 2, 0, 0, 0, 3]) == nil)
  }

  @Test("rows too short, absurdly long, or planes that do not divide are no image")
  func impossible() {
    let grey = SomeFormat.make(.grey, 5, 3)
    #expect(DriverImage(grey, layout: .wanted, strideBytes: 4) == nil)
    #expect(DriverImage(grey, layout: .wanted, strideBytes: .max) == nil)
    #expect(DriverImage(grey, layout: .planar, strideBytes: 6) == nil)
    #expect(DriverImage(SomeFormat.small, layout: .planar, strideBytes: 8) == nil)
    #expect(DriverImage(SomeFormat.nv12, layout: .planar, strideBytes: 5) == nil)
  }

  @Test("a camera that only libv4l's YU12 comes from still gives NV12, and no YUYV")
  func link() throws {
    let bench = LinkBench(SomeFormat.make(.nv12, 2, 2))
    bench.device.isPlanarOnly = true
    try bench.link.open()
    bench.device.events = [.frame(.init())]
    #expect(try bench.receive() != nil)
    #expect(bench.memory.bytes(70)[64...] == [0, 1, 16, 17, 32, 33])

    let yuyv = LinkBench()
    yuyv.device.isPlanarOnly = true
    let failure = yuyv.failure { () throws(LinkFailure) in try yuyv.link.open() }
    #expect(failure?.message.contains("asked for YUYV 4x3, would give YU12 4x3") == true)
  }
}
