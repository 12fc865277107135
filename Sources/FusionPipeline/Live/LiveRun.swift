import CLinux
import Glibc
import Synchronization

/// What a live run is told beside its configuration.
public struct LiveOptions {
  /// Where the log goes; nil records nothing.
  public var recordSink: (any ByteSink)?
  public var session: UInt64
  public var clock: LiveClock
  public var realtimeOffsetNanoseconds: Int64
  /// Links that the embedding program made itself, by name.
  public var providedLinks: [String: any PacketLink] = [:]
  /// Replaces the configured sink: a test's.
  public var sink: (any CommandSink)?

  public init(clock: LiveClock, session: UInt64) {
    self.clock = clock
    self.session = session
    realtimeOffsetNanoseconds = clock.realtimeNanoseconds() - clock.now().nanoseconds
  }
}

/// How far a live run is; read by whoever shows progress.
public struct LiveProgress: Sendable {
  public var slots: UInt64
  public var frames: UInt64
  public var misses: UInt64
  public var mode: CommandMode
  public var openSensors: Int
  public var sensors: Int
}

/// One machine running against the clock: threads for sensors, frames, output, recorder and sentinel.
///
/// Thread: `start`, `progress` and `stop` from one thread, which may sleep in between.
public final class LiveRun {
  public let machine: Machine
  /// Stands from `start` on.
  public private(set) var grid: SlotGrid
  private let options: LiveOptions
  private let registry: Registry
  private let sink: (any CommandSink)?
  private let recorder: Recorder?
  private var header: SessionHeader
  private let output: SlotOutput
  private let scheduler: ChainScheduler
  private let desk: SlotDesk
  private let publisher: CommandPublisher
  private let frameThread: FrameThread
  private let outputThread: OutputThread
  private let sensorThreads: [SensorThread]
  private let sentinel: HostSentinel
  private let recorderThread: RecorderThread?
  private var threads: [RealtimeThread] = []
  private var lockMessage = ""
  private var began: Stamp

  /// Builds everything, opens the sink and begins the log; no thread runs yet.
  /// - Throws: `SetupProblem`, `LinkFailure`, `StorageFailure` or what the registry's makers throw; what was
  ///   opened is closed and no log is left behind.
  public init(machine: Machine, registry: Registry, options: LiveOptions) throws {
    self.machine = machine
    self.registry = registry
    self.options = options
    let configuration = machine.configuration
    let clock = options.clock
    var links: [any PacketLink] = []
    for sensor in configuration.sensors {
      links.append(try Self.link(of: sensor, registry: registry, options: options))
    }
    if let given = options.sink {
      sink = given
    } else if let kind = registry.sink, let settings = configuration.publishSettings {
      // Below the output thread, which hands it the bytes, and above the frames.
      let priority = configuration.realtime.priority
      sink = try kind.make(
        SinkPlan(
          settings: settings, actuators: configuration.actuators, priority: priority > 0 ? priority + 4 : 0))
    } else {
      sink = nil
    }
    if configuration.realtime.locksMemory {
      // Before the grid begins: it touches every page and may take a tenth of a second.
      let error = fusion_lock_memory()
      lockMessage = error == 0 ? "memory locked" : "memory NOT locked (errno \(error); see ulimit -l)"
    }
    began = clock.now()
    grid = SlotGrid(epoch: began, periodNanoseconds: configuration.timing.periodNanoseconds)
    header = Self.header(machine, registry, options, epoch: grid.epoch)
    let recorder = try Self.recorder(machine, header, options, sink: sink)
    self.recorder = recorder
    recorderThread = recorder.map { RecorderThread($0, clock: options.clock) }
    let board = SlotBoard()
    output = SlotOutput(
      board: board, timing: configuration.timing, grid: grid, slotGuard: machine.chain.slotGuard)
    scheduler = ChainScheduler(timing: configuration.timing, grid: grid, board: board)
    let published = SampleRing<CommandSet>(slots: 16)
    let lost = SampleRing<LostFrame>(slots: 64)
    let doorbell = Doorbell()
    let outputBell = Doorbell()
    let sentinel = HostSentinel(clock: clock)
    self.sentinel = sentinel
    let outputTap = Self.tap(recorder, id: 65535, capacity: 8 << 20)
    publisher = CommandPublisher(
      actuators: configuration.actuators, session: options.session, sink: sink, tap: outputTap)
    desk = SlotDesk(
      books: SlotBooks(
        stageNames: machine.chain.runner.stages.map(\.name), tapCount: machine.chain.runner.taps.count),
      publisher: publisher, chain: 1, budgets: machine.chain.budgets, timing: configuration.timing,
      tap: outputTap, hostGap: { sentinel.longestGap(from: $0, to: $1) })
    outputThread = OutputThread(
      output: output, desk: desk, clock: clock, bell: outputBell, published: published, lost: lost)
    frameThread = FrameThread(
      chain: machine.chain, scheduler: scheduler, clock: clock, doorbell: doorbell, outputBell: outputBell,
      tap: Self.tap(recorder, id: 0, capacity: 16 << 20), published: published, lost: lost,
      snapshotNanoseconds: configuration.snapshotNanoseconds)
    var sensorThreads: [SensorThread] = []
    for (index, sensor) in machine.sensors.enumerated() {
      sensorThreads.append(
        SensorThread(
          sensor: sensor, link: links[index], clock: clock,
          tap: Self.tap(recorder, id: UInt32(sensor.number), capacity: configuration.queueBytes),
          doorbell: doorbell))
    }
    self.sensorThreads = sensorThreads
  }

