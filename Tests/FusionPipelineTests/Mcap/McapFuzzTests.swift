import Testing

@testable import FusionPipeline

enum McapFuzz {
  /// Magic and header, then whatever `content` puts.
  static func file(_ content: (inout RecordBuffer) -> Void) -> [UInt8] {
    var out = RecordBuffer(capacity: 1024)
    out.put(McapFormat.magic)
    out.put(McapHeader())
    content(&out)
    return unsafe [UInt8](out.bytes)
  }

  /// Lengths that break careless arithmetic.
  static let hostile: [UInt64] = [
    0, 1, 7, 8, 9, 22, 39, 40, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 62,
    UInt64(Int64.max) - 9, UInt64(Int64.max), 1 << 63, .max - 49, .max - 40, .max - 9, .max - 8, .max,
  ]

  /// Every way of reading; must return or throw, never trap. Gives the number of messages seen.
  @discardableResult
  static func readEveryWay(_ bytes: [UInt8]) -> Int {
    var count = 0
    for policy in [McapRecordReader.DamagedChunks.skip, .give] {
      let reader = McapRecordReader(source: MemorySource(bytes), damagedChunks: policy)
      for _ in 0..<100_000 {
        do {
          guard let record = try reader.next() else { break }
          if case .message(let message) = record { count += message.payload.isEmpty ? 1 : 2 }
        } catch McapFailure.unsupportedCompression {
        } catch { break }
      }
    }
    if let index = try? McapIndex(MemorySource(bytes)) {
      let messages = McapMessages(index, topics: Set(index.channels.values.map(\.topic)), from: 1)
      while let message = try? messages.next() { count += message.payloadByteCount }
      for entry in index.attachments.prefix(5) { _ = try? index.attachment(entry) }
      for entry in index.metadata.prefix(5) { _ = try? index.metadata(entry) }
    }
    return count
  }
}

@Suite("MCAP readers on hostile bytes")
struct McapFuzzTests {
  @Test("random bytes behind the magic never trap a reader or the recovery")
  func randomBytes() {
    for seed in 0..<600 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let count = Int(random.next() % 600)
      // Half of them with small values, which look more like opcodes and lengths.
      let mask: UInt8 = seed % 2 == 0 ? 0xFF : 0x0F
      let bytes = McapFormat.magic + (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) & mask }
      McapFuzz.readEveryWay(bytes)
      _ = try? McapRecovery.recover(from: MemorySource(bytes), to: MemorySink())
    }
  }

  @Test("records of every opcode with hostile lengths and random content never trap")
  func hostileRecords() {
    for seed in 0..<1500 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let bytes = McapFuzz.file { out in
        for _ in 0..<(1 + Int(random.next() % 6)) {
          let content = (0..<Int(random.next() % 90)).map { _ -> UInt8 in
            random.next() % 3 == 0 ? 0 : UInt8(truncatingIfNeeded: random.next())
          }
          let isHonest = random.next() % 4 != 0
          out.put(UInt8(truncatingIfNeeded: random.next() % 18))
          out.put(isHonest ? UInt64(content.count) : McapFuzz.hostile.randomElement(using: &random) ?? 0)
          out.put(content)
        }
      }
      McapFuzz.readEveryWay(bytes)
      _ = try? McapRecovery.recover(from: MemorySource(bytes), to: MemorySink())
    }
  }

  @Test("each 2-, 4- and 8-byte field of a log, wherever it lies, may hold a hostile value")
  func hostileFields() throws {
    var options = McapWriterOptions.recording
    options.chunkBytes = 300
    let (bytes, _) = try McapFixture.log(messages: 6, payload: 10, options: options)
    // Without checksums, so that nothing stops a reader from using the damaged fields.
    let bare = Self.withoutSummaryChecksum(bytes)
    for offset in 8..<(bytes.count - 16) {
      let values: [UInt64] = [.max, .max - 8, 1 << 63, UInt64(Int64.max), 0xFFFF_FFFF, 0]
      for value in values {
        var damaged = bare
        for byte in 0..<8 {
          damaged[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
        }
        McapFuzz.readEveryWay(damaged)
      }
    }
  }

  /// The footer's checksum set to "none", so that a changed summary is believed.
  static func withoutSummaryChecksum(_ bytes: [UInt8]) -> [UInt8] {
    var changed = bytes
    for index in (changed.count - 12)..<(changed.count - 8) { changed[index] = 0 }
    return changed
  }

  @Test("a summary that lies, with no checksum to betray it, never traps the index")
  func lyingSummary() throws {
    var options = McapWriterOptions.recording
    options.chunkBytes = 500
    let (bytes, expected) = try McapFixture.log(messages: 30, options: options)
    let bare = Self.withoutSummaryChecksum(bytes)
    #expect(try McapFixture.ordered(McapMessages(McapIndex(MemorySource(bare)))).count == expected.count)
    let start = Int(Self.summaryStart(bytes))
    for seed in 0..<1500 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      var damaged = bare
      for _ in 0..<(1 + Int(random.next() % 5)) {
        let at = start + Int(random.next() % UInt64(bytes.count - 8 - start))
        damaged[at] = UInt8(truncatingIfNeeded: random.next())
      }
      McapFuzz.readEveryWay(damaged)
    }
  }

  static func summaryStart(_ bytes: [UInt8]) -> UInt64 {
    let at = bytes.count - 28
    var start: UInt64 = 0
    for byte in 0..<8 { start |= UInt64(bytes[at + byte]) << (8 * UInt64(byte)) }
    return start
  }
}
