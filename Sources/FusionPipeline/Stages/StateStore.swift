/// All that a chain's stages remember, in one block: committed at a frame's end, undone when it hangs.
///
/// Stages ask for lists and values at setup; `seal` then fixes the layout and makes the committed copy.
/// Thread: the frame's thread. Cost: `commit` and `rollback` copy `byteCount` bytes, no allocation.
@safe public final class StateStore {
  public private(set) var byteCount = 0
  /// What each part is, in order: a snapshot thaws only into a store of the same layout.
  public private(set) var layout: [String] = []
  private let working: UnsafeMutableRawPointer
  private let committed: UnsafeMutableRawPointer
  private let capacity: Int

  /// - Parameter capacity: the most bytes that all stages together may ask for.
  public init(capacity: Int = 4 << 20) {
    self.capacity = capacity
    unsafe working = .allocate(byteCount: capacity, alignment: 64)
    unsafe committed = .allocate(byteCount: capacity, alignment: 64)
    unsafe working.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    unsafe committed.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
  }

  deinit {
    unsafe working.deallocate()
    unsafe committed.deallocate()
  }

  /// A list that survives frames.
  public func list<T: BitwiseCopyable>(
    of type: T.Type, named name: String, capacity count: Int, zero: T
  ) -> FixedList<T> {
    let length = unsafe reserve(Int.self, count: 1)
    let storage = unsafe reserve(type, count: count)
    unsafe length.initialize(to: 0)
    unsafe storage.initialize(repeating: zero, count: count)
    layout.append("\(name): [\(type)] \(count) × \(MemoryLayout<T>.stride)")
    return unsafe FixedList(storage: storage, length: length, capacity: count, owner: self)
  }

  /// A value that survives frames.
  public func value<T: BitwiseCopyable>(named name: String, initial: T) -> StateValue<T> {
    let storage = unsafe reserve(T.self, count: 1)
    unsafe storage.initialize(to: initial)
    layout.append("\(name): \(T.self) \(MemoryLayout<T>.stride)")
    return unsafe StateValue(storage: storage, owner: self)
  }

  /// Takes the initial values as the first committed state. Call once, after all stages are set up.
  public func seal() { commit() }

  public func commit() { unsafe committed.copyMemory(from: working, byteCount: byteCount) }
  public func rollback() { unsafe working.copyMemory(from: committed, byteCount: byteCount) }

  /// The committed state's bytes, for a snapshot.
  public func freeze(into body: (UnsafeRawBufferPointer) -> Void) {
    unsafe body(UnsafeRawBufferPointer(start: committed, count: byteCount))
  }

  /// Replaces the state by a snapshot's; false, and nothing changed, when the size is another.
  public func thaw(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count == byteCount, let base = bytes.baseAddress else { return false }
    unsafe committed.copyMemory(from: base, byteCount: byteCount)
    rollback()
    return true
  }

  private func reserve<T>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    let alignment = max(MemoryLayout<T>.alignment, 8)
    let start = (byteCount + alignment - 1) / alignment * alignment
    let end = start + MemoryLayout<T>.stride * count
    precondition(end <= capacity, "stages ask for more state than the store holds")
    byteCount = end
    return unsafe (working + start).bindMemory(to: type, capacity: count)
  }
}

/// One value in a `StateStore`.
@safe public final class StateValue<T: BitwiseCopyable> {
  @usableFromInline let storage: UnsafeMutablePointer<T>
  /// Keeps the memory alive.
  private let owner: AnyObject
  init(storage: UnsafeMutablePointer<T>, owner: AnyObject) {
    unsafe self.storage = storage
    self.owner = owner
  }
  @inlinable public var value: T {
    get { unsafe storage.pointee }
    _modify { yield unsafe &storage.pointee }
  }
}
