import Glibc

/// An error number of the kernel with its text, for messages to people: "Permission denied (errno 13)".
struct SystemError: Equatable, CustomStringConvertible {
  var code: Int32

  /// From a shim call's result, which is -errno.
  init(result: Int32) { code = result < 0 ? 0 &- result : 0 }
  init(result: Int) { self.init(result: Int32(truncatingIfNeeded: result)) }

  var description: String {
    guard let text = unsafe strerror(code) else { return "errno \(code)" }
    return unsafe "\(String(cString: text)) (errno \(code))"
  }
}
