import Testing

@testable import FusionPipeline

@Suite("MCAP reader on torn and damaged logs")
struct McapReaderTests {
  static var unchunked: McapWriterOptions {
    var options = McapWriterOptions.recording
    options.usesChunks = false
    options.writesMessageIndex = false
    return options
  }

  static func options(chunkBytes: Int) -> McapWriterOptions {
    var options = McapWriterOptions.recording
    options.chunkBytes = chunkBytes
    return options
  }

  /// Where each message's record ends in the file.
  static func messageEnds(_ bytes: [UInt8]) throws -> [UInt64] {
    let reader = McapRecordReader(source: MemorySource(bytes))
    var ends: [UInt64] = []
    while let record = try reader.next() {
      if case .message(let message) = record {
        ends.append(reader.recordOffset + 31 + UInt64(message.payloadByteCount))
      }
    }
    return ends
  }

  @Test(
    "cut at every byte, a log gives exactly its complete messages and says that it is torn",
    arguments: [(true, 60), (true, 1), (false, 60)])
  func cutEverywhere(chunked: Bool, messages: Int) throws {
    let options = chunked ? Self.options(chunkBytes: 1500) : Self.unchunked
    let (bytes, expected) = try McapFixture.log(messages: messages, options: options)
    let ends = try Self.messageEnds(bytes)
    #expect(ends.count == messages)
    for cut in 0..<bytes.count {
      let (found, reader) = try McapFixture.read(Array(bytes[..<cut]))
      let complete = ends.prefix { $0 <= UInt64(cut) }.count
      #expect(found == Array(expected.prefix(complete)), "cut at \(cut)")
      guard case .truncated(let at, _)? = reader.ending else {
        Issue.record("cut at \(cut): \(String(describing: reader.ending))")
        continue
      }
      #expect(at <= UInt64(cut))
      #expect(reader.problems == [], "cut at \(cut)")
    }
    #expect(try McapFixture.read(bytes).reader.ending == .complete)
  }

  @Test("a 64 KiB log of the default chunk size, cut anywhere, gives exactly its complete messages")
  func cutLong() throws {
    let (bytes, expected) = try McapFixture.log(messages: 800)
    let ends = try Self.messageEnds(bytes)
    #expect(bytes.count > 1 << 16)
    // Every byte takes two seconds with optimisation and minutes without.
    let step = _isDebugAssertConfiguration() ? 97 : 1
    for cut in stride(from: 0, to: bytes.count, by: step) {
      let found = try McapFixture.read(Array(bytes[..<cut])).messages
      #expect(found == Array(expected.prefix(ends.prefix { $0 <= UInt64(cut) }.count)), "cut at \(cut)")
    }
  }

  @Test("messages of a torn chunk are given as unchecked, those of whole ones as verified")
  func trust() throws {
    let (bytes, _) = try McapFixture.log(messages: 60, options: Self.options(chunkBytes: 1500))
    let reader = McapRecordReader(source: MemorySource(Array(bytes[..<(bytes.count / 2)])))
    var trusts: [McapTrust] = []
    while let record = try reader.next() {
      if case .message = record { trusts.append(reader.trust) }
    }
    let torn = trusts.drop { $0 == .verified }
    #expect(torn.count < trusts.count && torn.allSatisfy { $0 == .unchecked })
  }

  /// Reads a log that had one bit flipped; the flip must show, and no message may come out changed.
  static func expectDetected(_ damaged: [UInt8], _ genuine: Set<PlainMessage>, _ what: String) {
    do throws(McapFailure) {
      let reader = McapRecordReader(source: MemorySource(damaged))
      var changed = 0
      while let record = try reader.next() {
        if case .message(let message) = record, reader.trust == .verified,
          !genuine.contains(PlainMessage(message))
        {
          changed += 1
        }
      }
      #expect(changed == 0, "\(what): a changed message counts as verified")
      #expect(reader.problemCount > 0 || reader.ending != .complete, "\(what) went unnoticed")
    } catch {
      switch error {
      case .notMcap, .unsupportedCompression: break
      case .storage(let failure): Issue.record("\(what): \(failure)")
      }
    }
  }

