import Testing

@testable import FusionPipeline

@Suite("MCAP index")
struct McapIndexTests {
  static func sorted(_ messages: [PlainMessage]) -> [PlainMessage] {
    // Sorting with the place as second key keeps ties in the file's order.
    messages.enumerated().sorted { ($0.element.logTime, $0.offset) < ($1.element.logTime, $1.offset) }
      .map(\.element)
  }

  static let layouts: [McapWriterOptions] = {
    var unchunked = McapWriterOptions.recording
    unchunked.usesChunks = false
    var unindexed = McapWriterOptions.recording
    unindexed.chunkBytes = 700
    unindexed.writesMessageIndex = false
    var bare = McapWriterOptions.bare
    bare.usesChunks = true
    bare.chunkBytes = 700
    return [.recording, McapReaderTests.options(chunkBytes: 700), unchunked, unindexed, bare, .bare]
  }()

  @Test("messages come in the order of log time, ties as in the file, whatever the layout", arguments: 0..<6)
  func order(layout: Int) throws {
    let options = Self.layouts[layout]
    let (bytes, expected) = try McapFixture.log(messages: 300, options: options)
    let index = try McapIndex(MemorySource(bytes))
    #expect(index.isFromScan == (!options.usesChunks || !options.writesChunkIndex))
    #expect(try McapFixture.ordered(McapMessages(index)) == Self.sorted(expected))
    #expect(index.statistics?.messageCount == 300)
    #expect(index.statistics?.messageEndTime == expected.map(\.logTime).max())
    #expect(index.header == McapHeader(profile: "test", library: "fusion"))
    #expect(index.problems == [])
  }

  @Test("topics and time ranges select exactly their messages, ends included")
  func selection() throws {
    let (bytes, expected) = try McapFixture.log(
      messages: 300, options: McapReaderTests.options(chunkBytes: 700))
    let index = try McapIndex(MemorySource(bytes))
    let sorted = Self.sorted(expected)
    let lidar = try #require(index.channelIDs(topic: "lidar").first)
    for (from, through) in [
      (0, UInt64.max), (50_000, 60_000), (sorted[7].logTime, sorted[9].logTime), (9, 3),
    ] {
      let inRange = sorted.filter { $0.logTime >= from && $0.logTime <= through }
      #expect(try McapFixture.ordered(McapMessages(index, from: from, through: through)) == inRange)
      let some = try McapFixture.ordered(
        McapMessages(index, topics: ["lidar"], from: from, through: through))
      #expect(some == inRange.filter { $0.channel == lidar })
    }
    #expect(try McapFixture.ordered(McapMessages(index, topics: ["none such"])).isEmpty)
    #expect(try McapFixture.ordered(McapMessages(index, topics: [])).isEmpty)
  }

  @Test("chunks whose times overlap at random are merged")
  func overlap() throws {
    let sink = MemorySink()
    let writer = try McapWriter(
      sink: sink, profile: "", library: "", options: McapReaderTests.options(chunkBytes: 400))
    let channel = try writer.addChannel(topic: "t", messageEncoding: "", schemaID: 0)
    var random = SplitMix(seed: 11)
    var expected: [PlainMessage] = []
    for index in 0..<500 as Range<UInt32> {
      // Few distinct times, so that ties across chunks are common.
      let time = random.next() % 50
      let message = PlainMessage(channel: channel, sequence: index, logTime: time, payload: [1, 2])
      try writer.write(channel: channel, sequence: index, logTime: time, payload: message.payload)
      expected.append(message)
    }
    try writer.finish()
    #expect(
      try McapFixture.ordered(McapMessages(McapIndex(MemorySource(sink.bytes)))) == Self.sorted(expected))
  }

  @Test("a log without its end is scanned: its complete messages in order, and how it ended")
  func torn() throws {
    for chunked in [true, false] {
      let options = chunked ? McapReaderTests.options(chunkBytes: 700) : McapReaderTests.unchunked
      let (bytes, expected) = try McapFixture.log(messages: 40, options: options)
      let ends = try McapReaderTests.messageEnds(bytes)
      for cut in stride(from: 30, to: bytes.count, by: 7) {
        let index = try McapIndex(MemorySource(Array(bytes[..<cut])))
        let complete = Array(expected.prefix(ends.prefix { $0 <= UInt64(cut) }.count))
        #expect(index.isFromScan)
        #expect(try McapFixture.ordered(McapMessages(index)) == Self.sorted(complete), "cut at \(cut)")
        #expect(index.statistics?.messageCount == UInt64(complete.count))
        guard case .truncated? = index.ending else {
          Issue.record("cut at \(cut): \(String(describing: index.ending))")
          continue
        }
      }
    }
  }

  @Test("attachments and metadata are found, from the summary and from a scan")
  func attachments() throws {
    let (bytes, _) = try McapFixture.log(messages: 3)
    for file in [bytes, Array(bytes.dropLast(3))] {
      let index = try McapIndex(MemorySource(file))
      let attachment = try #require(index.attachments.first)
      #expect(attachment.name == "calibration.json" && attachment.dataSize == 3)
      #expect(try index.attachment(attachment)?.data == [9, 8, 7])
      let metadata = try #require(index.metadata.first)
      #expect(try index.metadata(metadata)?.properties["mode"] == "test")
      #expect(index.isFromScan == (file.count != bytes.count))
    }
    let index = try McapIndex(MemorySource(bytes))
    let attachment = try #require(index.attachments.first)
    var damaged = bytes
    damaged[Int(attachment.offset + attachment.length) - 6] ^= 1
    #expect(try McapIndex(MemorySource(damaged)).attachment(attachment) == nil)
  }

  @Test("a summary with a wrong checksum is not believed: the log is scanned")
  func damagedSummary() throws {
    let (bytes, expected) = try McapFixture.log(messages: 30)
    var damaged = bytes
    damaged[Int(McapFuzzTests.summaryStart(bytes)) + 30] ^= 4
    let index = try McapIndex(MemorySource(damaged))
    #expect(index.isFromScan && !index.problems.isEmpty)
    #expect(try McapFixture.ordered(McapMessages(index)) == Self.sorted(expected))
  }
}
