import FusionPipeline

/// How far the robot's origin is from what one beam sees.
public struct Clearance: BitwiseCopyable, Sendable {
  /// Direction in the vehicle frame, a unit vector.
  public var x: Double
  public var y: Double
  /// At the frame's instant, metres from the robot's origin; the ring's limit where no echo came.
  public var distanceMetres: Double

  public init(x: Double = 0, y: Double = 0, distanceMetres: Double = 0) {
    self.x = x
    self.y = y
    self.distanceMetres = distanceMetres
  }
}

/// What the stage remembers of the last turns.
struct EchoMemory: BitwiseCopyable {
  /// The last three turns of each beam, the newest first.
  var turns = InlineArray<3, SonarRing>(repeating: SonarRing())
  var newest: UInt64 = 0
}

/// Clearances around the robot at the frame's instant, from the sonar ring and the odometry; writes
/// "clearances", empty while nothing fresh came.
///
/// The median of three turns drops the echo of another robot's ping. Then each beam is moved on by what the
/// robot drove since its ping, v · (age of the turn + what it pinged before the turn's last beam).
public final class ClearanceStage: Stage {
  private let sonar: SensorPort<SonarRing>
  private let odometry: SensorPort<OdometrySample>
  private let clearances: FixedList<Clearance>
  private let memory: StateValue<EchoMemory>
  private let directions: [Vector3]
  private let limitMetres: Double

  public init(setup: StageSetup, limitMetres: Double) throws(SetupProblem) {
    guard let sonar = setup.sensors(of: SonarRing.self).first else {
      throw SetupProblem("stage \(setup.stageName): no sensor is a sonar-ring; add one")
    }
    guard let odometry = setup.sensors(of: OdometrySample.self).first else {
      throw SetupProblem("stage \(setup.stageName): no sensor gives odometry; add a wheel-encoders")
    }
    self.sonar = sonar
    self.odometry = odometry
    self.limitMetres = limitMetres
    directions = (0..<SonarRing.beams).map { beam in
      // libm's functions differ from CPU to CPU in the last bit; the pinned ones do not.
      let (sin, cos) = Pinned.sincos(Pinned.radians(degrees: 45 * Double(beam)))
      return sonar.vehicleFromSensor.rotate(Vector3(cos, sin, 0))
    }
    clearances = try setup.output(
      "clearances", of: Clearance.self, capacity: SonarRing.beams, zero: Clearance())
    memory = setup.state.value(named: "\(setup.stageName).echoes", initial: EchoMemory())
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    clearances.removeAll()
    guard let turn = sonar.latest, let motion = odometry.latest, motion.sample.speed.isFinite else { return }
    remember(turn)
    let age = Double(turn.ageNanoseconds) * 1e-9
    let betweenPings = Double(turn.header.spanNanoseconds) * 1e-9 / Double(SonarRing.beams - 1)
    let origin = sonar.vehicleFromSensor.translation
    for beam in 0..<SonarRing.beams {
      let range = median(beam)
      let along = directions[beam]
      let driven = motion.sample.speed * (age + betweenPings * Double(SonarRing.beams - 1 - beam))
      let x = origin.x + range * along.x - driven
      let y = origin.y + range * along.y
      let distance = (x * x + y * y).squareRoot()
      // A thing at the origin itself is in every direction; ahead is the one that stops the robot.
      clearances.append(
        distance > 0.001
          ? Clearance(x: x / distance, y: y / distance, distanceMetres: distance) : Clearance(x: 1))
    }
  }

  private func remember(_ turn: Picked<SonarRing>) {
    guard turn.header.sequence != memory.value.newest else { return }
    let isFirst = memory.value.newest == 0
    memory.value.newest = turn.header.sequence
    memory.value.turns[2] = isFirst ? turn.sample : memory.value.turns[1]
    memory.value.turns[1] = isFirst ? turn.sample : memory.value.turns[0]
    memory.value.turns[0] = turn.sample
  }

  private func median(_ beam: Int) -> Double {
    func range(_ turn: Int) -> Double {
      let metres = Double(memory.value.turns[turn].rangesMetres[beam])
      return metres.isNaN ? limitMetres : min(metres, limitMetres)
    }
    let (a, b, c) = (range(0), range(1), range(2))
    return max(min(a, b), min(max(a, b), c))
  }
}

extension StageKind {
  /// `"kind": "clearance"`.
  public static var clearance: StageKind {
    StageKind(
      Section(
        "clearance", doc: "Distances around the robot from sonar-ring and odometry; writes \"clearances\".",
        fields: [
          .number(
            "limit_m", unit: "m", range: 0.5...10, default: 4, doc: "What is further counts as this far.")
        ])
    ) { setup, settings in try ClearanceStage(setup: setup, limitMetres: settings.number("limit_m")) }
  }
}
