import ArgumentParser
import DecisionEngine
import FusionPipeline
import SensorDrivers

/// A simulated drive through the real drivers, live, recorded, replayed and compared.
struct DemoCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "A simulated drive: four sensors' real wire packets through the real drivers, commands on ZeroMQ, recorded and replayed bit for bit."
  )
  @Option(help: "How long to drive, seconds.") var duration = 30.0
  @Option(help: "Keeps the recording here.") var record: String?
  @Option(help: "Writes the report (JSON) here; - is stdout.") var report: String?
  @Flag(help: "No progress line.") var headless = false
  @Option(help: "Where the commands go.") var endpoint = "tcp://127.0.0.1:5560"
  @Option(help: "Draws the drive and its latencies here (SVG).") var plot: String?
  @Option(name: .customLong("log-format"), help: "text for people, json for machines (stderr).")
  var logFormat: LogFormat = .text
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a configuration value; repeatable.", valueName: "path.to.key=value"))
  var overrides: [String] = []

  func validate() throws {
    guard duration >= 1, duration <= 86_400 else {
      throw ValidationError("--duration takes 1 to 86400 seconds")
    }
  }

  func execute(_ program: Program) throws -> Int32 {
    let console = Console(json: logFormat == .json, showsProgress: !headless)
    try program.checkOutput(report)
    try program.checkOutput(plot)
    let clock = LiveClock()
    let links = try DemoLinks(clock: clock)
    let drive = SimulatedDrive(settings: driveSettings(clock))
    let text = DemoConfiguration.text(
      path: drive.referencePath, lidarPort: links.lidarPort, serial: links.serialPath, endpoint: endpoint)
    let configuration = try configuration(program, text)
    let log = record ?? Self.temporaryLog
    defer { if record == nil { Files.remove(log) } }

    console.say(
      "Driving \(Int(duration)) s through simulated traffic: VLP-16 over UDP, IMU over a serial line, radar and wheels over CAN, camera."
    )
    console.say(
      "Commands: \(endpoint)  (watch them: python3 Examples/subscriber/python/subscribe.py --endpoint \(endpoint))"
    )
    let (live, vehicle) = try conduct(program, configuration, clock, links, drive, log, console)
    let replayed = try replay(program, log, console)

    console.say("")
    console.say(live.summary)
    console.say(DriveStory.text(vehicle, live))
    console.say("")
    console.say("live run   \(live.decisionDigest)")
    console.say("its replay \(replayed.report.decisionDigest)")
    try program.write(live, to: report)
    if let plot { try DrivePlot.write(vehicle.history, live, to: plot, program) }
    return verdict(live, replayed, vehicle, console)
  }

  private func driveSettings(_ clock: LiveClock) -> SimulatedDriveSettings {
    var settings = SimulatedDriveSettings()
    // The camera stamps its frames on this machine's clock, as V4L2 does; the drive begins with the threads.
    settings.startNanoseconds = clock.now().nanoseconds + DemoVehicle.startDelayNanoseconds
    settings.referencePathMetres = max(3000, duration * 20)
    return settings
  }

  private func configuration(_ program: Program, _ text: String) throws -> MachineConfiguration {
    do {
      return try MachineConfiguration(
        text: Array(text.utf8), file: "demo.json", overrides: overrides, registry: program.registry)
    } catch { throw ProgramStop.from(error) }
  }

  private func conduct(
    _ program: Program, _ configuration: MachineConfiguration, _ clock: LiveClock, _ links: DemoLinks,
    _ drive: SimulatedDrive, _ log: String, _ console: Console
  ) throws -> (RunReport, DemoVehicle) {
    do {
      let machine = try Machine(configuration, registry: program.registry, purpose: .live) {
        (path) throws(SetupProblem) in
        throw SetupProblem("the demonstration names no file, but asks for \(path)")
      }
      var options = LiveOptions(clock: clock, session: UInt64.random(in: 1 ... .max))
      options.recordSink = try program.logSink(log)
      options.providedLinks = links.provided
      let subscriber = try ZeroMQCommandSubscriber(
        endpoint: endpoint,
        actuators: configuration.actuators.compactMap { CommandReceiverSettings(actuator: $0, sourceID: 1) })
      let vehicle = DemoVehicle(
        drive: drive, began: Stamp(nanoseconds: drive.settings.startNanoseconds), links: links, clock: clock,
        subscriber: subscriber, engageAfterSeconds: 1)
      StopSignal.install()
      let run = try LiveRun(machine: machine, registry: program.registry, options: options)
      vehicle.start(priority: configuration.realtime.priority > 0 ? 20 : 0)
      defer { vehicle.stop() }
      let session = LiveSession(run: run, clock: clock, console: console)
      return (try session.conduct(seconds: duration) { StopSignal.isRaised }, vehicle)
    } catch { throw ProgramStop.from(error) }
  }

  private func replay(_ program: Program, _ log: String, _ console: Console) throws -> ReplayRun.Verdict {
    console.say("Replaying the recording from its raw packets and choices …")
    do {
      let session = try SessionReader(FileSource(path: log))
      let configuration = try MachineConfiguration(
        text: Array(session.header.configurationText.utf8), file: "demo.json",
        overrides: session.header.overrides,
        registry: program.registry)
      let machine = try Machine(configuration, registry: program.registry, purpose: .replay) {
        (path) throws(SetupProblem) in
        throw SetupProblem("the recording lacks \(path)")
      }
      return try ReplayRun(machine: machine, registry: program.registry).faithful(
        session, ReplayRun.Options())
    } catch { throw ProgramStop.from(error) }
  }

  private func verdict(
    _ live: RunReport, _ replayed: ReplayRun.Verdict, _ vehicle: DemoVehicle, _ console: Console
  ) -> Int32 {
    var problems: [String] = []
    if !replayed.isEqual || replayed.report.decisionDigest != live.decisionDigest {
      problems.append(
        "the replay differs: \(replayed.comparison?.firstDivergence ?? replayed.firstUnreplayable ?? "digests")"
      )
    }
    if live.commandsPublished != live.slots * UInt64(live.actuators) {
      problems.append("a slot had other than one command for each actuator")
    }
    if live.books.lateUnexplained > 0 {
      problems.append("\(live.books.lateUnexplained) slot(s) left late without a known cause")
    }
    if live.books.unattributedFraction > 0.01 {
      problems.append("the ledger leaves more than 1 % unattributed")
    }
    if vehicle.truth.collisions > 0 {
      problems.append("the car touched something \(vehicle.truth.collisions) time(s)")
    }
    for line in live.hung { problems.append(line) }
    if live.recordingRefused > 0 { problems.append("the recording lost \(live.recordingRefused) messages") }
    for problem in problems { console.fail("NOT fine: \(problem)") }
    if problems.isEmpty { console.say("All equal: the drive replays bit for bit.") }
    return problems.isEmpty ? 0 : ProgramStop.no
  }

  private static var temporaryLog: String { "\(Files.temporaryFolder)/fusion-demo-\(Files.processID).mcap" }
}
