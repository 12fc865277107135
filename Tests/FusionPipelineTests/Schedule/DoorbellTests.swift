import FusionPipeline
import Synchronization
import Testing

@Suite("Doorbell")
struct DoorbellTests {
  @Test("No ring between the look and the sleep is lost, in 20000 hand-overs each way")
  func pingPong() {
    // Without a time-out: a lost ring would hang this test.
    let ping = Doorbell()
    let pong = Doorbell()
    let a = Atomic<UInt64>(0)
    let b = Atomic<UInt64>(0)
    let rounds: UInt64 = 20_000
    let other = TestThread {
      for round in 1...rounds {
        while true {
          let seen = ping.count
          if a.load(ordering: .acquiring) >= round { break }
          ping.wait(seen: seen, until: .distantFuture)
        }
        b.store(round, ordering: .releasing)
        pong.ring()
      }
    }
    for round in 1...rounds {
      a.store(round, ordering: .releasing)
      ping.ring()
      while true {
        let seen = pong.count
        if b.load(ordering: .acquiring) >= round { break }
        pong.wait(seen: seen, until: .distantFuture)
      }
    }
    other.join()
    #expect(ping.count == UInt32(rounds) && pong.count == UInt32(rounds))
  }

  @Test("A wait for a count that has passed, or until an instant that has passed, returns at once")
  func returns() {
    let bell = Doorbell()
    let seen = bell.count
    bell.ring()
    bell.wait(seen: seen, until: .distantFuture)
    bell.wait(seen: bell.count, until: .zero)
    bell.wait(seen: bell.count, until: .never)
    #expect(bell.count == seen &+ 1)
  }

  @Test("One ring wakes every sleeper")
  func everybody() {
    let bell = Doorbell()
    let isOpen = Atomic<Bool>(false)
    let threads = (0..<4).map { _ in
      TestThread {
        while true {
          let seen = bell.count
          if isOpen.load(ordering: .acquiring) { return }
          bell.wait(seen: seen, until: .distantFuture)
        }
      }
    }
    isOpen.store(true, ordering: .releasing)
    bell.ring()
    for thread in threads { thread.join() }
  }
}
