import Glibc

/// A log that appears under its name only when it is whole: imports, recoveries and recorded replays.
///
/// A live run's log is written in place instead, so that a crash leaves what there is.
final class OutputLog {
  let sink: FileSink
  private let path: String
  /// Where the bytes lie until `establish`; nil for a device or pipe, which is written directly.
  private let temporary: String?

  init(path: String, existing: FileSink.Existing = .replace) throws(ProgramStop) {
    do throws(StorageFailure) {
      // Also tells now, and not after the work, that nothing can be written there.
      let place = try FileSink(path: path, existing: existing)
      self.path = place.path
      place.discard()
      let isRegular = Self.isRegularOrAbsent(place.path)
      temporary = isRegular ? place.path + ".partial" : nil
      sink = try FileSink(path: temporary ?? path, existing: .replace)
    } catch { throw ProgramStop(ProgramStop.storage, error.message) }
  }

  /// Puts the finished log in place.
  func establish() throws(ProgramStop) {
    guard let temporary else { return }
    guard unsafe rename(temporary, path) == 0 else {
      let code = errno
      discard()
      throw ProgramStop(ProgramStop.storage, StorageFailure.system("cannot create", path, code: code).message)
    }
  }

  /// Leaves nothing behind.
  func discard() {
    sink.discard()
    if let temporary { _ = unsafe unlink(temporary) }
  }

  /// Whether a path is a plain file, or nothing yet.
  static func isRegularOrAbsent(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
  }
}
