import FusionPipeline

/// Finds Xbus messages in a serial stream that comes in arbitrary slices.
///
/// A message is 0xFA, 0xFF, identifier, length (255 announces a two-byte length), data, and a byte that makes
/// everything after 0xFA sum to zero. After damage it looks again one byte further, so a message is lost only
/// if its own bytes are. Thread: one at a time. Cost: no allocation; a byte is copied once and read twice.
/// Source: Xsens MT Low-Level Communication Protocol, section 3.
struct XsensFraming {
  private(set) var damaged: UInt64 = 0
  /// Bytes that belonged to no message.
  private(set) var skippedBytes: UInt64 = 0
  private var buffer: [UInt8]
  private var count = 0

  init() { buffer = [UInt8](repeating: 0, count: Self.capacity) }

  /// Holds the place of another while that is in use; takes no bytes and no memory.
  static var empty: XsensFraming { XsensFraming(buffer: []) }

  private init(buffer: [UInt8]) { self.buffer = buffer }

  /// The longest data an extended message may have.
  static let longestData = 2048
  private static let capacity = 2 * (longestData + 7)

  mutating func forget() { count = 0 }

  /// Calls `take` with the identifier and data of every whole message, oldest first.
  mutating func feed(_ bytes: RawSpan, take: (UInt8, RawSpan) -> Void) {
    var at = 0
    while at < bytes.byteCount {
      let chunk = min(bytes.byteCount &- at, Self.capacity &- count)
      for index in 0..<chunk { buffer[count &+ index] = bytes.byte(at &+ index) }
      count &+= chunk
      at &+= chunk
      drain(take)
    }
  }

  private enum Step {
    case skip
    case wait
    case message(start: Int, data: Int)
  }

  private mutating func drain(_ take: (UInt8, RawSpan) -> Void) {
    var at = 0
    scan: while at < count {
      switch step(at) {
      case .skip:
        skippedBytes &+= 1
        at &+= 1
      case .wait: break scan
      case .message(let start, let data):
        guard hasGoodSum(from: at &+ 1, to: start &+ data) else {
          damaged &+= 1
          skippedBytes &+= 1
          at &+= 1
          continue
        }
        unsafe take(buffer[at &+ 2], buffer.span.bytes.extracting(start..<(start &+ data)))
        at = start &+ data &+ 1
      }
    }
    // A message never waits for more than fits: `capacity` is twice the longest.
    for index in at..<max(count, at) { buffer[index &- at] = buffer[index] }
    count = max(count &- at, 0)
  }

  private func step(_ at: Int) -> Step {
    let left = count &- at
    guard buffer[at] == 0xFA else { return .skip }
    guard left >= 2 else { return .wait }
    guard buffer[at &+ 1] == 0xFF else { return .skip }
    guard left >= 4 else { return .wait }
    var start = at &+ 4
    var data = Int(buffer[at &+ 3])
    if data == 255 {
      guard left >= 6 else { return .wait }
      data = Int(buffer[at &+ 4]) << 8 | Int(buffer[at &+ 5])
      start = at &+ 6
      guard data <= Self.longestData else { return .skip }
    }
    return start &+ data &+ 1 <= count ? .message(start: start, data: data) : .wait
  }

  private func hasGoodSum(from first: Int, to last: Int) -> Bool {
    var sum: UInt8 = 0
    for index in first...last { sum &+= buffer[index] }
    return sum == 0
  }
}
