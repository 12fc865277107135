import FusionPipeline

/// Numbers of `WanderStage`; SI.
public struct WanderSettings: Sendable, Equatable {
  public var cruiseSpeed = 0.6
  public var deceleration = 0.5
  /// From the robot's origin: nearer, it only turns on the spot.
  public var stopMetres = 0.45
  /// Nearer, it turns to the freer side.
  public var turnMetres = 1.1
  public var turnRate = 1.2
  public var trackMetres = 0.4
  /// With anything nearer, on any side, the spreader's gate stays shut.
  public var gateMetres = 0.6
  public init() {}

  static let fields: [Field] = {
    let s = WanderSettings()
    return [
      .number("cruise_speed_m_s", unit: "m/s", range: 0...2, default: s.cruiseSpeed, doc: "In the open."),
      .number(
        "deceleration_m_s2", unit: "m/s²", range: 0.1...3, default: s.deceleration, doc: "Towards things."),
      .number(
        "stop_m", unit: "m", range: 0.1...3, default: s.stopMetres, doc: "Nearer, it turns on the spot."),
      .number("turn_m", unit: "m", range: 0.2...5, default: s.turnMetres, doc: "Nearer, it turns away."),
      .number("turn_rate_rad_s", unit: "rad/s", range: 0.1...3, default: s.turnRate, doc: "Fastest turn."),
      .number("track_m", unit: "m", range: 0.05...5, default: s.trackMetres, doc: "From wheel to wheel."),
      .number("gate_m", unit: "m", range: 0...5, default: s.gateMetres, doc: "Nearer, nothing is spread."),
    ]
  }()

  init(_ settings: Settings) {
    cruiseSpeed = settings.number("cruise_speed_m_s")
    deceleration = settings.number("deceleration_m_s2")
    stopMetres = settings.number("stop_m")
    turnMetres = settings.number("turn_m")
    turnRate = settings.number("turn_rate_rad_s")
    trackMetres = settings.number("track_m")
    gateMetres = settings.number("gate_m")
  }
}

/// Where the robot turns to; kept until the way is free, or it would dither in a corner.
enum Turning: Int8, BitwiseCopyable {
  case not = 0
  case left = 1
  case right = -1
}

/// Drives on while there is room, turns to the freer side where there is none, and spreads on the way.
///
/// Reads "clearances"; commands the actuators `left_wheel` and `right_wheel` (m/s) and `gate` (0 shut, 1 open).
public final class WanderStage: Stage {
  private let settings: WanderSettings
  private let clearances: FixedList<Clearance>
  private let turning: StateValue<Turning>
  private let leftWheel: Int
  private let rightWheel: Int
  private let gate: Int

  public init(setup: StageSetup, settings: WanderSettings) throws(SetupProblem) {
    self.settings = settings
    clearances = try setup.input("clearances", of: Clearance.self)
    turning = setup.state.value(named: "\(setup.stageName).turning", initial: .not)
    func actuator(_ name: String) throws(SetupProblem) -> Int {
      if let index = setup.actuators.firstIndex(where: { $0.name == name }) { return index }
      throw SetupProblem("stage \(setup.stageName) commands \"\(name)\"; add it to \"actuators\"")
    }
    leftWheel = try actuator("left_wheel")
    rightWheel = try actuator("right_wheel")
    gate = try actuator("gate")
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    // Blind, it has no answer; the guard then brakes.
    guard !clearances.isEmpty else { throw StageFailure(.inputMissing) }
    let ahead = distanceAhead
    turning.value = turn(ahead: ahead)
    let brakingSpeed = (2 * settings.deceleration * max(ahead - settings.stopMetres, 0)).squareRoot()
    let speed = min(settings.cruiseSpeed, brakingSpeed)
    let urgency = (settings.turnMetres - ahead) / max(settings.turnMetres - settings.stopMetres, 0.01)
    let yawRate = Double(turning.value.rawValue) * settings.turnRate * min(max(urgency, 0.2), 1)
    let isOpen = speed > 0.1 && nearest > settings.gateMetres

    frame.commands.mode = CommandMode.auto.rawValue
    frame.commands.reason = CommandReason.none.rawValue
    frame.commands.commands[leftWheel] = ActuatorCommand(value: speed - yawRate * settings.trackMetres / 2)
    frame.commands.commands[rightWheel] = ActuatorCommand(value: speed + yawRate * settings.trackMetres / 2)
    frame.commands.commands[gate] = ActuatorCommand(value: isOpen ? 1 : 0)
  }

  private func turn(ahead: Double) -> Turning {
    guard ahead < settings.turnMetres else { return .not }
    guard turning.value == .not else { return turning.value }
    var balance = 0.0
    for index in clearances.indices where clearances[index].x > -0.3 {
      balance += clearances[index].y * clearances[index].distanceMetres
    }
    return balance >= 0 ? .left : .right
  }

  /// Forward room: what the front beam and its two neighbours leave.
  private var distanceAhead: Double {
    var room = Double.infinity
    for index in clearances.indices where clearances[index].x > 0.5 {
      room = min(room, clearances[index].x * clearances[index].distanceMetres)
    }
    return room
  }

  private var nearest: Double {
    var distance = Double.infinity
    for index in clearances.indices { distance = min(distance, clearances[index].distanceMetres) }
    return distance
  }
}

extension StageKind {
  /// `"kind": "wander"`.
  public static var wander: StageKind {
    StageKind(
      Section(
        "wander", doc: "Reads \"clearances\"; commands left_wheel, right_wheel and gate.",
        fields: WanderSettings.fields)
    ) { setup, settings in try WanderStage(setup: setup, settings: WanderSettings(settings)) }
  }
}
