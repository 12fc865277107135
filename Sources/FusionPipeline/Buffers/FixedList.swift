/// A list with all its memory allocated at `init`: what stages hand to each other inside a frame.
///
/// `append` says no when full instead of growing. Indices are checked. Its state lies behind pointers, which
/// spares the exclusivity checks that class variables cost.
/// Thread: one at a time. Cost: no allocation after `init`.
@safe public final class FixedList<Element: BitwiseCopyable> {
  public let capacity: Int
  @usableFromInline let storage: UnsafeMutablePointer<Element>
  @usableFromInline let length: UnsafeMutablePointer<Int>
  /// Keeps the memory of a view alive; nil for a list that owns its memory.
  private let owner: AnyObject?

  public init(capacity: Int, zero: Element) {
    precondition(capacity > 0)
    self.capacity = capacity
    unsafe storage = .allocate(capacity: capacity)
    unsafe storage.initialize(repeating: zero, count: capacity)
    unsafe length = .allocate(capacity: 1)
    unsafe length.initialize(to: 0)
    owner = nil
  }

  /// A view on memory of `owner`: a stage's state in its `StateStore`.
  init(
    storage: UnsafeMutablePointer<Element>, length: UnsafeMutablePointer<Int>, capacity: Int, owner: AnyObject
  ) {
    self.capacity = capacity
    unsafe self.storage = storage
    unsafe self.length = length
    self.owner = owner
  }

  deinit {
    guard owner == nil else { return }
    unsafe storage.deallocate()
    unsafe length.deallocate()
  }

  @inlinable public var count: Int { unsafe length.pointee }
  @inlinable public var isEmpty: Bool { count == 0 }
  @inlinable public var indices: Range<Int> { 0..<count }

  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index outside the list")
      return unsafe storage[index]
    }
    set {
      precondition(index >= 0 && index < count, "index outside the list")
      unsafe storage[index] = newValue
    }
    _modify {
      precondition(index >= 0 && index < count, "index outside the list")
      yield unsafe &storage[index]
    }
  }

  /// False, and nothing appended, when the list is full.
  @discardableResult @inlinable public func append(_ element: Element) -> Bool {
    let count = unsafe length.pointee
    guard count < capacity else { return false }
    unsafe storage[count] = element
    unsafe length.pointee = count &+ 1
    return true
  }

  @inlinable public func removeAll() { unsafe length.pointee = 0 }

  /// Drops the elements from `count` on; a larger number changes nothing.
  @inlinable public func truncate(to count: Int) {
    if count >= 0, count < self.count { unsafe length.pointee = count }
  }

  /// Removes in O(1) by moving the last element into the gap.
  @inlinable public func swapRemove(at index: Int) {
    precondition(index >= 0 && index < count, "index outside the list")
    let last = unsafe length.pointee &- 1
    unsafe storage[index] = storage[last]
    unsafe length.pointee = last
  }

  /// Keeps the elements that satisfy `isKept`, in order.
  @inlinable public func keep(where isKept: (Element) -> Bool) {
    var kept = 0
    for index in 0..<count where unsafe isKept(storage[index]) {
      unsafe storage[kept] = storage[index]
      kept &+= 1
    }
    unsafe length.pointee = kept
  }

  /// The elements in one block, for kernels. Do not let it escape the frame.
  @inlinable public var elements: UnsafeMutableBufferPointer<Element> {
    unsafe UnsafeMutableBufferPointer(start: storage, count: count)
  }
}
