import Glibc

/// A configuration file's bytes, read whole.
public struct SourceFile: Sendable {
  public let path: String
  public let bytes: [UInt8]

  /// Reads at most one byte more than the parser accepts, so an endless file cannot fill memory.
  ///
  /// Blocks; `path` may be `/dev/stdin`.
  public init(reading path: String) throws(FileUnreadable) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileUnreadable(path: path, errorNumber: errno) }
    defer { close(descriptor) }
    let limit = JSONParser.maximumBytes + 1
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while content.count < limit {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileUnreadable(path: path, errorNumber: errno)
      }
      if count == 0 { break }
      content.append(contentsOf: chunk[..<min(count, limit - content.count)])
    }
    bytes = content
  }
}

/// A file that cannot be opened or read; the system's error number says why.
public struct FileUnreadable: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let errorNumber: Int32

  public var description: String {
    let reason =
      switch errorNumber {
      case ENOENT: "no such file (check the path)"
      case EACCES: "permission denied (make it readable for this user)"
      case EISDIR: "is a directory (give a file in it)"
      default: "cannot be read: \(unsafe String(cString: strerror(errorNumber)))"
      }
    return "\(path): \(reason)"
  }
}
