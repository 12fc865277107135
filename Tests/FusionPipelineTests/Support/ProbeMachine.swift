@testable import FusionPipeline

/// A stage that is a closure, for tests.
final class ClosureStage: Stage {
  private let body: (Frame) throws(StageFailure) -> Void
  init(_ body: @escaping (Frame) throws(StageFailure) -> Void) { self.body = body }
  func run(_ frame: Frame) throws(StageFailure) { try body(frame) }
}

/// What one test machine is made of; `build` gives a fresh one each time, as a replay needs.
struct ProbeMachine {
  struct Sensor {
    var name: String
    var number: UInt16
    var isOperator = false
    var align = AlignSettings(
      policy: .latestBefore, maximumAgeNanoseconds: .millis(200), periodNanoseconds: .millis(100))
    var intake = IntakeSettings()
  }

  struct StagePlan {
    var name: String
    var budgetNanoseconds: Int64 = .millis(5)
    var modelledNanoseconds: Int64 = .millis(1)
    /// What it does in a frame; given the probe sensors' ports and a value that survives frames.
    var body:
      (_ frame: Frame, _ ports: [SensorPort<ProbeSample>], _ memory: StateValue<Double>) throws(StageFailure)
        -> Void
  }

  var sensors: [Sensor]
  var timing: ChainTiming
  var stages: [StagePlan] = [.sum]
  var autoEngage = true
  var epoch = Stamp.zero
  var actuators = [
    ActuatorDescription(
      name: "steering", topic: "act/steering", dataID: 1, minimum: -1e9, maximum: 1e9, rateLimit: .infinity,
      safeValue: 0),
    ActuatorDescription(
      name: "brake", topic: "act/brake", dataID: 2, minimum: 0, maximum: 1, rateLimit: 10, safeValue: 1),
  ]

  struct Built {
    var sensors: [any AnySensor]
    var chain: ChainAssembly
    var memory: [StateValue<Double>]
  }

  func build() -> Built {
    let made = sensors.map { (sensor) -> any AnySensor in
      if sensor.isOperator {
        return SensorIntake(
          name: sensor.name, number: sensor.number, settings: sensor.intake, decoder: ProbeOperatorDecoder(),
          zero: OperatorInput(.disengage))
      }
      return SensorIntake(
        name: sensor.name, number: sensor.number, settings: sensor.intake, decoder: ProbeDecoder(),
        zero: ProbeSample())
    }
    let taps = zip(made, sensors).map { $0.makeTap($1.align, vehicleFromSensor: .identity) }
    let state = StateStore(capacity: 1 << 16)
    let setup = StageSetup(vehicle: VehicleDescription(), actuators: actuators, state: state, ports: taps)
    let ports = setup.sensors(of: ProbeSample.self)
    var memory: [StateValue<Double>] = []
    let slots = stages.map { plan in
      let value = state.value(named: plan.name, initial: 0.0)
      memory.append(value)
      return StageSlot(
        name: plan.name,
        stage: ClosureStage { (frame) throws(StageFailure) in try plan.body(frame, ports, value) },
        budgetNanoseconds: plan.budgetNanoseconds, modelledNanoseconds: plan.modelledNanoseconds)
    }
    let slotGuard = SafeValueGuard(actuators: actuators)
    let runner = ChainRunner(
      name: "probe", number: 1, taps: taps, stages: slots, state: state, frame: Frame(),
      actuatorCount: actuators.count, validForMicroseconds: 100_000,
      periodNanoseconds: timing.periodNanoseconds,
      slotGuard: slotGuard, autoEngage: autoEngage)
    var triggerTap: Int?
    if case .sensor(let index) = timing.trigger { triggerTap = index }
    return Built(
      sensors: made,
      chain: ChainAssembly(runner: runner, timing: timing, triggerTap: triggerTap, slotGuard: slotGuard),
      memory: memory)
  }

  var sensorNames: [(number: UInt16, name: String)] { sensors.map { ($0.number, $0.name) } }
}

extension ProbeMachine.StagePlan {
  /// Steers by the sum of everything it was given so far: a wrong, missing or doubled sample shows at once.
  static var sum: ProbeMachine.StagePlan {
    ProbeMachine.StagePlan(name: "sum") { (frame, ports, memory) throws(StageFailure) in
      for port in ports {
        for index in port.picks.indices {
          memory.value += port.picks[index].sample.value * port.picks[index].weight
        }
      }
      frame.commands.mode = CommandMode.auto.rawValue
      frame.commands.reason = CommandReason.none.rawValue
      frame.commands.commands[0] = ActuatorCommand(value: memory.value)
      frame.commands.commands[1] = ActuatorCommand(value: 0.25)
    }
  }

  /// Does nothing but take time.
  static func idle(_ name: String, modelledNanoseconds: Int64 = .millis(1)) -> ProbeMachine.StagePlan {
    ProbeMachine.StagePlan(name: name, modelledNanoseconds: modelledNanoseconds) {
      (_, _, _) throws(StageFailure) in
    }
  }

  /// Fails in the given frames, after having spoiled its memory.
  static func failing(in frames: Set<UInt64>) -> ProbeMachine.StagePlan {
    ProbeMachine.StagePlan(name: "failing") { (frame, _, memory) throws(StageFailure) in
      memory.value += 1
      if frames.contains(frame.number) {
        memory.value += 1e6
        throw StageFailure(.stageFailed)
      }
    }
  }
}
