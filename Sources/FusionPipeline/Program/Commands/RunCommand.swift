import ArgumentParser
import Glibc
import Synchronization

struct RunCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a machine live until stopped (SIGINT, SIGTERM).")
  @Argument(help: "The configuration (JSON).") var config: String
  @Flag(
    name: .customLong("single-process"),
    help: "Output side and pipeline in one process (the only way in this version).")
  var singleProcess = false
  @Option(help: "Records the run into this MCAP file.") var record: String?
  @Option(help: "Stops by itself after so many seconds.") var duration: Double?
  @Option(help: "Writes the report (JSON) here; - is stdout.") var report: String?
  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    if let duration, !(duration > 0 && duration < 1e9) {
      throw ValidationError("--duration must be a number of seconds above 0")
    }
  }

  func execute(_ program: Program) throws -> Int32 {
    let console = options.console
    let configuration = try program.configuration(config, overrides: options.overrides)
    try program.checkOutput(report)
    let machine = try program.machine(configuration, .live)
    let clock = LiveClock()
    var live = LiveOptions(clock: clock, session: UInt64.random(in: 1 ... .max))
    live.recordSink = try program.logSink(record)
    let run: LiveRun
    do { run = try LiveRun(machine: machine, registry: program.registry, options: live) } catch {
      live.recordSink?.discard()
      throw ProgramStop.from(error)
    }
    StopSignal.install()
    let outcome = try LiveSession(run: run, clock: clock, console: console).conduct(seconds: duration) {
      StopSignal.isRaised
    }
    try program.write(outcome, to: report)
    console.say(outcome.summary)
    guard outcome.hung.isEmpty else {
      throw ProgramStop(
        ProgramStop.internalFault,
        outcome.hung.joined(separator: "\n")
          + "\nthe guard answered its slots, the final command has left and the log is whole: `fusiond replay` on it with that stage under a debugger"
      )
    }
    let silent = run.sensorHealth.filter { $0.health.opens == 0 }
    if !silent.isEmpty {
      throw ProgramStop(
        ProgramStop.deviceGone,
        silent.map { "sensor \($0.name) never opened: \($0.health.lastFailure)" }.joined(separator: "\n"))
    }
    if let failure = outcome.recordingFailure {
      throw ProgramStop(ProgramStop.storage, "the recording is not whole: \(failure)")
    }
    return 0
  }
}

/// A live run with progress for people, from start to report.
public struct LiveSession {
  public let run: LiveRun
  public let clock: any PipelineClock
  public let console: Console

  public init(run: LiveRun, clock: any PipelineClock, console: Console) {
    self.run = run
    self.clock = clock
    self.console = console
  }

  /// Starts, shows progress twice a second, and stops when the time is over or `isStopped` says so.
  public func conduct(seconds: Double?, isStopped: () -> Bool) throws -> RunReport {
    do { try run.start() } catch { throw ProgramStop.from(error) }
    let began = clock.now()
    let end = seconds.map { began + Int64.seconds($0) } ?? .distantFuture
    var number = 0
    sleepUntil(min(began + 20_000_000, end))
    console.say(
      "real time: asked \(run.machine.configuration.realtime.description); granted \(run.grantedDescription)")
    while clock.now() < end, !isStopped() {
      sleepUntil(min(clock.now() + 100_000_000, end))
      number += 1
      guard number % 5 == 0 else { continue }
      let now = run.progress
      let elapsed = Double(clock.now() - began) / 1e9
      let total = seconds.map { " of \(Int($0))" } ?? ""
      console.progress(
        "\(Format.fixed(elapsed, 1))\(total) s  \(now.mode.name)  frames \(now.frames)  slots \(now.slots)  misses \(now.misses)  sensors \(now.openSensors)/\(now.sensors)",
        every: number / 5)
    }
    console.endProgress()
    return run.stop()
  }
}

/// SIGINT and SIGTERM ask for an orderly stop: the final safe command still leaves.
public enum StopSignal {
  private static let raised = Atomic<Bool>(false)
  public static var isRaised: Bool { raised.load(ordering: .relaxed) }

  public static func install() {
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { _ in StopSignal.raised.store(true, ordering: .relaxed) }
    }
    // A parent may have started us with them blocked: they would then wait for ever.
    var asked = sigset_t()
    unsafe sigemptyset(&asked)
    for number in [SIGINT, SIGTERM] { unsafe sigaddset(&asked, number) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &asked, nil)
    // A subscriber that vanishes must not end the process.
    _ = signal(SIGPIPE, SIG_IGN)
  }
}

/// Numbers for people, without Foundation.
public enum Format {
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let whole = scaled / Int64(scale)
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let rest = String(scaled % Int64(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: max(digits - rest.count, 0)) + rest
  }

  /// Nanoseconds as milliseconds with two digits.
  public static func milliseconds(_ nanoseconds: Int64) -> String { fixed(Double(nanoseconds) / 1e6, 2) }

  /// "1 sensor", "2 sensors".
  public static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    "\(number) \(number == 1 ? one : many ?? one + "s")"
  }

  public static func padded(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : String(repeating: " ", count: width - text.count) + text
  }

  public static func left(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
  }
}
