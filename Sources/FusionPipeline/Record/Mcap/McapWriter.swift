/// Writes an MCAP log to a sink, a chunk at a time.
///
/// Messages gather in one buffer until a chunk is full or `flushChunk` is called; then the chunk, its
/// checksum and its indexes go to the sink in one write. When that write fails, the chunk is lost and counted,
/// the sink is cut back to the last whole record, and the log goes on: a disk that was full for a while leaves
/// a gap, not a torn file. Only when the sink cannot be cut back is the log over (`failure`).
/// Thread: one at a time. Cost per message: one copy of the payload and one pass of CRC-32; no allocation once
/// the buffers have reached their size. Errors: `StorageFailure` from the sink, or `.invalid` for misuse.
@safe public final class McapWriter {
  let options: McapWriterOptions
  let sink: any ByteSink
  /// Behind a pointer, which spares the exclusivity checks that class variables cost on each message.
  let state: UnsafeMutablePointer<McapWriterState>

  /// Begins the log. When that fails, the sink is discarded and nothing is left behind.
  public init(
    sink: any ByteSink, profile: String, library: String, options: McapWriterOptions = .recording
  ) throws(StorageFailure) {
    self.options = options
    self.sink = sink
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: McapWriterState(options: options))
    do throws(StorageFailure) {
      var beginning = RecordBuffer(capacity: 256)
      beginning.put(McapFormat.magic)
      beginning.put(McapHeader(profile: profile, library: library), extra: options.recordExtension)
      unsafe try sink.write(beginning.bytes)
      try sink.establish()
      unsafe state.pointee.dataSum.update(beginning.bytes)
      unsafe state.pointee.storedBytes = UInt64(beginning.count)
    } catch {
      sink.discard()
      throw error
    }
  }

  deinit {
    for index in unsafe 0..<state.pointee.channelCount { unsafe state.pointee.channels[index].deallocate() }
    unsafe state.pointee.channels.deallocate()
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }

  /// What lies in the sink and what was lost on the way there.
  public var counters: McapWriterCounters { unsafe state.pointee.counters }
  /// Why the log is over, if it is.
  public var failure: StorageFailure? { unsafe state.pointee.failure }
  /// Bytes of whole records in the sink, without what waits in the buffer.
  public var storedBytes: UInt64 { unsafe state.pointee.storedBytes }
  /// Bytes that wait for the next chunk to be written.
  public var pendingBytes: Int { unsafe state.pointee.pendingBytes }

  /// Adds a message of `payload.count` bytes to the log.
  ///
  /// `channel` is an id that `addChannel` gave; times are nanoseconds on the log's clock. When the chunk
  /// before this message cannot be stored this throws, yet the message waits for the next chunk, unless the
  /// log is over; `counters` tell what became of every message.
  public func write(
    channel: UInt16, sequence: UInt32, logTime: UInt64, publishTime: UInt64,
    payload: UnsafeRawBufferPointer
  ) throws(StorageFailure) {
    let state = unsafe self.state
    guard let slot = unsafe state.pointee.slot(of: channel) else {
      throw StorageFailure(.invalid, "channel \(channel) is not in the log; add it before its messages")
    }
    let record = payload.count &+ McapFormat.messageHeadBytes &+ McapFormat.recordHeadBytes
    let pending = unsafe state.pointee.pendingBytes
    var lostChunk: StorageFailure?
    if unsafe state.pointee.failure != nil || state.pointee.isFinished {
      unsafe state.pointee.counters.lostMessages &+= 1
      try requireOpen()
    }
    if pending > 0, pending &+ record > options.chunkBytes {
      do throws(StorageFailure) { try flushChunk() } catch { lostChunk = error }
      if let lostChunk, failure != nil {
        unsafe state.pointee.counters.lostMessages &+= 1
        throw lostChunk
      }
    }
    if unsafe !state.pointee.channels[slot].isDefined { define(channelAt: slot) }
    unsafe state.pointee.append(
      slot: slot, channel: channel, sequence: sequence, logTime: logTime, publishTime: publishTime,
      payload: payload, indexed: options.writesMessageIndex)
    if let lostChunk { throw lostChunk }
    if unsafe state.pointee.pendingBytes >= options.chunkBytes { try flushChunk() }
  }

  /// The same with a span.
  public func write(
    channel: UInt16, sequence: UInt32, logTime: UInt64, publishTime: UInt64, payload: RawSpan
  ) throws(StorageFailure) {
    unsafe try payload.withUnsafeBytes { (bytes) throws(StorageFailure) in
      unsafe try write(
        channel: channel, sequence: sequence, logTime: logTime, publishTime: publishTime, payload: bytes)
    }
  }

  /// Sends what has gathered to the sink; does nothing when nothing has.
  public func flushChunk() throws(StorageFailure) {
    try requireOpen()
    guard unsafe state.pointee.pendingBytes > 0 else { return }
    if options.usesChunks { try storeChunk() } else { try storeRecords() }
  }

  /// Sends what has gathered and returns when all of it survives a power cut. Cost: the disk's, up to seconds.
  public func synchronize() throws(StorageFailure) {
    try flushChunk()
    try sink.synchronize()
  }

  /// Ends the log: the last chunk, summary and footer; then brings the sink to disk and closes it.
  ///
  /// When the sink has no room for the ending, the log stays as it was, readable as a torn one, and `finish`
  /// may be tried again.
  public func finish() throws(StorageFailure) {
    try requireOpen()
    // A last chunk that is lost is no reason to leave the log without its index.
    var lastChunk: StorageFailure?
    do throws(StorageFailure) { try flushChunk() } catch { lastChunk = error }
    if let lastChunk, failure != nil { throw lastChunk }
    let ending = unsafe state.pointee.ending(options)
    unsafe try store(ending.bytes)
    unsafe state.pointee.isFinished = true
    try sink.synchronize()
    try sink.close()
    if let lastChunk { throw lastChunk }
  }

  func requireOpen() throws(StorageFailure) {
    if let failure = unsafe state.pointee.failure { throw failure }
    if unsafe state.pointee.isFinished {
      throw StorageFailure(.invalid, "the log is finished; open a new one")
    }
  }

  /// Writes whole records; when it throws, the sink holds none of them or the log is over.
  func store(_ bytes: UnsafeRawBufferPointer) throws(StorageFailure) {
    do throws(StorageFailure) {
      unsafe try sink.write(bytes)
    } catch {
      do throws(StorageFailure) {
        try sink.truncate(to: unsafe state.pointee.storedBytes)
      } catch _ {
        unsafe state.pointee.failure = error
      }
      throw error
    }
    unsafe state.pointee.storedBytes &+= UInt64(bytes.count)
  }
}

/// Every message given to the writer is stored, pending or lost.
public struct McapWriterCounters: BitwiseCopyable, Sendable, Equatable {
  public var storedMessages: UInt64 = 0
  public var pendingMessages: UInt64 = 0
  /// In chunks that the sink did not take.
  public var lostMessages: UInt64 = 0
  public var storedChunks: UInt64 = 0
  public var lostChunks: UInt64 = 0
  public init() {}
}
