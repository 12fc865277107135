import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

@Suite struct MemoryLinkTests {
  let clock = ManualClock(now: Stamp(nanoseconds: 50))
  let inbox = Inbox()

  func send(_ bytes: [UInt8], _ link: MemoryLink, at arrival: Stamp? = nil) -> Bool {
    unsafe link.send(bytes.span.bytes, arrival: arrival)
  }

  @Test("packets come out whole and in order, with the sender's stamp or the clock's")
  func order() throws {
    let link = MemoryLink(maximumPacketBytes: 16, capacity: 4, clock: clock)
    try link.open()
    for round in 0..<10 {
      let n = UInt8(round)
      #expect(send([n, 1], link))
      #expect(send([], link, at: Stamp(nanoseconds: 9)))
      #expect(send([UInt8](repeating: n, count: 16), link))
      let first = try #require(try inbox.receive(link))
      #expect(first.bytes == [n, 1] && first.packet.arrival == Stamp(nanoseconds: 50))
      let second = try #require(try inbox.receive(link))
      #expect(second.bytes == [] && second.packet.arrival == Stamp(nanoseconds: 9))
      #expect(try inbox.receive(link)?.bytes == [UInt8](repeating: n, count: 16))
    }
    #expect(link.counters.received == 30)
    #expect(link.counters.bytes == 180)
  }

  @Test("a full link drops the newest packet and counts it; one too long is counted as truncated")
  func overflow() throws {
    let link = MemoryLink(maximumPacketBytes: 4, capacity: 3, clock: clock)
    for n in 0..<5 { #expect(send([UInt8(n)], link) == (n < 3)) }
    #expect(!send([0, 0, 0, 0, 0], link))
    #expect(try inbox.drain(link) == [[0], [1], [2]])
    #expect(link.counters.lostBefore == 2)
    #expect(link.counters.truncated == 1)
    #expect(send([9], link))
  }

  @Test("after a disconnection what was sent is still received, then the link is gone until connected")
  func disconnection() throws {
    let link = MemoryLink(maximumPacketBytes: 4, capacity: 3, clock: clock)
    _ = send([1], link)
    link.disconnect()
    #expect(try inbox.receive(link)?.bytes == [1])
    #expect(inbox.failure(link)?.kind == .gone)
    #expect(openFailure(link)?.kind == .absent)
    link.connect()
    try link.open()
    #expect(try inbox.receive(link, timeoutNanoseconds: 0) == nil)
  }

  @Test("a sleeping receiver is woken by every sender, and nothing is lost or made up")
  func threads() throws {
    let link = MemoryLink(maximumPacketBytes: 8, capacity: 16, clock: clock)
    let perThread = 5_000
    let senders = (0..<3).map { sender in
      TestThread {
        for n in 0..<perThread {
          let bytes: [UInt8] = [UInt8(sender), UInt8(n & 0xFF), UInt8(n >> 8)]
          while unsafe !link.send(bytes.span.bytes) { sched_yield() }
        }
      }
    }
    var next = [0, 0, 0]
    var nils = 0
    while next != [perThread, perThread, perThread], nils < 20 {
      guard let (bytes, _) = try inbox.receive(link, timeoutNanoseconds: 5_000_000_000) else {
        nils += 1
        continue
      }
      let sender = Int(bytes[0])
      #expect(Int(bytes[1]) | Int(bytes[2]) << 8 == next[sender])
      next[sender] += 1
    }
    #expect(next == [perThread, perThread, perThread])
    for sender in senders { sender.join() }
    #expect(link.counters.received == UInt64(3 * perThread))
  }

  @Test("a disconnection wakes a sleeping receiver")
  func wakesOnDisconnect() throws {
    let link = MemoryLink(maximumPacketBytes: 8, capacity: 2, clock: clock)
    let thread = TestThread {
      sched_yield()
      link.disconnect()
    }
    var kind: LinkFailure.Kind?
    for _ in 0..<3 where kind == nil {
      kind = inbox.failure(link)?.kind
    }
    #expect(kind == .gone)
    thread.join()
  }
}
