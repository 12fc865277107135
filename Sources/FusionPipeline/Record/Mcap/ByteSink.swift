/// Where a log's bytes go: a file, memory, a test's failing disk.
///
/// Thread: one thread at a time. `write` takes all bytes or throws; after a throw an unknown part of them may
/// lie in the sink, which is what `truncate` is for.
public protocol ByteSink: AnyObject {
  /// Appends all bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws(StorageFailure)
  /// Drops everything from `byteCount` on, so that writing goes on there.
  func truncate(to byteCount: UInt64) throws(StorageFailure)
  /// Called once, after the log's beginning was written: from now on the log exists.
  func establish() throws(StorageFailure)
  /// Returns when what was written survives a power cut.
  func synchronize() throws(StorageFailure)
  func close() throws(StorageFailure)
  /// Gives up a log that could not be created; leaves nothing of it behind.
  func discard()
}

/// Why bytes could not be stored or fetched; `message` names the place and says what to do.
public struct StorageFailure: Error, Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// No such file or directory.
    case absent
    /// Something of that name is there already.
    case exists
    /// No permission, or the place is read-only.
    case refused
    /// No space left, or a quota or size limit is reached; it may pass.
    case full
    /// The device reports an error.
    case failed
    /// The caller asked for what the format or the state does not allow.
    case invalid
  }
  public var kind: Kind
  public var message: String
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}

/// A log in memory, for tests and for small files that are sent on.
public final class MemorySink: ByteSink {
  public private(set) var bytes: [UInt8] = []
  public private(set) var isClosed = false
  public private(set) var isDiscarded = false
  /// Further bytes are refused as by a full disk; the write that meets the limit is cut short by it.
  public var capacity: Int

  public init(capacity: Int = .max) { self.capacity = capacity }

  public func write(_ added: UnsafeRawBufferPointer) throws(StorageFailure) {
    guard !isClosed else { throw StorageFailure(.invalid, "the memory log is closed") }
    let room = max(capacity - bytes.count, 0)
    guard added.count <= room else {
      unsafe bytes.append(contentsOf: added[..<room])
      throw StorageFailure(.full, "the memory log's limit of \(capacity) bytes is reached; raise it")
    }
    unsafe bytes.append(contentsOf: added)
  }

  public func truncate(to byteCount: UInt64) throws(StorageFailure) {
    guard byteCount <= UInt64(bytes.count) else {
      throw StorageFailure(.invalid, "the memory log is shorter than \(byteCount) bytes")
    }
    bytes.removeLast(bytes.count - Int(byteCount))
  }

  public func establish() throws(StorageFailure) {}
  public func synchronize() throws(StorageFailure) {}
  public func close() throws(StorageFailure) { isClosed = true }
  public func discard() {
    bytes.removeAll()
    isDiscarded = true
  }
}
