/// How a driver's image lies in its buffer, and how it becomes the packed one of a packet.
struct DriverImage {
  enum Layout {
    /// The configured layout itself, at most with padding behind each row.
    case wanted
    /// Planes of luma, blue and red difference (YU12): what libv4l makes of Motion-JPEG and of other layouts
    /// that we do not carry. Its chroma is interleaved for NV12 and left out for grey.
    case planar
  }

  /// YU12, the only layout both libv4l converts to and ours follow from by moving bytes.
  static let planarFourCC: UInt32 = 0x3231_5559

  let format: CameraFormat
  let layout: Layout
  /// Bytes from a row's start to the next one's in the driver's first plane.
  let strideBytes: Int

  /// Whether a format can be had from YU12, whose sides are even.
  static func canBePlanar(_ format: CameraFormat) -> Bool {
    format.pixels != .yuyv && format.width % 2 == 0 && format.height % 2 == 0
  }

  /// Nil where rows of `strideBytes` cannot hold the image; 0 means packed, as some drivers leave it.
  init?(_ format: CameraFormat, layout: Layout, strideBytes: UInt32) {
    let stride = strideBytes == 0 ? format.strideBytes : Int(strideBytes)
    guard stride >= format.strideBytes, stride <= 16 * Int(CameraFormat.maximumSide) else { return nil }
    guard layout == .wanted || (stride % 2 == 0 && Self.canBePlanar(format)) else { return nil }
    self.format = format
    self.layout = layout
    self.strideBytes = stride
  }

  /// Bytes a buffer holds at least; the last row may come without its padding.
  var neededBytes: Int {
    switch layout {
    case .wanted: strideBytes * (format.rows - 1) + format.strideBytes
    case .planar: redPlane + strideBytes / 2 * (chromaRows - 1) + Int(format.width) / 2
    }
  }

  private var chromaRows: Int { Int(format.height) / 2 }
  private var bluePlane: Int { strideBytes * Int(format.height) }
  private var redPlane: Int { bluePlane + strideBytes / 2 * chromaRows }

  /// Writes `format.imageBytes` from at least `neededBytes`; false, and nothing written, from or to fewer.
  func pack(from source: UnsafeRawBufferPointer, into image: UnsafeMutableRawBufferPointer) -> Bool {
    guard source.count >= neededBytes, image.count >= format.imageBytes else { return false }
    switch layout {
    case .wanted:
      unsafe copyRows(format.rows, from: source, into: image)
    case .planar:
      unsafe copyRows(Int(format.height), from: source, into: image)
      if format.pixels == .nv12 { unsafe interleaveChroma(from: source, into: image) }
    }
    return true
  }

  private func copyRows(
    _ rows: Int, from source: UnsafeRawBufferPointer, into image: UnsafeMutableRawBufferPointer
  ) {
    let packed = format.strideBytes
    if strideBytes == packed {
      unsafe image.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<(packed * rows)]))
      return
    }
    for row in 0..<rows {
      let (from, to) = (row * strideBytes, row * packed)
      unsafe UnsafeMutableRawBufferPointer(rebasing: image[to..<to + packed])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + packed]))
    }
  }

  private func interleaveChroma(
    from source: UnsafeRawBufferPointer, into image: UnsafeMutableRawBufferPointer
  ) {
    let pairs = Int(format.width) / 2
    var to = Int(format.width) * Int(format.height)
    for row in 0..<chromaRows {
      let (blue, red) = (bluePlane + row * (strideBytes / 2), redPlane + row * (strideBytes / 2))
      for pair in 0..<pairs {
        unsafe image[to] = source[blue + pair]
        unsafe image[to + 1] = source[red + pair]
        to += 2
      }
    }
  }
}
