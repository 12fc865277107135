/// Bytes of records being put together: grows when it must, keeps its memory when emptied.
///
/// Cost: amortised copying only; no allocation once it has reached its size.
@safe struct RecordBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 64)
    unsafe base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { unsafe base.deallocate() }

  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  @inline(__always)
  mutating func reserve(_ extra: Int) {
    if extra > capacity &- count { grow(extra) }
  }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    let needed = count + extra
    let larger = max(needed, capacity &* 2)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    unsafe moved.copyMemory(from: base, byteCount: count)
    unsafe base.deallocate()
    unsafe base = unsafe moved
    capacity = larger
  }

  /// Room for exactly `byteCount` further bytes, to be written by the caller at once.
  @inline(__always)
  mutating func append(_ byteCount: Int) -> UnsafeMutableRawPointer {
    reserve(byteCount)
    let start = unsafe base + count
    count &+= byteCount
    return unsafe start
  }

  mutating func removeAll() { count = 0 }
  mutating func shrink(to smaller: Int) { count = min(count, max(smaller, 0)) }

  @inline(__always)
  mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    let at = unsafe append(MemoryLayout<T>.size)
    unsafe at.storeBytes(of: value.littleEndian, as: T.self)
  }

  mutating func overwrite<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    precondition(offset >= 0 && offset &+ MemoryLayout<T>.size <= count, "outside the buffer")
    unsafe (base + offset).storeBytes(of: value.littleEndian, as: T.self)
  }

  @inline(__always)
  mutating func put(bytes added: UnsafeRawBufferPointer) {
    guard let source = added.baseAddress, added.count > 0 else { return }
    let at = unsafe append(added.count)
    unsafe at.copyMemory(from: source, byteCount: added.count)
  }

  mutating func put(_ added: [UInt8]) {
    unsafe added.withUnsafeBytes { raw in unsafe put(bytes: raw) }
  }

  /// A 32-bit length, then the bytes.
  mutating func putCounted(_ added: [UInt8]) {
    put(UInt32(truncatingIfNeeded: added.count))
    put(added)
  }

  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { raw in
      put(UInt32(truncatingIfNeeded: raw.count))
      unsafe put(bytes: UnsafeRawBufferPointer(raw))
    }
  }

  mutating func put(_ properties: McapProperties) {
    let lengthAt = count
    put(UInt32(0))
    for entry in properties.entries {
      put(entry.key)
      put(entry.value)
    }
    overwrite(UInt32(truncatingIfNeeded: count &- lengthAt &- 4), at: lengthAt)
  }

  mutating func put(_ values: [McapChannelValue]) {
    put(UInt32(truncatingIfNeeded: values.count &* 10))
    for entry in values {
      put(entry.channelID)
      put(entry.value)
    }
  }

  /// Opcode and a length to be filled in by `endRecord`.
  mutating func beginRecord(_ opcode: McapOpcode) -> Int {
    put(opcode.rawValue)
    put(UInt64(0))
    return count
  }

  mutating func endRecord(_ contentAt: Int) {
    overwrite(UInt64(count &- contentAt), at: contentAt &- 8)
  }
}
