/// Drives a chain in virtual time: arrivals from a recording, durations from a model, nothing from a clock.
///
/// The scheduler, the lanes, the slots and the guard are the live ones; only the passing of time differs. So
/// the same packets and the same configuration give the same commands, on any machine, at any speed.
/// Thread: one.
public final class VirtualRunner {
  public struct Settings: Sendable {
    public var decodeNanoseconds: Int64 = 0
    public var alignNanoseconds: Int64 = 0
    public var guardNanoseconds: Int64 = 0
    public var handoverNanoseconds: Int64 = 0
    public var publishNanoseconds: Int64 = 0
    /// Time between snapshots of the state in the log.
    public var snapshotNanoseconds: Int64 = 10_000_000_000
    /// A stage's duration in this frame; nil for the modelled one. Tests inject delays here.
    public var stageDuration: (@Sendable (_ frame: UInt64, _ stage: Int) -> Int64?)?
    public init() {}
  }

  private enum Phase {
    case idle
    /// The stages have run; their virtual end lies ahead, where the limits apply.
    case running(until: Stamp)
    /// The limits have been applied; the submission lies ahead.
    case limited(until: Stamp)
  }

  private let chain: ChainAssembly
  private let sensors: [UInt16: any AnySensor]
  private let settings: Settings
  private let desk: SlotDesk
  private let tap: RecordTap
  private let rawTap: RecordTap
  private let output: SlotOutput
  private let scheduler: ChainScheduler
  private let timer: ModelledTimer
  private var phase = Phase.idle
  private var outcome = FrameOutcome(release: FrameRelease.none)
  private var now: Stamp
  private var submittedAt: Stamp = .never
  private var nextSnapshot: Stamp
  private var lastArrivals: [UInt16: Stamp] = [:]
  /// Called between events, for recording in the same thread and for progress.
  public var onEvent: ((Stamp) throws(ReplayFailure) -> Void)?

