/// Reads a torn or damaged log and writes a valid one with every message that is whole and intact.
///
/// Intact means: its chunk's checksum is right, or there is none to contradict it (outside of chunks, in the
/// torn last chunk); the latter are counted apart. After damage, reading goes on at the next chunk whose
/// checksum is right. Message order, ids, times and sequence numbers stay as they were; chunks are made anew.
/// Thread: one at a time. Memory: a chunk of the old log and one of the new. Errors: `.notMcap` when nothing
/// in the file is a log, `.unsupportedCompression`, `.storage`.
public final class McapRecovery {
  private let source: any ByteSource
  private let sink: any ByteSink
  private let library: String?
  private let options: McapWriterOptions
  private let reader: McapRecordReader
  private var resync: McapResync
  private var header = McapHeader()
  private var writer: McapWriter?
  private var definitions: RecoveredDefinitions
  private var report = McapRecoveryReport()
  private var hasLooseMessages = false
  /// The last search and its result; keeps a hostile file from being searched again and again.
  private var search: (after: UInt64, found: UInt64?, loose: Bool)?

  /// Writes the log anew into `sink` and says what was lost. `library`: nil keeps the old log's.
  public static func recover(
    from source: any ByteSource, to sink: any ByteSink, library: String? = nil,
    options: McapWriterOptions = .recording
  ) throws(McapFailure) -> McapRecoveryReport {
    let recovery = try McapRecovery(source, sink, library, options)
    do throws(McapFailure) {
      return try recovery.run()
    } catch {
      if recovery.writer == nil { sink.discard() }
      throw error
    }
  }

  private init(
    _ source: any ByteSource, _ sink: any ByteSink, _ library: String?, _ options: McapWriterOptions
  ) throws(McapFailure) {
    self.source = source
    self.sink = sink
    self.library = library
    self.options = options
    reader = McapRecordReader(source: source, damagedChunks: .give)
    resync = McapResync(source)
    definitions = RecoveredDefinitions(summary: try McapIndex(summaryOf: source))
  }

  private func run() throws(McapFailure) -> McapRecoveryReport {
    var isFirst = true
    while true {
      var record: McapRecord?
      do throws(McapFailure) {
        record = try reader.next()
      } catch {
        // A damaged beginning is no reason to give up what follows.
        guard isFirst, case .notMcap = error, try goOn(from: 0, "the opening magic is wrong") else {
          throw error
        }
        isFirst = false
        continue
      }
      isFirst = false
      if let record {
        try followIntactChunk(record)
        if try isOutOfStep(record) {
          if case .attachment = record, reader.trust == .verified { try take(record) }
          _ = try goOn(from: reader.outerOffset, "the length of a record is wrong")
          continue
        }
        try take(record)
        continue
      }
      switch reader.ending {
      case .truncated(let offset, let reason), .damaged(let offset, let reason):
        if try goOn(from: offset, reason) { continue }
      case .complete, nil: report.wasComplete = report.lost.isEmpty
      }
      break
    }
    do throws(StorageFailure) {
      try open().finish()
    } catch {
      throw .storage(error)
    }
    report.problems = reader.problems
    report.doubtfulTopics = definitions.doubtfulTopics
    return report
  }

  /// Notes the loss and goes to the next good place; false when there is none.
  private func goOn(from offset: UInt64, _ reason: String) throws(McapFailure) -> Bool {
    let next = try nextGoodPlace(after: offset)
    let end = next ?? source.byteCount
    report.lost.append(
      McapRecoveryReport.Loss(offset: offset, byteCount: end - min(offset, end), reason: reason))
    guard let next else { return false }
    reader.resume(at: next)
    return true
  }

  private func nextGoodPlace(after offset: UInt64) throws(McapFailure) -> UInt64? {
    if let search, search.loose == hasLooseMessages, offset >= search.after,
      search.found.map({ offset < $0 }) ?? true
    {
      return search.found
    }
    do throws(StorageFailure) {
      let found = try resync.nextGoodPlace(from: offset + 1, loose: hasLooseMessages)
      search = (offset, found, hasLooseMessages)
      return found
    } catch {
      throw .storage(error)
    }
  }

  /// A chunk whose records are right but whose own length is not must not swallow what follows it.
  private func followIntactChunk(_ record: McapRecord) throws(McapFailure) {
    guard case .chunk = record, reader.trust == .verified, let walk = reader.chunk else { return }
    let recordsEnd = unsafe walk.recordsOffset + UInt64(walk.records.count)
    guard recordsEnd != reader.position || reader.ending != nil, recordsEnd < source.byteCount else {
      return
    }
    do throws(StorageFailure) {
      guard try resync.isPlausibleRun(at: recordsEnd, records: 1) else { return }
    } catch {
      throw .storage(error)
    }
    report.lost.append(
      McapRecoveryReport.Loss(
        offset: reader.outerOffset, byteCount: 0, reason: "the length of a chunk is wrong"))
    reader.followChunk(at: recordsEnd)
  }

  /// The record's own length cannot be right: nothing like a record follows it, and it covers a good place.
  ///
  /// The first alone may as well be damage to the next record, and this one is whole.
  private func isOutOfStep(_ record: McapRecord) throws(McapFailure) -> Bool {
    if reader.isInSummary || reader.ending != nil { return false }
    switch record {
    case .chunk where reader.trust == .verified: return false
    case .message, .schema, .channel:
      // Those inside a chunk are framed by it.
      if reader.recordOffset != reader.outerOffset { return false }
    default: break
    }
    do throws(StorageFailure) {
      if try resync.isPlausibleRun(at: reader.position, records: 2) { return false }
    } catch {
      throw .storage(error)
    }
    return try nextGoodPlace(after: reader.outerOffset).map { $0 < reader.position } ?? false
  }

  private func take(_ record: McapRecord) throws(McapFailure) {
    do throws(StorageFailure) {
      switch record {
      case .header(let found): if writer == nil { header = found }
      case .schema(let schema): definitions.add(schema, reader.trust)
      case .channel(let channel): definitions.add(channel, reader.trust)
      case .chunk where reader.trust == .damaged:
        let start = reader.outerOffset
        report.lost.append(
          McapRecoveryReport.Loss(
            offset: start, byteCount: reader.chunkEnd - min(start, reader.chunkEnd),
            reason: "the checksum of a chunk is wrong"))
      case .message(let message): try take(message)
      case .attachment(let attachment):
        if reader.trust == .damaged {
          report.lostAttachments.append(attachment.name)
        } else {
          try open().attach(attachment)
          report.attachments += 1
        }
      case .metadata(let metadata):
        try open().add(metadata)
        report.metadata += 1
      default: break
      }
    } catch {
      throw .storage(error)
    }
  }

  private func take(_ message: McapMessage) throws(StorageFailure) {
    if reader.trust == .damaged {
      report.damagedMessages += 1
      return
    }
    if reader.recordOffset == reader.outerOffset { hasLooseMessages = true }
    let writer = try open()
    guard try definitions.define(message.channelID, in: writer) else {
      report.orphanedMessages += 1
      return
    }
    unsafe try writer.write(
      channel: message.channelID, sequence: message.sequence, logTime: message.logTime,
      publishTime: message.publishTime, payload: message.payloadBytes)
    report.messages += 1
    if reader.trust == .unchecked { report.uncheckedMessages += 1 }
  }

  private func open() throws(StorageFailure) -> McapWriter {
    if let writer { return writer }
    let opened = try McapWriter(
      sink: sink, profile: header.profile, library: library ?? header.library, options: options)
    writer = opened
    return opened
  }
}
