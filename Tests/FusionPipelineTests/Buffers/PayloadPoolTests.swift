import FusionPipeline
import Synchronization
import Testing

@Suite("Payload pool")
struct PayloadPoolTests {
  private func filled(_ pool: PayloadPool<UInt32>, with value: UInt32, count: Int = 4) -> PayloadHandle? {
    guard let slot = pool.acquire() else { return nil }
    for index in 0..<count { unsafe slot.elements[index] = value }
    return pool.commit(slot, count: count)
  }

  @Test("A handle pins until its slot is reused, and never after")
  func generations() throws {
    let pool = PayloadPool<UInt32>(id: 3, slots: 2, capacity: 4, zero: 0)
    let first = try #require(filled(pool, with: 1))
    let second = try #require(filled(pool, with: 2))
    #expect(pool.pin(first) && pool.pin(second))
    #expect(filled(pool, with: 3) == nil)
    pool.unpin(first)
    let third = try #require(filled(pool, with: 3))
    #expect(third.index == first.index && third.generation == first.generation + 1)
    #expect(!pool.pin(first))
    #expect(pool.pin(third))
    #expect(unsafe pool.elements(of: second).allSatisfy { $0 == 2 })
    #expect(unsafe pool.elements(of: third).allSatisfy { $0 == 3 })
  }

  @Test("Slots are reused oldest first")
  func oldestFirst() throws {
    let pool = PayloadPool<UInt32>(id: 1, slots: 3, capacity: 4, zero: 0)
    var indices: [UInt32] = []
    for value in 0..<7 { indices.append(try #require(filled(pool, with: UInt32(value))).index) }
    #expect(indices == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test("A slot that is being written cannot be pinned or acquired again")
  func writing() throws {
    let pool = PayloadPool<UInt32>(id: 1, slots: 1, capacity: 4, zero: 0)
    let old = try #require(filled(pool, with: 1))
    let slot = try #require(pool.acquire())
    #expect(!pool.pin(old))
    #expect(pool.acquire() == nil)
    pool.abandon(slot)
    #expect(!pool.pin(old))
    #expect(try #require(filled(pool, with: 2)).generation == old.generation + 2)
  }

  @Test("A foreign, impossible or empty handle is refused")
  func foreign() throws {
    let pool = PayloadPool<UInt32>(id: 1, slots: 1, capacity: 4, zero: 0)
    #expect(!pool.pin(PayloadHandle(pool: 1, index: 0, generation: 0, count: 1)))
    let good = try #require(filled(pool, with: 1))
    var handle = good
    handle.pool = 2
    #expect(!pool.pin(handle))
    handle = good
    handle.index = .max
    #expect(!pool.pin(handle))
    handle = good
    handle.generation += 1 << 48
    #expect(!pool.pin(handle))
    #expect(pool.pin(good))
  }

  @Test("The number of elements filled is kept inside the slot's capacity")
  func counts() throws {
    let pool = PayloadPool<UInt32>(id: 1, slots: 1, capacity: 4, zero: 0)
    #expect(pool.commit(try #require(pool.acquire()), count: 9).count == 4)
    #expect(pool.commit(try #require(pool.acquire()), count: -1).count == 0)
  }

  @Test("Readers racing the writer read only whole payloads of the generation they pinned")
  func race() {
    let pool = PayloadPool<UInt64>(id: 1, slots: 4, capacity: 16, zero: 0)
    let handles = SampleRing<PayloadHandle>(slots: 4)
    let items: UInt64 = 30_000
    let torn = Atomic<UInt64>(0)
    let pinned = Atomic<UInt64>(0)
    let isDone = Atomic<Bool>(false)
    let readers = (0..<2).map { _ in
      TestThread {
        var cursor: UInt64 = 0
        var header = SampleHeader()
        var handle = PayloadHandle(pool: 0, index: 0, generation: 0, count: 0)
        while true {
          let ending = isDone.load(ordering: .acquiring)
          switch handles.read(&cursor, header: &header, sample: &handle) {
          case .empty: if ending { return }
          case .lost: continue
          case .sample:
            guard pool.pin(handle) else { continue }
            let elements = unsafe pool.elements(of: handle)
            for index in 0..<16 where unsafe elements[index] != header.sequence &+ UInt64(index) {
              torn.add(1, ordering: .relaxed)
            }
            pool.unpin(handle)
            pinned.add(1, ordering: .relaxed)
          }
        }
      }
    }
    var full = 0
    for number in 0..<items {
      guard let slot = pool.acquire() else {
        full += 1
        continue
      }
      for index in 0..<16 { unsafe slot.elements[index] = number &+ UInt64(index) }
      handles.push(SampleHeader(sequence: number), pool.commit(slot, count: 16))
    }
    isDone.store(true, ordering: .releasing)
    for reader in readers { reader.join() }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(pinned.load(ordering: .relaxed) > 0)
    // Two readers hold two of four slots at most.
    #expect(full == 0)
    // Every pin was given back: all slots can be had at once.
    for _ in 0..<4 { #expect(pool.acquire() != nil) }
  }
}
