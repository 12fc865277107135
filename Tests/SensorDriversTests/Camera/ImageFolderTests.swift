import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

/// A folder that is there for one test.
final class TemporaryFolder {
  let path: String
  private var files: [String] = []

  init() throws {
    var template = Array("/tmp/fusion-images-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { name in
      guard let start = name.baseAddress else { return false }
      return unsafe mkdtemp(start) != nil
    }
    try #require(made)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for file in files { unsafe unlink("\(path)/\(file)") }
    unsafe rmdir(path)
  }

  func write(_ name: String, _ content: [UInt8]) throws {
    let descriptor = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    files.append(name)
    let written = unsafe Glibc.write(descriptor, content, content.count)
    try #require(written == content.count)
  }
}

@Suite struct ImageFolderTests {
  private let grey = SomeFormat.make(.grey, 2, 2)
  private let yuyv = SomeFormat.make(.yuyv, 2, 2)

  private func pgm(_ pixels: [UInt8], header: String = "P5\n2 2\n255\n") -> [UInt8] {
    Array(header.utf8) + pixels
  }

  private func source(
    _ folder: TemporaryFolder, _ format: CameraFormat, _ timing: ImageFolderTiming? = nil
  ) throws(LinkFailure) -> ImageFolderSource {
    try ImageFolderSource(
      folder: folder.path, format: format,
      timing: timing ?? .every(periodNanoseconds: 100, from: Stamp(nanoseconds: 1000)))
  }

  private func packets(_ source: ImageFolderSource) throws(LinkFailure) -> [(ReceivedPacket, [UInt8])] {
    let memory = PacketMemory(source.format.packetBytes)
    var all: [(ReceivedPacket, [UInt8])] = []
    while let packet = try memory.next(of: source) { all.append((packet, memory.bytes(packet.byteCount))) }
    return all
  }

  private func message(_ action: () throws(LinkFailure) -> Void) -> String {
    do {
      try action()
      return ""
    } catch {
      return error.message
    }
  }

  @Test("images come in the order of their names at the given rate, and decode to their pixels")
  func fixedRate() throws {
    let folder = try TemporaryFolder()
    try folder.write("b.pgm", pgm([5, 6, 7, 8]))
    try folder.write("a.pgm", pgm([1, 2, 3, 4], header: "P5 # made by hand\n2\t2 255\n"))
    try folder.write("stamps.csv", [])
    try folder.write(".hidden", [1])
    let all = try packets(try source(folder, grey))
    #expect(all.map(\.0.arrival.nanoseconds) == [1000, 1100])
    let bench = DecoderBench(CameraDecoderSettings(grey))
    for (packet, bytes) in all { bench.decode(bytes, arrival: packet.arrival) }
    #expect(bench.frames.map { bench.pixels($0.frame.pixels) } == [[1, 2, 3, 4], [5, 6, 7, 8]])
    #expect(bench.frames.map(\.timing.device.nanoseconds) == [1000, 1100])
    #expect(bench.frames.map(\.frame.driverSequence) == [0, 1])
  }

  @Test("a list gives the order and the stamps, with or without a heading and with any line ends")
  func listed() throws {
    let folder = try TemporaryFolder()
    try folder.write("x.pgm", pgm([1, 1, 1, 1]))
    try folder.write("w.pgm", pgm([2, 2, 2, 2]))
    try folder.write("l.csv", Array("file,ns\r\n# first drive\r\nx.pgm, 70\r\n\r\nw.pgm,95\r\n".utf8))
    let all = try packets(try source(folder, grey, .listed(csv: "\(folder.path)/l.csv")))
    #expect(all.map(\.0.arrival.nanoseconds) == [70, 95])
    #expect(all.map { $0.1[64] } == [1, 2])
  }

  @Test(
    "a bad list is refused with its line",
    arguments: [
      ("a.pgm", "want 'file name,nanoseconds'"), ("a.pgm,1\nb.pgm,x", ":2: 'x' is no whole number"),
      ("a.pgm,9\nb.pgm,8", ":2: 8 lies before"), ("../a.pgm,1", "leads out of the folder"),
      ("/etc/a.pgm,1", "leads out of the folder"), ("a.pgm,99999999999999999999\nb,1,2", ":2: want"),
      ("", "no .pgm or .ppm image"),
    ])
  func badList(text: String, expected: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("l.csv", Array(text.utf8))
    let said = message { () throws(LinkFailure) in
      _ = try source(folder, grey, .listed(csv: "\(folder.path)/l.csv"))
    }
    #expect(said.contains(expected))
  }

