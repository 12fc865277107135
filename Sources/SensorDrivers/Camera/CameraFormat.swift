import FusionPipeline

/// What a camera is configured to give: a pixel layout and a size.
///
/// Rows are packed: a camera packet never holds a driver's padding, so its size is known before the device
/// is opened and the same image has the same bytes whichever driver it came through.
public struct CameraFormat: Sendable, Hashable {
  public let pixels: PixelFormat
  public let width: UInt32
  public let height: UInt32

  /// Wider or higher than this is a mistake in a configuration or a damaged packet.
  public static let maximumSide: UInt32 = 16_384

  /// Nil where the layout cannot have that size: zero, over `maximumSide`, odd width for YUYV, odd for NV12.
  public init?(_ pixels: PixelFormat, width: UInt32, height: UInt32) {
    guard width > 0, height > 0, width <= Self.maximumSide, height <= Self.maximumSide else { return nil }
    switch pixels {
    case .grey: break
    case .yuyv: guard width % 2 == 0 else { return nil }
    case .nv12: guard width % 2 == 0, height % 2 == 0 else { return nil }
    }
    self.pixels = pixels
    self.width = width
    self.height = height
  }

  /// Bytes from a row's start to the next one's; for NV12 those of the luma plane, and of the chroma plane.
  public var strideBytes: Int {
    switch pixels {
    case .grey, .nv12: Int(width)
    case .yuyv: Int(width) * 2
    }
  }

  /// Rows of `strideBytes` that make an image: NV12 has half as many chroma rows below the luma rows.
  public var rows: Int { pixels == .nv12 ? Int(height) + Int(height) / 2 : Int(height) }

  /// Bytes of one image.
  public var imageBytes: Int { strideBytes * rows }

  /// Bytes of one packet: header and image.
  public var packetBytes: Int { CameraPacketHeader.byteCount + imageBytes }

  /// As people write it: `YUYV 640x480`.
  public var text: String { "\(fourCCText(pixels.rawValue)) \(width)x\(height)" }
}

/// A four-character code as its characters, unprintable ones as dots.
func fourCCText(_ code: UInt32) -> String {
  var text = ""
  for shift in [0, 8, 16, 24] as [UInt32] {
    let byte = UInt8(truncatingIfNeeded: code >> shift)
    text.unicodeScalars.append(byte > 32 && byte < 127 ? Unicode.Scalar(byte) : ".")
  }
  return text
}
