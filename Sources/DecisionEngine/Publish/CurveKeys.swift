import CZMQ
import Glibc

/// The publisher's CURVE identity. Subscribers are given the public key.
public struct CurveKeyPair: Sendable, Equatable {
  /// Z85, 40 characters.
  public let publicKey: String
  public let secretKey: String

  /// A new pair.
  public static func generate() throws(CommandSocketFailure) -> CurveKeyPair {
    var publicKey = [CChar](repeating: 0, count: 41)
    var secretKey = [CChar](repeating: 0, count: 41)
    guard unsafe zmq_curve_keypair(&publicKey, &secretKey) == 0 else {
      throw CommandSocketFailure("CURVE: this libzmq was built without it; install Debian's libzmq5")
    }
    return CurveKeyPair(publicKey: text(publicKey), secretKey: text(secretKey))
  }

  /// The pair that belongs to a secret key file: one line, 40 characters of Z85, readable by its owner alone.
  public static func read(secretKeyFile path: String) throws(CommandSocketFailure) -> CurveKeyPair {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandSocketFailure("\(path): cannot read the CURVE secret key; check the path and its owner")
    }
    defer { _ = Glibc.close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CommandSocketFailure("\(path): the CURVE secret key must be a regular file")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw CommandSocketFailure("\(path): others can read this secret key; run `chmod 600 \(path)`")
    }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    var line = bytes.prefix(max(0, count))
    while let last = line.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { line.removeLast() }
    return try pair(secretKey: String(decoding: line, as: UTF8.self), named: path)
  }

  static func pair(
    secretKey: String, named name: String
  ) throws(CommandSocketFailure) -> CurveKeyPair {
    var publicKey = [CChar](repeating: 0, count: 41)
    guard secretKey.utf8.count == 40, unsafe zmq_curve_public(&publicKey, secretKey) == 0 else {
      throw CommandSocketFailure("\(name): a CURVE key has 40 characters of Z85 on one line; make a new one")
    }
    return CurveKeyPair(publicKey: text(publicKey), secretKey: secretKey)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
