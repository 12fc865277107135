/// Pixel layouts the framework carries, named by their V4L2 four-character codes.
public enum PixelFormat: UInt32, Sendable, CaseIterable {
  case grey = 0x5945_5247  // "GREY"
  case yuyv = 0x5659_5559  // "YUYV"
  case nv12 = 0x3231_564E  // "NV12"
}

/// One camera image; its bytes lie in a pool.
public struct CameraFrame: BitwiseCopyable, Sendable, Equatable {
  /// Bytes (`UInt8`), `pixels.count` of them: `strideBytes × height`, half as much again for NV12.
  public var pixels: PayloadHandle
  public var width: UInt32
  public var height: UInt32
  /// Bytes from a row's start to the next one's.
  public var strideBytes: UInt32
  /// `PixelFormat`'s raw value.
  public var fourCC: UInt32
  /// The driver's frame counter; a step above one is a frame that was lost before us.
  public var driverSequence: UInt32
  public var reserved: UInt32

  public init(
    pixels: PayloadHandle, width: UInt32, height: UInt32, strideBytes: UInt32, fourCC: UInt32,
    driverSequence: UInt32
  ) {
    self.pixels = pixels
    self.width = width
    self.height = height
    self.strideBytes = strideBytes
    self.fourCC = fourCC
    self.driverSequence = driverSequence
    self.reserved = 0
  }
}
