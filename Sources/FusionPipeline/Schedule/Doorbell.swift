import CLinux
import Glibc
import Synchronization

/// Wakes a sleeping thread: a futex word that counts rings.
///
/// A waiter remembers the count it has seen, looks for work, and sleeps only if the count is still the same,
/// so that no ring between the look and the sleep is lost. A ring with nobody asleep costs one atomic add.
/// Thread: any. Cost: `ring` one atomic add, and a system call only when somebody sleeps; no allocation.
@safe public final class Doorbell: @unchecked Sendable {
  private let word: UnsafeMutablePointer<Atomic<UInt32>>
  private let sleepers: UnsafeMutablePointer<Atomic<UInt32>>

  public init() {
    unsafe word = .allocate(capacity: 1)
    unsafe sleepers = .allocate(capacity: 1)
    unsafe word.initialize(to: Atomic(0))
    unsafe sleepers.initialize(to: Atomic(0))
  }

  deinit {
    unsafe word.deallocate()
    unsafe sleepers.deallocate()
  }

  /// The count to pass to `wait`, read before looking for work.
  public var count: UInt32 { unsafe word.pointee.load(ordering: .acquiring) }

  public func ring() {
    unsafe word.pointee.add(1, ordering: .sequentiallyConsistent)
    guard unsafe sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 else { return }
    unsafe _ = fusion_futex_wake(
      UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self), Int32.max)
  }

  /// Sleeps until a ring after `seen`, or until `deadline` on CLOCK_MONOTONIC; may return early.
  public func wait(seen: UInt32, until deadline: Stamp) {
    unsafe sleepers.pointee.add(1, ordering: .sequentiallyConsistent)
    defer { unsafe sleepers.pointee.subtract(1, ordering: .relaxed) }
    let address = unsafe UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self)
    if deadline == .distantFuture {
      unsafe _ = fusion_futex_wait(address, seen, nil)
      return
    }
    let nanoseconds = max(deadline.nanoseconds, 0)
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    unsafe _ = fusion_futex_wait(address, seen, &time)
  }
}
