import FusionPipeline
import OwnRobot
import SensorDrivers

/// The whole robot in virtual time: packets in, the commands of every slot out. No clock, no socket.
struct VirtualRobot {
  private(set) var packets: [RecordedPacket] = []
  private var person = OperatorSender(startMilliseconds: 0)

  /// The shipped configuration, from the package's folder.
  private static let configurationPath =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/robot.json"

  /// What the robot did: one entry for each slot.
  struct Drive {
    var left: [CommandFrame] = []
    var right: [CommandFrame] = []
    var gate: [CommandFrame] = []
    var digest = ""
  }

  mutating func engage(at seconds: Double) { add(3, at: seconds, person.packet(.engage)) }

  /// Sonar turns at 20 Hz.
  mutating func see(_ ranges: [UInt16?], from start: Double, to end: Double) {
    for beat in 0..<Int((end - start) * 20) {
      let seconds = start + Double(beat) / 20
      add(
        1, at: seconds + 0.001,
        SonarPacket(
          sequence: UInt16(seconds * 20 + 0.5), clockMilliseconds: UInt32(seconds * 1000), ranges: ranges
        )
        .encoded())
    }
  }

  /// Wheel readings at 50 Hz, both wheels at one speed.
  mutating func roll(metresPerSecond speed: Double, from start: Double, to end: Double) {
    for beat in 0..<Int((end - start) * 50) {
      let seconds = start + Double(beat) / 50
      let ticks = Int32(seconds * speed / 0.0005)
      add(
        2, at: seconds,
        WheelPacket(clockMilliseconds: UInt32(seconds * 1000 + 0.5), leftTicks: ticks, rightTicks: ticks)
          .encoded())
    }
  }

  private mutating func add(_ sensor: UInt16, at seconds: Double, _ bytes: [UInt8]) {
    packets.append(
      RecordedPacket(sensor: sensor, arrival: Stamp(nanoseconds: .seconds(seconds)), bytes: bytes))
  }

  func drive() throws -> Drive {
    let registry = Registry.ownRobot
    let configuration = try MachineConfiguration(
      text: SourceFile(reading: Self.configurationPath).bytes, file: "robot.json", registry: registry)
    let machine = try Machine(configuration, registry: registry, purpose: .replay) {
      (path) throws(SetupProblem) in
      throw SetupProblem("the robot names no file, but asks for \(path)")
    }
    let log = MemorySink()
    var options = ReplayRun.Options()
    options.recordSink = log
    let header = SessionHeader(
      configurationText: configuration.text, configurationName: configuration.name, session: 1, epoch: .zero,
      realtimeOffsetNanoseconds: 0, decisionVersion: registry.decisionVersion,
      buildVersion: registry.buildVersion,
      kind: "virtual")
    let ordered = packets.sorted { $0.arrival < $1.arrival }
    let verdict = try ReplayRun(machine: machine, registry: registry).virtual(
      PacketList(ordered), epoch: .zero, header: header, span: nil, options)
    let session = try SessionReader(MemorySource(log.bytes))
    func commands(_ topic: String) throws -> [CommandFrame] {
      try session.messages(SessionTopics.commandTopic(topic)).map {
        try unsafe CommandFrame(decoding: $0.span.bytes)
      }
    }
    return Drive(
      left: try commands("act/left_wheel"), right: try commands("act/right_wheel"),
      gate: try commands("act/gate"),
      digest: verdict.report.decisionDigest)
  }
}
