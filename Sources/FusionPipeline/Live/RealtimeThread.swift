import CLinux
import Glibc
import Synchronization

/// What the kernel gave a thread, read back from it rather than assumed.
public struct GrantedRights: BitwiseCopyable, Sendable, Equatable {
  /// The kernel's number: 0 ordinary, 1 FIFO.
  public var policy: Int32 = 0
  public var priority: Int32 = 0
  public var cpuCount: Int32 = 0
  public init() {}

  public var isRealtime: Bool { policy == SCHED_FIFO }
}

/// A thread of our own: named, with rights asked for and read back, joined at the end.
///
/// No thread of ours comes from a pool, so that priority, placement and timer slack belong to it alone; the
/// FIFO policy is not inherited by what it starts. Thread: `start` and `join` from one thread.
@safe public final class RealtimeThread: @unchecked Sendable {
  public let name: String
  private let priority: Int32
  private let cpus: [Int32]
  private let body: () -> Void
  private var handle = pthread_t()
  private var isStarted = false
  private let rights = Mutex(GrantedRights())
  private let hasEnded = Atomic<Bool>(false)
  private let endBell = Doorbell()

  /// - Parameter priority: SCHED_FIFO priority, 0 for an ordinary thread.
  public init(name: String, priority: Int32, cpus: [Int], body: @escaping () -> Void) {
    self.name = name
    self.priority = priority
    self.cpus = cpus.map { Int32(clamping: $0) }
    self.body = body
  }

  public var granted: GrantedRights { rights.withLock { $0 } }

  private static let stackBytes = 1 << 20

  /// False when the system has no thread to give.
  public func start() -> Bool {
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe _ = pthread_attr_destroy(&attributes) }
    // With all memory locked a stack is made of real pages at once: the default's 8 MB would stall others.
    unsafe pthread_attr_setstacksize(&attributes, Self.stackBytes)
    let result = unsafe pthread_create(
      &handle, &attributes,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<RealtimeThread>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    if result != 0 {
      unsafe Unmanaged<RealtimeThread>.fromOpaque(context).release()
      return false
    }
    isStarted = true
    return true
  }

  public func join() {
    guard isStarted else { return }
    pthread_join(handle, nil)
    isStarted = false
  }

  /// Gives up on the thread's end: what it holds is freed whenever it comes.
  func leaveBehind() {
    guard isStarted else { return }
    pthread_detach(handle)
    isStarted = false
  }

  /// The same as `join()`, but gives up after a while: false when the thread still runs, which then keeps what it uses
  /// alive and may be joined again.
  public func join(withinNanoseconds limit: Int64, clock: any PipelineClock) -> Bool {
    guard isStarted else { return true }
    let end = clock.now() + limit
    while true {
      let seen = endBell.count
      if hasEnded.load(ordering: .acquiring) { break }
      guard clock.now() < end else { return false }
      endBell.wait(seen: seen, until: end)
    }
    join()
    return true
  }

  private func run() {
    unsafe name.withCString { unsafe fusion_set_thread_name($0) }
    if priority > 0 {
      _ = fusion_set_fifo(priority)
      // The default slack of 50 µs would make every timed wake late by as much.
      _ = fusion_set_timer_slack(1)
    }
    if !cpus.isEmpty {
      unsafe _ = cpus.withUnsafeBufferPointer { unsafe fusion_set_affinity($0.baseAddress, Int32($0.count)) }
    }
    var found = GrantedRights()
    found.policy = unsafe fusion_get_policy(&found.priority)
    found.cpuCount = fusion_get_affinity(nil, 0)
    rights.withLock { $0 = found }
    body()
    hasEnded.store(true, ordering: .releasing)
    endBell.ring()
  }
}

/// The kernel's accounts of the calling thread: what a miss record gives as evidence.
///
/// Cost: one system call.
struct ThreadUsage: BitwiseCopyable {
  var involuntarySwitches: Int
  var voluntarySwitches: Int
  var minorFaults: Int
  var majorFaults: Int

  static func now() -> ThreadUsage {
    var usage = fusion_thread_usage()
    unsafe _ = fusion_read_thread_usage(&usage)
    return ThreadUsage(
      involuntarySwitches: usage.involuntary_switches, voluntarySwitches: usage.voluntary_switches,
      minorFaults: usage.minor_faults, majorFaults: usage.major_faults)
  }

  func evidence(since before: ThreadUsage) -> FrameEvidence {
    var evidence = FrameEvidence()
    evidence.involuntarySwitches = UInt32(clamping: involuntarySwitches - before.involuntarySwitches)
    evidence.voluntarySwitches = UInt32(clamping: voluntarySwitches - before.voluntarySwitches)
    evidence.minorFaults = UInt32(clamping: minorFaults - before.minorFaults)
    evidence.majorFaults = UInt32(clamping: majorFaults - before.majorFaults)
    return evidence
  }
}

/// Sleeps until an instant on CLOCK_MONOTONIC; the grid is absolute, so no drift accumulates.
func sleepUntil(_ instant: Stamp) {
  let nanoseconds = max(instant.nanoseconds, 0)
  var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  while unsafe fusion_sleep_until(&time) == EINTR {}
}