  private static func link(
    of sensor: MachineConfiguration.Sensor, registry: Registry, options: LiveOptions
  ) throws -> any PacketLink {
    guard let settings = sensor.settings.optionalSection("link") else {
      throw sensor.settings.problem(
        "sensor \"\(sensor.name)\" has no link, so it cannot run live",
        hint: "add \"link\": {\"kind\": …}, or use the configuration for replays only")
    }
    guard let kind = registry.links.first(where: { $0.section.name == settings.variant }) else {
      throw SetupProblem("there is no link kind \"\(settings.variant)\" in this program")
    }
    return try kind.make(
      LinkPlan(
        sensorName: sensor.name, settings: settings, sensor: sensor.settings, clock: options.clock,
        provided: options.providedLinks))
  }

  private static func header(
    _ machine: Machine, _ registry: Registry, _ options: LiveOptions, epoch: Stamp
  ) -> SessionHeader {
    let configuration = machine.configuration
    return SessionHeader(
      configurationText: configuration.text, configurationName: configuration.name,
      overrides: configuration.overrides, session: options.session, epoch: epoch,
      realtimeOffsetNanoseconds: options.realtimeOffsetNanoseconds,
      decisionVersion: registry.decisionVersion, buildVersion: registry.buildVersion, kind: "live",
      realtimeRequested: configuration.realtime.description, attachments: machine.files)
  }

  private static func recorder(
    _ machine: Machine, _ header: SessionHeader, _ options: LiveOptions, sink: (any CommandSink)?
  ) throws -> Recorder? {
    guard let target = options.recordSink else { return nil }
    do {
      return try Recorder(sink: target, header: header, topics: machine.topics, writesHeader: false)
    } catch {
      sink?.close(lingerMilliseconds: 0)
      throw error
    }
  }

  private static func tap(_ recorder: Recorder?, id: UInt32, capacity: Int) -> RecordTap {
    recorder?.makeTap(id: id, capacity: capacity) ?? RecordTap(queue: nil)
  }

  // MARK: - Running

  /// Starts all threads: the output before all that it depends on, so that the first slot has its command.
  /// - Throws: when the system gives no thread; those that ran by then are stopped in order.
  public func start() throws(SetupProblem) {
    do throws(SetupProblem) { try startThreads() } catch {
      _ = stop()
      throw error
    }
  }

