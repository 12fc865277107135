/// What a stage asks for before the start: its sensors, the lists it reads and writes, its state.
///
/// Everything is checked here: a list that no earlier stage writes, or one of another type, is a problem in
/// the configuration and stops the start, not a surprise in a frame.
public final class StageSetup {
  public let vehicle: VehicleDescription
  public let actuators: [ActuatorDescription]
  public let state: StateStore
  private var ports: [any AnyPort]
  private var lists: [String: Any] = [:]
  /// Which stage asked for what, for `docs` and `fusiond check`.
  public private(set) var wiring: [String] = []
  public internal(set) var stageName = ""

  init(
    vehicle: VehicleDescription, actuators: [ActuatorDescription], state: StateStore,
    ports: [any AnyPort]
  ) {
    self.vehicle = vehicle
    self.actuators = actuators
    self.state = state
    self.ports = ports
  }

  /// Every sensor of one sample kind, in the configuration's order.
  public func sensors<Sample>(of type: Sample.Type) -> [SensorPort<Sample>] {
    ports.compactMap { $0.portObject as? SensorPort<Sample> }
  }

  /// The pool that a sensor's big payloads lie in.
  public func pool<Element>(
    of type: Element.Type, for port: String
  ) throws(SetupProblem) -> PayloadPool<Element> {
    for candidate in ports where candidate.name == port {
      if let pool = candidate.pool as? PayloadPool<Element> { return pool }
    }
    throw SetupProblem("stage \(stageName): sensor \(port) has no payload of \(type)")
  }

  /// A list that this stage fills in every frame and later stages may read.
  public func output<T: BitwiseCopyable>(
    _ name: String, of type: T.Type, capacity: Int, zero: T
  ) throws(SetupProblem) -> FixedList<T> {
    guard lists[name] == nil else {
      throw SetupProblem("stage \(stageName): another stage already writes \"\(name)\"")
    }
    let list = FixedList(capacity: capacity, zero: zero)
    lists[name] = list
    wiring.append("\(stageName) → \(name): [\(type)] ≤ \(capacity)")
    return list
  }

  /// A list that an earlier stage fills.
  public func input<T: BitwiseCopyable>(
    _ name: String, of type: T.Type
  ) throws(SetupProblem) -> FixedList<T> {
    guard let found = lists[name] else {
      let known = lists.keys.sorted().joined(separator: ", ")
      throw SetupProblem(
        "stage \(stageName) reads \"\(name)\", which no earlier stage writes (written: \(known))")
    }
    guard let list = found as? FixedList<T> else {
      throw SetupProblem("stage \(stageName) reads \"\(name)\" as \(type), but it is another type")
    }
    wiring.append("\(name) → \(stageName)")
    return list
  }

  /// The same, for a stage that can do without.
  public func optionalInput<T: BitwiseCopyable>(_ name: String, of type: T.Type) -> FixedList<T>? {
    guard let list = lists[name] as? FixedList<T> else { return nil }
    wiring.append("\(name) → \(stageName)")
    return list
  }
}

/// A sensor's port without its sample's type, as a setup is given it.
public protocol AnyPort: AnyObject {
  var name: String { get }
  /// The `SensorPort<Sample>` that stages read.
  var portObject: AnyObject { get }
  /// The `PayloadPool<Element>`, where the sample kind has one.
  var pool: AnyObject? { get }
}

/// A configuration that cannot run, found before anything was opened.
public struct SetupProblem: Error, Sendable, Equatable {
  public var message: String
  public init(_ message: String) { self.message = message }
}

/// The machine's own geometry and limits, SI.
public struct VehicleDescription: Sendable, Equatable {
  public var wheelbaseMetres: Double
  public var widthMetres: Double
  /// From the rear axle's centre (the vehicle frame's origin, on the ground) to the front and rear bumpers.
  public var frontOverhangMetres: Double
  public var rearOverhangMetres: Double
  public var maximumSteeringRadians: Double
  public var maximumSpeedMetresPerSecond: Double
  /// Acceleration at full throttle and deceleration at full brake, both positive.
  public var fullThrottleAcceleration: Double
  public var fullBrakeDeceleration: Double

  public init(
    wheelbaseMetres: Double = 2.7, widthMetres: Double = 1.85, frontOverhangMetres: Double = 3.7,
    rearOverhangMetres: Double = 0.9, maximumSteeringRadians: Double = 0.6,
    maximumSpeedMetresPerSecond: Double = 36, fullThrottleAcceleration: Double = 3.0,
    fullBrakeDeceleration: Double = 9.0
  ) {
    self.wheelbaseMetres = wheelbaseMetres
    self.widthMetres = widthMetres
    self.frontOverhangMetres = frontOverhangMetres
    self.rearOverhangMetres = rearOverhangMetres
    self.maximumSteeringRadians = maximumSteeringRadians
    self.maximumSpeedMetresPerSecond = maximumSpeedMetresPerSecond
    self.fullThrottleAcceleration = fullThrottleAcceleration
    self.fullBrakeDeceleration = fullBrakeDeceleration
  }
}
