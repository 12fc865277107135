import ArgumentParser

struct CheckCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks a configuration: exit 0, or 78 with every problem at its place.")
  @Argument(help: "The configuration (JSON).") var config: String
  @OptionGroup var options: ConfigurationOptions

  func execute(_ program: Program) throws -> Int32 {
    let configuration = try program.configuration(config, overrides: options.overrides)
    let machine = try program.machine(configuration, .live)
    try Self.checkLinks(configuration, program.registry)
    let budgets = machine.chain.budgets.reduce(0, &+)
    let timing = configuration.timing
    let left = timing.deadlineNanoseconds - timing.publishReserveNanoseconds - budgets
    let parts = [
      Format.count(configuration.sensors.count, "sensor"),
      Format.count(machine.chain.runner.stages.count, "stage"),
      Format.count(configuration.actuators.count, "actuator"),
    ]
    print("\(config): fine. \(parts.joined(separator: ", ")).")
    print(
      "Deadline \(Format.milliseconds(timing.deadlineNanoseconds)) ms − publishing \(Format.milliseconds(timing.publishReserveNanoseconds)) ms − stages' budgets \(Format.milliseconds(budgets)) ms leaves \(Format.milliseconds(left)) ms for transport, decoding, waiting and waking."
    )
    for line in machine.wiring { print("  \(line)") }
    return 0
  }
}

extension CheckCommand {
  /// Makes every link without opening it: addresses, rates and sizes are checked by their makers.
  private static func checkLinks(_ configuration: MachineConfiguration, _ registry: Registry) throws {
    var problems: [String] = []
    for sensor in configuration.sensors {
      guard let settings = sensor.settings.optionalSection("link"),
        let kind = registry.links.first(where: { $0.section.name == settings.variant })
      else { continue }
      do {
        _ = try kind.make(
          LinkPlan(
            sensorName: sensor.name, settings: settings, sensor: sensor.settings, clock: LiveClock(),
            provided: [:]))
      } catch let problem as ConfigurationProblem {
        problems.append(problem.description)
      } catch {
        problems.append(settings.problem(ProgramStop.from(error).message).description)
      }
    }
    guard problems.isEmpty else {
      throw ProgramStop(ProgramStop.configuration, problems.joined(separator: "\n"))
    }
  }
}

struct SchemaCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON Schema of a configuration.")

  func execute(_ program: Program) throws -> Int32 {
    print(
      SchemaWriter.schema(of: program.registry.declaration, identifier: "urn:fusion:configuration:1")
        .jsonText(.pretty))
    return 0
  }
}

struct DecodeCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Decodes a capture: .pcd for a lidar, .csv for the rest.")
  @Option(help: "The sensor model, as in a configuration.") var sensor: String
  @Option(help: "The sensor's calibration or metadata file.") var calibration: String?
  @Argument(help: "The capture.") var input: String
  @Option(help: "The file to write.") var output: String
  @Option(name: .customLong("log-format"), help: "text for people, json for machines (stderr).")
  var logFormat: LogFormat = .text

  func execute(_ program: Program) throws -> Int32 {
    let known = program.registry.sensors.filter { $0.export != nil }.map(\.section.name)
    guard let export = program.registry.sensors.first(where: { $0.section.name == sensor })?.export else {
      throw ProgramStop(
        ProgramStop.usage, "--sensor \(sensor): this program decodes \(known.joined(separator: ", "))")
    }
    try program.checkInput(input)
    try program.checkOutput(output)
    guard OutputLog.isRegularOrAbsent(output) else {
      throw ProgramStop(
        ProgramStop.storage,
        "\(output) is no plain file: a decoded file is written beside its place and moved there")
    }
    do {
      let result = try export(ExportPlan(input: input, output: output, calibration: calibration))
      Console(json: logFormat == .json).say(result.summary)
      return 0
    } catch let error as SetupProblem {
      throw ProgramStop(ProgramStop.badData, error.message)
    } catch { throw ProgramStop.from(error) }
  }
}

struct MissCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "miss", abstract: "The deadline misses of a log: list, or show ID.")
  @Argument(help: "list or show.") var action: String
  @Argument(help: "The log (MCAP).") var log: String
  @Argument(help: "The miss's number in the list.") var number: Int?
  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    guard ["list", "show"].contains(action) else { throw ValidationError("miss takes list or show") }
    if action == "show", number == nil {
      throw ValidationError("miss show LOG ID: give the number from the list")
    }
  }

  func execute(_ program: Program) throws -> Int32 {
    let session = try program.session(log)
    var misses: [Miss] = []
    do {
      for bytes in try session.messages(Miss.topic) {
        if let miss = Miss(decoding: bytes) { misses.append(miss) }
      }
    } catch { throw ProgramStop.from(error) }
    if action == "list" {
      for (index, miss) in misses.enumerated() {
        print(
          "\(Format.padded("\(index + 1)", 5))  slot \(miss.slot)  frame \(miss.frame)  \(Self.cause(miss))  \(Format.milliseconds(miss.overshootNanoseconds)) ms over  published by \(miss.published == 0 ? "the frame" : "the guard")"
        )
      }
      print(Format.count(misses.count, "miss", "misses"))
      return 0
    }
    guard let number, misses.indices.contains(number - 1) else {
      throw ProgramStop(
        ProgramStop.noInput,
        "\(log) has \(Format.count(misses.count, "miss", "misses")); there is no number \(number ?? 0)")
    }
    let miss = misses[number - 1]
    print("miss \(number) of \(log)")
    print(
      "slot \(miss.slot), frame \(miss.frame)"
        + (miss.triggerSequence > 0 ? ", triggered by sample \(miss.triggerSequence)" : ""))
    print(
      "cause: \(Self.cause(miss))"
        + (miss.culpritNanoseconds > 0 ? ", took \(Format.milliseconds(miss.culpritNanoseconds)) ms" : ""))
    if miss.culpritStage >= 0 { print("culprit: stage \(miss.culpritStage + 1)") }
    print(
      "deadline \(miss.deadline.nanoseconds) ns, finished \(Format.milliseconds(miss.overshootNanoseconds)) ms after it"
    )
    print(
      "evidence: \(miss.evidence.involuntarySwitches) involuntary and \(miss.evidence.voluntarySwitches) voluntary switches, \(miss.evidence.minorFaults) minor and \(miss.evidence.majorFaults) major faults, host gap \(Format.milliseconds(miss.evidence.hostGapNanoseconds)) ms"
    )
    print("published: \(miss.published == 0 ? "the frame's commands" : "the guard's")")
    return 0
  }

  private static func cause(_ miss: Miss) -> String { MissCause(rawValue: miss.cause)?.name ?? "unknown" }
}
