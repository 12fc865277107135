import FusionPipeline

/// Finds frames of one fixed length in a stream of bytes: two sync bytes first, CRC-32 of the rest last.
///
/// A serial line cuts its bytes anywhere and a datagram holds whole frames; both are fed byte by byte.
/// Cost: no allocation after `init`; a false sync costs one pass over the window.
struct FrameWindow {
  /// The frame that `push` completed.
  private(set) var bytes: [UInt8]
  /// Frames with a wrong checksum: noise that looked like a start, or a damaged frame.
  private(set) var damaged: UInt64 = 0
  private let sync: (UInt8, UInt8)
  private var count = 0

  init(sync: (UInt8, UInt8), byteCount: Int) {
    self.sync = sync
    bytes = [UInt8](repeating: 0, count: byteCount)
  }

  mutating func clear() { count = 0 }

  /// True when this byte completes a frame with a right checksum.
  mutating func push(_ byte: UInt8) -> Bool {
    bytes[count] = byte
    count += 1
    if count < bytes.count {
      if count <= 2, !startsFrame { shift() }
      return false
    }
    if hasRightChecksum {
      count = 0
      return true
    }
    damaged &+= 1
    shift()
    return false
  }

  private var startsFrame: Bool { count > 0 && bytes[0] == sync.0 && (count < 2 || bytes[1] == sync.1) }

  private var hasRightChecksum: Bool {
    let end = bytes.count - 4
    return unsafe CRC32.of(bytes.span.bytes.extracting(0..<end)) == number(end, as: UInt32.self)
  }

  /// Drops the first byte, and more, until what is left may start a frame.
  private mutating func shift() {
    repeat {
      for index in 1..<count { bytes[index - 1] = bytes[index] }
      count -= 1
    } while count > 0 && !startsFrame
  }

  /// A little-endian number of the frame.
  func number<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
    unsafe bytes.span.bytes.littleEndian(offset, as: type)
  }
}

/// A board's millisecond counter without its wraps (every 49.7 days), in nanoseconds.
struct BoardClock {
  private var last: UInt32?
  private var milliseconds: UInt64 = 0

  mutating func unwrapped(_ counter: UInt32) -> Stamp {
    milliseconds &+= UInt64(last.map { counter &- $0 } ?? counter)
    last = counter
    return Stamp(nanoseconds: Int64(clamping: milliseconds) &* 1_000_000)
  }

  mutating func clear() { last = nil }
}

/// Writes frames for senders: the twin and the tests.
struct FrameBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append<T: FixedWidthInteger>(_ number: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> T(shift)))
    }
  }

  /// The frame with its checksum.
  func sealed() -> [UInt8] {
    var whole = self
    whole.append(unsafe CRC32.of(bytes.span.bytes))
    return whole.bytes
  }
}
