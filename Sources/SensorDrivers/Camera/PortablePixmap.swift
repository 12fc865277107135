import FusionPipeline

/// A binary PGM (P5) or PPM (P6) image of 8 bits a channel, as its file's bytes (netpbm's pgm(5), ppm(5)).
struct PortablePixmap {
  enum Fault: Error, Equatable {
    /// Neither P5 nor P6.
    case kind
    case header
    /// More than 8 bits a channel.
    case depth
    /// Fewer bytes than width and height ask for.
    case short
  }

  let width: Int
  let height: Int
  let hasColour: Bool
  private let bytes: [UInt8]
  private let firstPixel: Int
  private let maximum: Int

  /// Takes the whole file; of several images in one, the first.
  init(_ file: [UInt8]) throws(Fault) {
    guard file.count >= 2, file[0] == UInt8(ascii: "P") else { throw .kind }
    switch file[1] {
    case UInt8(ascii: "5"): hasColour = false
    case UInt8(ascii: "6"): hasColour = true
    default: throw .kind
    }
    var at = 2
    width = try Self.number(file, &at)
    height = try Self.number(file, &at)
    maximum = try Self.number(file, &at)
    let side = Int(CameraFormat.maximumSide)
    guard width > 0, height > 0, width <= side, height <= side, maximum > 0 else { throw .header }
    guard maximum < 256 else { throw .depth }
    // Exactly one blank parts the header from the pixels.
    guard at < file.count, Self.isBlank(file[at]) else { throw .header }
    firstPixel = at + 1
    guard file.count - firstPixel >= width * height * (hasColour ? 3 : 1) else { throw .short }
    bytes = file
  }

  /// The colour at a pixel; a grey file's values are taken as luma as they are.
  func colour(_ column: Int, _ row: Int) -> PixelColour {
    guard column >= 0, row >= 0, column < width, row < height else { return PixelColour(luma: 0) }
    let pixel = row * width + column
    if !hasColour { return PixelColour(luma: scaled(bytes[firstPixel + pixel])) }
    let at = firstPixel + pixel * 3
    return PixelColour(
      red: scaled(bytes[at]), green: scaled(bytes[at + 1]), blue: scaled(bytes[at + 2]))
  }

  private func scaled(_ value: UInt8) -> UInt8 {
    maximum == 255 ? value : UInt8(clamping: (Int(value) * 255 + maximum / 2) / maximum)
  }

  /// The next decimal number; blanks and comments to a line's end go before it.
  private static func number(_ file: [UInt8], _ at: inout Int) throws(Fault) -> Int {
    while at < file.count, isBlank(file[at]) || file[at] == UInt8(ascii: "#") {
      if file[at] == UInt8(ascii: "#") {
        while at < file.count, file[at] != UInt8(ascii: "\n") { at += 1 }
      } else {
        at += 1
      }
    }
    var value = 0
    var digits = 0
    while at < file.count, file[at] >= UInt8(ascii: "0"), file[at] <= UInt8(ascii: "9") {
      value = value * 10 + Int(file[at] - UInt8(ascii: "0"))
      digits += 1
      at += 1
      guard digits <= 6 else { throw .header }
    }
    guard digits > 0 else { throw .header }
    return value
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
}
