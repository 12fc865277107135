/// Ordered text pairs, as MCAP stores them; a channel's or a metadata record's properties.
public struct McapProperties: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  public struct Entry: Hashable, Sendable {
    public var key: String
    public var value: String
    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }
  /// In the file's order.
  public var entries: [Entry]

  public init(_ entries: [Entry] = []) { self.entries = entries }
  public init(dictionaryLiteral elements: (String, String)...) {
    entries = elements.map { Entry($0.0, $0.1) }
  }
  /// The first entry of that key.
  public subscript(key: String) -> String? { entries.first { $0.key == key }?.value }
}

/// What the file says about itself; always its first record.
public struct McapHeader: Hashable, Sendable {
  public var profile: String
  public var library: String
  public init(profile: String = "", library: String = "") {
    self.profile = profile
    self.library = library
  }
}

/// How messages of a channel are to be decoded. `id` is never 0.
public struct McapSchema: Hashable, Sendable {
  public var id: UInt16
  public var name: String
  public var encoding: String
  public var data: [UInt8]
  public init(id: UInt16, name: String, encoding: String, data: [UInt8]) {
    self.id = id
    self.name = name
    self.encoding = encoding
    self.data = data
  }
}

/// A stream of messages on one topic. `schemaID` 0 means that there is no schema.
public struct McapChannel: Hashable, Sendable {
  public var id: UInt16
  public var schemaID: UInt16
  public var topic: String
  public var messageEncoding: String
  public var metadata: McapProperties
  public init(
    id: UInt16, schemaID: UInt16, topic: String, messageEncoding: String, metadata: McapProperties = [:]
  ) {
    self.id = id
    self.schemaID = schemaID
    self.topic = topic
    self.messageEncoding = messageEncoding
    self.metadata = metadata
  }
}

/// One message where it lies in the reader's memory.
///
/// The payload is valid until the reader that gave the message is asked for the next one; `payload` copies it.
@safe public struct McapMessage {
  public var channelID: UInt16
  public var sequence: UInt32
  /// Nanoseconds on the log's clock.
  public var logTime: UInt64
  public var publishTime: UInt64
  /// Valid until the next call of the reader.
  public let payloadBytes: UnsafeRawBufferPointer

  init(
    channelID: UInt16, sequence: UInt32, logTime: UInt64, publishTime: UInt64,
    payloadBytes: UnsafeRawBufferPointer
  ) {
    self.channelID = channelID
    self.sequence = sequence
    self.logTime = logTime
    self.publishTime = publishTime
    unsafe self.payloadBytes = unsafe payloadBytes
  }

  public var payloadByteCount: Int { unsafe payloadBytes.count }
  /// A copy that outlives the reader's next step.
  public var payload: [UInt8] { unsafe [UInt8](payloadBytes) }
  public func withPayload<R>(_ body: (RawSpan) -> R) -> R { body(unsafe payloadBytes.bytes) }
}

/// What a chunk says of itself before its records.
public struct McapChunk: Hashable, Sendable {
  public var messageStartTime: UInt64
  public var messageEndTime: UInt64
  public var uncompressedSize: UInt64
  /// 0: none was computed.
  public var uncompressedCRC: UInt32
  /// "" for none.
  public var compression: String
  /// Bytes of the records as stored.
  public var recordsByteCount: UInt64
}

/// Where the messages of one channel lie inside the chunk before this record.
public struct McapMessageIndex: Hashable, Sendable {
  public struct Entry: Hashable, Sendable, BitwiseCopyable {
    public var logTime: UInt64
    /// From the start of the uncompressed records.
    public var offset: UInt64
  }
  public var channelID: UInt16
  public var entries: [Entry]
}

/// Where a chunk lies and what it covers.
public struct McapChunkIndex: Hashable, Sendable {
  public var messageStartTime: UInt64 = 0
  public var messageEndTime: UInt64 = 0
  public var chunkStartOffset: UInt64 = 0
  /// With opcode and length.
  public var chunkLength: UInt64 = 0
  /// Channel id and the file offset of its message index, in the file's order; empty when there are none.
  public var messageIndexOffsets: [McapChannelValue] = []
  public var messageIndexLength: UInt64 = 0
  public var compression = ""
  public var compressedSize: UInt64 = 0
  public var uncompressedSize: UInt64 = 0
  public init() {}
}

/// An entry of a map from channel id to a number.
public struct McapChannelValue: Hashable, Sendable, BitwiseCopyable {
  public var channelID: UInt16
  public var value: UInt64
  public init(_ channelID: UInt16, _ value: UInt64) {
    self.channelID = channelID
    self.value = value
  }
}

/// A file inside the log: configuration, calibration, a build's description.
public struct McapAttachment: Hashable, Sendable {
  public var logTime: UInt64
  /// 0 when unknown.
  public var createTime: UInt64
  public var name: String
  public var mediaType: String
  public var data: [UInt8]
  public init(logTime: UInt64, createTime: UInt64 = 0, name: String, mediaType: String, data: [UInt8]) {
    self.logTime = logTime
    self.createTime = createTime
    self.name = name
    self.mediaType = mediaType
    self.data = data
  }
}

public struct McapAttachmentIndex: Hashable, Sendable {
  public var offset: UInt64
  /// With opcode and length.
  public var length: UInt64
  public var logTime: UInt64
  public var createTime: UInt64
  public var dataSize: UInt64
  public var name: String
  public var mediaType: String
}

public struct McapMetadata: Hashable, Sendable {
  public var name: String
  public var properties: McapProperties
  public init(name: String, properties: McapProperties) {
    self.name = name
    self.properties = properties
  }
}

public struct McapMetadataIndex: Hashable, Sendable {
  public var offset: UInt64
  /// With opcode and length.
  public var length: UInt64
  public var name: String
}

/// Counts over the whole file. Times are 0 when there are no messages.
public struct McapStatistics: Hashable, Sendable {
  public var messageCount: UInt64 = 0
  public var schemaCount: UInt16 = 0
  public var channelCount: UInt32 = 0
  public var attachmentCount: UInt32 = 0
  public var metadataCount: UInt32 = 0
  public var chunkCount: UInt32 = 0
  public var messageStartTime: UInt64 = 0
  public var messageEndTime: UInt64 = 0
  public var channelMessageCounts: [McapChannelValue] = []
  public init() {}
}

public struct McapSummaryOffset: Hashable, Sendable {
  public var groupOpcode: UInt8
  public var groupStart: UInt64
  public var groupLength: UInt64
}

public struct McapFooter: Hashable, Sendable {
  /// 0: there is no summary.
  public var summaryStart: UInt64
  /// 0: there are no summary offsets.
  public var summaryOffsetStart: UInt64
  /// 0: none was computed.
  public var summaryCRC: UInt32
}

/// One record as the reader found it. A chunk is announced, then its records follow one by one.
public enum McapRecord {
  case header(McapHeader)
  case footer(McapFooter)
  case schema(McapSchema)
  case channel(McapChannel)
  case message(McapMessage)
  case chunk(McapChunk)
  case messageIndex(McapMessageIndex)
  case chunkIndex(McapChunkIndex)
  case attachment(McapAttachment)
  case attachmentIndex(McapAttachmentIndex)
  case statistics(McapStatistics)
  case metadata(McapMetadata)
  case metadataIndex(McapMetadataIndex)
  case summaryOffset(McapSummaryOffset)
  /// The sum over everything before it; 0 when none was computed.
  case dataEnd(crc: UInt32)
  /// A private record, or one of a later format; its content was passed over.
  case unknown(opcode: UInt8, byteCount: UInt64)
}
