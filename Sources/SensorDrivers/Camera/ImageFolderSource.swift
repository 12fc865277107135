import FusionPipeline
import Glibc

/// When the images of a folder were taken.
public enum ImageFolderTiming: Sendable {
  /// In the order of their names, one every `periodNanoseconds` from `start`.
  case every(periodNanoseconds: Int64, from: Stamp)
  /// A CSV file: one line an image, `file name,nanoseconds`, oldest first; `#` begins a comment line, and a
  /// first line whose second field is no number is a heading.
  case listed(csv: String)
}

/// A folder of PGM and PPM images as camera packets, for importing recordings of others.
///
/// Grey files become grey, or YUV without colour; colour files become YUV by BT.601, or their luma. Names
/// that begin with a dot are passed over; a file of another kind is refused with the way to convert it.
/// Thread: one. Cost: reads one file a packet and allocates for it; not for the frame's path.
public final class ImageFolderSource {
  public let format: CameraFormat
  /// Images in the folder or in the list.
  public var count: Int { images.count }
  private let folder: String
  private let images: [(name: String, taken: Stamp)]
  private let encoder: CameraPacketEncoder
  private var next = 0

  public init(
    folder: String, format: CameraFormat, timing: ImageFolderTiming
  ) throws(LinkFailure) {
    self.folder = folder
    self.format = format
    encoder = CameraPacketEncoder(format)
    switch timing {
    case .every(let period, let start):
      let names = try Self.names(in: folder)
      var images: [(name: String, taken: Stamp)] = []
      for (index, name) in names.enumerated() {
        let (after, overflow) = period.multipliedReportingOverflow(by: Int64(index))
        guard !overflow, period > 0 else {
          throw LinkFailure(.refused, "\(folder): a period of \(period) ns makes no stamps for its images")
        }
        images.append((name, start + after))
      }
      self.images = images
    case .listed(let csv):
      images = try ImageList.read(csv)
    }
    guard !images.isEmpty else {
      throw LinkFailure(.absent, "\(folder): no .pgm or .ppm image; \(Self.conversion)")
    }
  }

  /// The next image's packet, or nil after the last; its arrival is the instant it was taken.
  ///
  /// Throws for a file that cannot be read, is damaged, or has another size; the next call goes on behind it.
  public func packet(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(LinkFailure) -> ReceivedPacket? {
    guard next < images.count else { return nil }
    let (name, taken) = images[next]
    let sequence = UInt32(truncatingIfNeeded: next)
    next += 1
    let path = "\(folder)/\(name)"
    let image: PortablePixmap
    do {
      image = try PortablePixmap(try readFile(path, limit: 1 << 30))
    } catch let fault as PortablePixmap.Fault {
      throw Self.refusal(path, fault)
    } catch let failure as LinkFailure {
      throw failure
    } catch {
      throw LinkFailure(.refused, "\(path): \(error)")
    }
    guard image.width == Int(format.width), image.height == Int(format.height) else {
      throw LinkFailure(
        .refused,
        "\(path): is \(image.width)x\(image.height), configured is \(format.width)x\(format.height); "
          + "correct the configuration, or scale it: "
          + "magick IN -resize \(format.width)x\(format.height)! OUT.ppm")
    }
    let written = unsafe encoder.encode(
      into: buffer, sequence: sequence, device: taken, stampSource: .startOfExposure,
      pixel: image.colour)
    guard let written else {
      throw LinkFailure(.refused, "\(path): a buffer of \(buffer.count) bytes is too short for a packet")
    }
    return ReceivedPacket(byteCount: written, arrival: taken)
  }

  static let conversion =
    "convert other kinds first: ffmpeg -i IN OUT_%06d.ppm, or magick mogrify -format ppm *.png"

  private static func names(in folder: String) throws(LinkFailure) -> [String] {
    guard let listing = unsafe opendir(folder) else {
      throw LinkFailure(.absent, "\(folder): \(errorText(errno)); give a folder of images")
    }
    defer { unsafe closedir(listing) }
    var names: [String] = []
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      guard isPixmap(name) else {
        // A list of stamps lies beside the images as a rule.
        if hasSuffix(name, ".csv") || hasSuffix(name, ".txt") { continue }
        throw LinkFailure(.refused, "\(folder)/\(name): is no .pgm or .ppm image; \(conversion)")
      }
      names.append(name)
    }
    return names.sorted()
  }

  private static func isPixmap(_ name: String) -> Bool {
    hasSuffix(name, ".pgm") || hasSuffix(name, ".ppm") || hasSuffix(name, ".pnm")
  }

  private static func hasSuffix(_ name: String, _ suffix: String) -> Bool {
    name.lowercased().hasSuffix(suffix)
  }

  private static func refusal(_ path: String, _ fault: PortablePixmap.Fault) -> LinkFailure {
    let what =
      switch fault {
      case .kind: "is no binary PGM or PPM image (P5 or P6); \(conversion)"
      case .header: "its header is damaged or gives an impossible size; export it anew"
      case .depth: "has more than 8 bits a channel; reduce it: magick IN -depth 8 OUT.ppm"
      case .short: "ends before its last pixel; copy or export it anew"
      }
    return LinkFailure(.refused, "\(path): \(what)")
  }
}

/// Reads a whole file.
func readFile(_ path: String, limit: Int) throws(LinkFailure) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw LinkFailure(.absent, "\(path): \(errorText(errno))") }
  defer { close(descriptor) }
  var content: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 1 << 18)
  while true {
    let got = unsafe read(descriptor, &block, block.count)
    if got < 0, errno == EINTR { continue }
    guard got >= 0 else { throw LinkFailure(.refused, "\(path): \(errorText(errno))") }
    if got == 0 { return content }
    content.append(contentsOf: block[..<got])
    guard content.count <= limit else {
      throw LinkFailure(.refused, "\(path): longer than \(limit) bytes; give a smaller file")
    }
  }
}
