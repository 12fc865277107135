import CZMQ
import Glibc

/// A socket that could not be opened or used, in words for its operator: where, what, and what to do.
public struct CommandSocketFailure: Error, Sendable, Equatable {
  public var message: String
  public init(_ message: String) { self.message = message }

  /// The last libzmq error on this thread, with advice for the usual ones.
  static func last(_ doing: String, at endpoint: String) -> CommandSocketFailure {
    describe(zmq_errno(), doing, at: endpoint)
  }

  static func describe(_ code: Int32, _ doing: String, at endpoint: String) -> CommandSocketFailure {
    let text = unsafe zmq_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    let advice =
      switch code {
      case EADDRINUSE:
        "another process has this address: stop it, or choose another port or path (`ss -tlnp`, `ss -xl`)"
      case EADDRNOTAVAIL, ENODEV:
        "no interface has this address: write an IPv4 address of this machine, 127.0.0.1, or *"
      case EACCES, EPERM:
        "no permission: use a port from 1024 on, or a folder that this user may write"
      case ENOENT: "the folder of the socket's path does not exist: create it"
      case ENAMETOOLONG: "the socket's path is too long: at most 107 bytes"
      case EINVAL: "not a valid endpoint: tcp://127.0.0.1:5560, ipc:///run/fusion/commands or inproc://name"
      case EPROTONOSUPPORT: "use tcp://, ipc:// or inproc://"
      case EMFILE: "no descriptors left: raise `ulimit -n`"
      default: "see the endpoint in the configuration's \"publish\" section"
      }
    return CommandSocketFailure("\(endpoint): \(doing): \(text); \(advice)")
  }
}
