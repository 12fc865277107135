import Foundation
import Testing

@testable import FusionPipeline

@Suite("MCAP with other implementations")
struct McapInteropTests {
  static let hasRosbags = McapFixture.exists(McapFixture.rosbags)
  static let hasPython = (try? McapFixture.run(["python3", "-c", "import mcap"]).code) == 0

  @Test(
    "logs that ROS 2 wrote are read whole: the count of their statistics, from the index and record by record",
    .enabled(if: hasRosbags, "../shared/data/mcap/rosbag2 is not here"))
  func rosbags() throws {
    let files = try FileManager.default.contentsOfDirectory(
      at: McapFixture.rosbags, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "mcap" }
    #expect(files.count == 7)
    for file in files {
      let source = try FileSource(path: file.path)
      let index = try McapIndex(source)
      let streamed = try McapFixture.read(McapFixture.bytes(file))
      #expect(streamed.reader.ending == .complete && streamed.reader.problems == [])
      #expect(!index.isFromScan, "\(file.lastPathComponent)")
      let count = try #require(index.statistics?.messageCount)
      let ordered = try McapFixture.ordered(McapMessages(index))
      #expect(UInt64(ordered.count) == count && count > 0, "\(file.lastPathComponent)")
      #expect(Set(ordered) == Set(streamed.messages))
      #expect(ordered.map(\.logTime) == ordered.map(\.logTime).sorted())
      for message in ordered { #expect(index.channels[message.channel] != nil) }
      let (recovered, report, _) = try McapRecoveryTests.recover(McapFixture.bytes(file))
      #expect(recovered == streamed.messages && report.wasComplete, "\(file.lastPathComponent)")
    }
  }

  /// Prints each message as topic, sequence, times and payload in hex, from both of the package's readers.
  static let pythonReader = """
    import sys
    from mcap.reader import make_reader, NonSeekingReader
    for kind in (make_reader, lambda f: NonSeekingReader(f, validate_crcs=True)):
        with open(sys.argv[1], 'rb') as f:
            r = kind(f)
            for s, c, m in r.iter_messages():
                print(c.topic, s.name if s else '-', m.sequence, m.log_time, m.publish_time, m.data.hex())
    with open(sys.argv[1], 'rb') as f:
        r = make_reader(f, validate_crcs=True)
        s = r.get_summary()
        print('summary', s.statistics.message_count, s.statistics.chunk_count, len(s.chunk_indexes))
        for a in r.iter_attachments(): print('attachment', a.name, a.data.hex())
        for m in r.iter_metadata(): print('metadata', m.name, m.metadata['mode'])
    """

  @Test(
    "the Python package reads our logs: same messages, times and bytes, attachments and metadata",
    .enabled(if: hasPython, "the Python package mcap is not installed"), arguments: [300, 256 * 1024])
  func pythonReadsOurs(chunkBytes: Int) throws {
    let (bytes, expected) = try McapFixture.log(
      messages: 200, options: McapReaderTests.options(chunkBytes: chunkBytes))
    let directory = try McapFixture.temporaryDirectory("python")
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("ours.mcap")
    try Data(bytes).write(to: path)
    let (code, output) = try McapFixture.run(["python3", "-c", Self.pythonReader, path.path])
    #expect(code == 0)
    let index = try McapIndex(MemorySource(bytes))
    var lines: [String] = []
    for message in McapIndexTests.sorted(expected) {
      let hex = message.payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      let channel = try #require(index.channels[message.channel])
      let schema = channel.schemaID == 0 ? "-" : "Sample"
      lines.append(
        "\(channel.topic) \(schema) \(message.sequence) \(message.logTime) \(message.logTime) \(hex)")
    }
    let chunks = index.chunks.count
    let tail = [
      "summary 200 \(chunks) \(chunks)", "attachment calibration.json 090807", "metadata build test",
    ]
    #expect(output.split(separator: "\n").map(String.init) == lines + lines + tail)
  }

  /// Writes a log with the Python package: path, then "none", "lz4" or "zstd".
  static let pythonWriter = """
    import sys
    from mcap.writer import Writer, CompressionType
    kind = {'none': CompressionType.NONE, 'lz4': CompressionType.LZ4, 'zstd': CompressionType.ZSTD}[sys.argv[2]]
    with open(sys.argv[1], 'wb') as f:
        w = Writer(f, chunk_size=2000, compression=kind)
        w.start('profile', 'python')
        s = w.register_schema('S', 'jsonschema', b'{}')
        c = w.register_channel('/a', 'json', s, {'k': 'v'})
        d = w.register_channel('/b', 'json', 0)
        for i in range(100):
            w.add_message(c if i % 2 else d, i * 10, bytes([i]) * i, i * 10 + 1, i)
        w.add_attachment(1, 2, 'a.txt', 'text/plain', b'hello')
        w.add_metadata('m', {'x': 'y'})
        w.finish()
    """

  @Test(
    "we read the Python package's logs, and refuse its compressed ones by name",
    .enabled(if: hasPython, "the Python package mcap is not installed"), arguments: ["none", "lz4", "zstd"])
  func weReadPython(compression: String) throws {
    let directory = try McapFixture.temporaryDirectory("python")
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("theirs.mcap")
    let (code, _) = try McapFixture.run(["python3", "-c", Self.pythonWriter, path.path, compression])
    if code != 0, compression != "none" {
      print("MCAP: the Python package cannot write \(compression) here; that case is not tested")
      return
    }
    #expect(code == 0)
    let index = try McapIndex(FileSource(path: path.path))
    #expect(!index.isFromScan && index.header.library == "python")
    let messages = McapMessages(index)
    guard compression == "none" else {
      do throws(McapFailure) {
        _ = try messages.next()
        Issue.record("a compressed chunk was read")
      } catch {
        guard case .unsupportedCompression(compression, _) = error else {
          Issue.record("\(error)")
          return
        }
      }
      return
    }
    let found = try McapFixture.ordered(messages)
    #expect(found.map(\.payload) == (0..<100).map { [UInt8](repeating: UInt8($0), count: $0) })
    #expect(found.map(\.sequence) == Array(0..<100))
    let attachment = try #require(index.attachments.first)
    #expect(try index.attachment(attachment)?.data == Array("hello".utf8))
    #expect(index.channels[1]?.metadata["k"] == "v")
    #expect(try McapFixture.read(McapFixture.bytes(path)).reader.problems == [])
  }
}
