/// What a log contains besides its messages. The default is what this project records.
public struct McapWriterOptions: Sendable, Equatable {
  /// Messages go into chunks, which carry a checksum each; without them they are written as they come.
  public var usesChunks = true
  /// A chunk is written before a message would make its records longer than this, and when it has reached it.
  public var chunkBytes = 256 * 1024
  /// After each chunk, where each channel's messages lie in it.
  public var writesMessageIndex = true
  public var repeatsSchemas = true
  public var repeatsChannels = true
  public var writesStatistics = true
  public var writesChunkIndex = true
  public var writesAttachmentIndex = true
  public var writesMetadataIndex = true
  public var writesSummaryOffsets = true
  /// Each chunk holds the channels and schemas of its messages, so that damage to one cannot orphan another's.
  public var repeatsDefinitionsInEachChunk = false
  /// Bytes after the known fields of every record that the format allows to grow; for conformance tests.
  public var recordExtension: [UInt8] = []

  public init() {}

  /// Chunks, indexes, statistics and the whole summary.
  public static var recording: McapWriterOptions { McapWriterOptions() }

  /// Only header, records and footer.
  public static var bare: McapWriterOptions {
    var options = McapWriterOptions()
    options.usesChunks = false
    options.writesMessageIndex = false
    options.repeatsSchemas = false
    options.repeatsChannels = false
    options.writesStatistics = false
    options.writesChunkIndex = false
    options.writesAttachmentIndex = false
    options.writesMetadataIndex = false
    options.writesSummaryOffsets = false
    return options
  }
}
