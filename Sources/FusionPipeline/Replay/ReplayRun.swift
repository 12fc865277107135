/// A replay as commands and tests start it: from a session or from packets, to a report.
public struct ReplayRun {
  public struct Options {
    /// Where the replay's own log goes; nil records nothing.
    public var recordSink: (any ByteSink)?
    /// Called now and then with the share done, 0…1.
    public var onProgress: ((Double) -> Void)?
    /// Called for each slot with its log time, for a replay at the speed of life.
    public var onSlot: ((Stamp) -> Void)?
    public var virtual = VirtualRunner.Settings()
    /// A faithful replay begins at the newest snapshot that is not later than this many seconds into the log.
    public var fromSeconds: Double?
    public init() {}
  }

  /// What a replay found, beside its report.
  public struct Verdict {
    public var report: RunReport
    /// Commands held against the log's; nil where the log has none.
    public var comparison: CommandComparison?
    public var unreplayable: UInt64 = 0
    public var firstUnreplayable: String?
    /// Where a log that was torn off ends being repeatable; nil for one that was ended in order.
    public var endsAt: String?
    /// The log says of itself that messages were refused while recording: a difference is then loss.
    public var gaps: String?
    /// The log was decided by another version: differences are then expected and not called divergence.
    public var otherVersion: String?

    public var isEqual: Bool {
      guard let comparison else { return unreplayable == 0 }
      return comparison.divergent == 0 && unreplayable == 0 && (comparison.missing == 0 || endsAt != nil)
    }
  }

  public let machine: Machine
  public let registry: Registry

  public init(machine: Machine, registry: Registry) {
    self.machine = machine
    self.registry = registry
  }

  // MARK: - Faithful

  /// Repeats a session from its choices.
  public func faithful(
    _ session: SessionReader, threads: Int = 1, _ options: Options
  ) throws(ReplayFailure) -> Verdict {
    var frames: [FrameRecord] = []
    for bytes in try session.messages(FrameRecord.topic) {
      guard let record = FrameRecord(decoding: bytes) else { throw Self.damaged(FrameRecord.topic) }
      frames.append(record)
    }
    var slots: [SlotRecord] = []
    var lostSlot: Int?
    for (place, bytes) in try session.numbered(SlotRecord.topic).enumerated() {
      guard let bytes else {
        lostSlot = lostSlot ?? place
        continue
      }
      guard let record = SlotRecord(decoding: bytes) else { throw Self.damaged(SlotRecord.topic) }
      // What the guard continued from is not known behind a hole.
      if lostSlot == nil { slots.append(record) }
    }
    var recorded: [[[UInt8]?]] = []
    for actuator in machine.configuration.actuators {
      recorded.append(try session.numbered(SessionTopics.commandTopic(actuator.topic)))
    }
    let comparison = CommandComparison(recorded: recorded, names: machine.configuration.actuators.map(\.name))
    let publisher = CommandPublisher(
      actuators: machine.configuration.actuators, session: session.header.session, sink: nil,
      tap: RecordTap(queue: nil))
    publisher.observer = { comparison.compare(actuator: $0, frame: $1) }
    let runner = FaithfulRunner(
      chain: machine.chain, sensors: machine.sensors, publisher: publisher, frames: frames, slots: slots,
      packets: session.packets(of: machine.sensorNames, threads: threads))
    let books = Self.books(machine)
    runner.books = books
    for bytes in try session.messages(LedgerEntry.topic) {
      if let entry = LedgerEntry(decoding: bytes) { runner.ledgers[entry.frame] = entry }
    }
    for miss in try session.messages(Miss.topic) {
      if let miss = Miss(decoding: miss) { books.count(miss) }
    }
    runner.onSlot = { done, all, slot in
      options.onSlot?(slot.woken)
      if done % 256 == 0 { options.onProgress?(Double(done) / Double(max(all, 1))) }
    }
    let snapshots = try session.messages(StateSnapshot.topic).compactMap(StateSnapshot.init(decoding:))
    let begunAt = begin(runner, comparison, snapshots, frames: frames, slots: slots, recorded, options)
    runner.restart = { frame in
      guard let snapshot = snapshots.first(where: { $0.frame > frame }) else { return nil }
      let start = ReplayStart(snapshot, recorded: recorded)
      if let start { comparison.skip(start.counts) }
      return start
    }
    try runner.run()
    let isTorn = lostSlot == nil && slots.last.map { $0.isFinal == 0 } ?? true
    var unreplayable = runner.unreplayableFrames
    var first = runner.firstUnreplayable
    if let lostSlot, first == nil {
      first = "slot \(lostSlot): the log holds no record of it"
      unreplayable = UInt64(max(frames.count - Int(runner.framesRun), 1))
    }
    if first == nil, !isTorn { comparison.finish() }
    var endsAt: String?
    if isTorn {
      endsAt = "it was not ended in order; repeated up to slot \(runner.slotsRun) of \(slots.count)"
      if runner.isMissingAtEnd {
        unreplayable = 0
        first = nil
      }
    }
    var report = RunReport(books: books)
    report.kind = "faithful"
    report.fill(machine: machine, publisher: publisher, releases: ReleaseCounts(), frames: runner.framesRun)
    report.slots = runner.slotsRun
    if let begunAt { report.remarks.append(begunAt) }
    report.realtimeRequested = session.header.realtimeRequested
    let granted = session.header.realtimeGranted
    report.realtimeGranted = granted.isEmpty ? "not in the log" : "as recorded: \(granted)"
    if let first = slots.first, let last = slots.last {
      report.seconds = Double(last.woken - first.woken) / 1e9
    }
    return Verdict(
      report: report, comparison: comparison, unreplayable: unreplayable, firstUnreplayable: first,
      endsAt: endsAt,
      gaps: try Self.gaps(session),
      otherVersion: session.header.decisionVersion == registry.decisionVersion
        ? nil : session.header.decisionVersion)
  }

