import Testing

@testable import FusionPipeline

/// Four sensors, one for each way of aligning that a replay must repeat, and an operator.
private func busyMachine() -> ProbeMachine {
  var machine = ProbeMachine(
    sensors: [
      .init(name: "operator", number: 1, isOperator: true), .init(name: "camera", number: 2),
      .init(name: "radar", number: 3), .init(name: "imu", number: 4), .init(name: "odometry", number: 5),
    ],
    timing: ChainTiming(
      trigger: .sensor(1), periodNanoseconds: .millis(50), alignmentHoldNanoseconds: .millis(8)))
  func align(_ policy: AlignPolicy, period: Double, awaited: Bool = false) -> AlignSettings {
    AlignSettings(
      policy: policy, maximumAgeNanoseconds: .millis(150), periodNanoseconds: .millis(period),
      isAwaited: awaited)
  }
  machine.sensors[0].align = align(.batch, period: 1000)
  machine.sensors[2].align = align(.nearest, period: 70, awaited: true)
  machine.sensors[3].align = align(.batch, period: 5)
  machine.sensors[4].align = align(.interpolate, period: 20)
  machine.autoEngage = false
  machine.stages = [.sum, .failing(in: [17, 18])]
  return machine
}

private func busyPackets() -> [RecordedPacket] {
  merged(
    steadyPackets(sensor: 2, period: .millis(50), count: 60, delay: .millis(12), jitter: .millis(3)),
    // The camera is silent for a second.
    steadyPackets(sensor: 2, from: .millis(4000), period: .millis(50), count: 30, delay: .millis(12)),
    steadyPackets(sensor: 3, period: .millis(70), count: 80, delay: .millis(20), jitter: .millis(9)),
    steadyPackets(sensor: 4, period: .millis(5), count: 1100, delay: .millis(1), jitter: .millis(1)),
    steadyPackets(sensor: 5, period: .millis(20), count: 280, delay: .millis(4)),
    [
      OperatorRequest.engage.recorded(sensor: 1, arrival: .millis(180)),
      OperatorRequest.emergencyStop.recorded(sensor: 1, arrival: .millis(2300)),
      OperatorRequest.disengage.recorded(sensor: 1, arrival: .millis(2600)),
      OperatorRequest.engage.recorded(sensor: 1, arrival: .millis(2700)),
    ])
}

/// Late, failed, skipped and triggerless frames among good ones.
private func busySettings() -> VirtualRunner.Settings {
  var settings = VirtualRunner.Settings()
  settings.decodeNanoseconds = 120_000
  settings.alignNanoseconds = 30_000
  settings.guardNanoseconds = 10_000
  settings.handoverNanoseconds = 50_000
  settings.publishNanoseconds = 40_000
  settings.stageDuration = { frame, stage in
    if frame == 9 || frame == 10 { return .millis(30) }
    return frame == 25 && stage == 0 ? .millis(130) : nil
  }
  return settings
}

@Suite("Faithful replay")
struct FaithfulReplayTests {
  @Test(
    "A run with late, failed and missing frames comes out of its log byte for byte, ten times"
  )
  func identical() throws {
    let run = try RecordedRun(busyMachine(), busyPackets(), settings: busySettings())
    #expect(run.commandBytes.count > 200 && run.frames > 80)
    for _ in 0..<10 {
      let replay = try ReplayedRun(busyMachine(), log: run.log)
      #expect(replay.commandBytes == run.commandBytes)
      #expect(replay.digest == run.digest)
      #expect(replay.comparison.divergent == 0, "\(replay.comparison.firstDivergence ?? "")")
      #expect(replay.comparison.compared == UInt64(run.commandBytes.count))
      #expect(replay.unreplayableFrames == 0)
      #expect(replay.slotsRun == UInt64(run.commandBytes.count / 2))
    }
  }

