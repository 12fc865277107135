import Synchronization

/// What a reader finds at its place in a ring.
public enum RingRead: Sendable, Equatable {
  /// Nothing new.
  case empty
  /// The next sample was copied out.
  case sample
  /// The writer was a lap ahead: this many samples are lost to this reader, which now stands at the oldest.
  case lost(UInt64)
}

/// A fixed ring of samples with one writer and any number of readers, none of which can block another.
///
/// A slot is guarded by a sequence word: odd while it is written, `2 × (number + 1)` when it holds item
/// `number`. Header and sample move as relaxed atomic words between two checks of that word, so there is no
/// data race by the language's rules (H.-J. Boehm, "Can seqlocks get along with programming language memory
/// models?", MSPC 2012). A slow reader loses the oldest and is told how many.
/// Thread: `push` from one thread; each cursor from one thread. Cost: no allocation, no system call.
@safe public final class SampleRing<Sample: BitwiseCopyable & Sendable>: @unchecked Sendable {
  public let slots: Int
  private let wordsPerSlot: Int
  private let headerWords: Int
  private let mask: UInt64
  private let sequences: UnsafeMutablePointer<Atomic<UInt64>>
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// Items pushed so far; on a line of its own by being the last thing allocated.
  private let head: UnsafeMutablePointer<Atomic<UInt64>>

  /// - Parameter slots: rounded up to a power of two, at least 2.
  public init(slots requested: Int) {
    var size = 2
    while size < requested, size < 1 << 20 { size *= 2 }
    slots = size
    mask = UInt64(size - 1)
    headerWords = (MemoryLayout<SampleHeader>.size + 7) / 8
    wordsPerSlot = headerWords + (MemoryLayout<Sample>.size + 7) / 8
    unsafe sequences = .allocate(capacity: size)
    unsafe words = .allocate(capacity: size * wordsPerSlot)
    unsafe head = .allocate(capacity: 1)
    for index in 0..<size { unsafe (sequences + index).initialize(to: Atomic(0)) }
    for index in 0..<size * wordsPerSlot { unsafe (words + index).initialize(to: Atomic(0)) }
    unsafe head.initialize(to: Atomic(0))
  }

  deinit {
    unsafe sequences.deallocate()
    unsafe words.deallocate()
    unsafe head.deallocate()
  }

  /// How many samples were ever pushed.
  public var pushed: UInt64 { unsafe head.pointee.load(ordering: .acquiring) }

  /// Puts one sample in, over the oldest when the ring is full.
  public func push(_ header: SampleHeader, _ sample: Sample) {
    let number = unsafe head.pointee.load(ordering: .relaxed)
    let slot = Int(number & mask)
    let sequence = unsafe sequences + slot
    unsafe sequence.pointee.store(2 &* number &+ 1, ordering: .relaxed)
    // The odd word is seen before any new content is.
    atomicMemoryFence(ordering: .releasing)
    let target = unsafe words + slot * wordsPerSlot
    unsafe Self.store(header, to: target)
    unsafe Self.store(sample, to: target + headerWords)
    unsafe sequence.pointee.store(2 &* number &+ 2, ordering: .releasing)
    unsafe head.pointee.store(number &+ 1, ordering: .releasing)
  }

  /// Copies the sample at `cursor` out and moves the cursor on; the cursor starts at 0.
  public func read(
    _ cursor: inout UInt64, header: inout SampleHeader, sample: inout Sample
  ) -> RingRead {
    let available = unsafe head.pointee.load(ordering: .acquiring)
    guard cursor < available else { return .empty }
    if available - cursor <= UInt64(slots) {
      let slot = Int(cursor & mask)
      let sequence = unsafe sequences + slot
      let before = unsafe sequence.pointee.load(ordering: .acquiring)
      if before == 2 &* cursor &+ 2 {
        let source = unsafe words + slot * wordsPerSlot
        unsafe Self.load(&header, from: source)
        unsafe Self.load(&sample, from: source + headerWords)
        // The content is read before the second look at the sequence.
        atomicMemoryFence(ordering: .acquiring)
        if unsafe sequence.pointee.load(ordering: .relaxed) == before {
          cursor &+= 1
          return .sample
        }
      }
    }
    // Overtaken. One slot of margin, because the writer may be in the oldest one now.
    let newest = unsafe head.pointee.load(ordering: .acquiring)
    let oldest = newest > UInt64(slots) ? newest - UInt64(slots) + 1 : 0
    let restart = max(oldest, cursor + 1)
    let lost = restart - cursor
    cursor = restart
    return .lost(lost)
  }

  private static func store<T: BitwiseCopyable>(_ value: T, to words: UnsafeMutablePointer<Atomic<UInt64>>) {
    unsafe withUnsafeBytes(of: value) { bytes in
      var offset = 0
      var index = 0
      while offset + 8 <= bytes.count {
        unsafe words[index].store(
          bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self), ordering: .relaxed)
        offset += 8
        index += 1
      }
      guard offset < bytes.count else { return }
      var last: UInt64 = 0
      for byte in offset..<bytes.count { unsafe last |= UInt64(bytes[byte]) << UInt64(8 * (byte - offset)) }
      unsafe words[index].store(last, ordering: .relaxed)
    }
  }

  private static func load<T: BitwiseCopyable>(
    _ value: inout T, from words: UnsafeMutablePointer<Atomic<UInt64>>
  ) {
    unsafe withUnsafeMutableBytes(of: &value) { bytes in
      var offset = 0
      var index = 0
      while offset + 8 <= bytes.count {
        unsafe bytes.storeBytes(
          of: words[index].load(ordering: .relaxed), toByteOffset: offset, as: UInt64.self)
        offset += 8
        index += 1
      }
      guard offset < bytes.count else { return }
      let last = unsafe words[index].load(ordering: .relaxed)
      for byte in offset..<bytes.count {
        unsafe bytes[byte] = UInt8(truncatingIfNeeded: last >> UInt64(8 * (byte - offset)))
      }
    }
  }
}
