import Glibc

/// The recorded data beside the repository, where it exists.
enum SharedData {
  static let folder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/") + "/../shared/data"
  }()

  static func exists(_ path: String) -> Bool { unsafe access(folder + "/" + path, R_OK) == 0 }

  /// A whole file's bytes; empty when it cannot be read.
  static func bytes(atPath path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { return [] }
    defer { unsafe fclose(file) }
    return unsafe readAll(file)
  }

  /// What a command writes to its standard output.
  static func output(of command: String) -> [UInt8] {
    guard let pipe = unsafe popen(command, "r") else { return [] }
    defer { unsafe pclose(pipe) }
    return unsafe readAll(pipe)
  }

  private static func readAll(_ file: UnsafeMutablePointer<FILE>) -> [UInt8] {
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&block, 1, block.count, file)
      if count == 0 { return all }
      all.append(contentsOf: block[0..<count])
    }
  }

  /// The lines of a text, split at blanks.
  static func fields(_ bytes: [UInt8]) -> [[Substring]] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }) }
  }

  static let hasPython = !output(of: "command -v python3").isEmpty
}
