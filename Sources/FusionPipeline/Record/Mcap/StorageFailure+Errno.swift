import Glibc

extension StorageFailure {
  /// Names the failed call's place and cause; `code` is errno as it was right after the call.
  static func system(_ doing: String, _ path: String, code: Int32) -> StorageFailure {
    let cause = unsafe String(cString: strerror(code))
    let (kind, advice): (Kind, String) =
      switch code {
      case ENOENT, ENOTDIR: (.absent, "check the path and create its directory")
      case EEXIST: (.exists, "choose another name or allow it to be replaced")
      case EACCES, EPERM, EROFS: (.refused, "check the rights of the file and its directory")
      case ENOSPC, EDQUOT, EFBIG: (.full, "free space or choose another disk")
      case EISDIR: (.invalid, "name a file in that directory")
      default: (.failed, "check the disk and the kernel log")
      }
    return StorageFailure(kind, "\(doing) \(path): \(cause) (errno \(code)); \(advice)")
  }
}
