import Foundation

/// Real recordings beside the checkout; tests that need one are skipped where it is absent.
enum Recorded {
  static let absent = "the recordings of ../shared/data are not beside this checkout"

  static let root: URL = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("../shared/data").standardizedFileURL

  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
  }

  /// The lines of a text file compressed with xz.
  static func lines(_ path: String) throws -> [Substring] {
    let unpack = Process()
    unpack.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    unpack.arguments = ["xz", "-dc", root.appendingPathComponent(path).path]
    let pipe = Pipe()
    unpack.standardOutput = pipe
    try unpack.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    unpack.waitUntilExit()
    return text.split(separator: "\n")
  }
}

/// One UDP payload of a capture.
struct RecordedDatagram {
  var stampNanoseconds: Int64
  var port: UInt16
  var payload: [UInt8]
}

/// Reads a classic pcap of unfragmented UDP over IPv4 over Ethernet: 42 bytes of headers before a payload.
func recordedDatagrams(_ file: [UInt8]) -> [RecordedDatagram] {
  func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
  let fraction: Int64 = word(0) == 0xa1b2_3c4d ? 1 : 1000
  var packets: [RecordedDatagram] = []
  var at = 24
  while at + 16 <= file.count {
    let length = word(at + 8)
    let frame = file[(at + 16)..<(at + 16 + length)]
    let port = UInt16(frame[frame.startIndex + 36]) << 8 | UInt16(frame[frame.startIndex + 37])
    packets.append(
      RecordedDatagram(
        stampNanoseconds: Int64(word(at)) * 1_000_000_000 + Int64(word(at + 4)) * fraction, port: port,
        payload: [UInt8](frame.dropFirst(42))))
    at += 16 + length
  }
  return packets
}

/// A seeded generator: SplitMix64.
struct SeededBytes: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A damaged copy: some bytes changed, sometimes cut or lengthened, sometimes nothing but noise.
  mutating func damaged(_ packet: [UInt8]) -> [UInt8] {
    var copy = packet
    switch next() % 10 {
    case 0:
      copy = (0..<Int(next() % 1500)).map { _ in UInt8(truncatingIfNeeded: next()) }
    case 1:
      copy.removeLast(Int(next() % UInt64(copy.count + 1)))
    case 2:
      for _ in 0..<Int(next() % 64) { copy.append(UInt8(truncatingIfNeeded: next())) }
    default:
      guard !copy.isEmpty else { break }
      for _ in 0..<(1 + Int(next() % 16)) {
        copy[Int(next() % UInt64(copy.count))] = UInt8(truncatingIfNeeded: next())
      }
    }
    return copy
  }
}