  /// Moves the start behind a snapshot where one was asked for; in words where that is.
  private func begin(
    _ runner: FaithfulRunner, _ comparison: CommandComparison, _ snapshots: [StateSnapshot],
    frames: [FrameRecord], slots: [SlotRecord], _ recorded: [[[UInt8]?]], _ options: Options
  ) -> String? {
    guard let seconds = options.fromSeconds, let first = slots.first else { return nil }
    guard
      let snapshot = ReplayStart.newest(
        snapshots, frames: frames, notAfter: first.woken + Int64.seconds(seconds)),
      let start = ReplayStart(snapshot, recorded: recorded), runner.begin(at: start)
    else { return "begun at the start: the log has no snapshot in its first \(Format.fixed(seconds, 1)) s" }
    comparison.skip(start.counts)
    return "begun behind frame \(snapshot.frame), slot \(snapshot.slot), from the state the log has of it"
  }

  /// What the log says of messages that full queues refused; nil where none were.
  private static func gaps(_ session: SessionReader) throws(ReplayFailure) -> String? {
    var refused: UInt64 = 0
    for bytes in try session.messages(RecordingGap.topic) {
      refused &+= RecordingGap(decoding: bytes)?.messages ?? 0
    }
    return refused == 0 ? nil : "\(refused) messages were refused by full queues while recording"
  }

  private static func damaged(_ topic: String) -> ReplayFailure {
    ReplayFailure("the log's topic \(topic) holds a record that cannot be read: try `fusiond log recover`")
  }

  private static func books(_ machine: Machine) -> SlotBooks {
    SlotBooks(
      stageNames: machine.chain.runner.stages.map(\.name), tapCount: machine.chain.runner.taps.count)
  }

  // MARK: - Virtual

  /// Runs packets through the whole chain in virtual time.
  /// - Parameters:
  ///   - header: what the replay's own log says of itself, when it is recorded.
  ///   - span: the arrivals' first and last instants, for progress; nil when unknown.
  public func virtual(
    _ packets: any PacketSource, epoch: Stamp, header: SessionHeader, span: (first: Stamp, last: Stamp)?,
    _ options: Options
  ) throws -> Verdict {
    let recorder = try options.recordSink.map {
      try Recorder(sink: $0, header: header, topics: machine.topics)
    }
    let queue = machine.configuration.queueBytes
    let frameTap = recorder?.makeTap(id: 0, capacity: queue) ?? RecordTap(queue: nil)
    let outputTap = recorder?.makeTap(id: 65535, capacity: queue) ?? RecordTap(queue: nil)
    let rawTap = recorder?.makeTap(id: 1, capacity: queue) ?? RecordTap(queue: nil)
    let publisher = CommandPublisher(
      actuators: machine.configuration.actuators, session: header.session, sink: nil, tap: outputTap)
    let desk = SlotDesk(
      books: Self.books(machine), publisher: publisher, chain: 1, budgets: machine.chain.budgets,
      timing: machine.configuration.timing, tap: outputTap, hostGap: { _, _ in 0 })
    let runner = VirtualRunner(
      chain: machine.chain, sensors: machine.sensors, epoch: epoch, settings: options.virtual, desk: desk,
      tap: frameTap, rawTap: rawTap)
    var events = 0
    var last = epoch
    runner.onEvent = { (now) throws(ReplayFailure) in
      last = now
      events += 1
      // One thread does both, so the queues must be emptied before they fill.
      recorder?.drain()
      options.onSlot?(now)
      guard events % 256 == 0, let span else { return }
      options.onProgress?(Double(now - span.first) / Double(max(span.last - span.first, 1)))
    }
    try runner.run(DrainingSource(packets) { recorder?.drain() })
    try recorder?.finish()
    var report = RunReport(books: desk.books)
    report.kind = "virtual"
    report.fill(
      machine: machine, publisher: publisher, releases: runner.releases, frames: runner.releases.released)
    report.seconds = Double(last - epoch) / 1e9
    report.realtimeRequested = "none: virtual time"
    report.realtimeGranted = "none: virtual time"
    report.recordedMessages = recorder?.messages ?? 0
    report.recordingRefused = recorder?.refusedMessages ?? 0
    return Verdict(report: report)
  }
}

/// Lets the recorder empty its queues between packets, since one thread feeds and drains them.
private final class DrainingSource: PacketSource {
  private let source: any PacketSource
  private let drain: () -> Void
  private var count = 0

  init(_ source: any PacketSource, drain: @escaping () -> Void) {
    self.source = source
    self.drain = drain
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    count += 1
    if count % 64 == 0 { drain() }
    return try source.next()
  }
}
