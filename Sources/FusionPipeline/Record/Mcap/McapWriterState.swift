/// The writer's memory: the pending chunk in its wire form, channels, and what the summary will say.
@safe struct McapWriterState: ~Copyable {
  /// The chunk's record with room for its head, then its records; without chunks only records.
  var pending: RecordBuffer
  /// Bytes of `pending` before the first record.
  let headBytes: Int
  var earliest = UInt64.max
  var latest: UInt64 = 0

  var channels: UnsafeMutablePointer<WriterChannel>
  var channelCount = 0
  private var channelCapacity = 64
  /// Slot of each channel id, or -1.
  private var slots: [Int32] = []
  var channelRecords: [McapChannel] = []
  var schemaRecords: [McapSchema] = []
  /// One flag per schema: its record lies in the file or in the pending chunk; in the pending chunk.
  var schemaIsDefined: [Bool] = []
  var schemaIsPending: [Bool] = []

  var chunkIndexes: RecordBuffer
  var attachmentIndexes = RecordBuffer(capacity: 1024)
  var metadataIndexes = RecordBuffer(capacity: 1024)
  var attachmentCount: UInt32 = 0
  var metadataCount: UInt32 = 0
  var messageStart = UInt64.max
  var messageEnd: UInt64 = 0

  var counters = McapWriterCounters()
  /// Over everything in the sink.
  var dataSum = CRC32()
  var storedBytes: UInt64 = 0
  var isFinished = false
  var failure: StorageFailure?

  init(options: McapWriterOptions) {
    let head = McapFormat.recordHeadBytes + McapFormat.chunkHeadBytes
    headBytes = options.usesChunks ? head : 0
    // Room for the chunk and its indexes, so that steady writing never grows it.
    pending = RecordBuffer(capacity: headBytes + min(max(options.chunkBytes, 0), 1 << 30) / 2 * 3 + 4096)
    chunkIndexes = RecordBuffer(capacity: 64 * 1024)
    unsafe channels = .allocate(capacity: channelCapacity)
    resetPending()
  }

  var pendingBytes: Int { pending.count &- headBytes }

  mutating func resetPending() {
    pending.removeAll()
    if headBytes > 0 { _ = unsafe pending.append(headBytes) }
    earliest = .max
    latest = 0
  }

  @inline(__always)
  func slot(of channel: UInt16) -> Int? {
    guard Int(channel) < slots.count else { return nil }
    let slot = slots[Int(channel)]
    return slot < 0 ? nil : Int(slot)
  }

  mutating func addChannel(_ channel: McapChannel, schema: Int?) -> Int {
    if channelCount == channelCapacity {
      let larger = UnsafeMutablePointer<WriterChannel>.allocate(capacity: 2 * channelCapacity)
      unsafe larger.moveInitialize(from: channels, count: channelCount)
      unsafe channels.deallocate()
      unsafe channels = unsafe larger
      channelCapacity *= 2
    }
    unsafe (channels + channelCount).initialize(
      to: WriterChannel(id: channel.id, schema: schema, capacity: 256))
    while slots.count <= Int(channel.id) { slots.append(-1) }
    slots[Int(channel.id)] = Int32(channelCount)
    channelRecords.append(channel)
    channelCount += 1
    return channelCount - 1
  }

  /// The path of every message.
  @inline(__always)
  mutating func append(
    slot: Int, channel: UInt16, sequence: UInt32, logTime: UInt64, publishTime: UInt64,
    payload: UnsafeRawBufferPointer, indexed: Bool
  ) {
    let offset = pendingBytes
    let content = payload.count &+ McapFormat.messageHeadBytes
    let at = unsafe pending.append(content &+ McapFormat.recordHeadBytes)
    unsafe at.storeBytes(of: McapOpcode.message.rawValue, as: UInt8.self)
    unsafe at.storeBytes(
      of: UInt64(truncatingIfNeeded: content).littleEndian, toByteOffset: 1, as: UInt64.self)
    unsafe at.storeBytes(of: channel.littleEndian, toByteOffset: 9, as: UInt16.self)
    unsafe at.storeBytes(of: sequence.littleEndian, toByteOffset: 11, as: UInt32.self)
    unsafe at.storeBytes(of: logTime.littleEndian, toByteOffset: 15, as: UInt64.self)
    unsafe at.storeBytes(of: publishTime.littleEndian, toByteOffset: 23, as: UInt64.self)
    if let source = payload.baseAddress {
      unsafe (at + 31).copyMemory(from: source, byteCount: payload.count)
    }
    unsafe channels[slot].note(logTime: logTime, offset: offset)
    if logTime < earliest { earliest = logTime }
    if logTime > latest { latest = logTime }
    counters.pendingMessages &+= 1
  }

  /// After the pending records reached the sink, or did not.
  mutating func settle(stored: Bool) {
    for slot in 0..<channelCount { unsafe channels[slot].settle(stored: stored) }
    for schema in schemaIsPending.indices where schemaIsPending[schema] {
      schemaIsPending[schema] = false
      if !stored { schemaIsDefined[schema] = false }
    }
    if stored {
      counters.storedMessages &+= counters.pendingMessages
      if counters.pendingMessages > 0 {
        messageStart = min(messageStart, earliest)
        messageEnd = max(messageEnd, latest)
      }
    } else {
      counters.lostMessages &+= counters.pendingMessages
    }
    counters.pendingMessages = 0
    resetPending()
  }
}
