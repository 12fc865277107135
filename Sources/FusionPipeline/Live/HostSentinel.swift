import CLinux
import Glibc
import Synchronization

/// One stretch of time in which the machine itself did not run its most urgent thread.
struct HostGap: BitwiseCopyable, Sendable {
  var start: Stamp
  var end: Stamp
}

/// Notices when the host stands still: a thread of the highest priority that only sleeps and looks.
///
/// It wakes every millisecond on an absolute grid; a wake that comes late by more than 2 ms is a gap of the
/// hypervisor, of an SMI, or of the kernel's real-time throttling, and no fault of the pipeline's. Without
/// real-time rights its gaps show load as well and prove nothing, so they then explain nothing.
/// Thread: its own; `longestGap` from any.
final class HostSentinel: @unchecked Sendable {
  private let clock: any PipelineClock
  private let ring = SampleRing<HostGap>(slots: 256)
  private let isStopping = Atomic<Bool>(false)
  /// The kernel runs this thread before all others, so that only the host can have held it up.
  private let isProof = Atomic<Bool>(false)
  private let longest = Atomic<Int64>(0)
  private let stallCount = Atomic<UInt64>(0)
  static let period: Int64 = 1_000_000
  static let noteworthy: Int64 = 2_000_000

  init(clock: any PipelineClock) { self.clock = clock }

  func run() {
    var priority: Int32 = 0
    isProof.store(unsafe fusion_get_policy(&priority) == SCHED_FIFO, ordering: .relaxed)
    var due = clock.now()
    while !isStopping.load(ordering: .relaxed) {
      due = due + Self.period
      sleepUntil(due)
      let now = clock.now()
      let late = now - due
      if late > Self.noteworthy {
        if late > longest.load(ordering: .relaxed) { longest.store(late, ordering: .relaxed) }
        if late > SlotDesk.hostStallNanoseconds { stallCount.add(1, ordering: .relaxed) }
        ring.push(SampleHeader(), HostGap(start: due, end: now))
        // The grid goes on from here: a gap of 50 ms is one gap, not fifty.
        due = now
      }
    }
  }

  func stop() { isStopping.store(true, ordering: .relaxed) }

  /// The longest part of a gap that lies inside an interval, nanoseconds; 0 where gaps prove nothing.
  func longestGap(from start: Stamp, to end: Stamp) -> Int64 {
    guard isProof.load(ordering: .relaxed) else { return 0 }
    var header = SampleHeader()
    var gap = HostGap(start: .zero, end: .zero)
    var best: Int64 = 0
    let pushed = ring.pushed
    var cursor = pushed > 64 ? pushed - 64 : 0
    while true {
      switch ring.read(&cursor, header: &header, sample: &gap) {
      case .empty: return best
      case .lost: continue
      case .sample: best = max(best, min(gap.end, end) - max(gap.start, start))
      }
    }
  }

  var books: (stalls: UInt64, longest: Int64) {
    (stallCount.load(ordering: .relaxed), longest.load(ordering: .relaxed))
  }
}
