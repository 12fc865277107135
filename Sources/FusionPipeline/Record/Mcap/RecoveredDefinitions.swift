/// Schemas and channels of a damaged log, from wherever they can still be had.
struct RecoveredDefinitions {
  private let summary: McapIndex
  private var schemas: [UInt16: McapSchema] = [:]
  private var channels: [UInt16: McapChannel] = [:]
  /// From chunks with a wrong checksum: taken only where there is nothing better.
  private var doubtfulSchemas: [UInt16: McapSchema] = [:]
  private var doubtfulChannels: [UInt16: McapChannel] = [:]
  private var written: Set<UInt16> = []
  private var writtenSchemas: Set<UInt16> = []
  private(set) var doubtfulTopics: [String] = []

  init(summary: McapIndex) { self.summary = summary }

  mutating func add(_ schema: McapSchema, _ trust: McapTrust) {
    if trust == .damaged {
      if doubtfulSchemas[schema.id] == nil { doubtfulSchemas[schema.id] = schema }
    } else if schemas[schema.id] == nil {
      schemas[schema.id] = schema
    }
  }

  mutating func add(_ channel: McapChannel, _ trust: McapTrust) {
    if trust == .damaged {
      if doubtfulChannels[channel.id] == nil { doubtfulChannels[channel.id] = channel }
    } else if channels[channel.id] == nil {
      channels[channel.id] = channel
    }
  }

  /// Makes sure that the new log has the channel; false when nothing says what it was.
  mutating func define(_ id: UInt16, in writer: McapWriter) throws(StorageFailure) -> Bool {
    if written.contains(id) { return true }
    guard var channel = channels[id] ?? summary.channels[id] ?? doubtfulChannels[id] else { return false }
    var isDoubtful = channels[id] == nil && summary.channels[id] == nil
    if channel.schemaID != 0 {
      let known = schemas[channel.schemaID] ?? summary.schemas[channel.schemaID]
      if let schema = known ?? doubtfulSchemas[channel.schemaID] {
        if known == nil { isDoubtful = true }
        // Whatever was written first under that id stays: a log cannot have two.
        if writtenSchemas.insert(schema.id).inserted { try writer.addSchema(schema) }
      } else {
        // The messages are worth more than their schema.
        channel.schemaID = 0
        isDoubtful = true
      }
    }
    try writer.addChannel(channel)
    if isDoubtful { doubtfulTopics.append(channel.topic) }
    written.insert(id)
    return true
  }
}

/// What a recovery brought into the new log, and what it could not.
public struct McapRecoveryReport: Sendable, Equatable {
  public struct Loss: Sendable, Equatable {
    public var offset: UInt64
    public var byteCount: UInt64
    public var reason: String
  }
  /// In the new log.
  public var messages: UInt64 = 0
  /// Of these, how many had no checksum to vouch for them.
  public var uncheckedMessages: UInt64 = 0
  /// Left out: in chunks with a wrong checksum, as far as their framing could be followed.
  public var damagedMessages: UInt64 = 0
  /// Left out: nothing in the file says what their channel was.
  public var orphanedMessages: UInt64 = 0
  public var attachments: UInt64 = 0
  public var metadata: UInt64 = 0
  /// By name: their checksum is wrong.
  public var lostAttachments: [String] = []
  /// Channels whose definition is taken from damaged bytes or lacks its schema.
  public var doubtfulTopics: [String] = []
  /// Ranges of the old file that are no records, or chunks with a wrong checksum; 0 bytes where only a
  /// length was wrong and nothing was lost.
  public var lost: [Loss] = []
  public var problems: [McapProblem] = []
  /// The old log had its footer and nothing is in `lost`; `problems` may still name damage inside records.
  public var wasComplete = false
  public init() {}
}
