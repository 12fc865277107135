/// Moves what the threads of a run push into their queues to the log.
///
/// Each producer has a queue of its own, so a camera that floods cannot push out commands and misses.
/// Thread: `makeTap` before the run; `drain` and `finish` from one thread (its own live, the runner's in
/// virtual time). A write that fails is counted and the recording goes on.
public final class Recorder {
  private struct Source {
    var id: UInt32
    var queue: ByteQueue
    var reported: (messages: UInt64, bytes: UInt64) = (0, 0)
  }

  private let writer: McapWriter
  private let offset: Int64
  private var channels: [UInt32: UInt16] = [:]
  private var sequences: [UInt32: UInt32] = [:]
  private var sources: [Source] = []
  private var scratch = [UInt8](repeating: 0, count: 1 << 16)
  private let gapBuffer = TopicBuffer(capacity: 64)
  private var lastStamp: Stamp = .zero
  public private(set) var messages: UInt64 = 0
  public private(set) var bytes: UInt64 = 0
  public private(set) var failedWrites: UInt64 = 0
  public private(set) var failure: StorageFailure?

  /// Begins the log with its header, topics and attachments; leaves no file behind when that fails.
  /// - Parameter writesHeader: false where the session's epoch is not known yet; `write(_:)` follows then.
  public init(
    sink: any ByteSink, header: SessionHeader, topics: SessionTopics, writesHeader: Bool = true
  ) throws(StorageFailure) {
    var options = McapWriterOptions.recording
    // Every chunk stands alone, so that damage to one costs that one only.
    options.repeatsDefinitionsInEachChunk = true
    writer = try McapWriter(
      sink: sink, profile: "fusion", library: "fusiond \(header.buildVersion)", options: options)
    offset = header.realtimeOffsetNanoseconds
    do throws(StorageFailure) {
      if writesHeader { try writer.add(header.metadata) }
      let began = Self.logTime(header.epoch, offset)
      try writer.attach(
        McapAttachment(
          logTime: began, name: SessionHeader.configurationAttachment, mediaType: "application/json",
          data: Array(header.configurationText.utf8)))
      for file in header.attachments {
        try writer.attach(
          McapAttachment(
            logTime: began, name: file.name, mediaType: "application/octet-stream", data: file.bytes))
      }
      var schemas: [String: UInt16] = [:]
      for entry in topics.entries {
        let schema: UInt16
        if let known = schemas[entry.layout.name] {
          schema = known
        } else {
          schema = try writer.addSchema(
            name: entry.layout.name, encoding: RecordLayout.encoding,
            data: Array(entry.layout.schemaText.utf8))
          schemas[entry.layout.name] = schema
        }
        channels[entry.number] = try writer.addChannel(
          topic: entry.topic, messageEncoding: RecordLayout.encoding, schemaID: schema)
      }
    } catch {
      sink.discard()
      throw error
    }
  }

  /// Writes what the log says of itself; before anything is drained.
  func write(_ header: SessionHeader) {
    do throws(StorageFailure) { try writer.add(header.metadata) } catch { note(error) }
  }

  /// A queue for one producing thread.
  public func makeTap(id: UInt32, capacity: Int) -> RecordTap {
    let queue = ByteQueue(capacity: capacity)
    sources.append(Source(id: id, queue: queue))
    return RecordTap(queue: queue)
  }

  /// Writes everything that is waiting; the number of messages moved.
  @discardableResult
  public func drain() -> Int {
    var moved = 0
    for index in sources.indices {
      let queue = sources[index].queue
      while unsafe queue.pop(into: &scratch, { unsafe write($0, $1, $2) }) { moved += 1 }
      noteGap(index)
    }
    return moved
  }

  /// Brings the current chunk to the file, so that a crash loses little.
  public func flush() {
    do throws(StorageFailure) { try writer.flushChunk() } catch { note(error) }
  }

  /// Drains, writes the summary and closes; throws as well what an earlier write failed of.
  public func finish() throws(StorageFailure) {
    drain()
    try writer.finish()
    if let failure { throw failure }
  }

  private static func logTime(_ stamp: Stamp, _ offset: Int64) -> UInt64 {
    UInt64(max((stamp + offset).nanoseconds, 0))
  }

  private func write(_ topic: UInt32, _ stamp: Stamp, _ payload: UnsafeRawBufferPointer) {
    guard let channel = channels[topic] else { return }
    let sequence = sequences[topic, default: 0] &+ 1
    sequences[topic] = sequence
    lastStamp = max(lastStamp, stamp)
    let time = Self.logTime(stamp, offset)
    do throws(StorageFailure) {
      unsafe try writer.write(
        channel: channel, sequence: sequence, logTime: time, publishTime: time, payload: payload)
      messages &+= 1
      bytes &+= UInt64(payload.count)
    } catch {
      note(error)
    }
  }

  private func noteGap(_ index: Int) {
    let refused = sources[index].queue.refused
    guard refused.messages > sources[index].reported.messages else { return }
    gapBuffer.clear()
    gapBuffer.append(sources[index].id)
    gapBuffer.append(refused.messages - sources[index].reported.messages)
    gapBuffer.append(refused.bytes - sources[index].reported.bytes)
    sources[index].reported = refused
    unsafe write(TopicNumber.gap, lastStamp, gapBuffer.contents)
  }

  /// Messages that full queues refused, all producers together.
  public var refusedMessages: UInt64 { sources.reduce(0) { $0 + $1.queue.refused.messages } }

  private func note(_ error: StorageFailure) {
    failedWrites &+= 1
    failure = error
  }
}
