/// What a log holds and where, from its summary, or from reading all of it where that does not suffice.
///
/// Thread: one at a time. Cost: a few reads at the end of the file; without a usable summary one pass over it.
public final class McapIndex {
  let source: any ByteSource
  public internal(set) var header = McapHeader()
  /// By id.
  public internal(set) var schemas: [UInt16: McapSchema] = [:]
  public internal(set) var channels: [UInt16: McapChannel] = [:]
  /// As stored, or counted where they were not; nil when the summary has none.
  public internal(set) var statistics: McapStatistics?
  /// In the file's order.
  public internal(set) var chunks: [McapChunkIndex] = []
  public internal(set) var attachments: [McapAttachmentIndex] = []
  public internal(set) var metadata: [McapMetadataIndex] = []
  /// Messages outside of chunks; only known from a scan.
  var looseMessages: [LooseMessage] = []
  /// The summary was missing, damaged or incomplete, so the whole file was read.
  public internal(set) var isFromScan = false
  /// What a scan found wrong, or why the summary was not used.
  public internal(set) var problems: [McapProblem] = []
  /// How a scan ended; nil when the summary sufficed.
  public internal(set) var ending: McapEnding?

  struct LooseMessage: BitwiseCopyable {
    var channelID: UInt16
    var logTime: UInt64
    /// Of the record.
    var offset: UInt64
    var byteCount: UInt64
  }

  /// Longer summaries are not believed: the file is scanned.
  private static var maximumSummaryBytes: UInt64 { 1 << 30 }

  public convenience init(_ source: any ByteSource) throws(McapFailure) {
    try self.init(summaryOf: source)
    if !coversAllMessages { try scan() }
  }

  /// Only what an intact summary says; nothing where there is none.
  init(summaryOf source: any ByteSource) throws(McapFailure) {
    self.source = source
    var window = ByteWindow(source, capacity: 64 * 1024)
    do throws(StorageFailure) {
      if try !readSummary(&window) { forget() }
    } catch {
      throw .storage(error)
    }
  }

  /// Channel ids of a topic; several channels may share one.
  public func channelIDs(topic: String) -> [UInt16] {
    channels.values.filter { $0.topic == topic }.map(\.id).sorted()
  }

  /// The attachment of an index entry, with its checksum tested.
  public func attachment(_ entry: McapAttachmentIndex) throws(McapFailure) -> McapAttachment? {
    guard let record = try record(at: entry.offset) else { return nil }
    guard case .attachment(let attachment) = record.record, record.trust != .damaged else { return nil }
    return attachment
  }

  public func metadata(_ entry: McapMetadataIndex) throws(McapFailure) -> McapMetadata? {
    guard case .metadata(let metadata) = try record(at: entry.offset)?.record else { return nil }
    return metadata
  }

  private func record(at offset: UInt64) throws(McapFailure) -> (record: McapRecord, trust: McapTrust)? {
    let reader = McapRecordReader(source: source)
    reader.resume(at: max(offset, 1))
    guard let record = try reader.next(), reader.recordOffset == offset else { return nil }
    return (record, reader.trust)
  }

  /// False when the summary is not there or not right.
  private func readSummary(_ window: inout ByteWindow) throws(StorageFailure) -> Bool {
    let magic = UInt64(McapFormat.magicBytes)
    let footerBytes = UInt64(McapFormat.recordHeadBytes + McapFormat.footerBytes)
    guard source.byteCount >= 2 * magic + footerBytes else { return false }
    let footerAt = source.byteCount - magic - footerBytes
    guard let first = unsafe try window.bytes(at: 0, count: Int(magic)),
      unsafe first.elementsEqual(McapFormat.magic),
      try readHeader(&window),
      let tail = unsafe try window.bytes(at: footerAt, count: Int(footerBytes + magic)),
      unsafe tail.suffix(Int(magic)).elementsEqual(McapFormat.magic),
      unsafe tail[0] == McapOpcode.footer.rawValue
    else { return false }
    var cursor = unsafe RecordCursor(UnsafeRawBufferPointer(rebasing: tail[1...]))
    guard let length = try? cursor.integer(UInt64.self), length == UInt64(McapFormat.footerBytes),
      let start = try? cursor.integer(UInt64.self), (try? cursor.integer(UInt64.self)) != nil,
      let stored = try? cursor.integer(UInt32.self), start >= magic, start <= footerAt,
      footerAt - start <= Self.maximumSummaryBytes
    else { return false }
    let summed = Int(footerAt - start) + McapFormat.recordHeadBytes + McapFormat.footerBytes - 4
    guard let summary = unsafe try window.bytes(at: start, count: summed) else { return false }
    if stored != 0 {
      let computed = unsafe CRC32.of(summary)
      guard computed == stored else {
        problems.append(
          McapProblem(offset: start, kind: .checksum(.summary, stored: stored, computed: computed)))
        return false
      }
    }
    let records = unsafe UnsafeRawBufferPointer(rebasing: summary[..<Int(footerAt - start)])
    return unsafe takeSummary(records)
  }

  private func readHeader(_ window: inout ByteWindow) throws(StorageFailure) -> Bool {
    let at = UInt64(McapFormat.magicBytes)
    guard let head = unsafe try window.bytes(at: at, count: McapFormat.recordHeadBytes),
      unsafe head[0] == McapOpcode.header.rawValue
    else { return false }
    let length = unsafe UInt64(littleEndian: head.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    guard length <= 1 << 20,
      let content = unsafe try window.bytes(
        at: at + UInt64(McapFormat.recordHeadBytes), count: Int(length)),
      case .header(let found)? = unsafe try? McapRecord.decode(McapOpcode.header.rawValue, content)
    else { return false }
    header = found
    return true
  }

  private func takeSummary(_ records: UnsafeRawBufferPointer) -> Bool {
    var walk = unsafe ChunkWalk(records, at: 0, isTorn: false)
    while true {
      guard case .record(let opcode, let range) = walk.step() else {
        return walk.position == records.count
      }
      guard let record = unsafe try? McapRecord.decode(opcode, walk.content(range)) else { return false }
      switch record {
      case .schema(let schema): schemas[schema.id] = schema
      case .channel(let channel): channels[channel.id] = channel
      case .statistics(let found): statistics = found
      case .chunkIndex(let index): chunks.append(index)
      case .attachmentIndex(let index): attachments.append(index)
      case .metadataIndex(let index): metadata.append(index)
      default: break
      }
    }
  }

  /// The summary lets every message be found, with its channel and schema.
  private var coversAllMessages: Bool {
    guard let statistics else { return false }
    let channelsKnown = chunks.allSatisfy { chunk in
      chunk.messageIndexOffsets.allSatisfy { channels[$0.channelID] != nil }
    }
    let schemasKnown = channels.values.allSatisfy { $0.schemaID == 0 || schemas[$0.schemaID] != nil }
    return channelsKnown && schemasKnown && channels.count >= Int(statistics.channelCount)
      && chunks.count == Int(statistics.chunkCount)
      && (statistics.messageCount == 0 || !chunks.isEmpty)
      && attachments.count == Int(statistics.attachmentCount)
      && metadata.count == Int(statistics.metadataCount)
  }

  func forget() {
    schemas = [:]
    channels = [:]
    statistics = nil
    chunks = []
    attachments = []
    metadata = []
  }
}
