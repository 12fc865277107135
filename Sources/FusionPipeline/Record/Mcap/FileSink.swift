import Glibc

/// A log file under construction.
///
/// A new log appears under its name only once its beginning is written (`establish`), and replaces an older
/// one only then; until that a sibling file holds it, which `discard` removes. A device or pipe is written
/// directly and never removed.
/// Thread: one at a time. Cost: one `write` call per `write`, more when the kernel takes only a part.
public final class FileSink: ByteSink {
  public enum Existing: Sendable {
    /// Throws `.exists` when a file of that name is there.
    case refuse
    /// The old file stays until the new log's beginning is written.
    case replace
  }

  public let path: String
  /// Where the bytes lie until `establish`; nil for what is written in place.
  private var provisionalPath: String?
  private var descriptor: Int32
  private let isRegular: Bool
  private let existing: Existing
  private var isNameOnDisk = false

  public init(path: String, existing: Existing = .refuse) throws(StorageFailure) {
    let target = Self.resolved(path)
    self.path = target
    self.existing = existing
    var status = stat()
    if unsafe stat(target, &status) == 0 {
      let type = status.st_mode & S_IFMT
      guard type != S_IFDIR else { throw .system("cannot record to", target, code: EISDIR) }
      if type != S_IFREG {
        descriptor = Self.retrying { unsafe open(target, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .system("cannot open", target, code: errno) }
        isRegular = false
        provisionalPath = nil
        return
      }
      if existing == .refuse { throw .system("cannot create", target, code: EEXIST) }
    }
    // The process id keeps two recorders that share a target apart.
    let provisional = "\(target).\(getpid()).creating"
    descriptor = Self.retrying {
      unsafe open(provisional, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    }
    guard descriptor >= 0 else { throw .system("cannot create", target, code: errno) }
    isRegular = true
    provisionalPath = provisional
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    if let provisionalPath { _ = unsafe unlink(provisionalPath) }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(StorageFailure) {
    guard descriptor >= 0 else { throw StorageFailure(.invalid, "\(path) is closed; open a new log") }
    guard let base = bytes.baseAddress else { return }
    var written = 0
    while written < bytes.count {
      let taken = unsafe Glibc.write(descriptor, base + written, bytes.count &- written)
      if taken > 0 {
        written &+= taken
        continue
      }
      let code = taken == 0 ? ENOSPC : errno
      switch code {
      case EINTR: continue
      case EAGAIN:
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, 1000)
      default: throw .system("cannot write to", path, code: code)
      }
    }
  }

  public func truncate(to byteCount: UInt64) throws(StorageFailure) {
    guard let length = off_t(exactly: byteCount), descriptor >= 0, isRegular else {
      throw StorageFailure(.invalid, "\(path) cannot be shortened to \(byteCount) bytes")
    }
    var result: Int32
    repeat { result = ftruncate(descriptor, length) } while result != 0 && errno == EINTR
    guard result == 0, lseek(descriptor, length, SEEK_SET) == length else {
      throw .system("cannot shorten", path, code: errno)
    }
  }

  public func establish() throws(StorageFailure) {
    guard let provisional = provisionalPath else { return }
    switch existing {
    case .replace:
      guard unsafe rename(provisional, path) == 0 else {
        throw .system("cannot create", path, code: errno)
      }
    case .refuse:
      // Unlike rename, link fails when somebody else made the file in between.
      if unsafe link(provisional, path) == 0 {
        _ = unsafe unlink(provisional)
      } else {
        let code = errno
        var status = stat()
        guard code != EEXIST, unsafe stat(path, &status) != 0 else {
          throw .system("cannot create", path, code: EEXIST)
        }
        // File systems without hard links.
        guard unsafe rename(provisional, path) == 0 else {
          throw .system("cannot create", path, code: errno)
        }
      }
    }
    provisionalPath = nil
  }

  public func synchronize() throws(StorageFailure) {
    guard descriptor >= 0, isRegular else { return }
    var result: Int32
    repeat { result = fdatasync(descriptor) } while result != 0 && errno == EINTR
    guard result == 0 else { throw .system("cannot bring to disk", path, code: errno) }
    if !isNameOnDisk {
      synchronizeDirectory()
      isNameOnDisk = true
    }
  }

  /// A new file's name lies in its directory, which is brought to disk on its own. Not every file system can;
  /// the bytes are safe either way.
  private func synchronizeDirectory() {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let opened = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { return }
    _ = fsync(opened)
    _ = Glibc.close(opened)
  }

  public func close() throws(StorageFailure) {
    guard descriptor >= 0 else { return }
    let closing = descriptor
    descriptor = -1
    // Linux frees the descriptor even when close is interrupted: calling again could close another's.
    guard Glibc.close(closing) == 0 || errno == EINTR else {
      throw .system("cannot finish", path, code: errno)
    }
  }

  public func discard() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
    if let provisionalPath { _ = unsafe unlink(provisionalPath) }
    provisionalPath = nil
  }

  /// Follows links, so that replacing a log behind one writes to the disk the link points to.
  private static func resolved(_ path: String) -> String {
    guard let real = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  private static func retrying(_ call: () -> Int32) -> Int32 {
    var result = call()
    while result < 0 && errno == EINTR { result = call() }
    return result
  }
}