  private func startThreads() throws(SetupProblem) {
    let request = machine.configuration.realtime
    begin()
    let priority = request.priority
    func add(_ name: String, _ priority: Int32, _ body: @escaping () -> Void) throws(SetupProblem) {
      let thread = RealtimeThread(
        name: name, priority: priority, cpus: priority > 0 ? request.cpus : [], body: body)
      guard thread.start() else {
        throw SetupProblem("the system gives no thread for \(name): raise the limit of processes (ulimit -u)")
      }
      threads.append(thread)
    }
    let sentinel = self.sentinel
    let output = outputThread
    let frames = frameThread
    // The sentinel first: a host that stands still during the start is to be seen too.
    try add("fusion-sentinel", priority > 0 ? min(priority + 9, 99) : 0) { sentinel.run() }
    try add("fusion-output", priority > 0 ? priority + 5 : 0) { output.run() }
    try add("fusion-frame", priority) { frames.run() }
    for sensor in sensorThreads {
      // Above the frames: a packet's arrival is worth more than a frame's progress, and costs microseconds.
      try add("fusion-\(sensor.name)", priority > 0 ? priority + 2 : 0) { sensor.run() }
    }
    guard let recorderThread else { return }
    // The others have read back by now what they were granted, which the log's header tells.
    sleepUntil(options.clock.now() + 2_000_000)
    header.realtimeGranted = grantedDescription
    recorderThread.header = header
    try add("fusion-recorder", 0) { recorderThread.run() }
  }

  /// Lays the grid: only now, since building a large machine takes longer than a slot; with room for starting
  /// the threads, so that the first slot does not leave late.
  private func begin() {
    began = options.clock.now()
    grid = SlotGrid(
      epoch: began + max(grid.periodNanoseconds, 20_000_000), periodNanoseconds: grid.periodNanoseconds)
    output.begin(on: grid)
    scheduler.begin(on: grid)
    header.epoch = grid.epoch
  }

  public var progress: LiveProgress {
    LiveProgress(
      slots: outputThread.slotsSent.load(ordering: .relaxed),
      frames: frameThread.framesRun.load(ordering: .relaxed),
      misses: outputThread.missesSeen.load(ordering: .relaxed),
      mode: CommandMode(rawValue: outputThread.mode.load(ordering: .relaxed)) ?? .inhibit,
      openSensors: sensorThreads.count { $0.health.isOpen }, sensors: sensorThreads.count)
  }

  public var sensorHealth: [(name: String, health: SensorHealth)] {
    sensorThreads.map { ($0.name, $0.health) }
  }

  /// What the kernel granted, thread by thread, read back from it.
  public var grantedDescription: String {
    let frame = threads.first { $0.name == "fusion-frame" }?.granted ?? GrantedRights()
    let output = threads.first { $0.name == "fusion-output" }?.granted ?? GrantedRights()
    guard frame.isRealtime, output.isRealtime else {
      return machine.configuration.realtime.priority > 0
        ? "NO real-time rights (ordinary scheduling); \(lockMessage)" : "none asked"
    }
    return
      "SCHED_FIFO \(frame.priority) frame, \(output.priority) output, \(frame.cpuCount) CPU(s)\(lockMessage.isEmpty ? "" : ", " + lockMessage)"
  }

  /// Stops in order: frames, then the final safe command, then sensors, recorder and sockets.
  ///
  /// A thread that hangs, in a stage or in a device's driver, is waited for `patienceNanoseconds` and then left
  /// behind; the report's `hung` names it. The guard answers the slots meanwhile, the final command leaves and
  /// the log is whole. Only the recorder is waited for however long its disk takes.
  public func stop() -> RunReport {
    let granted = grantedDescription
    frameThread.stop()
    let hung = join("fusion-frame") ? nil : machine.chain.runner.hungDescription
    outputThread.stop()
    // A sink belongs to its thread: nobody else closes it while that thread may be sending.
    if join("fusion-output") { sink?.close(lingerMilliseconds: 200) }
    for sensor in sensorThreads { sensor.stop() }
    sentinel.stop()
    recorderThread?.stop()
    for thread in threads where thread.name == "fusion-recorder" { thread.join() }
    var report = report(granted: granted)
    if let hung { report.hung.append(hung) }
    for thread in threads where thread.name != "fusion-frame" {
      if !thread.join(withinNanoseconds: Self.patienceNanoseconds, clock: options.clock) {
        report.hung.append("thread \(thread.name) does not come back from its device")
      }
    }
    for thread in threads { thread.leaveBehind() }
    threads = []
    if let recorder {
      // A lost recording must not cost the report of the run: it is said in it.
      do throws(StorageFailure) { try recorder.finish() } catch { report.recordingFailure = error.message }
      report.recordingFailure = report.recordingFailure ?? recorder.failure?.message
      report.recordedMessages = recorder.messages
      report.recordingRefused = recorder.refusedMessages
    }
    return report
  }

