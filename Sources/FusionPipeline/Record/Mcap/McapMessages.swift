/// A log's messages in the order of log time, ties in the file's order.
///
/// Chunks are loaded when their time comes and dropped when their last message was given, so memory holds the
/// chunks whose times overlap, two as a rule. Chunks with a wrong checksum are left out and listed.
/// Thread: one at a time. Cost: no allocation per message.
public final class McapMessages {
  private let index: McapIndex
  /// By channel id.
  private let isSelected: [Bool]
  private let from: UInt64
  private let through: UInt64
  private let waiting: [McapChunkIndex]
  private var nextWaiting = 0
  private var loose: [McapIndex.LooseMessage]
  private var nextLoose = 0
  private var window: ByteWindow
  /// A binary heap: the chunk with the earliest message first.
  private var active: [LoadedChunk] = []
  private var spare: [LoadedChunk] = []
  /// The last message given lies in it.
  private var drained: LoadedChunk?
  /// What was left out, and why.
  public private(set) var problems: [McapProblem] = []

  /// Messages of `topics` (nil: all) with `from` ≤ log time ≤ `through`.
  public init(
    _ index: McapIndex, topics: Set<String>? = nil, from: UInt64 = 0, through: UInt64 = .max
  ) {
    self.index = index
    self.from = from
    self.through = through
    var selected = [Bool](repeating: topics == nil, count: 1 << 16)
    if let topics {
      for channel in index.channels.values where topics.contains(channel.topic) {
        selected[Int(channel.id)] = true
      }
    }
    isSelected = selected
    let wanted = index.chunks.filter { chunk in
      guard chunk.messageStartTime <= through, chunk.messageEndTime >= from else { return false }
      return topics == nil || chunk.messageIndexOffsets.isEmpty
        || chunk.messageIndexOffsets.contains { selected[Int($0.channelID)] }
    }
    waiting = wanted.sorted {
      ($0.messageStartTime, $0.chunkStartOffset) < ($1.messageStartTime, $1.chunkStartOffset)
    }
    loose = index.looseMessages.filter {
      selected[Int($0.channelID)] && $0.logTime >= from && $0.logTime <= through
    }
    loose.sort { ($0.logTime, $0.offset) < ($1.logTime, $1.offset) }
    window = ByteWindow(index.source, capacity: 64 * 1024)
  }

  /// The next message; its payload is valid until the next call.
  public func next() throws(McapFailure) -> McapMessage? {
    if let done = drained {
      spare.append(done)
      drained = nil
    }
    while true {
      try loadDueChunks()
      let chunkKey = active.first?.key
      if nextLoose < loose.count {
        let candidate = loose[nextLoose]
        if let key = chunkKey, key < (candidate.logTime, candidate.offset) {
        } else {
          nextLoose += 1
          if let message = try read(candidate) { return message }
          continue
        }
      }
      guard chunkKey != nil, let first = active.first else { return nil }
      let message = first.takeMessage()
      if first.key == nil {
        drained = first
        removeFirst()
      } else {
        siftDown()
      }
      if let message { return message }
    }
  }

  private func loadDueChunks() throws(McapFailure) {
    while nextWaiting < waiting.count {
      let start = waiting[nextWaiting].messageStartTime
      if let key = active.first?.key, key.logTime < start { return }
      if active.isEmpty, nextLoose < loose.count, loose[nextLoose].logTime < start { return }
      let chunk = spare.popLast() ?? LoadedChunk()
      let entry = waiting[nextWaiting]
      nextWaiting += 1
      let problem = try chunk.load(entry, from: index.source) { [isSelected, from, through] channel, time in
        isSelected[Int(channel)] && time >= from && time <= through
      }
      if let problem, problems.count < 1000 {
        problems.append(McapProblem(offset: entry.chunkStartOffset, kind: problem))
      }
      if chunk.key == nil { spare.append(chunk) } else { insert(chunk) }
    }
  }

  private func read(_ message: McapIndex.LooseMessage) throws(McapFailure) -> McapMessage? {
    do throws(StorageFailure) {
      let head = McapFormat.recordHeadBytes
      guard
        let record = unsafe try window.bytes(at: message.offset, count: Int(clamping: message.byteCount))
      else { return nil }
      return unsafe try? McapRecord.message(UnsafeRawBufferPointer(rebasing: record[head...]))
    } catch {
      throw .storage(error)
    }
  }

  private func insert(_ chunk: LoadedChunk) {
    active.append(chunk)
    var child = active.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { return }
      active.swapAt(child, parent)
      child = parent
    }
  }

  private func removeFirst() {
    let last = active.removeLast()
    guard !active.isEmpty else { return }
    active[0] = last
    siftDown()
  }

  private func siftDown() {
    var parent = 0
    while true {
      var first = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < active.count && precedes(child, first) {
        first = child
      }
      guard first != parent else { return }
      active.swapAt(first, parent)
      parent = first
    }
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    guard let left = active[a].key else { return false }
    guard let right = active[b].key else { return true }
    return left < right
  }
}