  @Test("colour becomes YUV by BT.601, and its luma where grey is asked for")
  func colour() throws {
    let folder = try TemporaryFolder()
    let red: [UInt8] = [255, 0, 0]
    try folder.write("a.ppm", Array("P6\n2 2\n255\n".utf8) + red + red + red + red)
    #expect(Array(try packets(try source(folder, yuyv))[0].1[64..<68]) == [82, 90, 82, 240])
    #expect(Array(try packets(try source(folder, grey))[0].1[64...]) == [82, 82, 82, 82])
  }

  @Test("values up to a maximum under 255 are spread over the range")
  func maximum() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.pgm", pgm([0, 1, 2, 3], header: "P5 2 2 3\n"))
    #expect(Array(try packets(try source(folder, grey))[0].1[64...]) == [0, 85, 170, 255])
  }

  @Test("what cannot be read is refused with the way to convert it, and the next image still comes")
  func refusals() throws {
    let cases: [([UInt8], String)] = [
      (Array("P2\n2 2\n255\n1 2 3 4\n".utf8), "ffmpeg -i IN"), ([], "no binary PGM or PPM"),
      (pgm([1, 2, 3]), "ends before its last pixel"), (pgm([1, 2], header: "P5 2 2 65535\n"), "-depth 8"),
      (pgm([], header: "P5 99999999999999999999 2 255\n"), "header is damaged"),
      (pgm([1, 2, 3, 4], header: "P5 2 -2 255\n"), "header is damaged"), (pgm([], header: "P5"), "header"),
      (pgm([], header: "P5 2 2 255"), "header"), (pgm([], header: "P5 16384 16384 255\n"), "ends before"),
      (pgm([1, 2], header: "P5 1 2 255\n"), "is 1x2, configured is 2x2"),
    ]
    for (content, expected) in cases {
      let folder = try TemporaryFolder()
      try folder.write("a.pgm", content)
      try folder.write("b.pgm", pgm([1, 2, 3, 4]))
      let source = try source(folder, grey)
      let memory = PacketMemory(grey.packetBytes)
      let said = message { () throws(LinkFailure) in _ = try memory.next(of: source) }
      #expect(said.hasPrefix("\(folder.path)/a.pgm: ") && said.contains(expected))
      #expect(try memory.next(of: source) != nil)
      #expect(try memory.next(of: source) == nil)
    }
  }

  @Test("a folder with another kind of image, without any, or that is absent is refused")
  func folders() throws {
    let folder = try TemporaryFolder()
    #expect(message { () throws(LinkFailure) in _ = try source(folder, grey) }.contains("no .pgm or .ppm"))
    try folder.write("a.png", [0x89])
    #expect(message { () throws(LinkFailure) in _ = try source(folder, grey) }.contains("a.png: is no .pgm"))
    let absent = message { () throws(LinkFailure) in
      _ = try ImageFolderSource(
        folder: "\(folder.path)/none", format: grey, timing: .every(periodNanoseconds: 1, from: .zero))
    }
    #expect(absent.contains("give a folder of images"))
    try folder.write("a.pgm", pgm([1, 2, 3, 4]))
    let period = message { () throws(LinkFailure) in
      _ = try source(folder, grey, .every(periodNanoseconds: 0, from: .zero))
    }
    #expect(!period.isEmpty)
  }

  @Test("20 000 damaged image files are read or refused, and none traps")
  func fuzz() {
    var noise = CameraNoise(seed: 0x001F_A6E5)
    let valid = pgm([1, 2, 3, 4], header: "P6\n# c\n1 1\n255\n")
    var (read, refused) = (0, 0)
    for _ in 0..<20_000 {
      var bytes = valid
      for _ in 0..<noise.below(4) {
        bytes[noise.below(bytes.count)] = UInt8(truncatingIfNeeded: noise.next())
      }
      if noise.below(4) == 0 { bytes.removeLast(noise.below(bytes.count)) }
      if let image = try? PortablePixmap(bytes) {
        read += 1
        _ = image.colour(image.width - 1, image.height - 1)
        _ = image.colour(image.width, -1)
      } else {
        refused += 1
      }
    }
    #expect(read > 1000 && refused > 1000)
  }
}
