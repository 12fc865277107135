/// Reads a log record by record from its beginning, as far as it goes, whatever the bytes are.
///
/// Records inside chunks come one by one after their chunk. Checksums are computed along the way; what is
/// wrong is listed in `problems` and reading goes on where it can. A torn log gives exactly its complete
/// records; `ending` says where and why reading stopped.
/// Thread: one at a time. Memory: one record or chunk, at most `maximumRecordBytes`, and a read-ahead of
/// 512 KiB. Errors: `McapFailure`; after `.unsupportedCompression` the next call goes on behind that chunk.
@safe public final class McapRecordReader {
  public enum DamagedChunks: Sendable {
    /// Chunks with a wrong checksum are reported and passed over.
    case skip
    /// Their records are given too, with `trust` saying `.damaged`.
    case give
  }

  let source: any ByteSource
  let damagedChunks: DamagedChunks
  let maximumRecordBytes: UInt64
  var window: ByteWindow
  /// Where the next record outside of chunks begins.
  var position: UInt64 = 0
  var chunk: ChunkWalk?
  /// Over everything read so far; nil once the data section has ended, or where reading began in the middle.
  var dataSum: CRC32?
  /// Over the summary so far; nil outside of it.
  var summarySum: CRC32?
  var dataEndsAt: UInt64?

  /// Where the record given last begins in the file, be it in a chunk or not.
  public internal(set) var recordOffset: UInt64 = 0
  /// Where the record outside of chunks, or the chunk, begins that the record given last belongs to.
  public internal(set) var outerOffset: UInt64 = 0
  /// How much is known about the record given last.
  public internal(set) var trust = McapTrust.unchecked
  /// The first thousand problems.
  public private(set) var problems: [McapProblem] = []
  public private(set) var problemCount: UInt64 = 0
  /// Set once `next` has given nil.
  public internal(set) var ending: McapEnding?
  /// The data section has ended: schemas and channels from here on repeat earlier ones.
  public var isInSummary: Bool { dataEndsAt != nil }

  public init(
    source: any ByteSource, damagedChunks: DamagedChunks = .skip,
    maximumRecordBytes: UInt64 = 256 << 20
  ) {
    self.source = source
    self.damagedChunks = damagedChunks
    // Far below Int.max, so that sums of lengths cannot overflow.
    self.maximumRecordBytes = min(maximumRecordBytes, 1 << 40)
    window = ByteWindow(source, capacity: 512 * 1024)
  }

  /// The next record, or nil at the end, see `ending`.
  public func next() throws(McapFailure) -> McapRecord? {
    while true {
      if chunk != nil {
        if let record = nextInChunk() { return record }
      } else if ending != nil {
        return nil
      } else if position == 0 {
        try readMagic()
      } else if let record = try nextOutside() {
        return record
      }
    }
  }

  /// Goes on at a record's beginning found by other means; checksums over the whole log are given up.
  func resume(at offset: UInt64) {
    position = offset
    chunk = nil
    ending = nil
    dataSum = nil
    summarySum = nil
    dataEndsAt = nil
  }

  /// Reads the current chunk to its end, and then at `offset` instead of where its length says.
  func followChunk(at offset: UInt64) {
    let current = chunk
    resume(at: offset)
    chunk = current
  }

  func note(_ kind: McapProblem.Kind, at offset: UInt64) {
    problemCount &+= 1
    if problems.count < 1000 { problems.append(McapProblem(offset: offset, kind: kind)) }
  }

  func bytes(at offset: UInt64, count: Int) throws(McapFailure) -> UnsafeRawBufferPointer? {
    do throws(StorageFailure) {
      return unsafe try window.bytes(at: offset, count: count)
    } catch {
      throw .storage(error)
    }
  }

  private func readMagic() throws(McapFailure) {
    let count = Int(min(source.byteCount, UInt64(McapFormat.magicBytes)))
    let found = unsafe try bytes(at: 0, count: count).map { raw in unsafe [UInt8](raw) } ?? []
    guard found.elementsEqual(McapFormat.magic.prefix(found.count)) else {
      throw .notMcap(found: found)
    }
    guard found.count == McapFormat.magicBytes else {
      ending = .truncated(at: 0, reason: "the file ends inside the opening magic")
      return
    }
    var sum = CRC32()
    unsafe found.withUnsafeBytes { raw in unsafe sum.update(raw) }
    dataSum = sum
    position = UInt64(McapFormat.magicBytes)
  }
}
