/// The topics of a log by number, as the frame's path names them: no strings there.
public enum TopicNumber {
  public static let frame: UInt32 = 0
  public static let slot: UInt32 = 1
  public static let ledger: UInt32 = 2
  public static let miss: UInt32 = 3
  public static let snapshot: UInt32 = 4
  public static let gap: UInt32 = 5
  public static let health: UInt32 = 6
  /// One for each actuator, in the configuration's order.
  public static let firstCommand: UInt32 = 16
  /// One for each sensor: 64 + its number.
  public static let firstRaw: UInt32 = 64
}

/// Where one thread puts what is to be recorded; pushing never waits.
///
/// Thread: each thread has one of its own.
public final class RecordTap {
  /// Nil when nothing is recorded.
  private let queue: ByteQueue?
  let buffer = TopicBuffer(capacity: 64 << 10)

  public init(queue: ByteQueue?) { self.queue = queue }

  public var isRecording: Bool { queue != nil }

  /// Pushes what `buffer` holds.
  func push(_ topic: UInt32, at stamp: Stamp) {
    guard !buffer.hasOverflowed else { return countRefused() }
    unsafe queue?.push(topic: topic, stamp: stamp, buffer.contents)
  }

  /// A record that outgrew its buffer is lost as one that outgrew its queue is, and counted with those.
  private func countRefused() { queue?.countRefused(bytes: 0) }

  /// Pushes bytes as they are, after `buffer`'s content when `afterBuffer` is set.
  func push(_ topic: UInt32, at stamp: Stamp, _ bytes: UnsafeRawBufferPointer, afterBuffer: Bool = false) {
    if afterBuffer {
      guard !buffer.hasOverflowed else { return countRefused() }
      unsafe queue?.push(topic: topic, stamp: stamp, buffer.contents, bytes)
    } else {
      unsafe queue?.push(topic: topic, stamp: stamp, bytes)
    }
  }
}

/// One sensor packet as it is recorded: flags, the number of its first sample, then the packet's own bytes.
public enum RawPacket {
  public static let layout = RecordLayout(
    "fusion.RawPacket", version: 1,
    [RecordField("flags", .u32), RecordField("first_sequence", .u64), RecordField("packet", .bytes)])
  static var headBytes: Int { layout.fixedSize }

  /// - Parameter firstSequence: the number that the next sample gets, by which a replay notices lost
  ///   packets; 0 where nobody knows, as in an import.
  static func push(
    _ bytes: UnsafeRawBufferPointer, of sensor: UInt16, arrival: Stamp, flags: SampleFlags,
    firstSequence: UInt64 = 0,
    to tap: RecordTap
  ) {
    tap.buffer.clear()
    tap.buffer.append(flags.rawValue)
    tap.buffer.append(firstSequence)
    unsafe tap.push(TopicNumber.firstRaw + UInt32(sensor), at: arrival, bytes, afterBuffer: true)
  }
}

/// A chain's whole state at a frame's end, so that a replay can start in the middle.
public struct StateSnapshot: Sendable, Equatable {
  public static let topic = "/fusion/snapshot"
  public static let layout = RecordLayout(
    "fusion.Snapshot", version: 1,
    [
      RecordField("frame", .u64), RecordField("slot", .u64), RecordField("chain", .u16),
      RecordField("state_bytes", .u32), RecordField("state", .bytes),
    ])

  /// The frame that had just ended, and the slot it was for.
  public var frame: UInt64
  public var slot: UInt64
  public var chain: UInt16
  public var state: [UInt8]

  /// Nil when the bytes are not a whole record.
  public init?(decoding bytes: [UInt8]) {
    var reader = TopicReader(bytes)
    frame = reader.next()
    slot = reader.next()
    chain = reader.next()
    let count = Int(reader.next(UInt32.self))
    guard !reader.isShort, reader.remaining == count else { return nil }
    state = Array(bytes[reader.position...])
  }
}

extension ChainRunner {
  /// Puts the committed state into the log.
  func recordSnapshot(after outcome: FrameOutcome, to tap: RecordTap) {
    tap.buffer.clear()
    tap.buffer.append(outcome.release.frame)
    tap.buffer.append(outcome.release.slot)
    tap.buffer.append(number)
    tap.buffer.append(UInt32(clamping: state.byteCount))
    unsafe state.freeze {
      unsafe tap.push(TopicNumber.snapshot, at: outcome.release.release, $0, afterBuffer: true)
    }
  }
}
