import FusionPipeline
import Synchronization
import Testing

/// Fills a ring's slot with words that only fit together when they are of one item.
private struct SealedSample: BitwiseCopyable, Sendable {
  var number: UInt64
  var body: InlineArray<13, UInt32>
  var seal: UInt64

  init(_ number: UInt64) {
    self.number = number
    body = InlineArray(repeating: 0)
    for index in body.indices { body[index] = Self.word(number, index) }
    seal = Self.seal(number, body)
  }

  private static func word(_ number: UInt64, _ index: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (number &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15 >> 17)
  }

  private static func seal(_ number: UInt64, _ body: InlineArray<13, UInt32>) -> UInt64 {
    var sum = number ^ 0xC0FF_EE00
    for index in body.indices { sum = (sum ^ UInt64(body[index])) &* 0x100_0000_01B3 }
    return sum
  }

  var isWhole: Bool { seal == Self.seal(number, body) }
}

@Suite("Sample ring")
struct SampleRingTests {
  @Test(
    "A ring's size is the next power of two, at least 2",
    arguments: [(0, 2), (1, 2), (2, 2), (3, 4), (64, 64), (65, 128)])
  func size(requested: Int, slots: Int) {
    #expect(SampleRing<UInt8>(slots: requested).slots == slots)
  }

  /// Every mix of writes and reads at small sizes, against a list that never forgets.
  @Test(
    "Read and lost samples together are all that were pushed, in order, for every interleaving",
    arguments: [2, 4])
  func everyInterleaving(slots: Int) {
    for pattern in 0..<(1 << 14) {
      let ring = SampleRing<UInt32>(slots: slots)
      var cursor: UInt64 = 0
      var header = SampleHeader()
      var sample: UInt32 = 0
      var pushed: UInt64 = 0
      var accounted: UInt64 = 0
      for step in 0..<14 {
        if pattern >> step & 1 == 0 {
          ring.push(SampleHeader(sequence: pushed), UInt32(pushed))
          pushed += 1
        } else {
          switch ring.read(&cursor, header: &header, sample: &sample) {
          case .empty: #expect(accounted == pushed)
          case .sample:
            #expect(header.sequence == accounted && UInt64(sample) == accounted)
            accounted += 1
          case .lost(let count):
            // Only what had to be overwritten, and the one slot that may be being written now.
            #expect(pushed - accounted > UInt64(slots))
            #expect(accounted + count == pushed - UInt64(slots) + 1)
            accounted += count
          }
        }
        #expect(cursor == accounted && ring.pushed == pushed)
      }
    }
  }

  @Test("A sample of any size comes out as it went in")
  func everySize() {
    func roundTrip<T: BitwiseCopyable & Sendable & Equatable>(_ value: T, zero: T) {
      let ring = SampleRing<T>(slots: 2)
      ring.push(
        SampleHeader(
          sequence: 9, device: .millis(1), capture: .millis(2), arrival: .millis(3), ready: .millis(4),
          captureUncertaintyNanoseconds: 5, spanNanoseconds: 6, flags: [.partial]), value)
      var cursor: UInt64 = 0
      var header = SampleHeader()
      var sample = zero
      #expect(ring.read(&cursor, header: &header, sample: &sample) == .sample)
      #expect(
        sample == value && header.sequence == 9 && header.ready == .millis(4) && header.flags == [.partial])
      #expect(header.spanNanoseconds == 6 && header.captureUncertaintyNanoseconds == 5)
    }
    roundTrip(UInt8(0xA5), zero: 0)
    roundTrip(UInt16(0xA55A), zero: 0)
    roundTrip(SIMD3<UInt8>(1, 2, 3), zero: .zero)
    roundTrip(Double.pi, zero: 0)
    roundTrip(SIMD8<UInt16>(1, 2, 3, 4, 5, 6, 7, 8), zero: .zero)
    roundTrip(ProbeSample(value: 1, tag: .max), zero: ProbeSample())
  }

  @Test("Readers racing a writer see no torn sample, no order broken, and count each loss exactly")
  func race() {
    let items: UInt64 = 60_000
    let ring = SampleRing<SealedSample>(slots: 8)
    let torn = Atomic<UInt64>(0)
    let wrong = Atomic<UInt64>(0)
    let accounted = Atomic<UInt64>(0)
    let readers = (0..<2).map { _ in
      TestThread {
        var cursor: UInt64 = 0
        var header = SampleHeader()
        var sample = SealedSample(0)
        var next: UInt64 = 0
        while next < items {
          switch ring.read(&cursor, header: &header, sample: &sample) {
          case .empty: continue
          case .lost(let count): next += count
          case .sample:
            if !sample.isWhole { torn.add(1, ordering: .relaxed) }
            if sample.number != next || header.sequence != next { wrong.add(1, ordering: .relaxed) }
            next += 1
          }
        }
        accounted.add(next, ordering: .relaxed)
      }
    }
    for number in 0..<items { ring.push(SampleHeader(sequence: number), SealedSample(number)) }
    for reader in readers { reader.join() }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(accounted.load(ordering: .relaxed) == 2 * items)
  }
}
