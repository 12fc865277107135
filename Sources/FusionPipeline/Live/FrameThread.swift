import Synchronization

/// A chain's frames, live: waits for a release, runs it, hands the commands over.
///
/// Thread: its own, real-time where granted. Everything it decides comes from the pure `ChainScheduler`.
final class FrameThread: @unchecked Sendable {
  private let chain: ChainAssembly
  private let scheduler: ChainScheduler
  private let clock: any PipelineClock
  private let doorbell: Doorbell
  private let outputBell: Doorbell
  private let tap: RecordTap
  /// What the output thread has published, newest last: limits are measured against it.
  private let published: SampleRing<CommandSet>
  /// Frames that lost their slots, for the output thread's books.
  private let lost: SampleRing<LostFrame>
  private let timer: ClockTimer
  private let snapshotNanoseconds: Int64
  private let isStopping = Atomic<Bool>(false)
  private var outcome = FrameOutcome(release: .none)
  private var publishedCursor: UInt64 = 0
  private var publishedHeader = SampleHeader()
  private var previous = CommandSet()
  private var hasPrevious = false
  private var nextSnapshot = Stamp.zero
  private var skipsTold: UInt64 = 0
  /// Frames that have ended, for progress and the report.
  let framesRun = Atomic<UInt64>(0)

  init(
    chain: ChainAssembly, scheduler: ChainScheduler, clock: any PipelineClock, doorbell: Doorbell,
    outputBell: Doorbell, tap: RecordTap, published: SampleRing<CommandSet>, lost: SampleRing<LostFrame>,
    snapshotNanoseconds: Int64
  ) {
    self.chain = chain
    self.scheduler = scheduler
    self.clock = clock
    self.doorbell = doorbell
    self.outputBell = outputBell
    self.tap = tap
    self.published = published
    self.lost = lost
    self.snapshotNanoseconds = snapshotNanoseconds
    timer = ClockTimer(clock: clock)
  }

  /// Read after `stop`, when the thread has ended or hangs in a stage: neither releases frames any more.
  var releases: ReleaseCounts { scheduler.counts }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    doorbell.ring()
  }

  func run() {
    nextSnapshot = clock.now() + snapshotNanoseconds
    while !isStopping.load(ordering: .relaxed) {
      let seen = doorbell.count
      chain.drain(into: scheduler)
      let now = clock.now()
      let step = scheduler.step(now: now, isSettled: { chain.isSettled(at: $0, now: now) })
      if scheduler.counts.overrunSkips != skipsTold {
        // Slots may have been given up, which need not wait for the frame at hand.
        skipsTold = scheduler.counts.overrunSkips
        outputBell.ring()
      }
      switch step {
      case .wait(let until): doorbell.wait(seen: seen, until: until)
      case .release(let release): frame(release)
      }
    }
  }

  /// One frame from release to commit.
  private func frame(_ release: FrameRelease) {
    scheduler.board.frameBegins(release.slot)
    let before = ThreadUsage.now()
    chain.runner.align(release)
    chain.runner.execute(release, timer: timer, outcome: &outcome)
    if outcome.hasCommands {
      chain.runner.limit(previous: newestPublished(), timer: timer, outcome: &outcome)
      outcome.isSubmitted = scheduler.board.submit(outcome.set, marks: outcome.marks)
    } else {
      scheduler.board.fail(release.slot, reason: CommandReason(rawValue: outcome.failure) ?? .stageFailed)
    }
    outputBell.ring()
    chain.runner.conclude(outcome)
    if !outcome.isSubmitted {
      lost.push(SampleHeader(), chain.lost(outcome, evidence: ThreadUsage.now().evidence(since: before)))
    }
    record()
    for tap in chain.runner.taps { tap.release() }
    scheduler.board.frameEnded()
    framesRun.add(1, ordering: .relaxed)
  }

  private func newestPublished() -> CommandSet? {
    reading: while true {
      switch published.read(&publishedCursor, header: &publishedHeader, sample: &previous) {
      case .empty: break reading
      case .lost: continue
      case .sample: hasPrevious = true
      }
    }
    return hasPrevious ? previous : nil
  }

  private func record() {
    guard tap.isRecording else { return }
    let stamp = outcome.release.release
    FrameRecord.encode(outcome, of: chain.runner, into: tap.buffer)
    tap.push(TopicNumber.frame, at: stamp)
    guard stamp >= nextSnapshot, outcome.failure == 0 else { return }
    nextSnapshot = stamp + snapshotNanoseconds
    chain.runner.recordSnapshot(after: outcome, to: tap)
  }
}