  /// How long a thread has to end when it is asked to; longer than any frame that still makes sense.
  static let patienceNanoseconds: Int64 = 2_000_000_000

  /// False when the thread still runs after the patience is over.
  @discardableResult
  private func join(_ name: String) -> Bool {
    threads.first { $0.name == name }?.join(withinNanoseconds: Self.patienceNanoseconds, clock: options.clock)
      ?? true
  }

  private func report(granted: String) -> RunReport {
    var report = RunReport(books: desk.books)
    report.kind = "live"
    report.fill(
      machine: machine, publisher: publisher, releases: frameThread.releases,
      frames: frameThread.framesRun.load(ordering: .relaxed))
    report.realtimeRequested = machine.configuration.realtime.description
    report.realtimeGranted = granted
    let host = sentinel.books
    report.host.stalls = host.stalls
    report.host.longestGapNanoseconds = host.longest
    var load: [Double] = [0]
    if unsafe getloadavg(&load, 1) == 1 { report.host.loadAverage = load[0] }
    report.host.cpus = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    report.seconds = Double(options.clock.now() - began) / 1e9
    report.wallSeconds = report.seconds
    for (name, health) in sensorHealth where health.failures > 0 || health.opens == 0 {
      report.remarks.append("\(name): \(health.lastFailure)")
    }
    return report
  }
}

extension RunReport {
  mutating func fill(machine: Machine, publisher: CommandPublisher, releases: ReleaseCounts, frames: UInt64) {
    configurationName = machine.configuration.name
    self.frames = frames
    slots = books.slots
    commandsPublished = publisher.published
    actuators = machine.configuration.actuators.count
    decisionDigest = publisher.decisionDigest
    sendFailures = publisher.sendFailures
    if let failure = publisher.lastFailure { remarks.append("publishing: \(failure)") }
    self.releases = releases
    for (index, tap) in machine.chain.runner.taps.enumerated() {
      sensors.append(
        SensorBooks(
          name: tap.name, counts: tap.counts, reaction: books.sensorReaction[index],
          reactionOldest: books.sensorReactionOldest[index]))
    }
  }
}

/// Empties the queues into the log every few milliseconds; an ordinary thread, so a slow disk delays nobody.
final class RecorderThread: @unchecked Sendable {
  private let recorder: Recorder
  private let isStopping = Atomic<Bool>(false)
  private static let pauseNanoseconds: Int64 = 5_000_000
  /// A crash loses at most this much, and what the kernel has not written.
  private static let flushNanoseconds: Int64 = 100_000_000

  private let clock: any PipelineClock
  /// Written first; set before `run`, when the session's epoch is known.
  var header: SessionHeader?

  init(_ recorder: Recorder, clock: any PipelineClock) {
    self.recorder = recorder
    self.clock = clock
  }

  func stop() { isStopping.store(true, ordering: .relaxed) }

  func run() {
    if let header { recorder.write(header) }
    var flushed = clock.now()
    while !isStopping.load(ordering: .relaxed) {
      if recorder.drain() == 0 { sleepUntil(clock.now() + Self.pauseNanoseconds) }
      let now = clock.now()
      if now - flushed > Self.flushNanoseconds {
        recorder.flush()
        flushed = now
      }
    }
  }
}
