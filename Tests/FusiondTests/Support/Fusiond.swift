import Foundation
import Testing

/// The built program, run as its user runs it.
enum Fusiond {
  struct Outcome {
    var code: Int32
    var stdout: String
    var stderr: String
    /// It did not end by itself in time and was killed.
    var isTimedOut: Bool

    /// The digest of the summary: the last one said.
    var digest: String? {
      stderr.split(separator: "\n").last { $0.hasPrefix("decision digest: ") }.map {
        String($0.dropFirst(17))
      }
    }
    /// How many times real time a replay ran at.
    var speed: Double? {
      guard let line = stderr.split(separator: "\n").last(where: { $0.contains("× real time") }),
        let open = line.split(separator: "(").last?.split(separator: " ").first
      else { return nil }
      return Double(open)
    }
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Beside the test bundle, where the build put both.
  static let binary: URL = {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for folder in [beside, Bundle.main.bundleURL, root.appendingPathComponent(".build/debug")] {
      let found = folder.appendingPathComponent("fusiond")
      if FileManager.default.isExecutableFile(atPath: found.path) { return found }
    }
    return beside.appendingPathComponent("fusiond")
  }()

  static func config(_ name: String) -> String { root.appendingPathComponent("configs/\(name)").path }

  /// Runs to the end, or kills it after `seconds`: a hang fails its test, and does not hang the suite.
  @discardableResult
  static func run(
    _ arguments: [String], seconds: Double = 240, environment: [String: String] = [:], folder: URL? = nil,
    interruptAfter: Double? = nil
  ) throws -> Outcome {
    let scratch = try Scratch()
    let out = scratch.path("stdout")
    let err = scratch.path("stderr")
    for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    let process = Process()
    process.executableURL = binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    process.currentDirectoryURL = folder ?? scratch.url
    process.standardInput = FileHandle.nullDevice
    // Files and not pipes: a full pipe would stop the program.
    let outHandle = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
    let errHandle = try FileHandle(forWritingTo: URL(fileURLWithPath: err))
    process.standardOutput = outHandle
    process.standardError = errHandle
    try process.run()
    let began = Date()
    var isTimedOut = false
    var isInterrupted = false
    while process.isRunning {
      Thread.sleep(forTimeInterval: 0.01)
      let elapsed = Date().timeIntervalSince(began)
      if let interruptAfter, elapsed > interruptAfter, !isInterrupted {
        isInterrupted = true
        process.interrupt()
      }
      if elapsed > seconds, !isTimedOut {
        isTimedOut = true
        kill(process.processIdentifier, SIGKILL)
      }
    }
    process.waitUntilExit()
    func text(_ path: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
    let outcome = Outcome(
      code: process.terminationStatus, stdout: try text(out), stderr: try text(err), isTimedOut: isTimedOut)
    #expect(!isTimedOut, "fusiond \(arguments.joined(separator: " ")) did not end within \(seconds) s")
    return outcome
  }
}

/// Everything here runs one process at a time: live runs want a processor.
@Suite("fusiond", .serialized) enum FusiondTests {}
