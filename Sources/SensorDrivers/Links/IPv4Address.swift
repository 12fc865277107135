/// An IPv4 address, as in "192.168.1.201".
public struct IPv4Address: Hashable, BitwiseCopyable, Sendable, CustomStringConvertible {
  /// First octet in the highest byte.
  public var value: UInt32

  public init(value: UInt32) { self.value = value }

  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    value = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Nil unless the text is four decimal numbers of 0…255 without leading zeros.
  ///
  /// Leading zeros are refused because some programs read them as octal.
  public init?(_ text: String) {
    var value: UInt32 = 0
    var octets = 0
    for part in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      guard octets < 4, (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0")
      else { return nil }
      var octet: UInt32 = 0
      for digit in part {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        octet = octet * 10 + UInt32(digit - UInt8(ascii: "0"))
      }
      guard octet <= 255 else { return nil }
      value = value << 8 | octet
      octets += 1
    }
    guard octets == 4 else { return nil }
    self.value = value
  }

  public static let any = IPv4Address(value: 0)
  public static let loopback = IPv4Address(127, 0, 0, 1)

  public var isMulticast: Bool { value >> 28 == 0b1110 }

  public var description: String {
    "\(value >> 24).\(value >> 16 & 0xFF).\(value >> 8 & 0xFF).\(value & 0xFF)"
  }

  var networkOrder: UInt32 { value.bigEndian }
}
