@testable import FusionPipeline

/// A virtual run through the recorder into a log in memory, and what it published.
struct RecordedRun {
  var log: [UInt8]
  var digest: String
  var commandBytes: [[UInt8]]
  var frames: Int

  /// - Parameters:
  ///   - rawQueueBytes: room for raw packets between two drains; a small one loses some, as on a stalled disk.
  ///   - drainsAt: whether to drain at this instant; always unless given.
  init(
    _ machine: ProbeMachine, _ packets: [RecordedPacket],
    settings: VirtualRunner.Settings = VirtualRunner.Settings(), rawQueueBytes: Int = 1 << 20,
    drainsAt: @escaping (Stamp) -> Bool = { _ in true }
  ) throws {
    let sink = MemorySink()
    let recorder = try Recorder(
      sink: sink,
      header: SessionHeader(
        configurationText: "{}", configurationName: "probe.json", session: 7, epoch: machine.epoch,
        realtimeOffsetNanoseconds: 1_700_000_000_000_000_000, decisionVersion: "test", buildVersion: "0",
        kind: "virtual"),
      topics: SessionTopics(actuators: machine.actuators.map(\.topic), sensors: machine.sensorNames))
    let built = machine.build()
    let outputTap = recorder.makeTap(id: 65_535, capacity: 1 << 20)
    let frameTap = recorder.makeTap(id: 0, capacity: 1 << 20)
    let rawTap = recorder.makeTap(id: 1, capacity: rawQueueBytes)
    let publisher = CommandPublisher(actuators: machine.actuators, session: 7, sink: nil, tap: outputTap)
    var bytes: [[UInt8]] = []
    publisher.observer = { _, frame in
      var copy: [UInt8] = []
      for offset in frame.byteOffsets { copy.append(frame.byte(offset)) }
      bytes.append(copy)
    }
    let books = SlotBooks(stageNames: machine.stages.map(\.name), tapCount: built.chain.runner.taps.count)
    let desk = SlotDesk(
      books: books, publisher: publisher, chain: 1, budgets: built.chain.budgets, timing: machine.timing,
      tap: outputTap, hostGap: { _, _ in 0 })
    let runner = VirtualRunner(
      chain: built.chain, sensors: built.sensors, epoch: machine.epoch, settings: settings, desk: desk,
      tap: frameTap, rawTap: rawTap)
    runner.onEvent = { (now) throws(ReplayFailure) in if drainsAt(now) { recorder.drain() } }
    try runner.run(PacketList(packets))
    try recorder.finish()
    log = sink.bytes
    digest = publisher.decisionDigest
    commandBytes = bytes
    frames = Int(runner.releases.released)
  }
}

/// A faithful replay of a log by a machine, held against the log's commands.
struct ReplayedRun {
  var digest: String
  var commandBytes: [[UInt8]]
  var comparison: CommandComparison
  var unreplayableFrames: UInt64
  var firstUnreplayable: String?
  var hasBegunInside = false
  var framesRun: UInt64
  var slotsRun: UInt64

  /// - Parameter behindFrame: begins behind the newest snapshot up to this frame; nil at the start.
  init(_ machine: ProbeMachine, log: [UInt8], behindFrame: UInt64? = nil) throws {
    let session = try SessionReader(MemorySource(log))
    let frames = try session.messages(FrameRecord.topic).compactMap(FrameRecord.init(decoding:))
    let slots = try session.messages(SlotRecord.topic).compactMap(SlotRecord.init(decoding:))
    let recorded = try machine.actuators.map { try session.messages(SessionTopics.commandTopic($0.topic)) }
    let built = machine.build()
    let publisher = CommandPublisher(
      actuators: machine.actuators, session: session.header.session, sink: nil, tap: RecordTap(queue: nil))
    let comparison = CommandComparison(recorded: recorded, names: machine.actuators.map(\.name))
    var bytes: [[UInt8]] = []
    publisher.observer = { actuator, frame in
      comparison.compare(actuator: actuator, frame: frame)
      var copy: [UInt8] = []
      for offset in frame.byteOffsets { copy.append(frame.byte(offset)) }
      bytes.append(copy)
    }
    let runner = FaithfulRunner(
      chain: built.chain, sensors: built.sensors, publisher: publisher, frames: frames, slots: slots,
      packets: session.packets(of: machine.sensorNames))
    let snapshots = try session.messages(StateSnapshot.topic).compactMap(StateSnapshot.init(decoding:))
    func start(_ snapshot: StateSnapshot?) -> ReplayStart? {
      guard let snapshot, let start = ReplayStart(snapshot, recorded: recorded) else { return nil }
      comparison.skip(start.counts)
      return start
    }
    runner.restart = { frame in start(snapshots.first { $0.frame > frame }) }
    if let behindFrame {
      hasBegunInside = start(snapshots.last { $0.frame <= behindFrame }).map(runner.begin) ?? false
    }
    try runner.run()
    if runner.firstUnreplayable == nil { comparison.finish() }
    digest = publisher.decisionDigest
    commandBytes = bytes
    self.comparison = comparison
    unreplayableFrames = runner.unreplayableFrames
    firstUnreplayable = runner.firstUnreplayable
    framesRun = runner.framesRun
    slotsRun = runner.slotsRun
  }
}
