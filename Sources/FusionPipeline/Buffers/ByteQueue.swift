import Synchronization

/// A bounded queue of messages from one thread to another: how the frame's path hands bytes to the recorder.
///
/// `push` never waits: a message that does not fit is refused and counted, so a stalled disk costs log
/// content and never a frame. Thread: `push` from one, `pop` from one other. Cost: two copies of at most
/// the message's size; no allocation, no system call.
@safe public final class ByteQueue: @unchecked Sendable {
  /// What precedes each message in the queue.
  private struct Prefix: BitwiseCopyable {
    var length: UInt32
    var topic: UInt32
    var stamp: Int64
  }
  private static var prefixSize: Int { MemoryLayout<Prefix>.size }

  public let capacity: Int
  private let bytes: UnsafeMutableRawPointer
  /// Bytes ever written and read; their difference is the fill.
  private let written: UnsafeMutablePointer<Atomic<UInt64>>
  private let read: UnsafeMutablePointer<Atomic<UInt64>>
  private let refusedMessages: UnsafeMutablePointer<Atomic<UInt64>>
  private let refusedByteCount: UnsafeMutablePointer<Atomic<UInt64>>

  public init(capacity: Int) {
    self.capacity = max(capacity, 4096)
    unsafe bytes = .allocate(byteCount: self.capacity, alignment: 64)
    // Touched now, so that no frame meets a page fault here.
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: self.capacity)
    unsafe written = .allocate(capacity: 1)
    unsafe read = .allocate(capacity: 1)
    unsafe refusedMessages = .allocate(capacity: 1)
    unsafe refusedByteCount = .allocate(capacity: 1)
    unsafe written.initialize(to: Atomic(0))
    unsafe read.initialize(to: Atomic(0))
    unsafe refusedMessages.initialize(to: Atomic(0))
    unsafe refusedByteCount.initialize(to: Atomic(0))
  }

  deinit {
    unsafe bytes.deallocate()
    unsafe written.deallocate()
    unsafe read.deallocate()
    unsafe refusedMessages.deallocate()
    unsafe refusedByteCount.deallocate()
  }

  public var refused: (messages: UInt64, bytes: UInt64) {
    unsafe (
      refusedMessages.pointee.load(ordering: .relaxed), refusedByteCount.pointee.load(ordering: .relaxed)
    )
  }

  /// Puts a message in, in two parts so that a header need not be copied together with its body first.
  @discardableResult
  public func push(
    topic: UInt32, stamp: Stamp, _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer? = nil
  ) -> Bool {
    let length = unsafe first.count + (second?.count ?? 0)
    let start = unsafe written.pointee.load(ordering: .relaxed)
    let fill = unsafe Int(start &- read.pointee.load(ordering: .acquiring))
    guard Self.prefixSize + length <= capacity - fill else {
      countRefused(bytes: length)
      return false
    }
    let prefix = Prefix(length: UInt32(length), topic: topic, stamp: stamp.nanoseconds)
    unsafe withUnsafeBytes(of: prefix) { unsafe copyIn($0, at: start) }
    unsafe copyIn(first, at: start &+ UInt64(Self.prefixSize))
    if let second = unsafe second {
      unsafe copyIn(second, at: start &+ UInt64(Self.prefixSize + first.count))
    }
    unsafe written.pointee.store(start &+ UInt64(Self.prefixSize + length), ordering: .releasing)
    return true
  }

  /// Counts a message that could not even be made.
  func countRefused(bytes: Int) {
    unsafe refusedMessages.pointee.add(1, ordering: .relaxed)
    unsafe refusedByteCount.pointee.add(UInt64(max(bytes, 0)), ordering: .relaxed)
  }

  /// Takes the oldest message out; false when there is none. The bytes are valid during `body`.
  public func pop(
    into scratch: inout [UInt8],
    _ body: (_ topic: UInt32, _ stamp: Stamp, _ bytes: UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    let start = unsafe read.pointee.load(ordering: .relaxed)
    guard unsafe written.pointee.load(ordering: .acquiring) != start else { return false }
    var prefix = Prefix(length: 0, topic: 0, stamp: 0)
    unsafe withUnsafeMutableBytes(of: &prefix) { unsafe copyOut($0, at: start) }
    let length = Int(prefix.length)
    if scratch.count < length { scratch = [UInt8](repeating: 0, count: length * 2) }
    unsafe scratch.withUnsafeMutableBytes { buffer in
      let message = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[0..<length])
      unsafe copyOut(message, at: start &+ UInt64(Self.prefixSize))
      unsafe body(prefix.topic, Stamp(nanoseconds: prefix.stamp), UnsafeRawBufferPointer(message))
    }
    unsafe read.pointee.store(start &+ UInt64(Self.prefixSize + length), ordering: .releasing)
    return true
  }

  private func copyIn(_ source: UnsafeRawBufferPointer, at position: UInt64) {
    guard let base = source.baseAddress, source.count > 0 else { return }
    let offset = Int(position % UInt64(capacity))
    let head = min(source.count, capacity - offset)
    unsafe (bytes + offset).copyMemory(from: base, byteCount: head)
    if head < source.count {
      unsafe bytes.copyMemory(from: base + head, byteCount: source.count - head)
    }
  }

  private func copyOut(_ target: UnsafeMutableRawBufferPointer, at position: UInt64) {
    guard let base = target.baseAddress, target.count > 0 else { return }
    let offset = Int(position % UInt64(capacity))
    let head = min(target.count, capacity - offset)
    unsafe base.copyMemory(from: bytes + offset, byteCount: head)
    if head < target.count {
      unsafe (base + head).copyMemory(from: bytes, byteCount: target.count - head)
    }
  }
}
