import FusionPipeline
import Glibc
import Testing

@testable import DecisionEngine

/// Actuators, frames, endpoints and processes for the tests of the last hop.
enum PublishSupport {
  static func actuator(_ topic: String = "act/steering", dataID: UInt16 = 1) -> ActuatorDescription {
    ActuatorDescription(
      name: topic, topic: topic, dataID: dataID, minimum: -1, maximum: 1, rateLimit: .infinity,
      safeValue: 0)
  }

  static func settings(_ topic: String = "act/steering", dataID: UInt16 = 1) throws -> CommandReceiverSettings
  {
    var settings = try #require(
      CommandReceiverSettings(actuator: actuator(topic, dataID: dataID), sourceID: 1))
    // A busy host may hold a test up for long; how commands age is tested in virtual time.
    settings.maximumValidForMicroseconds = 60_000_000
    return settings
  }

  static func now() -> Stamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Stamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  static func frame(
    _ counter: UInt32, topic: String = "act/steering", dataID: UInt16 = 1, session: UInt64 = 77,
    validForMicroseconds: UInt32 = 60_000_000, decidedAt: Stamp = now()
  ) throws -> [UInt8] {
    var set = CommandSet(count: 1)
    set.mode = CommandMode.auto.rawValue
    set.reason = CommandReason.none.rawValue
    set.slot = UInt64(counter)
    set.frame = UInt64(counter)
    set.decidedAt = decidedAt
    set.validForMicroseconds = validForMicroseconds
    set.commands[0] = ActuatorCommand(value: 0.25)
    set.commands[0].tail[0] = TailPoint(afterMicroseconds: 250_000, value: 0)
    set.ages[0] = SourceAge(source: 2, ageMicroseconds: 12_300)
    var bytes = [UInt8](repeating: 0, count: CommandFrame.byteCount)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    try CommandFrame.encode(
      set: set, actuatorIndex: 0, description: actuator(topic, dataID: dataID), session: session,
      counter: counter, sourceID: 1, into: &raw)
    return bytes
  }

  static func publish(_ frame: [UInt8], on sink: ZeroMQCommandSink) throws {
    try unsafe sink.publish(frame.span.bytes)
  }

  /// Repeats until true; sockets need their time, but no promise here depends on how much.
  static func until(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<15_000 {
      if try condition() { return true }
      usleep(2000)
    }
    return false
  }

  /// A folder of its own, gone after `body`.
  static func inFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/publish-tests-XXXXXX".utf8CString)
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return unsafe mkdtemp(base) != nil
    }
    try #require(isMade)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { _ = run("rm -r '\(folder)'") }
    try body(folder)
  }

  static var root: String {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(4).joined(separator: "/") + "/"
  }

  static func read(_ path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    return unsafe readAll(file)
  }

  static func run(_ command: String) -> (output: String, code: Int32) {
    guard let pipe = unsafe popen(command + " 2>&1", "r") else { return ("popen failed", -1) }
    let text = unsafe readAll(pipe)
    let status = unsafe pclose(pipe)
    return (text, (status >> 8) & 0xFF)
  }

  /// Runs a command beside the test; its output goes to a file that ends with "exit CODE".
  static func start(_ command: String, output: String) {
    _ = run("( \(command); echo \"exit $?\" ) > '\(output)' 2>&1 < /dev/null &")
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
