import Testing

@testable import FusionPipeline

@Suite("Session log")
struct SessionTests {
  private let machine = ProbeMachine(
    sensors: [.init(name: "camera", number: 1)],
    timing: ChainTiming(trigger: .sensor(0), periodNanoseconds: .millis(50)))

  private var packets: [RecordedPacket] {
    steadyPackets(sensor: 1, period: .millis(50), count: 20, delay: .millis(10))
  }

  @Test("Header, overrides and attachments come back as they were given")
  func header() throws {
    let sink = MemorySink()
    var header = SessionHeader(
      configurationText: "{\"name\": \"täst\"}", configurationName: "a/b.json", overrides: ["x=1", "y.z=2"],
      session: .max, epoch: Stamp(nanoseconds: -5), realtimeOffsetNanoseconds: 1_800_000_000_000_000_000,
      decisionVersion: "d1", buildVersion: "b1", kind: "live", realtimeRequested: "SCHED_FIFO 60",
      realtimeGranted: "none", attachments: [("calibration.json", [1, 2, 3]), ("empty", [])])
    let recorder = try Recorder(sink: sink, header: header, topics: SessionTopics(actuators: [], sensors: []))
    try recorder.finish()
    let read = try SessionReader(MemorySource(sink.bytes)).header
    #expect(read == header && read.overrides == header.overrides && read.configurationName == "a/b.json")
    #expect(read.decisionVersion == "d1" && read.buildVersion == "b1" && read.realtimeGranted == "none")
    #expect(read.attachments.map(\.name) == ["calibration.json", "empty"])
    #expect(read.attachments.map(\.bytes) == [[1, 2, 3], []])
    header.overrides = []
    #expect(try !SessionReader(MemorySource(sink.bytes)).hasChoices)
  }

  @Test("Raw packets come back with bytes, flags, arrival and the number of their first sample")
  func rawPackets() throws {
    let run = try RecordedRun(machine, packets)
    let source = try SessionReader(MemorySource(run.log)).packets(of: machine.sensorNames)
    for (index, packet) in packets.enumerated() {
      let read = try #require(try source.next())
      #expect(read.sensor == 1 && read.bytes == packet.bytes && read.arrival == packet.arrival)
      #expect(read.flags == packet.flags && read.firstSequence == UInt64(index + 1))
    }
    #expect(try source.next() == nil)
  }

  @Test("A disk that fills up costs log content and no command")
  func fullDisk() throws {
    let sink = MemorySink(capacity: 6000)
    let recorder = try Recorder(
      sink: sink,
      header: SessionHeader(
        configurationText: "{}", configurationName: "", session: 1, epoch: .zero,
        realtimeOffsetNanoseconds: 0,
        decisionVersion: "", buildVersion: "", kind: "virtual"),
      topics: SessionTopics(actuators: ["act/steering"], sensors: machine.sensorNames))
    let tap = recorder.makeTap(id: 1, capacity: 1 << 16)
    for number in 0..<20 {
      unsafe [UInt8](repeating: UInt8(number), count: 1000).withUnsafeBytes {
        unsafe RawPacket.push(
          $0, of: 1, arrival: .millis(Double(number)), flags: [], firstSequence: 1, to: tap)
      }
      recorder.drain()
      recorder.flush()
    }
    #expect(recorder.failure?.kind == .full && recorder.failedWrites > 0)
    #expect(sink.bytes.count <= 6000)
  }

  @Test("A log that cannot be begun leaves nothing behind")
  func cannotBegin() {
    let sink = MemorySink(capacity: 10)
    #expect(throws: StorageFailure.self) {
      _ = try Recorder(
        sink: sink,
        header: SessionHeader(
          configurationText: "{}", configurationName: "", session: 1, epoch: .zero,
          realtimeOffsetNanoseconds: 0,
          decisionVersion: "", buildVersion: "", kind: "virtual"),
        topics: SessionTopics(actuators: [], sensors: []))
    }
    #expect(sink.isDiscarded && sink.bytes.isEmpty)
  }

  @Test("What is no log of ours is refused with what to do, cut or foreign, at any length")
  func foreign() throws {
    let run = try RecordedRun(machine, packets)
    for count in stride(from: 0, to: run.log.count, by: 97) {
      // A torn log may still be read as far as it goes, or be refused; it may not trap.
      do {
        let session = try SessionReader(MemorySource(Array(run.log[..<count])))
        _ = try session.messages(SlotRecord.topic)
        let source = session.packets(of: machine.sensorNames)
        while try source.next() != nil {}
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
    let sink = MemorySink()
    try McapWriter(sink: sink, profile: "", library: "other").finish()
    #expect {
      _ = try SessionReader(MemorySource(sink.bytes))
    } throws: {
      ($0 as? ReplayFailure)?.message.contains("fusiond import") == true
    }
  }

  @Test("Every chunk but the damaged one is still read")
  func damaged() throws {
    let run = try RecordedRun(machine, packets)
    var random = RandomSource(seed: 9)
    for _ in 0..<100 {
      var log = run.log
      for _ in 0...random.below(3) {
        log[Int(random.below(UInt64(log.count)))] ^= UInt8(1 + random.below(255))
      }
      do {
        let session = try SessionReader(MemorySource(log))
        let frames = try session.messages(FrameRecord.topic).compactMap(FrameRecord.init(decoding:))
        let slots = try session.messages(SlotRecord.topic).compactMap(SlotRecord.init(decoding:))
        #expect(frames.count <= 20 && slots.count <= 40)
        _ = try ReplayedRun(machine, log: log)
      } catch {
        #expect(error is ReplayFailure)
      }
    }
  }
}
