import Glibc

/// Where a log is read from, at any offset.
///
/// Thread: one at a time.
public protocol ByteSource: AnyObject {
  /// Fixed for the life of the source: a log that still grows is read as it was when opened.
  var byteCount: UInt64 { get }
  /// Fills `buffer` from `offset`; the number of bytes is smaller only where the source ends.
  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StorageFailure) -> Int
}

/// A log in memory.
public final class MemorySource: ByteSource {
  private let bytes: [UInt8]
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public var byteCount: UInt64 { UInt64(bytes.count) }

  public func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StorageFailure) -> Int {
    guard offset < UInt64(bytes.count), let target = buffer.baseAddress else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, bytes.count - start)
    unsafe bytes.withUnsafeBytes { all in
      if let base = all.baseAddress { unsafe target.copyMemory(from: base + start, byteCount: count) }
    }
    return count
  }
}

/// A log file. Read with `pread` and not mapped: a file that shrinks under a mapping kills its reader.
public final class FileSource: ByteSource {
  public let path: String
  public let byteCount: UInt64
  private let descriptor: Int32

  public init(path: String) throws(StorageFailure) {
    self.path = path
    var opened: Int32
    repeat { opened = unsafe open(path, O_RDONLY | O_CLOEXEC) } while opened < 0 && errno == EINTR
    guard opened >= 0 else { throw .system("cannot open", path, code: errno) }
    var status = stat()
    guard unsafe fstat(opened, &status) == 0 else {
      let code = errno
      _ = close(opened)
      throw .system("cannot examine", path, code: code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      _ = close(opened)
      throw StorageFailure(.invalid, "cannot read \(path): not a regular file; copy it to one first")
    }
    descriptor = opened
    byteCount = UInt64(clamping: status.st_size)
  }

  deinit { _ = close(descriptor) }

  public func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StorageFailure) -> Int {
    guard offset < byteCount, let start = off_t(exactly: offset), let base = buffer.baseAddress else {
      return 0
    }
    let wanted = Int(min(UInt64(buffer.count), byteCount - offset))
    var done = 0
    while done < wanted {
      let got = unsafe pread(descriptor, base + done, wanted &- done, start + off_t(done))
      if got > 0 {
        done &+= got
      } else if got == 0 {
        break
      } else if errno != EINTR {
        throw .system("cannot read", path, code: errno)
      }
    }
    return done
  }
}
