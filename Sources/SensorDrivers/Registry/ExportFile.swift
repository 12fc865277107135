import FusionPipeline
import Glibc

/// Writes a file beside its place and moves it there when it is whole: a failure leaves what was there before.
enum ExportFile {
  static func write<Result>(_ path: String, body: (_ temporary: String) throws -> Result) throws -> Result {
    let temporary = path + ".partial"
    do {
      let result = try body(temporary)
      guard unsafe rename(temporary, path) == 0 else {
        throw StorageFailure(
          .failed, "\(path): cannot be put in place: \(SystemError(result: 0 &- errno)); check the folder")
      }
      return result
    } catch {
      unsafe unlink(temporary)
      switch error {
      case let failure as PCDFailure: throw StorageFailure(.failed, failure.message)
      case let failure as CaptureFailure: throw SetupProblem(failure.message)
      default: throw error
      }
    }
  }
}

/// A text file that is written in large pieces.
struct ExportText: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private(set) var lines = 0

  init(path: String, heading: String) throws(SetupProblem) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw SetupProblem(
        "cannot create \(path): \(SystemError(result: 0 &- errno)); check the folder's rights")
    }
    buffer.reserveCapacity(1 << 17)
    buffer += (heading + "\n").utf8
  }

  deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

  mutating func append(_ line: String) throws(SetupProblem) {
    buffer += line.utf8
    buffer.append(UInt8(ascii: "\n"))
    lines += 1
    if buffer.count >= 1 << 16 { try flush() }
  }

  mutating func finish() throws(SetupProblem) { try flush() }

  private mutating func flush() throws(SetupProblem) {
    var at = 0
    while at < buffer.count {
      let written = unsafe buffer[at...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        throw SetupProblem(
          "cannot write to \(path): \(SystemError(result: 0 &- errno)); check the disk's space")
      }
      at += written
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Seconds with nine digits, exact; empty for no stamp.
  static func seconds(_ stamp: Stamp) -> String {
    if stamp == .never { return "" }
    let fraction = String(stamp.nanoseconds.magnitude % 1_000_000_000)
    let sign = stamp.nanoseconds < 0 ? "-" : ""
    let zeros = String(repeating: "0", count: 9 - fraction.utf8.count)
    return "\(sign)\(stamp.nanoseconds.magnitude / 1_000_000_000).\(zeros)\(fraction)"
  }

  /// A number as short as it reads back; empty for NaN.
  static func number(_ value: Double) -> String { value.isNaN ? "" : "\(value)" }
}
