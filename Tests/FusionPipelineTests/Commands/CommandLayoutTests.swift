import Testing

@testable import FusionPipeline

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Command frame layout") struct CommandLayoutTests {
  @Test("the fields follow each other without gap or overlap and end at the frame's length")
  func contiguous() {
    var end = 0
    for field in CommandFrameLayout.fields {
      #expect(field.offset == end, "\(field.name)")
      end += field.byteCount
    }
    #expect(end == CommandFrameLayout.byteCount)
    #expect(Set(CommandFrameLayout.fields.map(\.name)).count == CommandFrameLayout.fields.count)
  }

  @Test("numbers of four bytes and more are aligned in the frame")
  func aligned() {
    for field in CommandFrameLayout.fields where field.byteCount == 8 { #expect(field.offset % 8 == 0) }
    for field in CommandFrameLayout.fields where field.byteCount >= 4 { #expect(field.offset % 4 == 0) }
  }

  @Test("docs/formats/command-frame.md prints exactly this table")
  func documented() throws {
    let text = try #require(RepositoryFile.read("docs/formats/command-frame.md"))
    let rows = CommandFrameLayout.fields.map {
      "| \($0.offset) | \($0.byteCount) | `\($0.name)` | \($0.type) | \($0.meaning) |"
    }
    #expect(text.contains(rows.joined(separator: "\n")), "expected:\n\(rows.joined(separator: "\n"))")
    for mode in CommandMode.allCases {
      #expect(text.contains("\(mode.rawValue) `\(mode.name)`"))
    }
    for reason in CommandReason.allCases {
      #expect(text.contains("\(reason.rawValue) `\(reason.name)`"))
    }
    for refusal in CommandRefusal.allCases { #expect(text.contains("`\(refusal)`"), "\(refusal)") }
  }
}

/// Files of the repository, found from this source file.
enum RepositoryFile {
  /// The package's root, with a slash at its end.
  static var root: String {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(4).joined(separator: "/") + "/"
  }

  static func read(_ path: String) -> String? {
    guard let file = unsafe fopen(path.hasPrefix("/") ? path : root + path, "r") else { return nil }
    defer { unsafe fclose(file) }
    return unsafe readAll(file)
  }

  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    guard let file = unsafe fopen(path, "w") else { return false }
    defer { unsafe fclose(file) }
    return unsafe bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) } == bytes.count
  }

  /// Runs a shell command; its output with errors, and its exit code.
  static func run(_ command: String) -> (output: String, code: Int32) {
    guard let pipe = unsafe popen(command + " 2>&1", "r") else { return ("popen failed", -1) }
    let text = unsafe readAll(pipe)
    let status = unsafe pclose(pipe)
    return (text, (status >> 8) & 0xFF)
  }

  static func temporaryFolder() -> String? {
    var template = Array("/tmp/command-tests-XXXXXX".utf8CString)
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return unsafe mkdtemp(base) != nil
    }
    guard isMade else { return nil }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func readAll(_ file: UnsafeMutablePointer<FILE>) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
