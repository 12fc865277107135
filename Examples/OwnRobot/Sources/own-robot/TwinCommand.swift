import ArgumentParser
import DecisionEngine
import FusionPipeline
import OwnRobot
import SensorDrivers

/// The robot's twin: sends its sensors' packets to the configured ports and obeys its commands over ZeroMQ.
///
/// It reads the robot's own configuration, so both agree on ports, topics and limits. Nothing but packets and
/// commands crosses between the two programs.
struct TwinCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "twin", abstract: "Simulates the robot in a room: sends its packets, obeys its commands.")
  @Argument(help: "The robot's configuration (JSON).") var config: String
  @Option(help: "How long, seconds.") var duration = 10.0
  @Option(help: "Of the sensors' noise.") var seed: UInt64 = 1
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a configuration value; repeatable.", valueName: "path.to.key=value"))
  var overrides: [String] = []

  func validate() throws {
    guard duration > 0, duration <= 86_400 else {
      throw ValidationError("--duration takes a number of seconds above 0, up to 86400")
    }
  }

  func execute(_ program: Program) throws -> Int32 {
    let robot = try TwinConfiguration(reading: config, overrides: overrides, registry: program.registry)
    let clock = LiveClock()
    let sender = try LoopbackSender()
    let subscriber = try ZeroMQCommandSubscriber(endpoint: robot.endpoint, actuators: robot.receivers)
    var world = SpreaderWorld(seed: seed)
    var person = OperatorSender(startMilliseconds: clock.realtimeNanoseconds() / 1_000_000)
    var sonar = Beat(hertz: 20)
    var wheels = Beat(hertz: 50)
    var engage = Beat(hertz: 2)

    let began = clock.now()
    var simulated: Int64 = 0
    while simulated < .seconds(duration) {
      subscriber.poll(timeoutMilliseconds: 2) { clock.now() }
      let now = clock.now()
      let told = actuation(subscriber, robot, at: now)
      while simulated + 1_000_000 <= now - began {
        world.step(seconds: 0.001, told)
        simulated += 1_000_000
      }
      if sonar.isDue(simulated) { sender.send(world.sonarPacket().encoded(), to: robot.sonarPort) }
      if wheels.isDue(simulated) { sender.send(world.wheelPacket().encoded(), to: robot.wheelsPort) }
      // Repeated, because a datagram may be lost, or the robot may start later than its twin.
      if engage.isDue(simulated) { sender.send(person.packet(.engage), to: robot.operatorPort) }
    }
    let (driven, spread) = (Format.fixed(world.drivenMetres, 2), Format.fixed(world.spreadSeconds, 1))
    print("drove \(driven) m, spread for \(spread) s, least room \(Format.fixed(world.leastRoomMetres, 2)) m")
    return world.leastRoomMetres > 0 && world.drivenMetres > 0 ? 0 : ProgramStop.no
  }

  private func actuation(
    _ subscriber: ZeroMQCommandSubscriber, _ robot: TwinConfiguration, at now: Stamp
  ) -> SpreaderWorld.Actuation {
    func value(_ index: Int) -> Double {
      guard let output = subscriber.output(of: index, at: now), output.drives else { return 0 }
      return output.value
    }
    var told = SpreaderWorld.Actuation()
    told.leftWheel = value(0)
    told.rightWheel = value(1)
    told.gate = value(2)
    return told
  }
}

/// What the twin takes from the robot's configuration.
struct TwinConfiguration {
  let endpoint: String
  /// left_wheel, right_wheel, gate.
  let receivers: [CommandReceiverSettings]
  let sonarPort: UInt16
  let wheelsPort: UInt16
  let operatorPort: UInt16

  init(reading path: String, overrides: [String], registry: Registry) throws {
    let machine: MachineConfiguration
    do {
      machine = try MachineConfiguration(
        text: SourceFile(reading: path).bytes, file: path, overrides: overrides, registry: registry)
    } catch { throw ProgramStop.from(error) }
    func wrong(_ message: String) -> ProgramStop {
      ProgramStop(ProgramStop.configuration, "\(path): \(message)")
    }
    func port(_ model: String) throws -> UInt16 {
      guard let sensor = machine.sensors.first(where: { $0.model == model }),
        let link = sensor.settings.optionalSection("link"), link.variant == "udp"
      else { throw wrong("the twin needs a sensor of the model \(model) with a udp link") }
      return UInt16(clamping: link.integer("port"))
    }
    guard let endpoint = machine.publishSettings?.strings("endpoints").first else {
      throw wrong("the twin obeys commands, but \"publish\" has no endpoint")
    }
    self.endpoint = endpoint
    receivers = try ["left_wheel", "right_wheel", "gate"].map { name in
      guard let actuator = machine.actuators.first(where: { $0.name == name }),
        let receiver = CommandReceiverSettings(actuator: actuator, sourceID: 1)
      else { throw wrong("the twin needs the actuator \(name)") }
      return receiver
    }
    sonarPort = try port("sonar-ring")
    wheelsPort = try port("wheel-encoders")
    operatorPort = try port("operator")
  }
}

/// Something that happens so many times a second.
private struct Beat {
  private let period: Int64
  private var next: Int64 = 0
  init(hertz: Double) { period = .seconds(1 / hertz) }

  mutating func isDue(_ time: Int64) -> Bool {
    guard time >= next else { return false }
    next += period
    return true
  }
}