  public init(
    chain: ChainAssembly, sensors: [any AnySensor], epoch: Stamp, settings: Settings = Settings(),
    desk: SlotDesk, tap: RecordTap, rawTap: RecordTap
  ) {
    self.chain = chain
    self.sensors = Dictionary(sensors.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    self.settings = settings
    self.desk = desk
    self.tap = tap
    self.rawTap = rawTap
    let board = SlotBoard()
    let grid = SlotGrid(epoch: epoch, periodNanoseconds: chain.timing.periodNanoseconds)
    output = SlotOutput(board: board, timing: chain.timing, grid: grid, slotGuard: chain.slotGuard)
    scheduler = ChainScheduler(timing: chain.timing, grid: grid, board: board)
    timer = ModelledTimer(
      alignNanoseconds: settings.alignNanoseconds,
      stageNanoseconds: chain.runner.stages.map(\.modelledNanoseconds),
      guardNanoseconds: settings.guardNanoseconds)
    now = epoch
    nextSnapshot = epoch + settings.snapshotNanoseconds
  }

  public var releases: ReleaseCounts { scheduler.counts }

  /// A recording that pauses longer holds no drive but a wrong stamp: its slots would fill days.
  public static let longestPauseNanoseconds: Int64 = 3_600_000_000_000

  /// Runs to the end of the packets, then to the end of the slots they reach, then sends the final command.
  public func run(_ packets: any PacketSource) throws(ReplayFailure) {
    var packet = try packets.next()
    var last = now
    while let next = packet {
      // Logs merge several links; a step back in arrival is taken as simultaneous.
      let ready = max(next.arrival + settings.decodeNanoseconds, now)
      guard ready - now <= Self.longestPauseNanoseconds else {
        throw ReplayFailure(
          "a packet of sensor \(next.sensor) lies \((ready - now) / 3_600_000_000_000) h after all before it: one source's clock was not set; import its recordings apart, or correct their stamps"
        )
      }
      try advance(to: ready)
      ingest(next)
      last = ready
      packet = try packets.next()
    }
    try advance(to: last + chain.timing.holdNanoseconds + chain.timing.deadlineNanoseconds)
    desk.handle(output.finish(now: now), woken: now, now: { now })
    try onEvent?(now)
  }

  /// Lets everything happen that is due before or at `target`, in order of time.
  private func advance(to target: Stamp) throws(ReplayFailure) {
    while true {
      runChain()
      let frameAt = frameEvent
      let slotAt = slotEvent()
      let next = min(frameAt, slotAt)
      guard next < target else { break }
      now = max(now, next)
      // At the same instant a submission counts as in time.
      if frameAt <= slotAt { finishPhase() } else { publishDue() }
      try onEvent?(now)
    }
    now = max(now, target)
  }

  private func ingest(_ packet: RecordedPacket) {
    guard let sensor = sensors[packet.sensor] else { return }
    let ready = now
    // A log orders a sensor's packets by arrival, so arrivals must not step back.
    let arrival = max(packet.arrival, lastArrivals[packet.sensor] ?? .never)
    lastArrivals[packet.sensor] = arrival
    unsafe packet.bytes.withUnsafeBytes { bytes in
      unsafe RawPacket.push(
        bytes, of: packet.sensor, arrival: arrival, flags: packet.flags, firstSequence: sensor.nextSequence,
        to: rawTap)
      unsafe sensor.ingest(bytes.bytes, arrival: arrival, flags: packet.flags, readyAt: { ready })
    }
  }

  // MARK: - The frame's side

  private var wakeAt: Stamp = .distantFuture

  private var frameEvent: Stamp {
    switch phase {
    case .idle: wakeAt
    case .running(let until), .limited(let until): until
    }
  }

  private func runChain() {
    guard case .idle = phase else { return }
    chain.drain(into: scheduler)
    switch scheduler.step(now: now, isSettled: { chain.isSettled(at: $0, now: now) }) {
    case .wait(let until): wakeAt = until
    case .release(let release): begin(release)
    }
  }

  private func begin(_ release: FrameRelease) {
    scheduler.board.frameBegins(release.slot)
    timer.set(now)
    for index in chain.runner.stages.indices {
      timer.stageNanoseconds[index] =
        settings.stageDuration?(release.frame, index) ?? chain.runner.stages[index].modelledNanoseconds
    }
    chain.runner.align(release)
    chain.runner.execute(release, timer: timer, outcome: &outcome)
    phase = .running(until: timer.time)
  }

  private func finishPhase() {
    switch phase {
    case .idle: wakeAt = .distantFuture
    case .running:
      if !outcome.hasCommands {
        scheduler.board.fail(
          outcome.release.slot, reason: CommandReason(rawValue: outcome.failure) ?? .stageFailed)
        return conclude()
      }
      timer.set(now)
      chain.runner.limit(previous: output.last, timer: timer, outcome: &outcome)
      phase = .limited(until: timer.time)
    case .limited:
      outcome.isSubmitted = scheduler.board.submit(outcome.set, marks: outcome.marks)
      submittedAt = now
      conclude()
    }
  }

  private func conclude() {
    chain.runner.conclude(outcome)
    if tap.isRecording {
      FrameRecord.encode(outcome, of: chain.runner, into: tap.buffer)
      tap.push(TopicNumber.frame, at: now)
      if now >= nextSnapshot, outcome.failure == 0 {
        nextSnapshot = now + settings.snapshotNanoseconds
        chain.runner.recordSnapshot(after: outcome, to: tap)
      }
    }
    if !outcome.isSubmitted {
      desk.report(chain.lost(outcome, evidence: FrameEvidence()))
    }
    for tap in chain.runner.taps { tap.release() }
    scheduler.board.frameEnded()
    phase = .idle
  }

  // MARK: - The output's side

  private func slotEvent() -> Stamp {
    switch scheduler.board.state(of: output.current) {
    case .frame: max(submittedAt + settings.handoverNanoseconds, now)
    case .claimed: max(scheduler.board.cutoff(of: output.current), now)
    case .open: chain.timing.openCutoff(of: output.current, on: output.grid)
    case .taken, nil: .distantFuture
    }
  }

  private func publishDue() {
    guard case .publish(let decided) = output.step(now: now) else { return }
    let sent = now + settings.publishNanoseconds
    desk.handle(decided, woken: now, now: { sent })
  }
}

extension FrameRelease {
  /// No release yet.
  public static let none = FrameRelease(
    frame: 0, slot: 0, instant: .zero, due: .zero, release: .zero, deadline: .zero, trigger: SampleHeader())
}
