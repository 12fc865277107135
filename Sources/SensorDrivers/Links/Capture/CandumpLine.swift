import FusionPipeline

/// One line of candump text, in the log form `(1234.567890) can0 123#DEADBEEF` or the screen form
/// `(1234.567890)  can0  123   [4]  DE AD BE EF`, where the stamp may be missing.
struct CandumpLine: Equatable {
  /// Nil where the line has none.
  var realtimeNanoseconds: Int64?
  var interface: ArraySlice<UInt8>
  var frame: CANFrame

  /// A line longer than any that these forms allow (an FD frame takes some 230 characters).
  static let longestBytes = 512

  static func canBegin(with byte: UInt8) -> Bool {
    byte == UInt8(ascii: "(") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "#")
      || isLetter(byte)
  }

  /// What is wrong with a line; a phrase for a message.
  struct Complaint: Error, Equatable { var text: String }

  init(parsing line: ArraySlice<UInt8>) throws(Complaint) {
    var words = line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })[...]
    if let first = words.first, first.first == UInt8(ascii: "(") {
      guard let stamp = Self.stamp(first) else { throw Complaint(text: "a stamp is (seconds.fraction)") }
      realtimeNanoseconds = stamp
      words.removeFirst()
    }
    guard let name = words.popFirst(), let rest = words.popFirst() else {
      throw Complaint(text: "a line is (stamp) interface identifier#data")
    }
    interface = name
    if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
      frame = try Self.logForm(id: rest[..<hash], data: rest[(hash + 1)...])
    } else {
      frame = try Self.screenForm(id: rest, words)
    }
  }

  private static func head(_ text: ArraySlice<UInt8>) throws(Complaint) -> CANFrame {
    guard text.count == 3 || text.count == 8, let word = number(text) else {
      throw Complaint(text: "an identifier has 3 hexadecimal digits, or 8 when extended")
    }
    let isError = word & CANFrame.errorBit != 0
    guard text.count == 8 ? word & ~(CANFrame.errorBit | 0x1FFF_FFFF) == 0 : word <= 0x7FF else {
      throw Complaint(text: "an identifier is at most 7FF, or 1FFFFFFF when extended")
    }
    var frame = CANFrame(id: word & 0x1FFF_FFFF, isExtended: text.count == 8)
    frame.isError = isError
    frame.isExtended = text.count == 8 && !isError
    return frame
  }

  private static func logForm(id: ArraySlice<UInt8>, data: ArraySlice<UInt8>) throws(Complaint) -> CANFrame {
    var frame = try head(id)
    if data.first == UInt8(ascii: "#") {
      guard data.count >= 2, let flags = digit(data[data.startIndex + 1]) else {
        throw Complaint(text: "an FD frame is identifier##flags-digit and data")
      }
      frame.isFD = true
      frame.hasBitRateSwitch = flags & 1 != 0
      frame.hasErrorState = flags & 2 != 0
      try fill(&frame, data.dropFirst(2))
    } else if data.first == UInt8(ascii: "R") || data.first == UInt8(ascii: "r") {
      frame.isRemoteRequest = true
      let length = data.dropFirst()
      guard length.count <= 1, length.first.map(digit) ?? 0 != nil else {
        throw Complaint(text: "a remote request is identifier#R and at most one digit")
      }
      frame.length = min(length.first.flatMap(digit) ?? 0, 8)
    } else {
      // A raw length code above 8 may follow the data as _9 … _F; the data are 8 bytes then.
      let end = data.firstIndex(of: UInt8(ascii: "_")) ?? data.endIndex
      try fill(&frame, data[..<end])
    }
    return frame
  }

  private static func screenForm(
    id: ArraySlice<UInt8>, _ words: ArraySlice<ArraySlice<UInt8>>
  ) throws(Complaint) -> CANFrame {
    var words = words
    var frame = try head(id)
    // With candump -x a direction and flags stand before the length.
    while let word = words.first, word.first != UInt8(ascii: "[") {
      guard word == [UInt8(ascii: "R")] || word.count == 2 else { break }
      if word.count == 2 { frame.hasBitRateSwitch = word.first == UInt8(ascii: "B") }
      words.removeFirst()
    }
    guard let size = words.popFirst(), size.first == UInt8(ascii: "["), size.last == UInt8(ascii: "]"),
      (3...4).contains(size.count), let length = decimal(size.dropFirst().dropLast())
    else { throw Complaint(text: "a length stands in brackets, as [8]") }
    // candump writes the length of FD frames with two digits.
    frame.isFD = size.count == 4
    frame.hasBitRateSwitch = frame.hasBitRateSwitch && frame.isFD
    guard length <= (frame.isFD ? 64 : 8) else { throw Complaint(text: "a length of \(length) is too long") }
    frame.length = UInt8(length)
    if words.first.map({ $0.elementsEqual("remote".utf8) }) == true {
      frame.isRemoteRequest = true
      return frame
    }
    for index in 0..<Int(length) {
      guard let word = words.popFirst(), word.count == 2, let byte = number(word) else {
        throw Complaint(text: "\(length) bytes were announced, \(index) are there")
      }
      frame.data[index] = UInt8(byte)
    }
    return frame
  }

  private static func fill(_ frame: inout CANFrame, _ text: ArraySlice<UInt8>) throws(Complaint) {
    var count = 0
    var rest = text
    while let first = rest.popFirst() {
      if first == UInt8(ascii: ".") { continue }
      guard let second = rest.popFirst(), let high = digit(first), let low = digit(second) else {
        throw Complaint(text: "data are pairs of hexadecimal digits")
      }
      guard count < (frame.isFD ? 64 : 8) else {
        throw Complaint(text: "more data than a \(frame.isFD ? "FD" : "classic") frame holds")
      }
      frame.data[count] = high << 4 | low
      count += 1
    }
    frame.length = UInt8(count)
  }

  /// `(seconds.fraction)` with up to nine digits of fraction.
  private static func stamp(_ text: ArraySlice<UInt8>) -> Int64? {
    guard text.first == UInt8(ascii: "("), text.last == UInt8(ascii: ")"), text.count >= 3 else { return nil }
    let parts = text.dropFirst().dropLast().split(
      separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let seconds = parts.first.flatMap(decimal), seconds < 9_000_000_000 else { return nil }
    guard parts.count == 2 else { return seconds * 1_000_000_000 }
    guard (1...9).contains(parts[1].count), var fraction = decimal(parts[1]) else { return nil }
    for _ in parts[1].count..<9 { fraction *= 10 }
    return seconds * 1_000_000_000 + fraction
  }

  private static func decimal(_ text: ArraySlice<UInt8>) -> Int64? {
    guard (1...12).contains(text.count) else { return nil }
    var value: Int64 = 0
    for byte in text {
      guard let digit = digit(byte), digit < 10 else { return nil }
      value = value * 10 + Int64(digit)
    }
    return value
  }

  /// At most eight hexadecimal digits.
  private static func number(_ text: ArraySlice<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for byte in text {
      guard let digit = digit(byte) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
