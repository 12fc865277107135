/// A configuration built: sensors with rings and decoders, the chain with its stages, ready to be driven.
public struct Machine {
  public enum Purpose: Sendable {
    case live
    /// Decodes ahead of the frames, so its payload pools are larger.
    case replay
  }

  public let configuration: MachineConfiguration
  public let sensors: [any AnySensor]
  public let chain: ChainAssembly
  /// Files that were read while building, for the log.
  public let files: [(name: String, bytes: [UInt8])]
  public let wiring: [String]

  /// - Parameter readFile: gives the bytes of a file that the configuration names.
  /// - Throws: a problem of the configuration that only building shows; nothing was opened.
  public init(
    _ configuration: MachineConfiguration, registry: Registry, purpose: Purpose,
    readFile: (String) throws(SetupProblem) -> [UInt8]
  ) throws(SetupProblem) {
    self.configuration = configuration
    var files: [(name: String, bytes: [UInt8])] = []
    let built = try Self.sensors(configuration, registry, purpose, readFile, &files)
    sensors = built
    self.files = files
    let taps = configuration.chainSensors.map { index in
      built[index].makeTap(
        configuration.sensors[index].align,
        vehicleFromSensor: configuration.sensors[index].vehicleFromSensor)
    }
    let state = StateStore()
    let setup = StageSetup(
      vehicle: configuration.vehicle, actuators: configuration.actuators, state: state, ports: taps)
    var stages: [StageSlot] = []
    for settings in configuration.stageSettings {
      guard let kind = registry.stages.first(where: { $0.section.name == settings.variant }) else {
        throw SetupProblem("there is no stage kind \"\(settings.variant)\" in this program")
      }
      setup.stageName = settings.variant
      let stage: any Stage
      do {
        stage = try kind.make(setup, settings)
      } catch { throw Self.problem(error, settings) }
      let twins = configuration.stageSettings.prefix(stages.count).count { $0.variant == settings.variant }
      stages.append(
        StageSlot(
          name: twins == 0 ? settings.variant : "\(settings.variant)-\(twins + 1)", stage: stage,
          budgetNanoseconds: .milliseconds(settings.number("budget_ms")),
          modelledNanoseconds: .milliseconds(settings.number("modelled_ms"))))
    }
    wiring = setup.wiring
    let slotGuard = registry.makeGuard(configuration.actuators)
    let runner = ChainRunner(
      name: configuration.chainName, number: 1, taps: taps, stages: stages, state: state, frame: Frame(),
      actuatorCount: configuration.actuators.count,
      validForMicroseconds: configuration.timing.validForMicroseconds,
      periodNanoseconds: configuration.timing.periodNanoseconds, slotGuard: slotGuard,
      autoEngage: configuration.autoEngage)
    var triggerTap: Int?
    if case .sensor(let index) = configuration.timing.trigger { triggerTap = index }
    chain = ChainAssembly(
      runner: runner, timing: configuration.timing, triggerTap: triggerTap, slotGuard: slotGuard)
  }

  private static func sensors(
    _ configuration: MachineConfiguration, _ registry: Registry, _ purpose: Purpose,
    _ readFile: (String) throws(SetupProblem) -> [UInt8], _ files: inout [(name: String, bytes: [UInt8])]
  ) throws(SetupProblem) -> [any AnySensor] {
    var sensors: [any AnySensor] = []
    for sensor in configuration.sensors {
      guard let model = registry.sensors.first(where: { $0.section.name == sensor.model }) else {
        throw SetupProblem("there is no sensor model \"\(sensor.model)\" in this program")
      }
      var intake = sensor.intake
      // A replay's ring holds whatever one packet can complete; the stash takes it over at once.
      if purpose == .replay { intake.ringSlots = max(intake.ringSlots, 64) }
      do {
        let built = try withoutActuallyEscaping(readFile) { read in
          var opened: [(name: String, bytes: [UInt8])] = []
          let plan = SensorPlan(
            name: sensor.name, number: sensor.number, settings: sensor.settings, intake: intake,
            payloadSlots: purpose == .live ? 8 : 32,
            readFile: { (path) throws(SetupProblem) in
              let bytes = try read(path)
              opened.append((path, bytes))
              return bytes
            })
          let made = try model.make(plan)
          return (made, opened)
        }
        sensors.append(built.0)
        for file in built.1 where !files.contains(where: { $0.name == file.name }) { files.append(file) }
      } catch { throw problem(error, sensor.settings) }
    }
    return sensors
  }

  /// Says where in the configuration the part stands that could not be built.
  private static func problem(_ error: any Error, _ settings: Settings) -> SetupProblem {
    switch error {
    case let problem as SetupProblem:
      // One that names a place already, in the configuration or in a calibration, is left as it is.
      problem.message.hasPrefix("\(settings.position.file):")
        ? problem : SetupProblem(settings.problem(problem.message).description)
    case let problem as ConfigurationProblem: SetupProblem(problem.description)
    default: SetupProblem(settings.problem("\(error)").description)
    }
  }

  public var sensorNames: [(number: UInt16, name: String)] {
    configuration.sensors.map { ($0.number, $0.name) }
  }

  public var topics: SessionTopics {
    SessionTopics(actuators: configuration.actuators.map(\.topic), sensors: sensorNames)
  }
}
