import FusionPipeline

extension Importer {
  /// A folder of PGM and PPM images to a camera.
  ///
  /// The stamps are those of `stamps.csv` in the folder (`file name,nanoseconds`); without it the images
  /// follow one another at the camera's rate from 0. Of several cameras it goes to the one that is called like
  /// the folder.
  public static var imageFolder: Importer {
    Importer(
      "images",
      accepts: { source in
        ImportSource.entries(of: source)?.contains { ImportSource.hasSuffix($0, [".pgm", ".ppm", ".pnm"]) }
          ?? false
      },
      open: { source, sensors in
        let camera = try camera(for: source, sensors)
        let packets = try ImageFolderPackets(source, camera)
        return ImportedPackets(packets: packets, remarks: { [] })
      })
  }

  private static func camera(for source: String, _ sensors: [ImportTarget]) throws(ReplayFailure)
    -> ImportTarget
  {
    let cameras = sensors.filter { $0.model == "camera" }
    if cameras.count == 1 { return cameras[0] }
    if let named = cameras.first(where: { $0.name == ImportSource.lastComponent(source) }) { return named }
    throw ReplayFailure(
      cameras.isEmpty
        ? "\(source): the configuration has no sensor of model camera for these images"
        : "\(source): which camera? Name the folder like one of \(cameras.map(\.name).joined(separator: ", "))"
    )
  }
}

/// An image folder's packets for one camera.
final class ImageFolderPackets: PacketSource {
  private let images: ImageFolderSource
  private let sensor: UInt16
  private let packetBytes: Int

  init(_ folder: String, _ camera: ImportTarget) throws {
    let format = try CameraFormat(configured: camera.settings)
    let list = "\(folder)/stamps.csv"
    let period = Int64.seconds(1 / camera.settings.number("rate_hz"))
    do {
      images = try ImageFolderSource(
        folder: folder, format: format,
        timing: ImportSource.exists(list)
          ? .listed(csv: list) : .every(periodNanoseconds: period, from: .zero))
    } catch { throw ReplayFailure(error.message) }
    sensor = camera.number
    packetBytes = format.packetBytes
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    do throws(LinkFailure) {
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: packetBytes, alignment: 8)
      defer { unsafe bytes.deallocate() }
      guard let packet = try unsafe images.packet(into: bytes) else { return nil }
      return RecordedPacket(
        sensor: sensor, arrival: packet.arrival, flags: packet.flags,
        bytes: unsafe Array(bytes[..<packet.byteCount]))
    } catch { throw ReplayFailure(error.message) }
  }
}
