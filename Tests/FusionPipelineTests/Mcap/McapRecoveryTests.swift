import Testing

@testable import FusionPipeline

@Suite("MCAP recovery")
struct McapRecoveryTests {
  /// The recovered log's messages; checks that the log itself is faultless.
  static func recover(_ bytes: [UInt8]) throws -> (
    messages: [PlainMessage], report: McapRecoveryReport, log: [UInt8]
  ) {
    let sink = MemorySink()
    let report = try McapRecovery.recover(from: MemorySource(bytes), to: sink)
    let (messages, reader) = try McapFixture.read(sink.bytes)
    #expect(reader.ending == .complete && reader.problems == [])
    #expect(try !McapIndex(MemorySource(sink.bytes)).isFromScan || messages.isEmpty)
    #expect(report.messages == UInt64(messages.count))
    return (messages, report, sink.bytes)
  }

  static func fixture() throws -> (bytes: [UInt8], messages: [PlainMessage], chunks: [McapChunkIndex]) {
    let (bytes, messages) = try McapFixture.log(
      messages: 200, options: McapReaderTests.options(chunkBytes: 1500))
    return (bytes, messages, try McapIndex(MemorySource(bytes)).chunks)
  }

  /// Messages by the chunk that holds them.
  static func perChunk(_ bytes: [UInt8]) throws -> [[PlainMessage]] {
    let reader = McapRecordReader(source: MemorySource(bytes))
    var result: [[PlainMessage]] = []
    while let record = try reader.next() {
      switch record {
      case .chunk: result.append([])
      case .message(let message): result[result.count - 1].append(PlainMessage(message))
      default: break
      }
    }
    return result
  }

