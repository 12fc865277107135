@testable import FusionPipeline

/// A link that makes a packet each period, as a sensor on a wire would.
final class TickingLink: PacketLink {
  let maximumPacketBytes = 64
  private(set) var counters = LinkCounters()
  private let clock: any PipelineClock
  private let period: Int64
  private var next = Stamp.zero
  private var tag: UInt64 = 0

  init(clock: any PipelineClock, periodNanoseconds: Int64) {
    self.clock = clock
    period = periodNanoseconds
  }

  func open() { next = clock.now() }
  func close() {}

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket? {
    let end = clock.now() + timeoutNanoseconds
    sleepUntil(min(next, end))
    guard next <= end else { return nil }
    next = max(next + period, clock.now())
    tag += 1
    let bytes = ProbePacket(value: 1, tag: tag).bytes
    unsafe buffer.copyBytes(from: bytes)
    counters.received += 1
    return ReceivedPacket(byteCount: bytes.count, arrival: clock.now())
  }
}

/// A machine on real threads: one sensor every 20 ms, one stage that the test gives, two actuators.
struct LiveMachine {
  let clock = LiveClock()
  let sink = MemoryCommandSink()
  let log: MemorySink
  let registry: Registry
  let run: LiveRun

  init(
    log: MemorySink = MemorySink(), _ body: @escaping @Sendable (Frame) throws(StageFailure) -> Void
  ) throws {
    var registry = Registry()
    registry.sensors = [
      SensorModel(Section("probe", doc: "A probe.", fields: []), defaultPolicy: .latestBefore) { plan in
        SensorIntake(
          name: plan.name, number: plan.number, settings: plan.intake, decoder: ProbeDecoder(),
          zero: ProbeSample())
      }
    ]
    registry.links = [
      LinkKind(Section("ticks", doc: "A packet every 20 ms.", fields: [])) { plan in
        TickingLink(clock: plan.clock, periodNanoseconds: .millis(20))
      }
    ]
    registry.stages = [
      StageKind(Section("given", doc: "What the test does.", fields: [])) { _, _ in
        ClosureStage { (frame) throws(StageFailure) in
          try body(frame)
          frame.commands.mode = CommandMode.auto.rawValue
          frame.commands.commands[0] = ActuatorCommand(value: 0.1)
        }
      }
    ]
    let configuration = try MachineConfiguration(
      text: Array(Self.text.utf8), file: "live.json", registry: registry)
    let machine = try Machine(configuration, registry: registry, purpose: .live) {
      (path) throws(SetupProblem) in throw SetupProblem("no file \(path)")
    }
    var options = LiveOptions(clock: clock, session: 7)
    options.sink = sink
    options.recordSink = log
    self.log = log
    self.registry = registry
    run = try LiveRun(machine: machine, registry: registry, options: options)
  }

  /// Sleeps until so many slots have left.
  func wait(forSlots count: UInt64) {
    while run.progress.slots < count { sleepUntil(clock.now() + .millis(5)) }
  }

  /// The commands of the first actuator, as they left.
  var commands: [CommandFrame] {
    sink.frames.compactMap { bytes in unsafe try? CommandFrame(decoding: bytes.span.bytes) }
      .filter { $0.dataID == 1 }
  }

  /// The log's replay by a fresh machine.
  func replayed() throws -> ReplayRun.Verdict {
    let session = try SessionReader(MemorySource(log.bytes))
    let configuration = try MachineConfiguration(
      text: Array(Self.text.utf8), file: "live.json", registry: registry)
    let machine = try Machine(configuration, registry: registry, purpose: .replay) {
      (path) throws(SetupProblem) in throw SetupProblem("no file \(path)")
    }
    return try ReplayRun(machine: machine, registry: registry).faithful(session, ReplayRun.Options())
  }

  private static let text = """
    {
      "name": "live probe", "auto_engage": true,
      "sensors": [ { "name": "probe", "model": "probe", "rate_hz": 50, "link": { "kind": "ticks" } } ],
      "actuators": [
        { "name": "steering", "topic": "act/steering", "data_id": 1, "minimum": -1, "maximum": 1, "safe_value": 0 },
        { "name": "brake", "topic": "act/brake", "data_id": 2, "minimum": 0, "maximum": 1, "safe_value": 1 }
      ],
      "chains": [
        { "name": "drive", "trigger": { "kind": "sensor", "sensor": "probe" }, "period_ms": 20,
          "deadline_ms": 40, "stages": [ { "kind": "given" } ] }
      ],
      "realtime": { "priority": 0, "lock_memory": false }
    }
    """
}