  @Test("The run that is replayed holds every kind of slot")
  func kinds() throws {
    let run = try RecordedRun(busyMachine(), busyPackets(), settings: busySettings())
    let session = try SessionReader(MemorySource(run.log))
    let slots = try session.messages(SlotRecord.topic).compactMap(SlotRecord.init(decoding:))
    #expect(session.hasChoices)
    for reason in [CommandReason.none, .noTrigger, .frameLate, .stageFailed, .shutdown] {
      #expect(slots.contains { $0.reason == reason.rawValue }, "\(reason)")
    }
    for mode in [CommandMode.inhibit, .auto, .safeStop, .emergency] {
      #expect(slots.contains { $0.mode == mode.rawValue }, "\(mode)")
    }
    #expect(
      session.header.session == 7 && session.header.kind == "virtual"
        && session.header.configurationText == "{}")
    let kinds = try session.messages(FrameRecord.topic).compactMap(FrameRecord.init(decoding:))
      .reduce(into: Set<UInt8>()) { kinds, frame in for pick in frame.picks { kinds.insert(pick.kind) } }
    #expect(kinds == Set((0...4).map { UInt8($0) }))
  }

  @Test("Packets whose arrivals step back replay in the order in which they were decoded")
  func arrivalsStepBack() throws {
    var machine = busyMachine()
    machine.autoEngage = true
    machine.stages = [.sum]
    var packets = busyPackets()
    // In the order of receipt, the stamps disagree with it.
    for index in stride(from: 3, to: packets.count, by: 7) {
      packets[index].arrival = packets[index].arrival - .millis(60)
    }
    let run = try RecordedRun(machine, packets)
    let replay = try ReplayedRun(machine, log: run.log)
    #expect(replay.commandBytes == run.commandBytes && replay.unreplayableFrames == 0)
  }

  @Test("A packet that the log lost makes its frame and those after it unreplayable, until the next snapshot")
  func lostPacket() throws {
    var machine = ProbeMachine(
      sensors: [.init(name: "camera", number: 1), .init(name: "radar", number: 2)],
      timing: ChainTiming(trigger: .sensor(0), periodNanoseconds: .millis(50)))
    machine.sensors[1].align = AlignSettings(
      policy: .batch, maximumAgeNanoseconds: .millis(500), periodNanoseconds: .millis(50))
    machine.autoEngage = true
    machine.stages = [.sum]
    let packets = merged(
      steadyPackets(sensor: 1, period: .millis(50), count: 40, delay: .millis(10)),
      steadyPackets(sensor: 2, from: .millis(-5), period: .millis(50), count: 40, delay: .millis(10)))
    var settings = VirtualRunner.Settings()
    settings.snapshotNanoseconds = .millis(600)
    let run = try RecordedRun(machine, packets, settings: settings)
    let snapshots = try SessionReader(MemorySource(run.log)).messages(StateSnapshot.topic)
      .compactMap(StateSnapshot.init(decoding:))
    let next = try #require(snapshots.first { $0.frame > 8 })
    let replay = try ReplayedRun(machine, log: try withoutRawPacket(8, of: "radar", run.log, machine))
    #expect(replay.firstUnreplayable?.hasPrefix("frame 8 (slot 7): sample 8 of radar") == true)
    #expect(replay.unreplayableFrames == next.frame - 8 + 1)
    // Before the loss and behind the snapshot everything is equal again.
    #expect(replay.comparison.divergent == 0)
    #expect(replay.framesRun + replay.unreplayableFrames == UInt64(run.frames))
    settings.snapshotNanoseconds = .seconds(100)
    let without = try RecordedRun(machine, packets, settings: settings)
    let rest = try ReplayedRun(machine, log: try withoutRawPacket(8, of: "radar", without.log, machine))
    #expect(rest.unreplayableFrames == UInt64(run.frames) - 7 && rest.framesRun == 7)
  }

  @Test(
    "A replay that begins behind a snapshot gives the rest of the commands byte for byte, and needs the state"
  )
  func beginsInside() throws {
    var settings = busySettings()
    settings.snapshotNanoseconds = .millis(700)
    let run = try RecordedRun(busyMachine(), busyPackets(), settings: settings)
    for frame in [UInt64(20), 45, 70] {
      let replay = try ReplayedRun(busyMachine(), log: run.log, behindFrame: frame)
      #expect(replay.hasBegunInside && replay.framesRun < UInt64(run.frames))
      #expect(replay.comparison.divergent == 0 && replay.unreplayableFrames == 0)
      #expect(replay.commandBytes == Array(run.commandBytes.suffix(replay.commandBytes.count)))
      #expect(replay.commandBytes.count > 20)
    }
    #expect(try ReplayedRun(busyMachine(), log: run.log, behindFrame: 0).hasBegunInside == false)
    var other = busyMachine()
    other.stages.append(.sum)
    #expect(try ReplayedRun(other, log: run.log, behindFrame: 45).hasBegunInside == false)
  }

  /// The same log without one raw packet, counted from 1.
  private func withoutRawPacket(
    _ number: Int, of sensor: String, _ log: [UInt8], _ machine: ProbeMachine
  ) throws -> [UInt8] {
    let session = try SessionReader(MemorySource(log))
    let sink = MemorySink()
    let topics = SessionTopics(actuators: machine.actuators.map(\.topic), sensors: machine.sensorNames)
    let recorder = try Recorder(sink: sink, header: session.header, topics: topics)
    let tap = recorder.makeTap(id: 1, capacity: 1 << 20)
    let messages = McapMessages(session.index)
    var seen = 0
    while let message = try messages.next() {
      let entry = try #require(
        topics.entries.first { session.index.channelIDs(topic: $0.topic).contains(message.channelID) })
      if entry.topic == SessionTopics.rawTopic(sensor) {
        seen += 1
        if seen == number { continue }
      }
      let stamp = Stamp(nanoseconds: Int64(message.logTime)) - session.header.realtimeOffsetNanoseconds
      unsafe message.payload.withUnsafeBytes { unsafe tap.push(entry.number, at: stamp, $0) }
      recorder.drain()
    }
    try recorder.finish()
    return sink.bytes
  }

  @Test("A queue that overflows loses packets, and the log says how many messages and bytes it lacks")
  func overflow() throws {
    // Nothing is drained between one and two seconds, and the raw queue holds about 60 packets.
    let run = try RecordedRun(
      busyMachine(), busyPackets(), settings: busySettings(), rawQueueBytes: 4096,
      drainsAt: { $0 < .millis(1000) || $0 > .millis(2000) })
    let session = try SessionReader(MemorySource(run.log))
    let gaps = try session.messages(RecordingGap.topic).compactMap(RecordingGap.init(decoding:))
    let written = try machineRawCount(session)
    #expect(gaps.allSatisfy { $0.queue == 1 } && !gaps.isEmpty)
    #expect(gaps.reduce(0) { $0 + $1.messages } + UInt64(written) == UInt64(busyPackets().count))
    let replay = try ReplayedRun(busyMachine(), log: run.log)
    // What the stages remembered is lost with the packets, so the rest of the log is too, without a snapshot.
    #expect(
      replay.unreplayableFrames > 10 && replay.framesRun + replay.unreplayableFrames == UInt64(run.frames))
    #expect(replay.firstUnreplayable?.contains("the log has lost packets") == true)
  }

  private func machineRawCount(_ session: SessionReader) throws -> Int {
    try busyMachine().sensors.reduce(0) { $0 + (try session.messages(SessionTopics.rawTopic($1.name)).count) }
  }

  @Test("A changed stage is named by slot, frame, actuator and field")
  func changedStage() throws {
    let run = try RecordedRun(busyMachine(), busyPackets(), settings: busySettings())
    var changed = busyMachine()
    changed.stages.append(
      .init(name: "changed") { (frame, _, _) throws(StageFailure) in
        if frame.number == 30 { frame.commands.commands[1].value += 0.125 }
      })
    let replay = try ReplayedRun(changed, log: run.log)
    let text = try #require(replay.comparison.firstDivergence)
    #expect(text.contains("frame 30, actuator brake: value was 0.25, is 0.375"), "\(text)")
    #expect(text.hasPrefix("slot "))
    #expect(replay.digest != run.digest)
  }

  @Test("A stage that fails only in the replay is a divergence with a name, not an end of the replay")
  func failsOnlyInReplay() throws {
    let run = try RecordedRun(busyMachine(), busyPackets(), settings: busySettings())
    var changed = busyMachine()
    changed.stages[1] = .failing(in: [17, 18, 40])
    let replay = try ReplayedRun(changed, log: run.log)
    #expect(
      replay.comparison.firstDivergence?.contains("frame 40, actuator steering") == true,
      "\(replay.comparison.firstDivergence ?? "none"), \(replay.firstUnreplayable ?? "none")")
    #expect(replay.comparison.compared == UInt64(run.commandBytes.count))
  }

  @Test("A command that the log has and the replay lacks is a divergence; the other way round, a loss")
  func counts() {
    let bytes = [UInt8](repeating: 1, count: 208)
    let comparison = CommandComparison(recorded: [[bytes, bytes]], names: ["brake"])
    unsafe bytes.withUnsafeBytes { unsafe comparison.compare(actuator: 0, frame: $0.bytes) }
    comparison.finish()
    #expect(comparison.divergent == 1)
    #expect(comparison.firstDivergence == "actuator brake: the log has 2 commands, the replay gave 1")
    let other = CommandComparison(recorded: [[]], names: ["brake"])
    unsafe bytes.withUnsafeBytes { unsafe other.compare(actuator: 0, frame: $0.bytes) }
    #expect(other.divergent == 0 && other.missing == 1)
    #expect(other.firstMissing == "the log lacks command 1 of actuator brake")
    let damaged = CommandComparison(recorded: [[bytes]], names: ["brake"])
    unsafe [UInt8](repeating: 2, count: 3).withUnsafeBytes {
      unsafe damaged.compare(actuator: 0, frame: $0.bytes)
    }
    #expect(damaged.firstDivergence?.contains("damaged") == true)
  }

  @Test("A log without the frame that won a slot ends the replay with that frame's name")
  func incomplete() throws {
    let built = busyMachine().build()
    var slot = SlotRecord()
    slot.frame = 3
    let runner = FaithfulRunner(
      chain: built.chain, sensors: built.sensors,
      publisher: CommandPublisher(actuators: [], session: 1, sink: nil, tap: RecordTap(queue: nil)),
      frames: [],
      slots: [slot], packets: PacketList([]))
    try runner.run()
    #expect(runner.firstUnreplayable == "frame 3, which won slot 0: the log holds no record of it")
    #expect(runner.slotsRun == 0)
  }

  @Test("Payloads decoded while no frame ran do not exhaust their pool before the frame that needs one")
  func payloadsInGaps() throws {
    // 100 samples with payloads between two frames, a pool of four slots.
    let pool = PayloadPool<UInt64>(id: 1, slots: 4, capacity: 1, zero: 0)
    let ring = SampleRing<PayloadHandle>(slots: 64)
    let zero = PayloadHandle(pool: 0, index: 0, generation: 0, count: 0)
    let payload = PooledPayload<PayloadHandle>(pin: { pool.pin($0) }, unpin: { pool.unpin($0) })
    let port = SensorPort<PayloadHandle>(
      name: "lidar", number: 1, vehicleFromSensor: .identity, capacity: 4,
      zero: Picked(header: SampleHeader(), sample: zero, kind: .exact, weight: 0, ageNanoseconds: 0))
    let lane = SensorLane(
      port: port,
      settings: AlignSettings(
        policy: .latestBefore, maximumAgeNanoseconds: .millis(200), periodNanoseconds: 1),
      payload: payload, zero: zero)
    let tap = Tap(ring: ring, lane: lane, pool: pool, payload: payload, zero: zero)
    tap.forget(below: 100)
    for sequence in UInt64(1)...100 {
      let slot = try #require(pool.acquire())
      unsafe slot.elements[0] = sequence
      ring.push(SampleHeader(sequence: sequence), pool.commit(slot, count: 1))
      #expect(tap.stash() == sequence)
    }
    #expect(tap.refill(sequence: 100, kind: .latestBefore, weight: 1, instant: .zero))
    let found = try #require(port.latest)
    #expect(unsafe pool.elements(of: found.sample)[0] == 100)
    tap.forget(below: 101)
    for _ in 0..<4 { #expect(pool.acquire() != nil) }
  }
}