  @Test("each single flipped bit of a log is noticed", arguments: [true, false])
  func everyBit(chunked: Bool) throws {
    let options = chunked ? Self.options(chunkBytes: 400) : Self.unchunked
    let (bytes, expected) = try McapFixture.log(messages: 8, payload: 10, options: options)
    let genuine = Set(expected)
    for bit in 0..<(8 * bytes.count) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      Self.expectDetected(damaged, genuine, "bit \(bit)")
    }
  }

  @Test("seeded bursts of damage in the chunks are noticed, and only intact messages come out")
  func bursts() throws {
    let (bytes, expected) = try McapFixture.log(messages: 300, options: Self.options(chunkBytes: 4000))
    let genuine = Set(expected)
    for seed in 0..<400 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      var damaged = bytes
      let start = Int(random.next() % UInt64(bytes.count))
      for index in start..<min(start + 1 + Int(random.next() % 40), bytes.count) {
        damaged[index] = UInt8(truncatingIfNeeded: random.next())
      }
      guard damaged != bytes else { continue }
      Self.expectDetected(damaged, genuine, "seed \(seed)")
    }
  }

  @Test("after a chunk with a wrong checksum, reading goes on with the next; its records come on request")
  func damagedChunk() throws {
    let (bytes, expected) = try McapFixture.log(messages: 100, options: Self.options(chunkBytes: 1500))
    let index = try McapIndex(MemorySource(bytes))
    let victim = index.chunks[2]
    var damaged = bytes
    damaged[Int(victim.chunkStartOffset) + 49 + 40] ^= 0x10
    let (skipped, reader) = try McapFixture.read(damaged)
    #expect(skipped.count < expected.count && Set(skipped).isSubset(of: Set(expected)))
    #expect(reader.ending == .complete)
    #expect(
      reader.problems.map(\.offset) == [victim.chunkStartOffset, reader.dataEndsAt.map { $0 - 13 } ?? 0])
    let (given, _) = try McapFixture.read(damaged, damagedChunks: .give)
    #expect(given.count == expected.count && given != expected)
    let ordered = McapMessages(try McapIndex(MemorySource(damaged)))
    #expect(Set(try McapFixture.ordered(ordered)) == Set(skipped))
    #expect(ordered.problems.map(\.offset) == [victim.chunkStartOffset])
  }

  @Test("a record longer than the limit is passed over, and the data section's sum still holds")
  func tooLong() throws {
    let sink = MemorySink()
    let writer = try McapWriter(sink: sink, profile: "", library: "")
    try writer.attach(
      McapAttachment(logTime: 0, name: "big", mediaType: "", data: [UInt8](repeating: 7, count: 700_000)))
    let channel = try writer.addChannel(topic: "t", messageEncoding: "", schemaID: 0)
    try writer.write(channel: channel, logTime: 1, payload: [1])
    try writer.finish()
    let reader = McapRecordReader(source: MemorySource(sink.bytes), maximumRecordBytes: 10_000)
    var messages = 0
    while let record = try reader.next() {
      if case .message = record { messages += 1 }
    }
    #expect(messages == 1 && reader.ending == .complete)
    #expect(reader.problems.count == 1)
    #expect(reader.problems.first?.kind == .tooLong(byteCount: 700_039))
  }

  @Test("what is no MCAP file is refused with its first bytes, and an empty one is a torn log")
  func notMcap() throws {
    #expect(throws: McapFailure.notMcap(found: [0x23, 0x52])) {
      try McapFixture.read([0x23, 0x52])
    }
    var other = McapFormat.magic
    other[5] = 0x31
    #expect(throws: McapFailure.notMcap(found: other)) { try McapFixture.read(other + [1, 2, 3]) }
    #expect(
      try McapFixture.read([]).reader.ending
        == .truncated(at: 0, reason: "the file ends inside the opening magic"))
  }

  @Test(
    "a compressed chunk is refused by name, and the next call goes on behind it", arguments: ["zstd", "lz4"])
  func compressed(name: String) throws {
    let bytes = McapFuzz.file { out in
      let chunk = out.beginRecord(.chunk)
      for _ in 0..<3 { out.put(UInt64(5)) }
      out.put(UInt32(1))
      out.put(name)
      out.put(UInt64(3))
      out.put([1, 2, 3] as [UInt8])
      out.endRecord(chunk)
      out.put(McapMetadata(name: "after", properties: [:]))
    }
    let reader = McapRecordReader(source: MemorySource(bytes))
    _ = try reader.next()
    let offset = UInt64(8 + 9 + 8)
    let refusal = McapFailure.unsupportedCompression(name: name, chunkOffset: offset)
    #expect(throws: refusal) { try reader.next() }
    guard case .metadata(let metadata)? = try reader.next() else {
      Issue.record("reading did not go on")
      return
    }
    #expect(metadata.name == "after")
    #expect("\(refusal)".contains(name) && "\(refusal)".contains("\(offset)"))
    #expect(throws: refusal) { try McapRecovery.recover(from: MemorySource(bytes), to: MemorySink()) }
  }
}
