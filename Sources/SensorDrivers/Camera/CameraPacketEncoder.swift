import FusionPipeline

/// One pixel's luma and chroma, as the YUV layouts keep them (128 is no colour).
public struct PixelColour: BitwiseCopyable, Sendable, Equatable {
  public var luma: UInt8
  public var blueDifference: UInt8
  public var redDifference: UInt8

  public init(luma: UInt8, blueDifference: UInt8 = 128, redDifference: UInt8 = 128) {
    self.luma = luma
    self.blueDifference = blueDifference
    self.redDifference = redDifference
  }

  /// From full-range RGB by ITU-R BT.601, limited range (luma 16 … 235), in integers so that every machine
  /// gives the same bytes.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    let (r, g, b) = (Int32(red), Int32(green), Int32(blue))
    luma = UInt8(clamping: (66 * r + 129 * g + 25 * b + 128) >> 8 + 16)
    blueDifference = UInt8(clamping: (-38 * r - 74 * g + 112 * b + 128) >> 8 + 128)
    redDifference = UInt8(clamping: (112 * r - 94 * g - 18 * b + 128) >> 8 + 128)
  }
}

/// Makes camera packets without a camera: the demo's, the tests' and the importer's twin of `V4L2Link`.
///
/// Thread: any; it has no state. Cost: the closure once a pixel; no allocation.
public struct CameraPacketEncoder: Sendable {
  public let format: CameraFormat

  public init(_ format: CameraFormat) { self.format = format }

  /// Writes header and image; the bytes written, or nil where the buffer is too short.
  ///
  /// `pixel` gives the colour at (column, row); chroma is the mean of the pixels that share it.
  public func encode(
    into buffer: UnsafeMutableRawBufferPointer, sequence: UInt32, device: Stamp,
    clock: CameraPacketHeader.Clock = .monotonic,
    stampSource: CameraPacketHeader.StampSource = .startOfExposure, driverFlags: UInt32 = 0,
    pixel: (_ column: Int, _ row: Int) -> PixelColour
  ) -> Int? {
    guard buffer.count >= format.packetBytes else { return nil }
    let header = CameraPacketHeader(
      format: format, driverSequence: sequence, driverFlags: driverFlags, clock: clock,
      stampSource: stampSource, deviceNanoseconds: device.nanoseconds)
    unsafe header.write(into: buffer)
    let image = unsafe UnsafeMutableRawBufferPointer(
      rebasing: buffer[CameraPacketHeader.byteCount..<format.packetBytes])
    switch format.pixels {
    case .grey: unsafe writeGrey(image, pixel)
    case .yuyv: unsafe writeYUYV(image, pixel)
    case .nv12: unsafe writeNV12(image, pixel)
    }
    return format.packetBytes
  }

  private func writeGrey(_ image: UnsafeMutableRawBufferPointer, _ pixel: (Int, Int) -> PixelColour) {
    let (width, height) = (Int(format.width), Int(format.height))
    for row in 0..<height {
      for column in 0..<width { unsafe image[row * width + column] = pixel(column, row).luma }
    }
  }

  private func writeYUYV(_ image: UnsafeMutableRawBufferPointer, _ pixel: (Int, Int) -> PixelColour) {
    var at = 0
    for row in 0..<Int(format.height) {
      for column in stride(from: 0, to: Int(format.width), by: 2) {
        let (left, right) = (pixel(column, row), pixel(column + 1, row))
        unsafe image[at] = left.luma
        unsafe image[at + 1] = mean(left.blueDifference, right.blueDifference)
        unsafe image[at + 2] = right.luma
        unsafe image[at + 3] = mean(left.redDifference, right.redDifference)
        at += 4
      }
    }
  }

  private func writeNV12(_ image: UnsafeMutableRawBufferPointer, _ pixel: (Int, Int) -> PixelColour) {
    let (width, height) = (Int(format.width), Int(format.height))
    for row in stride(from: 0, to: height, by: 2) {
      for column in stride(from: 0, to: width, by: 2) {
        var (blue, red) = (2, 2)
        for down in 0...1 {
          for right in 0...1 {
            let colour = pixel(column + right, row + down)
            unsafe image[(row + down) * width + column + right] = colour.luma
            blue += Int(colour.blueDifference)
            red += Int(colour.redDifference)
          }
        }
        let chroma = width * height + row / 2 * width + column
        unsafe image[chroma] = UInt8(clamping: blue / 4)
        unsafe image[chroma + 1] = UInt8(clamping: red / 4)
      }
    }
  }

  private func mean(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8(clamping: (UInt16(a) + UInt16(b) + 1) / 2) }
}
