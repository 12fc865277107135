/// Everything that a configuration can name: sensor models, links, stages, the guard, the sink, importers.
///
/// A value, built in code; there is no dynamic loading. A user's program takes `.shipped` of the fusiond
/// package, or an empty one, and adds its own.
public struct Registry: Sendable {
  public var sensors: [SensorModel] = []
  public var links: [LinkKind] = []
  public var stages: [StageKind] = []
  public var importers: [Importer] = []
  /// Makes the guard that has the last word; without one, a guard that only knows safe values.
  public var makeGuard: @Sendable (_ actuators: [ActuatorDescription]) -> any SlotGuard = {
    SafeValueGuard(actuators: $0)
  }
  /// The section `publish` and what makes the sink of it; nil: commands go nowhere but into the log.
  public var sink: SinkKind?
  /// What the decisions' code calls itself in logs: a replay by another version is said to be one.
  public var decisionVersion = "none"
  public var buildVersion = "0.1.0"

  public init() {}
}

/// One sensor model: its keys in the configuration, and what makes its decoder, ring and pools.
public struct SensorModel: Sendable {
  /// The model's own keys; its name is the value of the sensor's `model`.
  public var section: Section
  /// How its samples are aligned where the configuration does not say.
  public var defaultPolicy: AlignPolicy
  public var make: @Sendable (SensorPlan) throws -> any AnySensor
  /// Decodes a capture to a file for `fusiond decode`; nil where there is no such form.
  public var export: (@Sendable (ExportPlan) throws -> ExportResult)?

  public init(
    _ section: Section, defaultPolicy: AlignPolicy,
    make: @escaping @Sendable (SensorPlan) throws -> any AnySensor,
    export: (@Sendable (ExportPlan) throws -> ExportResult)? = nil
  ) {
    self.section = section
    self.defaultPolicy = defaultPolicy
    self.make = make
    self.export = export
  }
}

/// What a sensor's maker is given.
public struct SensorPlan {
  public var name: String
  public var number: UInt16
  /// The sensor's whole object: common and own keys.
  public var settings: Settings
  public var intake: IntakeSettings
  /// Payload slots to allocate where the kind has payloads: more in a replay, which decodes ahead.
  public var payloadSlots: Int
  /// Reads a file that the configuration names: from disk, or in a replay from the log.
  public var readFile: (_ path: String) throws(SetupProblem) -> [UInt8]
  /// The settings with the paths as written, so that a log and its replay name files alike.
  public func file(_ key: String) throws(SetupProblem) -> [UInt8] { try readFile(settings.path(key)) }
}

/// One kind of link: its keys, and what opens it.
public struct LinkKind: Sendable {
  public var section: Section
  public var make: @Sendable (LinkPlan) throws -> any PacketLink

  public init(_ section: Section, make: @escaping @Sendable (LinkPlan) throws -> any PacketLink) {
    self.section = section
    self.make = make
  }
}

public struct LinkPlan {
  public var sensorName: String
  /// The link's own object, and the sensor's.
  public var settings: Settings
  public var sensor: Settings
  public var clock: any PipelineClock
  /// Links that the embedding program made itself, by name: a simulator's.
  public var provided: [String: any PacketLink]

  public init(
    sensorName: String, settings: Settings, sensor: Settings, clock: any PipelineClock,
    provided: [String: any PacketLink] = [:]
  ) {
    self.sensorName = sensorName
    self.settings = settings
    self.sensor = sensor
    self.clock = clock
    self.provided = provided
  }
}

/// One kind of stage: its keys beside `budget_ms` and `modelled_ms`, and what makes it.
public struct StageKind: Sendable {
  public var section: Section
  public var make: @Sendable (_ setup: StageSetup, _ settings: Settings) throws -> any Stage

  public init(
    _ section: Section,
    make: @escaping @Sendable (_ setup: StageSetup, _ settings: Settings) throws -> any Stage
  ) {
    self.section = section
    self.make = make
  }
}

/// Where commands go: the keys of `publish`, and what opens the sockets.
public struct SinkKind: Sendable {
  public var section: Section
  public var make: @Sendable (SinkPlan) throws -> any CommandSink

  public init(_ section: Section, make: @escaping @Sendable (SinkPlan) throws -> any CommandSink) {
    self.section = section
    self.make = make
  }
}

/// What a sink's maker is given.
public struct SinkPlan {
  /// The object `publish`.
  public var settings: Settings
  public var actuators: [ActuatorDescription]
  /// SCHED_FIFO priority for threads that the sink starts itself; 0 asks for none.
  public var priority: Int32
}

/// Reads one form of foreign recording as packets of the configured sensors.
public struct Importer: Sendable {
  public var name: String
  /// Whether this importer takes the source; the first that does is used.
  public var accepts: @Sendable (_ source: String) -> Bool
  public var open: @Sendable (_ source: String, _ sensors: [ImportTarget]) throws -> ImportedPackets

  public init(
    _ name: String, accepts: @escaping @Sendable (_ source: String) -> Bool,
    open: @escaping @Sendable (_ source: String, _ sensors: [ImportTarget]) throws -> ImportedPackets
  ) {
    self.name = name
    self.accepts = accepts
    self.open = open
  }
}

/// A configured sensor as an importer sees it.
public struct ImportTarget {
  public var name: String
  public var number: UInt16
  public var model: String
  public var settings: Settings

  public init(name: String, number: UInt16, model: String, settings: Settings) {
    self.name = name
    self.number = number
    self.model = model
    self.settings = settings
  }
}

/// What an importer found: packets in order of arrival, stamps as the source has them.
public struct ImportedPackets {
  public var packets: any PacketSource
  /// What was left out, for the people who import: "1200 datagrams to port 8308 fit no sensor".
  public var remarks: () -> [String]
  /// After the last packet: where the source was cut off inside a packet; nil where it is whole.
  public var cutAt: () -> String?
  public init(
    packets: any PacketSource, remarks: @escaping () -> [String], cutAt: @escaping () -> String? = { nil }
  ) {
    self.packets = packets
    self.remarks = remarks
    self.cutAt = cutAt
  }
}

/// What `fusiond decode` asks of a model.
public struct ExportPlan {
  public var input: String
  public var output: String
  public var calibration: String?
  public init(input: String, output: String, calibration: String?) {
    self.input = input
    self.output = output
    self.calibration = calibration
  }
}

public struct ExportResult: Sendable {
  public var summary: String
  public init(summary: String) { self.summary = summary }
}
