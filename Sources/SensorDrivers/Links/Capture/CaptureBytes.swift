import CLinux
import Glibc

/// A file or an array read from front to back through a small window.
///
/// Thread: one. Memory: the window grows to the largest piece asked for, which callers bound.
final class CaptureBytes {
  let path: String
  /// Where the window begins.
  private(set) var offset = 0
  private var descriptor: Int32 = -1
  private var window: [UInt8]
  private var start = 0
  private var end: Int

  static let chunkBytes = 1 << 18

  init(path: String) throws(CaptureFailure) {
    self.path = path
    window = []
    end = 0
    let opened = unsafe path.withCString { unsafe fusion_open($0, O_RDONLY) }
    guard opened >= 0 else {
      let error = SystemError(result: opened)
      throw CaptureFailure(
        kind: error.code == ENOENT ? .absent : .unreadable, path: path, byteOffset: 0, packetsBefore: 0,
        message: "\(path): cannot open the capture: \(error)")
    }
    descriptor = opened
    window = [UInt8](repeating: 0, count: Self.chunkBytes)
  }

  init(_ bytes: [UInt8], name: String) {
    path = name
    window = bytes
    end = bytes.count
  }

  deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

  /// How many bytes the window now holds: at least `count` unless the file ends before.
  func available(_ count: Int) throws(CaptureFailure) -> Int {
    while end - start < count, try refill(count) {}
    return end - start
  }

  /// Reads more behind the window; false at the end of the file.
  private func refill(_ count: Int) throws(CaptureFailure) -> Bool {
    guard descriptor >= 0 else { return false }
    if start > 0 {
      let kept = start..<end
      // In place: assigning a slice of an array to itself would copy the whole of it.
      unsafe window.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        unsafe memmove(base, base + kept.lowerBound, kept.count)
      }
      end -= start
      start = 0
    }
    let wanted = max(count, Self.chunkBytes)
    if window.count < wanted { window.append(contentsOf: repeatElement(0, count: wanted - window.count)) }
    let room = window.count - end
    let at = end
    let file = descriptor
    let got = unsafe window.withUnsafeMutableBytes { bytes in
      unsafe fusion_read(file, bytes.baseAddress.map { unsafe $0 + at }, room)
    }
    if got < 0 {
      let error = SystemError(result: got)
      if error.code == EINTR { return true }
      throw CaptureFailure(
        kind: .unreadable, path: path, byteOffset: offset + end, packetsBefore: 0,
        message: "\(path): reading failed at byte \(offset + end): \(error)")
    }
    end += got
    return got > 0
  }

  /// Moves the window's beginning on, at most to its end.
  func skip(_ count: Int) {
    let step = min(max(count, 0), end - start)
    start += step
    offset += step
  }

  /// The byte at a place that `available` has shown to be there.
  func byte(_ index: Int) -> UInt8 { window[start + index] }

  func u16(_ index: Int, bigEndian: Bool) -> UInt16 {
    window.u16(start + index, bigEndian: bigEndian)
  }

  func u32(_ index: Int, bigEndian: Bool) -> UInt32 {
    window.u32(start + index, bigEndian: bigEndian)
  }

  func copy(_ range: Range<Int>) -> [UInt8] {
    Array(window[(start + range.lowerBound)..<(start + range.upperBound)])
  }
}

/// Numbers at a place whose presence the caller has checked; traps beyond the end.
extension [UInt8] {
  func u16(_ index: Int, bigEndian: Bool) -> UInt16 {
    let first = UInt16(self[index])
    let second = UInt16(self[index + 1])
    return bigEndian ? first << 8 | second : second << 8 | first
  }

  func u32(_ index: Int, bigEndian: Bool) -> UInt32 {
    let first = UInt32(u16(index, bigEndian: bigEndian))
    let second = UInt32(u16(index + 2, bigEndian: bigEndian))
    return bigEndian ? first << 16 | second : second << 16 | first
  }
}
