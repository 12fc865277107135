import Foundation
import Glibc
import Synchronization
import Testing

@testable import FusionPipeline

@Suite("File sink")
struct FileSinkTests {
  static func write(_ bytes: [UInt8], to sink: FileSink) throws {
    try unsafe bytes.withUnsafeBytes { raw in try unsafe sink.write(raw) }
  }

  @Test("a log on disk is the same as in memory, and appears under its name with its first bytes")
  func sameBytes() throws {
    let directory = try McapFixture.temporaryDirectory("sink")
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("a.mcap").path
    let file = try FileSink(path: path)
    #expect(!FileManager.default.fileExists(atPath: path))
    let writer = try McapWriter(sink: file, profile: "p", library: "l")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.mcap"])
    let channel = try writer.addChannel(topic: "t", messageEncoding: "raw", schemaID: 0)
    try writer.write(channel: channel, logTime: 3, payload: [1, 2])
    try writer.finish()
    let source = try FileSource(path: path)
    let index = try McapIndex(source)
    #expect(!index.isFromScan && index.header == McapHeader(profile: "p", library: "l"))
    #expect(try McapFixture.ordered(McapMessages(index)).map(\.payload) == [[1, 2]])
  }

  @Test("an existing log is refused, or replaced only once the new one has begun")
  func existing() throws {
    let directory = try McapFixture.temporaryDirectory("sink")
    defer { try? FileManager.default.removeItem(at: directory) }
    let url = directory.appendingPathComponent("a.mcap")
    try Data([1, 2, 3]).write(to: url)
    do throws(StorageFailure) {
      _ = try FileSink(path: url.path)
      Issue.record("an existing file was taken")
    } catch {
      #expect(error.kind == .exists && error.message.contains(url.path))
    }
    let replacing = try FileSink(path: url.path, existing: .replace)
    #expect(try McapFixture.bytes(url) == [1, 2, 3])
    replacing.discard()
    #expect(try McapFixture.bytes(url) == [1, 2, 3])
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.mcap"])
    let taken = try FileSink(path: url.path, existing: .replace)
    try Self.write([7], to: taken)
    try taken.establish()
    #expect(try McapFixture.bytes(url) == [7])
  }

  @Test("two new logs of one name: the second to begin is refused and leaves nothing")
  func race() throws {
    let directory = try McapFixture.temporaryDirectory("sink")
    defer { try? FileManager.default.removeItem(at: directory) }
    let url = directory.appendingPathComponent("a.mcap")
    let sink = try FileSink(path: url.path)
    try Data([5]).write(to: url)
    #expect(throws: StorageFailure.self) { try McapWriter(sink: sink, profile: "", library: "") }
    #expect(try McapFixture.bytes(url) == [5])
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.mcap"])
  }

  @Test("a disk that is full from the start refuses the log, and a device is never removed")
  func full() throws {
    let sink = try FileSink(path: "/dev/full", existing: .replace)
    do throws(StorageFailure) {
      _ = try McapWriter(sink: sink, profile: "", library: "")
      Issue.record("/dev/full took bytes")
    } catch {
      #expect(error.kind == .full && error.message.contains("/dev/full"))
    }
    #expect(FileManager.default.fileExists(atPath: "/dev/full"))
  }

  @Test("a missing directory and a directory are refused with their names")
  func wrongPlaces() {
    for (path, kind) in [("/nonexistent/x.mcap", StorageFailure.Kind.absent), ("/tmp", .invalid)] {
      do throws(StorageFailure) {
        _ = try FileSink(path: path)
        Issue.record("\(path) was opened")
      } catch {
        #expect(error.kind == kind && error.message.contains(path), "\(error)")
      }
    }
    #expect(throws: StorageFailure.self) { try FileSource(path: "/nonexistent/x.mcap") }
    #expect(throws: StorageFailure.self) { try FileSource(path: "/dev/null") }
  }

  @Test("cut back, a file goes on at that place")
  func truncate() throws {
    let directory = try McapFixture.temporaryDirectory("sink")
    defer { try? FileManager.default.removeItem(at: directory) }
    let url = directory.appendingPathComponent("a")
    let sink = try FileSink(path: url.path)
    try Self.write([1, 2, 3, 4, 5], to: sink)
    try sink.establish()
    try sink.truncate(to: 2)
    try Self.write([9], to: sink)
    try sink.synchronize()
    try sink.close()
    #expect(try McapFixture.bytes(url) == [1, 2, 9])
    #expect(throws: StorageFailure.self) { try Self.write([1], to: sink) }
  }

  @Test("interrupted and short writes lose and repeat nothing")
  func interrupted() throws {
    let directory = try McapFixture.temporaryDirectory("sink")
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("fifo").path
    try #require(unsafe mkfifo(path, 0o600) == 0)
    // Without SA_RESTART a signal cuts a blocked write short.
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in }
    var old = sigaction()
    unsafe sigaction(SIGUSR2, &action, &old)
    defer { _ = unsafe sigaction(SIGUSR2, &old, nil) }

    // The test library's threads block signals.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGUSR2)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    defer { _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil) }

    let bytes = CRC32Tests.random(1 << 20, seed: 9)
    let received = Mutex<[UInt8]>([])
    let writerThread = pthread_self()
    let finished = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let descriptor = unsafe open(path, O_RDONLY)
      var buffer = [UInt8](repeating: 0, count: 30_000)
      while true {
        // The first signal cuts a write short, the second meets one that has not moved a byte (EINTR).
        for _ in 0..<2 {
          _ = pthread_kill(writerThread, SIGUSR2)
          usleep(500)
        }
        let count = unsafe buffer.withUnsafeMutableBytes { raw in
          unsafe read(descriptor, raw.baseAddress, raw.count)
        }
        if count <= 0 { break }
        received.withLock { $0 += buffer[..<count] }
      }
      _ = close(descriptor)
      finished.signal()
    }
    let sink = try FileSink(path: path)
    try Self.write(bytes, to: sink)
    try sink.close()
    finished.wait()
    // Outside of the expectation, which would compare a million elements one by one to describe a failure.
    let isSame = received.withLock { $0 } == bytes
    #expect(isSame)
  }
}