@Suite("Virtual time")
struct VirtualTimeTests {
  @Test("The same packets give the same decision digest, every time")
  func deterministic() throws {
    let first = try RecordedRun(busyMachine(), busyPackets(), settings: busySettings())
    let second = try RecordedRun(busyMachine(), busyPackets(), settings: busySettings())
    #expect(
      first.digest == second.digest && first.commandBytes == second.commandBytes && first.log == second.log)
    #expect(first.digest.utf8.count == 64)
  }

  @Test("One stage's duration that flips a slot's winner changes the digest; one that flips none does not")
  func flip() throws {
    let machine = ProbeMachine(
      sensors: [.init(name: "camera", number: 1)],
      timing: ChainTiming(trigger: .sensor(0), periodNanoseconds: .millis(50)))
    let packets = steadyPackets(sensor: 1, period: .millis(50), count: 20, delay: .millis(10))
    func digest(_ nanoseconds: Int64) throws -> String {
      var settings = VirtualRunner.Settings()
      settings.stageDuration = { frame, _ in frame == 7 ? nanoseconds : nil }
      return try RecordedRun(machine, packets, settings: settings).digest
    }
    // Released at 10 ms after capture, the guard takes the slot at 48: at the same instant the frame wins.
    let early = try digest(.millis(1))
    #expect(try digest(.millis(38)) == early)
    #expect(try digest(.millis(38) + 1) != early)
  }

  @Test("The digest is the hash of all complete commands in the order of slot and actuator")
  func digest() throws {
    let run = ProbeRun(
      ProbeMachine(
        sensors: [.init(name: "camera", number: 1)],
        timing: ChainTiming(trigger: .sensor(0), periodNanoseconds: .millis(50))))
    let sink = MemoryCommandSink()
    let publisher = CommandPublisher(
      actuators: run.machine.actuators, session: 7, sink: sink, tap: RecordTap(queue: nil))
    var set = CommandSet(count: 2)
    set.mode = CommandMode.auto.rawValue
    #expect(publisher.publish(set, at: .zero) == 0)
    #expect(publisher.published == 2 && sink.frames.count == 2)
    let first = publisher.decisionDigest
    #expect(publisher.decisionDigest == first)
    sink.close(lingerMilliseconds: 0)
    // A socket that fails changes no decision: the digest goes on, the failures are counted.
    #expect(publisher.publish(set, at: .zero) == 2)
    #expect(publisher.sendFailures == 2 && publisher.lastFailure != nil && publisher.decisionDigest != first)
  }
}
