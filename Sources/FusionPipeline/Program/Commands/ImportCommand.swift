import ArgumentParser

struct ImportCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Brings foreign recordings (pcap, candump, image folders, CSV) into a log for replays.")
  @Argument(help: "Recordings; their packets are merged by time.") var sources: [String]
  @Option(help: "The configuration whose sensors they feed.") var config: String
  @Option(help: "The log to write (MCAP).") var output: String
  @Flag(help: "Takes what is whole of a capture that was cut off, instead of refusing it.") var acceptCut =
    false
  @Option(name: .customLong("loop"), help: "Repeats each source until so many seconds are filled.")
  var loopSeconds: Double?
  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    if sources.isEmpty { throw ValidationError("name at least one SOURCE") }
    if let loopSeconds, !(loopSeconds > 0 && loopSeconds < 1e6) {
      throw ValidationError("--loop takes a number of seconds above 0")
    }
  }

  func execute(_ program: Program) throws -> Int32 {
    let console = options.console
    let configuration = try program.configuration(config, overrides: options.overrides)
    for source in sources { try program.checkInput(source) }
    // Building it now finds what a replay would find later, and reads the files that the log must carry.
    let machine = try program.machine(configuration, .replay)
    let targets = configuration.sensors.map {
      ImportTarget(name: $0.name, number: $0.number, model: $0.model, settings: $0.settings)
    }
    var inputs: [MergedPackets.Input] = []
    var remarks: [(source: String, opened: ImportedPackets)] = []
    for source in sources {
      guard let importer = program.registry.importers.first(where: { $0.accepts(source) }) else {
        throw ProgramStop(
          ProgramStop.badData,
          "\(source): no importer takes this; known: \(program.registry.importers.map(\.name).joined(separator: ", "))"
        )
      }
      let opened: ImportedPackets
      do { opened = try importer.open(source, targets) } catch { throw Self.stop(error, source) }
      if let loopSeconds {
        // The source is opened anew for each turn.
        let reopen = { try importer.open(source, targets).packets }
        inputs.append(
          .init(LoopedPackets(first: opened.packets, reopen: reopen, seconds: loopSeconds), name: source))
      } else {
        inputs.append(.init(opened.packets, name: source))
      }
      remarks.append((source, opened))
    }
    let counts = try write(MergedPackets(inputs), program, machine, console) {
      guard !acceptCut else { return }
      for (source, opened) in remarks {
        guard let cut = opened.cutAt() else { continue }
        throw ProgramStop(
          ProgramStop.badData,
          "\(cut.hasPrefix(source) ? "" : "\(source): ")\(cut)\nno log was written; --accept-cut takes what is whole"
        )
      }
    }
    for (number, name) in machine.sensorNames {
      let count = counts[number, default: 0]
      console.say(
        "\(Format.left(name, 16)) \(count) packets\(count == 0 ? "   (none of the sources feeds it)" : "")")
    }
    for (source, opened) in remarks {
      for line in opened.remarks() { console.say(line.hasPrefix(source) ? line : "\(source): \(line)") }
    }
    guard counts.values.reduce(0, +) > 0 else {
      throw ProgramStop(
        ProgramStop.badData,
        "nothing in the sources fits a sensor of \(config): check ports, buses and models; no log was written"
      )
    }
    return 0
  }

  private func write(
    _ packets: MergedPackets, _ program: Program, _ machine: Machine, _ console: Console,
    check: () throws -> Void
  ) throws -> [UInt16: Int] {
    var counts: [UInt16: Int] = [:]
    var first: RecordedPacket?
    do { first = try packets.next() } catch { throw ProgramStop.from(error) }
    guard let first else {
      try check()
      return counts
    }
    let file = try OutputLog(path: output)
    do {
      // An import's stamps are the source's own; the log's clock is theirs.
      let recorder = try Recorder(
        sink: file.sink,
        header: SessionHeader(
          configurationText: machine.configuration.text, configurationName: machine.configuration.name,
          overrides: machine.configuration.overrides, session: 1, epoch: first.arrival,
          realtimeOffsetNanoseconds: 0,
          decisionVersion: program.registry.decisionVersion, buildVersion: program.registry.buildVersion,
          kind: "import", attachments: machine.files),
        topics: machine.topics)
      let tap = recorder.makeTap(id: 1, capacity: machine.configuration.queueBytes)
      var packet: RecordedPacket? = first
      var shown = 0
      while let next = packet {
        unsafe next.bytes.withUnsafeBytes {
          unsafe RawPacket.push($0, of: next.sensor, arrival: next.arrival, flags: next.flags, to: tap)
        }
        recorder.drain()
        counts[next.sensor, default: 0] += 1
        shown += 1
        if shown % 50_000 == 0 { console.progress("\(shown) packets", every: shown / 50_000) }
        packet = try packets.next()
      }
      console.endProgress()
      try check()
      try recorder.finish()
      try file.establish()
    } catch {
      file.discard()
      throw Self.stop(error, output)
    }
    return counts
  }

  private static func stop(_ error: any Error, _ place: String) -> ProgramStop {
    switch error {
    case is StorageFailure, is ProgramStop, is Problems, is ConfigurationProblem, is SetupProblem,
      is FileUnreadable:
      ProgramStop.from(error)
    case let failure as ReplayFailure:
      ProgramStop(
        ProgramStop.badData,
        failure.message.hasPrefix(place) ? failure.message : "\(place): \(failure.message)")
    case let failure as LinkFailure: ProgramStop(ProgramStop.badData, "\(place): \(failure.message)")
    default: ProgramStop(ProgramStop.badData, "\(place): \(error)")
    }
  }
}