  @Test("a whole log is recovered whole, with everything that it holds")
  func whole() throws {
    let (bytes, expected, _) = try Self.fixture()
    let (messages, report, log) = try Self.recover(bytes)
    #expect(messages == expected)
    #expect(report.wasComplete && report.lost.isEmpty && report.uncheckedMessages == 0)
    #expect(report.attachments == 1 && report.metadata == 1)
    let (old, new) = (try McapIndex(MemorySource(bytes)), try McapIndex(MemorySource(log)))
    #expect(new.channels == old.channels && new.schemas == old.schemas && new.header == old.header)
    let (oldFile, newFile) = (try #require(old.attachments.first), try #require(new.attachments.first))
    #expect(try new.attachment(newFile) == old.attachment(oldFile))
    let (oldPairs, newPairs) = (try #require(old.metadata.first), try #require(new.metadata.first))
    #expect(try new.metadata(newPairs) == old.metadata(oldPairs))
  }

  @Test("cut anywhere, a log is recovered with exactly its complete messages", arguments: [true, false])
  func torn(chunked: Bool) throws {
    let options = chunked ? McapReaderTests.options(chunkBytes: 900) : McapReaderTests.unchunked
    let (bytes, expected) = try McapFixture.log(messages: 50, options: options)
    let ends = try McapReaderTests.messageEnds(bytes)
    for cut in stride(from: 8, to: bytes.count, by: 5) {
      let (messages, report, _) = try Self.recover(Array(bytes[..<cut]))
      let complete = ends.prefix { $0 <= UInt64(cut) }.count
      #expect(messages == Array(expected.prefix(complete)), "cut at \(cut)")
      #expect(!report.wasComplete)
    }
  }

  @Test("damage inside a chunk costs that chunk's messages and no other's")
  func damagedChunk() throws {
    let (bytes, expected, chunks) = try Self.fixture()
    let perChunk = try Self.perChunk(bytes)
    #expect(chunks.count == perChunk.count && chunks.count > 5)
    for victim in chunks.indices {
      var damaged = bytes
      damaged[Int(chunks[victim].chunkStartOffset + chunks[victim].chunkLength) - 3] ^= 0x40
      let (messages, report, _) = try Self.recover(damaged)
      let lost = Set(perChunk[victim])
      #expect(messages == expected.filter { !lost.contains($0) }, "chunk \(victim)")
      #expect(report.damagedMessages == UInt64(lost.count))
      #expect(report.lost.map(\.offset) == [chunks[victim].chunkStartOffset])
      #expect(report.lost.map(\.byteCount) == [chunks[victim].chunkLength])
      #expect(report.orphanedMessages == 0 && report.doubtfulTopics == [])
    }
  }

  @Test("a chunk with a wrong length, long or short, does not take its neighbours with it")
  func wrongLength() throws {
    let (bytes, expected, chunks) = try Self.fixture()
    let perChunk = try Self.perChunk(bytes)
    for victim in [0, 2, chunks.count - 1] {
      for bit in 0..<64 {
        var damaged = bytes
        damaged[Int(chunks[victim].chunkStartOffset) + 1 + bit / 8] ^= 1 << UInt8(bit % 8)
        let (messages, _, _) = try Self.recover(damaged)
        let others = Set(perChunk.enumerated().filter { $0.offset != victim }.flatMap(\.element))
        #expect(others.isSubset(of: messages), "chunk \(victim), bit \(bit)")
        #expect(Set(messages).isSubset(of: expected), "chunk \(victim), bit \(bit)")
        #expect(Set(messages).count == messages.count, "chunk \(victim), bit \(bit): twice")
      }
    }
  }

  @Test("a message index with a wrong length costs no message")
  func wrongIndexLength() throws {
    let (bytes, expected, chunks) = try Self.fixture()
    let at = Int(chunks[3].chunkStartOffset + chunks[3].chunkLength)
    #expect(bytes[at] == McapOpcode.messageIndex.rawValue)
    for bit in 0..<64 {
      var damaged = bytes
      damaged[at + 1 + bit / 8] ^= 1 << UInt8(bit % 8)
      let (messages, _, _) = try Self.recover(damaged)
      #expect(messages == expected, "bit \(bit)")
    }
  }

  @Test("when the chunk with the definitions is damaged, the summary's are used, else the damaged ones")
  func lostDefinitions() throws {
    let (bytes, expected, chunks) = try Self.fixture()
    let first = try #require(chunks.first)
    var damaged = bytes
    damaged[Int(first.chunkStartOffset + first.chunkLength) - 3] ^= 1
    let rest = expected.dropFirst(try Self.perChunk(bytes)[0].count)
    let (messages, report, log) = try Self.recover(damaged)
    #expect(messages == Array(rest) && report.doubtfulTopics == [])
    #expect(try McapIndex(MemorySource(log)).channels.values.map(\.topic).sorted() == ["imu", "lidar"])
    // Torn as well: nothing vouches for the definitions any more, and the report says so.
    let (tornMessages, tornReport, _) = try Self.recover(Array(damaged[..<(bytes.count - 40)]))
    #expect(tornMessages == Array(rest))
    #expect(tornReport.doubtfulTopics.sorted() == ["imu", "lidar"])
  }

  @Test("a stretch of zeros, as a power cut leaves it, costs what it covers; the log after it is found")
  func zeroed() throws {
    let (bytes, expected, chunks) = try Self.fixture()
    let perChunk = try Self.perChunk(bytes)
    var damaged = bytes
    let (from, to) = (Int(chunks[2].chunkStartOffset) + 100, Int(chunks[4].chunkStartOffset) + 20)
    for index in from..<to { damaged[index] = 0 }
    let (messages, report, _) = try Self.recover(damaged)
    let lost = Set(perChunk[2] + perChunk[3] + perChunk[4])
    #expect(messages == expected.filter { !lost.contains($0) })
    #expect(report.lost.count == 2 && !report.wasComplete)
    #expect(report.lost.first?.offset == chunks[2].chunkStartOffset)
    #expect(report.lost.last.map { $0.offset + $0.byteCount >= UInt64(to) } == true)
  }

  @Test("without chunks, reading goes on at the next run of records")
  func zeroedWithoutChunks() throws {
    let (bytes, expected) = try McapFixture.log(messages: 100, options: McapReaderTests.unchunked)
    let ends = try McapReaderTests.messageEnds(bytes)
    var damaged = bytes
    // From inside the 31st message into the 41st.
    for index in Int(ends[29] + 3)..<Int(ends[39] + 3) { damaged[index] = 0 }
    let (messages, report, _) = try Self.recover(damaged)
    #expect(messages == Array(expected[..<30] + expected[41...]))
    #expect(report.uncheckedMessages == report.messages && report.lost.count == 1)
  }

  @Test("a damaged beginning does not hide the log behind it")
  func damagedBeginning() throws {
    let (bytes, expected, _) = try Self.fixture()
    var damaged = bytes
    for index in 0..<30 { damaged[index] = 0xAA }
    let (messages, report, _) = try Self.recover(damaged)
    #expect(messages == expected)
    #expect(report.lost.first?.offset == 0)
  }

  @Test("a file that is no log is refused and no new log is left behind")
  func noLog() {
    let sink = MemorySink()
    let bytes = CRC32Tests.random(5000, seed: 8)
    #expect(throws: McapFailure.notMcap(found: Array(bytes[..<8]))) {
      try McapRecovery.recover(from: MemorySource(bytes), to: sink)
    }
    #expect(sink.isDiscarded && sink.bytes.isEmpty)
  }

  @Test("seeded damage of any kind: the recovered log is valid, and no verified message is made up")
  func seeded() throws {
    let (bytes, expected, _) = try Self.fixture()
    let genuine = Set(expected)
    for seed in 0..<300 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      var damaged = bytes
      for _ in 0..<(1 + random.next() % 4) {
        let at = Int(random.next() % UInt64(damaged.count))
        switch random.next() % 4 {
        case 0: damaged[at] ^= 1 << UInt8(random.next() % 8)
        case 1: damaged.removeSubrange(at..<min(at + Int(random.next() % 3000), damaged.count))
        case 2: damaged.insert(contentsOf: CRC32Tests.random(50, seed: seed), at: at)
        default: for index in at..<min(at + 600, damaged.count) { damaged[index] = 0 }
        }
        if damaged.isEmpty { damaged = bytes }
      }
      guard let (messages, report, _) = try? Self.recover(damaged) else { continue }
      let madeUp = messages.filter { !genuine.contains($0) }.count
      #expect(UInt64(madeUp) <= report.uncheckedMessages, "seed \(seed)")
    }
  }
}
