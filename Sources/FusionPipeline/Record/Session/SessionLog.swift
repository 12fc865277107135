/// What a log says of itself: enough to build the same run again.
public struct SessionHeader: Sendable, Equatable {
  public var configurationText: String
  public var configurationName: String
  /// Overrides given with `--set`, in order.
  public var overrides: [String]
  public var session: UInt64
  public var epoch: Stamp
  /// Realtime less pipeline clock when the log began: log times are realtime, stamps inside are not.
  public var realtimeOffsetNanoseconds: Int64
  public var decisionVersion: String
  public var buildVersion: String
  /// "live", "virtual" or "import".
  public var kind: String
  public var realtimeRequested: String
  public var realtimeGranted: String
  /// Files that the configuration names and that a replay needs: calibrations, by the path in it.
  public var attachments: [(name: String, bytes: [UInt8])]

  public init(
    configurationText: String, configurationName: String, overrides: [String] = [], session: UInt64,
    epoch: Stamp,
    realtimeOffsetNanoseconds: Int64, decisionVersion: String, buildVersion: String, kind: String,
    realtimeRequested: String = "", realtimeGranted: String = "",
    attachments: [(name: String, bytes: [UInt8])] = []
  ) {
    self.configurationText = configurationText
    self.configurationName = configurationName
    self.overrides = overrides
    self.session = session
    self.epoch = epoch
    self.realtimeOffsetNanoseconds = realtimeOffsetNanoseconds
    self.decisionVersion = decisionVersion
    self.buildVersion = buildVersion
    self.kind = kind
    self.realtimeRequested = realtimeRequested
    self.realtimeGranted = realtimeGranted
    self.attachments = attachments
  }

  public static func == (a: SessionHeader, b: SessionHeader) -> Bool {
    a.configurationText == b.configurationText && a.session == b.session && a.epoch == b.epoch
      && a.kind == b.kind
  }

  static let metadataName = "fusion.session"
  static let configurationAttachment = "configuration.json"

  var metadata: McapMetadata {
    McapMetadata(
      name: Self.metadataName,
      properties: McapProperties([
        .init("configuration", configurationName), .init("overrides", overrides.joined(separator: "\n")),
        .init("session", String(session)), .init("epoch_ns", String(epoch.nanoseconds)),
        .init("realtime_offset_ns", String(realtimeOffsetNanoseconds)),
        .init("decision_version", decisionVersion), .init("build", buildVersion), .init("kind", kind),
        .init("realtime_requested", realtimeRequested), .init("realtime_granted", realtimeGranted),
      ]))
  }

  init?(_ metadata: McapMetadata, configuration: [UInt8], attachments: [(name: String, bytes: [UInt8])]) {
    let properties = metadata.properties
    guard
      let session = properties["session"].flatMap(UInt64.init),
      let epoch = properties["epoch_ns"].flatMap(Int64.init),
      let offset = properties["realtime_offset_ns"].flatMap(Int64.init)
    else { return nil }
    let overrides = properties["overrides"] ?? ""
    self.init(
      configurationText: String(decoding: configuration, as: UTF8.self),
      configurationName: properties["configuration"] ?? "",
      overrides: overrides.isEmpty ? [] : overrides.split(separator: "\n").map(String.init), session: session,
      epoch: Stamp(nanoseconds: epoch), realtimeOffsetNanoseconds: offset,
      decisionVersion: properties["decision_version"] ?? "", buildVersion: properties["build"] ?? "",
      kind: properties["kind"] ?? "", realtimeRequested: properties["realtime_requested"] ?? "",
      realtimeGranted: properties["realtime_granted"] ?? "", attachments: attachments)
  }
}

/// The topics a session's log has, from the one table of layouts.
public struct SessionTopics: Sendable {
  public struct Entry: Sendable {
    public var number: UInt32
    public var topic: String
    public var layout: RecordLayout
  }
  public var entries: [Entry]

  /// - Parameters:
  ///   - actuators: topics such as `act/steering`, in the configuration's order.
  ///   - sensors: names by number.
  public init(actuators: [String], sensors: [(number: UInt16, name: String)]) {
    entries = [
      Entry(number: TopicNumber.frame, topic: FrameRecord.topic, layout: FrameRecord.layout),
      Entry(number: TopicNumber.slot, topic: SlotRecord.topic, layout: SlotRecord.layout),
      Entry(number: TopicNumber.ledger, topic: LedgerEntry.topic, layout: LedgerEntry.layout),
      Entry(number: TopicNumber.miss, topic: Miss.topic, layout: Miss.layout),
      Entry(number: TopicNumber.snapshot, topic: StateSnapshot.topic, layout: StateSnapshot.layout),
      Entry(number: TopicNumber.gap, topic: RecordingGap.topic, layout: RecordingGap.layout),
    ]
    for (index, topic) in actuators.enumerated() {
      entries.append(
        Entry(
          number: TopicNumber.firstCommand + UInt32(index), topic: Self.commandTopic(topic),
          layout: Self.commandLayout))
    }
    for sensor in sensors {
      entries.append(
        Entry(
          number: TopicNumber.firstRaw + UInt32(sensor.number), topic: Self.rawTopic(sensor.name),
          layout: RawPacket.layout))
    }
  }

  public static func rawTopic(_ sensor: String) -> String { "/raw/\(sensor)" }
  public static func commandTopic(_ actuator: String) -> String { "/fusion/command/\(actuator)" }
  /// The command frame's own format document has the fields.
  static let commandLayout = RecordLayout(
    "fusion.CommandFrame", version: 1, [RecordField("frame", .bytes, unit: "docs/formats/command-frame.md")])
}

/// Messages that a full queue refused: the log says itself what it lacks.
public struct RecordingGap: BitwiseCopyable, Sendable, Equatable {
  public static let topic = "/fusion/gap"
  public static let layout = RecordLayout(
    "fusion.RecordingGap", version: 1,
    [RecordField("queue", .u32), RecordField("messages", .u64), RecordField("bytes", .u64)])
  /// The sensor's number, or 0 for the frame's and 65535 for the output's queue.
  public var queue: UInt32
  public var messages: UInt64
  public var bytes: UInt64

  public init(queue: UInt32, messages: UInt64, bytes: UInt64) {
    self.queue = queue
    self.messages = messages
    self.bytes = bytes
  }

  public init?(decoding bytes: [UInt8]) {
    var reader = TopicReader(bytes)
    queue = reader.next()
    messages = reader.next()
    self.bytes = reader.next()
    guard !reader.isShort else { return nil }
  }
}
