import Testing

@testable import FusionPipeline

@Suite("MCAP writer")
struct McapWriterTests {
  @Test("a chunk's records stay within the limit, or are one message")
  func chunkLimit() throws {
    var options = McapWriterOptions.recording
    options.chunkBytes = 2000
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "", options: options)
    let channel = try writer.addChannel(topic: "t", messageEncoding: "raw", schemaID: 0)
    for (index, count) in [100, 1500, 300, 5000, 10, 10, 1969, 1968, 0].enumerated() {
      try writer.write(channel: channel, logTime: UInt64(index), payload: [UInt8](repeating: 1, count: count))
    }
    try writer.finish()
    let reader = McapRecordReader(source: MemorySource(sink.bytes))
    var chunks: [(bytes: UInt64, messages: Int)] = []
    while let record = try reader.next() {
      switch record {
      case .chunk(let chunk): chunks.append((chunk.recordsByteCount, 0))
      case .message: chunks[chunks.count - 1].messages += 1
      default: break
      }
    }
    #expect(chunks.allSatisfy { $0.bytes <= 2000 || $0.messages == 1 }, "\(chunks)")
    #expect(chunks.map(\.messages).reduce(0, +) == 9)
    #expect(writer.counters.storedMessages == 9)
    #expect(writer.counters.storedChunks == UInt64(chunks.count))
  }

  @Test("flushChunk makes everything so far readable, and does nothing when nothing waits")
  func flush() throws {
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "")
    let channel = try writer.addChannel(topic: "t", messageEncoding: "raw", schemaID: 0)
    try writer.write(channel: channel, logTime: 1, payload: [1])
    #expect(try McapFixture.read(sink.bytes).messages.isEmpty)
    try writer.flushChunk()
    let flushed = sink.bytes
    #expect(try McapFixture.read(flushed).messages.count == 1)
    #expect(writer.storedBytes == UInt64(flushed.count))
    try writer.flushChunk()
    #expect(sink.bytes == flushed)
  }

  @Test("a full sink costs the chunk that did not fit, counted; the log goes on when there is room again")
  func fullForAWhile() throws {
    var options = McapWriterOptions.recording
    options.chunkBytes = 1000
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "", options: options)
    let schema = try writer.addSchema(name: "S", encoding: "e", data: [1])
    let channel = try writer.addChannel(topic: "t", messageEncoding: "raw", schemaID: schema)
    var failures = 0
    for index in 0..<200 {
      // Room for nothing but the header at first, so that the definitions are lost too.
      sink.capacity = index < 40 ? 60 : index >= 100 && index < 150 ? sink.bytes.count + 37 : .max
      do throws(StorageFailure) {
        try writer.write(
          channel: channel, sequence: UInt32(index), logTime: UInt64(index),
          payload: [UInt8](repeating: UInt8(index), count: 50))
      } catch {
        #expect(error.kind == .full)
        failures += 1
      }
    }
    try writer.finish()
    let counters = writer.counters
    #expect(failures > 2 && counters.lostChunks == UInt64(failures))
    #expect(counters.storedMessages + counters.lostMessages == 200 && counters.pendingMessages == 0)
    #expect(counters.lostMessages > 0)
    let (messages, reader) = try McapFixture.read(sink.bytes)
    #expect(reader.ending == .complete && reader.problems == [])
    #expect(UInt64(messages.count) == counters.storedMessages)
    let index = try McapIndex(MemorySource(sink.bytes))
    #expect(!index.isFromScan && index.statistics?.messageCount == counters.storedMessages)
    #expect(index.channels[channel]?.topic == "t")
    // The definitions that were lost with the first chunk came again before the first message stored.
    let again = McapRecordReader(source: MemorySource(sink.bytes))
    var defined: [String] = []
    while let record = try again.next() {
      switch record {
      case .schema(let schema): defined.append(schema.name)
      case .channel(let channel): defined.append(channel.topic)
      case .message:
        #expect(defined == ["S", "t"])
        return
      default: break
      }
    }
    Issue.record("no message was stored")
  }

  @Test("an ending that does not fit leaves a torn log, and can be written later")
  func endingDoesNotFit() throws {
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "")
    let channel = try writer.addChannel(topic: "t", messageEncoding: "", schemaID: 0)
    try writer.write(channel: channel, logTime: 1, payload: [1])
    try writer.synchronize()
    let stored = sink.bytes
    sink.capacity = stored.count + 50
    #expect(throws: StorageFailure.self) { try writer.finish() }
    #expect(sink.bytes == stored && !sink.isClosed)
    sink.capacity = .max
    try writer.finish()
    #expect(try McapFixture.read(sink.bytes).reader.ending == .complete && sink.isClosed)
  }

  @Test("a sink that cannot be cut back ends the log; every message is still accounted for")
  func broken() throws {
    let sink = BreakingSink(workingWrites: 2)
    var options = McapWriterOptions.recording
    options.chunkBytes = 500
    let writer = try McapWriter(sink: sink, profile: "", library: "", options: options)
    let channel = try writer.addChannel(topic: "t", messageEncoding: "raw", schemaID: 0)
    for index in 0..<100 {
      try? writer.write(channel: channel, logTime: UInt64(index), payload: [UInt8](repeating: 0, count: 60))
    }
    let counters = writer.counters
    #expect(writer.failure?.kind == .failed)
    #expect(counters.storedMessages + counters.lostMessages + counters.pendingMessages == 100)
    #expect(throws: StorageFailure(.failed, "gone")) { try writer.finish() }
  }

  @Test("a log that cannot be begun is discarded")
  func cannotBegin() {
    let sink = MemorySink(capacity: 20)
    #expect(throws: StorageFailure.self) { try McapWriter(sink: sink, profile: "p", library: "l") }
    #expect(sink.isDiscarded && sink.bytes.isEmpty)
  }

  @Test("chunks with repeated definitions each read alone")
  func repeatedDefinitions() throws {
    var options = McapWriterOptions.recording
    options.chunkBytes = 600
    options.repeatsDefinitionsInEachChunk = true
    let (bytes, expected) = try McapFixture.log(messages: 80, options: options)
    #expect(try McapFixture.read(bytes).messages == expected)
    let reader = McapRecordReader(source: MemorySource(bytes))
    var known: Set<UInt16> = []
    while let record = try reader.next(), !reader.isInSummary {
      switch record {
      case .chunk: known = []
      case .channel(let channel): known.insert(channel.id)
      case .message(let message): #expect(known.contains(message.channelID))
      default: break
      }
    }
  }

  @Test("misuse is refused with a reason, never written")
  func misuse() throws {
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "")
    func refused(_ body: () throws -> Void) -> Bool {
      do { try body() } catch { return (error as? StorageFailure)?.kind == .invalid }
      return false
    }
    #expect(refused { try writer.write(channel: 9, logTime: 0, payload: []) })
    #expect(refused { _ = try writer.addChannel(topic: "t", messageEncoding: "", schemaID: 4) })
    #expect(refused { try writer.addSchema(McapSchema(id: 0, name: "", encoding: "", data: [])) })
    let channel = McapChannel(id: 0, schemaID: 0, topic: "zero is a valid id", messageEncoding: "")
    try writer.addChannel(channel)
    try writer.addChannel(channel)
    var other = channel
    other.topic = "other"
    #expect(refused { try writer.addChannel(other) })
    try writer.write(channel: 0, logTime: 0, payload: [])
    try writer.finish()
    #expect(refused { try writer.finish() })
    #expect(refused { try writer.write(channel: 0, logTime: 0, payload: []) })
    let index = try McapIndex(MemorySource(sink.bytes))
    #expect(index.channels == [0: channel] && index.statistics?.messageCount == 1)
  }

  @Test("times, sequence numbers and channel ids go through at their extremes")
  func extremes() throws {
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "")
    try writer.addChannel(McapChannel(id: .max, schemaID: 0, topic: "", messageEncoding: ""))
    try writer.write(
      channel: .max, sequence: .max, logTime: .max, publishTime: 0, payload: [1])
    try writer.write(channel: .max, sequence: 0, logTime: 0, publishTime: .max, payload: [2])
    try writer.finish()
    let index = try McapIndex(MemorySource(sink.bytes))
    #expect(index.statistics?.messageStartTime == 0 && index.statistics?.messageEndTime == .max)
    #expect(try McapFixture.ordered(McapMessages(index)).map(\.payload) == [[2], [1]])
    #expect(try McapFixture.ordered(McapMessages(index, from: .max)).map(\.sequence) == [.max])
  }
}

/// Fails for good after some writes, like a disk that was pulled.
final class BreakingSink: ByteSink {
  var workingWrites: Int
  init(workingWrites: Int) { self.workingWrites = workingWrites }
  func write(_ bytes: UnsafeRawBufferPointer) throws(StorageFailure) {
    workingWrites -= 1
    if workingWrites < 0 { throw StorageFailure(.failed, "gone") }
  }
  func truncate(to byteCount: UInt64) throws(StorageFailure) { throw StorageFailure(.failed, "gone too") }
  func establish() throws(StorageFailure) {}
  func synchronize() throws(StorageFailure) {}
  func close() throws(StorageFailure) {}
  func discard() {}
}
