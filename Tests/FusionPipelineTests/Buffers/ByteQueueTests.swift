import FusionPipeline
import Synchronization
import Testing

@Suite("Byte queue")
struct ByteQueueTests {
  private func push(_ queue: ByteQueue, _ bytes: [UInt8], _ second: [UInt8]? = nil, topic: UInt32 = 1) -> Bool
  {
    unsafe bytes.withUnsafeBytes { first in
      if let second {
        return unsafe second.withUnsafeBytes { unsafe queue.push(topic: topic, stamp: .millis(1), first, $0) }
      }
      return unsafe queue.push(topic: topic, stamp: .millis(1), first)
    }
  }

  private func popLength(_ queue: ByteQueue) -> Int? {
    var scratch: [UInt8] = []
    var length = 0
    let any = unsafe queue.pop(into: &scratch) { length = $2.count }
    return any ? length : nil
  }

  @Test("Messages come out in order, whole and once, over many laps of the buffer")
  func order() {
    let queue = ByteQueue(capacity: 4096)
    var random = RandomSource(seed: 5)
    var waiting: [[UInt8]] = []
    var scratch: [UInt8] = []
    var refused: UInt64 = 0
    var refusedBytes: UInt64 = 0
    var fill = 0
    for round in 0..<20_000 {
      if random.chance(0.55) {
        let length = Int(random.below(random.chance(0.02) ? 5000 : 300))
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ round) }
        let cut = Int(random.below(UInt64(length + 1)))
        let isSplit = random.chance(0.5)
        let fits = fill + 16 + length <= 4096
        let taken =
          isSplit
          ? push(queue, Array(bytes[..<cut]), Array(bytes[cut...]), topic: UInt32(round))
          : push(queue, bytes, topic: UInt32(round))
        #expect(taken == fits)
        if taken {
          waiting.append([UInt8(truncatingIfNeeded: round)] + bytes)
          fill += 16 + length
        } else {
          refused += 1
          refusedBytes += UInt64(length)
        }
      } else {
        var got: [UInt8]?
        let any = unsafe queue.pop(into: &scratch) { topic, stamp, bytes in
          unsafe got = [UInt8(truncatingIfNeeded: topic)] + Array(bytes)
          #expect(stamp == .millis(1))
        }
        #expect(any == !waiting.isEmpty)
        if any {
          let expected = waiting.removeFirst()
          #expect(got == expected)
          fill -= 16 + expected.count - 1
        }
      }
    }
    #expect(queue.refused.messages == refused && queue.refused.bytes == refusedBytes)
    #expect(refused > 0)
  }

  @Test("A queue is at least 4096 bytes and takes a message that fills it to the last byte")
  func exactFit() {
    let queue = ByteQueue(capacity: 1)
    #expect(queue.capacity == 4096)
    #expect(push(queue, [UInt8](repeating: 7, count: 4080)))
    #expect(!push(queue, []))
    #expect(popLength(queue) == 4080)
    #expect(queue.refused.messages == 1 && queue.refused.bytes == 0)
    #expect(push(queue, []))
    #expect(popLength(queue) == 0)
    #expect(popLength(queue) == nil)
  }

  @Test("Across two threads what was accepted arrives in order, and refusals are counted exactly")
  func race() {
    let queue = ByteQueue(capacity: 4096)
    let items: UInt64 = 60_000
    let accepted = Atomic<UInt64>(0)
    let isDone = Atomic<Bool>(false)
    let producer = TestThread {
      var count: UInt64 = 0
      for number in 0..<items {
        let words = [UInt64](repeating: number, count: 1 + Int(number % 9))
        let taken = unsafe words.withUnsafeBytes {
          unsafe queue.push(topic: UInt32(number % 9), stamp: Stamp(nanoseconds: Int64(number)), $0)
        }
        if taken { count += 1 }
      }
      accepted.store(count, ordering: .relaxed)
      isDone.store(true, ordering: .releasing)
    }
    var scratch: [UInt8] = []
    var popped: UInt64 = 0
    var last: Int64 = -1
    var wrong = 0
    while true {
      let ending = isDone.load(ordering: .acquiring)
      let any = unsafe queue.pop(into: &scratch) { topic, stamp, bytes in
        let number = UInt64(stamp.nanoseconds)
        if stamp.nanoseconds <= last || topic != UInt32(number % 9)
          || bytes.count != 8 * (1 + Int(number % 9))
        {
          wrong += 1
        }
        for offset in stride(from: 0, to: bytes.count, by: 8)
        where unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != number { wrong += 1 }
        last = stamp.nanoseconds
        popped += 1
      }
      if !any, ending { break }
    }
    producer.join()
    #expect(wrong == 0)
    #expect(popped == accepted.load(ordering: .relaxed))
    #expect(popped + queue.refused.messages == items)
  }
}
