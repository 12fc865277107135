import ArgumentParser

struct ReplayCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Repeats a recorded session: from its choices, or in virtual time where it has none.")
  @Argument(help: "The log (MCAP).") var log: String
  @Option(help: "Another configuration than the log's own; implies virtual time.") var config: String?
  @Flag(help: "Holds every command against the log's; exit 1 names the first that differs.") var verify =
    false
  @Flag(name: .customLong("virtual"), help: "Decides anew in virtual time even where the log has choices.")
  var isVirtual = false
  @Option(help: "max, or a factor of real time.") var speed = "max"
  @Option(help: "Records a virtual replay into this MCAP file.") var record: String?
  @Option(name: .customLong("from"), help: "Begins at the newest snapshot in so many seconds of the log.")
  var fromSeconds: Double?
  @Option(help: "Writes the report (JSON) here; - is stdout.") var report: String?
  @Option(help: "Threads: 2 reads and unpacks the log ahead of the frames.") var threads = 1
  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    if speed != "max", !(Double(speed) ?? 0 > 0) {
      throw ValidationError("--speed takes max or a number above 0")
    }
    if let fromSeconds, !(fromSeconds >= 0) {
      throw ValidationError("--from takes a number of seconds from 0")
    }
    if !(1...2).contains(threads) { throw ValidationError("--threads takes 1 or 2") }
    if verify, config != nil || isVirtual || !options.overrides.isEmpty {
      throw ValidationError(
        "--verify repeats the log's own choices, so it goes with no --config, --set or --virtual")
    }
  }

  func execute(_ program: Program) throws -> Int32 {
    let console = options.console
    let session = try program.session(log)
    try program.checkOutput(report)
    let header = session.header
    if let damage = session.damage {
      console.say(
        "\(log) is torn or damaged: \(damage)\nwhat is whole is replayed; `fusiond log recover \(log) --output FILE` writes a whole log of it"
      )
    }
    let isFaithful = session.hasChoices && config == nil && !isVirtual && options.overrides.isEmpty
    if verify, !isFaithful {
      throw ProgramStop(
        ProgramStop.badData,
        "\(log): the log has no choices to verify against (it is an import); make its reference with `fusiond replay \(log) --record FILE` and verify that"
      )
    }
    if isFaithful, record != nil {
      throw ProgramStop(
        ProgramStop.usage,
        "--record: a faithful replay would write what \(log) holds already; with --virtual it decides anew and records that"
      )
    }
    if !isFaithful, fromSeconds != nil {
      throw ProgramStop(
        ProgramStop.usage, "--from: a virtual replay has no state to begin with but its first packet's")
    }
    let configuration = try configuration(program, header)
    let machine = try program.machine(configuration, .replay, files: header.attachments)
    var replay = ReplayRun.Options()
    let file = try record.map { try OutputLog(path: $0) }
    replay.recordSink = file?.sink
    replay.fromSeconds = fromSeconds
    replay.virtual.snapshotNanoseconds = configuration.snapshotNanoseconds
    let pace = Pace(speed: Double(speed))
    replay.onSlot = { pace.hold($0) }
    var shown = 0
    replay.onProgress = { share in
      shown += 1
      console.progress("\(Int(share * 100)) %", every: shown)
    }
    let began = pace.clock.now()
    let run = ReplayRun(machine: machine, registry: program.registry)
    var verdict: ReplayRun.Verdict
    do {
      verdict =
        isFaithful
        ? try run.faithful(session, threads: threads, replay)
        : try virtual(run, session, replay, program)
    } catch {
      file?.discard()
      throw ProgramStop.from(error)
    }
    try file?.establish()
    console.endProgress()
    verdict.report.wallSeconds = Double(pace.clock.now() - began) / 1e9
    try program.write(verdict.report, to: report)
    console.say(verdict.report.summary)
    console.say(
      "replayed \(Format.fixed(verdict.report.seconds, 1)) s in \(Format.fixed(verdict.report.wallSeconds, 2)) s (\(Format.fixed(verdict.report.seconds / max(verdict.report.wallSeconds, 1e-9), 1)) × real time)"
    )
    return verify || isFaithful ? conclude(verdict, console) : 0
  }

  private func configuration(_ program: Program, _ header: SessionHeader) throws -> MachineConfiguration {
    if let config { return try program.configuration(config, overrides: options.overrides) }
    do {
      return try MachineConfiguration(
        text: Array(header.configurationText.utf8), file: header.configurationName + ".json",
        overrides: header.overrides + options.overrides, registry: program.registry)
    } catch { throw ProgramStop.from(error) }
  }

  private func virtual(
    _ run: ReplayRun, _ session: SessionReader, _ options: ReplayRun.Options, _ program: Program
  ) throws -> ReplayRun.Verdict {
    var header = session.header
    header.kind = "virtual"
    header.configurationText = run.machine.configuration.text
    header.overrides = run.machine.configuration.overrides
    header.decisionVersion = program.registry.decisionVersion
    header.buildVersion = program.registry.buildVersion
    let span = session.span
    // A live log has its own grid; an import's begins with its first packet.
    header.epoch = session.header.kind == "import" ? (span?.first ?? header.epoch) : header.epoch
    return try run.virtual(
      session.packets(of: run.machine.sensorNames, threads: threads), epoch: header.epoch, header: header,
      span: span, options)
  }

  private func conclude(_ verdict: ReplayRun.Verdict, _ console: Console) -> Int32 {
    guard let comparison = verdict.comparison else { return 0 }
    if let end = verdict.endsAt { console.say("the log is torn off: \(end)") }
    if verdict.isEqual {
      let scope = verdict.endsAt == nil ? "all \(comparison.compared)" : "up to there, \(comparison.compared)"
      console.say("verified: \(scope) commands are equal, byte for byte")
      return 0
    }
    if let gaps = verdict.gaps, let first = comparison.firstDivergence {
      console.fail(
        "cannot be replayed from its first loss on: \(gaps); first command that comes out otherwise: \(first)"
      )
      return ProgramStop.no
    }
    if let other = verdict.otherVersion {
      console.say(
        "the log was decided by version \"\(other)\", this program is another: \(comparison.divergent) of \(comparison.compared) commands differ"
      )
    }
    if verdict.unreplayable > 0, let first = verdict.firstUnreplayable {
      console.fail(
        "\(verdict.unreplayable) frame(s) cannot be replayed, for want of what the log has lost; first: \(first); the \(comparison.compared - comparison.divergent) commands before are equal"
      )
    }
    if let missing = comparison.firstMissing, verdict.endsAt == nil {
      console.fail("\(comparison.missing) command(s) cannot be compared; first: \(missing)")
    }
    if let first = comparison.firstDivergence { console.fail("first divergence: \(first)") }
    return ProgramStop.no
  }
}

/// Holds a replay back to a multiple of real time.
private final class Pace {
  let clock = LiveClock()
  private let speed: Double?
  private var first: (log: Stamp, wall: Stamp)?
  init(speed: Double?) { self.speed = speed }

  func hold(_ instant: Stamp) {
    guard let speed else { return }
    guard let first else {
      self.first = (instant, clock.now())
      return
    }
    let due = first.wall + Int64.nanoseconds(Double(instant - first.log) / speed)
    if due > clock.now() { sleepUntil(due) }
  }
}
