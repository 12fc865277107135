import Synchronization

/// Names one slot of a pool as it was filled once: valid only while the slot's generation still matches.
public struct PayloadHandle: BitwiseCopyable, Sendable, Hashable {
  public var pool: UInt32
  public var index: UInt32
  public var generation: UInt64
  /// Elements filled.
  public var count: UInt32
  public var reserved: UInt32

  @inlinable public init(pool: UInt32, index: UInt32, generation: UInt64, count: UInt32) {
    self.pool = pool
    self.index = index
    self.generation = generation
    self.count = count
    self.reserved = 0
  }
}

/// Preallocated slots for big payloads (clouds, images): one writer fills, many readers pin.
///
/// A slot's state is one atomic word, generation in the upper 48 bits and pins in the lower 16, so that a
/// pin succeeds only if the slot still holds what the handle names. The writer takes only unpinned slots,
/// oldest first; when all are pinned `acquire` gives nil, and the caller drops its sample and counts it.
/// Thread: `acquire` and `commit` from the one writer; `pin` and `unpin` from any thread.
/// Cost: no allocation after `init`; `acquire` is O(slots), `pin` one compare-and-swap when uncontended.
@safe public final class PayloadPool<Element: BitwiseCopyable>: @unchecked Sendable {
  public let id: UInt32
  public let slots: Int
  /// Elements a slot can hold.
  public let capacity: Int
  @usableFromInline let storage: UnsafeMutablePointer<Element>
  @usableFromInline let states: UnsafeMutablePointer<Atomic<UInt64>>
  private var next = 0

  @usableFromInline static var pinMask: UInt64 { 0xFFFF }
  /// A slot that is being written belongs to no generation that a handle can name.
  private static var writing: UInt64 { 0xFFFF }

  public init(id: UInt32, slots: Int, capacity: Int, zero: Element) {
    precondition(slots > 0 && capacity > 0 && slots <= 1 << 16)
    self.id = id
    self.slots = slots
    self.capacity = capacity
    unsafe storage = .allocate(capacity: slots * capacity)
    // Touched now, so that the first frames meet no page fault.
    unsafe storage.initialize(repeating: zero, count: slots * capacity)
    unsafe states = .allocate(capacity: slots)
    for slot in 0..<slots { unsafe (states + slot).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe storage.deallocate()
    unsafe states.deinitialize(count: slots)
    unsafe states.deallocate()
  }

  /// A free slot to write into, or nil when every slot is pinned. Until `commit`, nobody can pin it.
  public func acquire() -> PayloadSlot<Element>? {
    for attempt in 0..<slots {
      let index = (next + attempt) % slots
      let state = unsafe states[index].load(ordering: .relaxed)
      guard state & Self.pinMask == 0 else { continue }
      // Acquire: reads by the last reader happen before our writes.
      let (won, _) = unsafe states[index].compareExchange(
        expected: state, desired: state | Self.writing, ordering: .acquiring)
      guard won else { continue }
      next = (index + 1) % slots
      return unsafe PayloadSlot(
        index: UInt32(index), generation: state >> 16 &+ 1,
        elements: UnsafeMutableBufferPointer(start: storage + index * capacity, count: capacity))
    }
    return nil
  }

  /// Makes a written slot visible under its new generation.
  public func commit(_ slot: PayloadSlot<Element>, count: Int) -> PayloadHandle {
    let filled = min(max(count, 0), capacity)
    unsafe states[Int(slot.index)].store(slot.generation << 16, ordering: .releasing)
    return PayloadHandle(
      pool: id, index: slot.index, generation: slot.generation, count: UInt32(filled))
  }

  /// Gives an acquired slot back unwritten.
  public func abandon(_ slot: PayloadSlot<Element>) {
    // The generation still advances: the slot's old content is gone.
    unsafe states[Int(slot.index)].store(slot.generation << 16, ordering: .releasing)
  }

  /// Holds the slot against reuse; false when it has been reused since the handle was made.
  @inlinable public func pin(_ handle: PayloadHandle) -> Bool {
    guard handle.pool == id, handle.index < UInt32(slots), handle.generation > 0 else { return false }
    let word = unsafe states + Int(handle.index)
    var state = unsafe word.pointee.load(ordering: .relaxed)
    while state >> 16 == handle.generation, state & Self.pinMask < Self.pinMask - 1 {
      let (won, seen) = unsafe word.pointee.compareExchange(
        expected: state, desired: state &+ 1, ordering: .acquiring)
      if won { return true }
      state = seen
    }
    return false
  }

  @inlinable public func unpin(_ handle: PayloadHandle) {
    guard handle.pool == id, handle.index < UInt32(slots) else { return }
    unsafe states[Int(handle.index)].subtract(1, ordering: .releasing)
  }

  /// The elements of a pinned handle. The caller holds a pin for as long as it uses the buffer.
  @inlinable public func elements(of handle: PayloadHandle) -> UnsafeBufferPointer<Element> {
    let count = min(Int(handle.count), capacity)
    return unsafe UnsafeBufferPointer(start: storage + Int(handle.index) * capacity, count: count)
  }
}

/// A slot being written; see `PayloadPool.acquire`.
@safe public struct PayloadSlot<Element: BitwiseCopyable> {
  public let index: UInt32
  public let generation: UInt64
  public let elements: UnsafeMutableBufferPointer<Element>
}
