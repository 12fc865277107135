import Foundation

/// A folder that is removed with its owner.
final class Scratch: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("fusiond-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  @discardableResult
  func write(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  @discardableResult
  func write(_ name: String, text: String) throws -> String { try write(name, text.utf8) }

  /// What lies in the folder, sorted.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func json(_ path: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
      ?? [:]
  }
}

/// Real recordings beside the repository, where there are any.
enum Recorded {
  static let root = Fusiond.root.appendingPathComponent("../shared/data").standardizedFileURL
  static let absent = "needs ../shared/data beside the repository"
  static func path(_ name: String) -> String { root.appendingPathComponent(name).path }
  static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// What a command of the system writes to its standard output; nil where it fails.
  static func output(_ command: [String]) throws -> Data? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? data : nil
  }

  /// A compressed recording, unpacked under its name.
  static func unpack(_ name: String, into scratch: Scratch) throws -> String {
    let plain = String(URL(fileURLWithPath: name).lastPathComponent.dropLast(3))
    guard let data = try output(["xz", "-dc", path(name)]) else { throw CocoaError(.fileReadUnknown) }
    return try scratch.write(plain, data)
  }
}
