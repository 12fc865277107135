/// A moving view of a source: gives any range in one block and reads ahead.
@safe struct ByteWindow: ~Copyable {
  private let source: any ByteSource
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var start: UInt64 = 0
  private var count = 0

  init(_ source: any ByteSource, capacity: Int) {
    self.source = source
    self.capacity = max(capacity, 64)
    unsafe base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { unsafe base.deallocate() }

  /// Exactly `wanted` bytes from `offset`, or nil when the source ends before. Valid until the next call.
  mutating func bytes(
    at offset: UInt64, count wanted: Int
  ) throws(StorageFailure) -> UnsafeRawBufferPointer? {
    let total = source.byteCount
    guard wanted >= 0, offset <= total, UInt64(wanted) <= total - offset else { return nil }
    if offset < start || offset - start > UInt64(count) || count - Int(offset - start) < wanted {
      guard try fill(from: offset, wanted) else { return nil }
    }
    return unsafe UnsafeRawBufferPointer(start: base + Int(offset - start), count: wanted)
  }

  private mutating func fill(from offset: UInt64, _ wanted: Int) throws(StorageFailure) -> Bool {
    var kept = 0
    if offset >= start, offset - start < UInt64(count) { kept = count - Int(offset - start) }
    let source = unsafe base + (count - kept)
    if wanted > capacity {
      let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
      unsafe larger.copyMemory(from: source, byteCount: kept)
      unsafe base.deallocate()
      unsafe base = unsafe larger
      capacity = wanted
    } else if kept > 0 {
      unsafe base.copyMemory(from: source, byteCount: kept)
    }
    start = offset
    count = kept
    let room = unsafe UnsafeMutableRawBufferPointer(start: base + kept, count: capacity - kept)
    count += try unsafe self.source.read(at: offset + UInt64(kept), into: room)
    return count >= wanted
  }
}
