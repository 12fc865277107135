/// Keeps what is published: for tests, and for replays, which open no socket.
///
/// Thread: one. Cost: allocates for every frame kept; with `keepsFrames` false it only counts.
public final class MemoryCommandSink: CommandSink {
  /// Every frame in the order of publishing, topic to CRC.
  public private(set) var frames: [[UInt8]] = []
  public private(set) var count: UInt64 = 0
  /// What `close` was called with; nil while open.
  public private(set) var closedWithLingerMilliseconds: Int?
  private let keepsFrames: Bool

  public init(keepsFrames: Bool = true) { self.keepsFrames = keepsFrames }

  public func publish(_ frame: RawSpan) throws(CommandSinkFailure) {
    guard closedWithLingerMilliseconds == nil else {
      throw CommandSinkFailure("memory sink: published after close; publish the final command before it")
    }
    count &+= 1
    guard keepsFrames else { return }
    var copy: [UInt8] = []
    copy.reserveCapacity(frame.byteCount)
    for offset in frame.byteOffsets {
      unsafe copy.append(frame.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
    }
    frames.append(copy)
  }

  public func close(lingerMilliseconds: Int) { closedWithLingerMilliseconds = lingerMilliseconds }
}
