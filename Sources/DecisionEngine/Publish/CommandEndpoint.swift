/// Where commands are published, checked before a socket sees it.
public struct CommandEndpoint: Sendable, Equatable {
  public enum Transport: Sendable { case tcp, ipc, inproc }
  public let text: String
  public let transport: Transport
  /// Whether only this machine can reach it.
  public let isLocal: Bool

  /// Takes `tcp://IPV4|*|INTERFACE:PORT`, `ipc://PATH` and `inproc://NAME`; port `*` lets the system choose.
  public init(_ text: String) throws(CommandSocketFailure) {
    func failure(_ what: String) -> CommandSocketFailure {
      CommandSocketFailure(
        "\"\(text)\": \(what); write tcp://127.0.0.1:5560, ipc:///run/fusion/commands or inproc://name")
    }
    self.text = text
    let bytes = Array(text.utf8)
    if let name = Self.rest(of: bytes, after: "inproc://") {
      guard !name.isEmpty else { throw failure("the name after inproc:// is missing") }
      transport = .inproc
      isLocal = true
    } else if let path = Self.rest(of: bytes, after: "ipc://") {
      guard !path.isEmpty else { throw failure("the path after ipc:// is missing") }
      guard path.count <= 107 else { throw failure("a socket's path has at most 107 bytes") }
      guard !path.contains(0) else { throw failure("a path holds no NUL") }
      transport = .ipc
      isLocal = true
    } else if let address = Self.rest(of: bytes, after: "tcp://") {
      guard let colon = address.lastIndex(of: UInt8(ascii: ":")) else { throw failure("the port is missing") }
      guard Self.isPort(address[(colon + 1)...]) else { throw failure("a port is * or 0 to 65535") }
      let host = address[..<colon]
      guard !host.isEmpty, host.allSatisfy(Self.isHostByte) else {
        throw failure("the address must be IPv4, *, or an interface's name")
      }
      transport = .tcp
      isLocal = Self.isLoopback(host)
    } else {
      throw failure("no transport that commands use")
    }
  }

  /// Nil for an abstract socket, which has no file.
  var ipcPath: String? {
    guard transport == .ipc, let path = Self.rest(of: Array(text.utf8), after: "ipc://"),
      path.first != UInt8(ascii: "@")
    else { return nil }
    return String(decoding: path, as: UTF8.self)
  }

  private static func rest(of bytes: [UInt8], after prefix: String) -> ArraySlice<UInt8>? {
    bytes.starts(with: prefix.utf8) ? bytes.dropFirst(prefix.utf8.count) : nil
  }

  private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
    if bytes.elementsEqual("*".utf8) { return true }
    guard let port = number(bytes, digits: 5) else { return false }
    return port <= 65_535
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "*"):
      true
    default: false
    }
  }

  /// 127.0.0.0/8 in dotted form only: a name or a short form could resolve to anything.
  private static func isLoopback(_ host: ArraySlice<UInt8>) -> Bool {
    let parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual("127".utf8) else { return false }
    return parts.allSatisfy { part in
      guard let octet = number(part, digits: 3) else { return false }
      return octet <= 255
    }
  }

  /// Digits only, at most so many.
  private static func number(_ bytes: ArraySlice<UInt8>, digits: Int) -> Int? {
    guard !bytes.isEmpty, bytes.count <= digits else { return nil }
    var value = 0
    for byte in bytes {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}
