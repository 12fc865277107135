/// What the writer keeps per channel: its place in the current chunk's index, and its counts.
@safe struct WriterChannel {
  let id: UInt16
  /// Into the writer's list of schemas; nil without one.
  let schema: Int?
  /// Its record lies in the file or in the current chunk.
  var isDefined = false
  /// The record went into the chunk that is not written yet.
  var isDefinedInPendingChunk = false
  /// Of messages that are in the sink.
  var storedMessages: UInt64 = 0
  private(set) var pendingMessages = 0
  /// The index entries in their wire form: log time, offset.
  private var entries: UnsafeMutablePointer<UInt64>
  private var capacity: Int

  init(id: UInt16, schema: Int?, capacity: Int) {
    self.id = id
    self.schema = schema
    self.capacity = max(capacity, 1)
    unsafe entries = .allocate(capacity: 2 * self.capacity)
  }

  var indexBytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: entries, count: pendingMessages &* 16)
  }

  @inline(__always)
  mutating func note(logTime: UInt64, offset: Int) {
    if pendingMessages == capacity { grow() }
    unsafe entries[2 &* pendingMessages] = logTime.littleEndian
    unsafe entries[2 &* pendingMessages &+ 1] = UInt64(truncatingIfNeeded: offset).littleEndian
    pendingMessages &+= 1
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: 4 * capacity)
    unsafe larger.initialize(from: entries, count: 2 * capacity)
    unsafe entries.deallocate()
    unsafe entries = unsafe larger
    capacity *= 2
  }

  mutating func settle(stored: Bool) {
    if stored {
      storedMessages &+= UInt64(pendingMessages)
    } else if isDefinedInPendingChunk {
      isDefined = false
    }
    isDefinedInPendingChunk = false
    pendingMessages = 0
  }

  func deallocate() { unsafe entries.deallocate() }
}
