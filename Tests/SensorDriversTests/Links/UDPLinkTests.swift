import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

@Suite struct UDPLinkTests {
  let clock = LiveClock()
  let inbox = Inbox()

  func opened(_ change: (inout UDPLinkOptions) -> Void = { _ in }) throws -> UDPLink {
    var options = UDPLinkOptions(address: .loopback, port: 0)
    change(&options)
    let link = UDPLink(options, clock: clock)
    try link.open()
    return link
  }

  @Test("every datagram arrives whole, in order, stamped by the kernel between sending and receiving")
  func delivers() throws {
    let link = try opened()
    let sender = UDPSender()
    for length in [0, 1, 48, 1206, 8448, 35_336, 65_507] {
      let sent = [UInt8](repeating: UInt8(truncatingIfNeeded: length), count: length)
      let before = clock.now()
      sender.send(sent, to: link.boundPort)
      let (bytes, packet) = try #require(try inbox.receive(link))
      #expect(bytes == sent)
      #expect(packet.flags == [])
      // Mapping between the clocks is good to the width of its bracket.
      #expect(packet.arrival >= before - 100_000)
      #expect(packet.arrival <= clock.now())
    }
    #expect(link.counters.received == 7)
    let sent: UInt64 = 1 + 48 + 1206 + 8448 + 35_336 + 65_507
    #expect(link.counters.bytes == sent)
    #expect(link.counters.truncated == 0 && link.counters.refused == 0 && link.counters.lostBefore == 0)
  }

  @Test("a datagram longer than the link's maximum is counted, not handed on")
  func truncation() throws {
    let link = try opened { $0.maximumPacketBytes = 100 }
    let sender = UDPSender()
    sender.send([UInt8](repeating: 1, count: 101), to: link.boundPort)
    sender.send([UInt8](repeating: 2, count: 100), to: link.boundPort)
    #expect(try inbox.receive(link)?.bytes == [UInt8](repeating: 2, count: 100))
    #expect(link.counters.truncated == 1)
    #expect(link.counters.received == 1)
  }

  @Test("a datagram from another sender is refused and counted")
  func wrongSender() throws {
    let link = try opened {
      $0.address = .any
      $0.sender = IPv4Address(127, 0, 0, 2)
    }
    UDPSender(from: .loopback).send([1], to: link.boundPort)
    UDPSender(from: IPv4Address(127, 0, 0, 2)).send([2], to: link.boundPort)
    #expect(try inbox.receive(link)?.bytes == [2])
    #expect(link.counters.refused == 1)
    #expect(link.counters.received == 1)
  }

  @Test("a flood of refused datagrams does not keep receive from returning")
  func refusedFlood() throws {
    let link = try opened { $0.sender = IPv4Address(127, 0, 0, 9) }
    let sender = UDPSender()
    for _ in 0..<200 { sender.send([1], to: link.boundPort) }
    #expect(try inbox.receive(link, timeoutNanoseconds: 0) == nil)
    #expect(link.counters.refused == 64)
  }

  @Test("in a flood that overruns the receive buffer, sent = received + lost before us")
  func floodIsAccounted() throws {
    let link = try opened { $0.receiveBufferBytes = 8192 }
    #expect(link.grantedReceiveBufferBytes >= 2304 && link.grantedReceiveBufferBytes <= 16_384)
    let sender = UDPSender()
    let payload = [UInt8](repeating: 7, count: 500)
    var sent: UInt64 = 0
    for round in 0..<5 {
      for _ in 0..<(400 * (round + 1)) {
        sender.send(payload, to: link.boundPort)
        sent += 1
      }
      _ = try inbox.drain(link)
    }
    // The kernel tells of drops with the next datagram it does deliver.
    sender.send(payload, to: link.boundPort)
    sent += 1
    _ = try inbox.drain(link)
    #expect(link.counters.lostBefore > 1000)
    #expect(link.counters.received + link.counters.lostBefore == sent)
  }

  @Test("the kernel's 32-bit count of drops may wrap")
  func dropCountWraps() {
    var count = DropCount()
    #expect(count.lost(total: 0xFFFF_FFFE) == 0xFFFF_FFFE)
    #expect(count.lost(total: 3) == 5)
    #expect(count.lost(total: 3) == 0)
  }

  @Test("without a datagram receive gives nil after the time-out")
  func timeout() throws {
    let link = try opened()
    let before = clock.now()
    #expect(try inbox.receive(link, timeoutNanoseconds: 20_000_000) == nil)
    #expect(clock.now() - before >= 20_000_000)
    #expect(try inbox.receive(link, timeoutNanoseconds: -5) == nil)
  }

  @Test("a signal during the wait neither ends it nor is taken for an error")
  func interruptedWait() throws {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in }
    unsafe sigaction(SIGUSR2, &action, nil)
    let link = try opened()
    let port = link.boundPort
    let target = pthread_self()
    let waker = TestThread {
      for _ in 0..<5 {
        usleep(10_000)
        pthread_kill(target, SIGUSR2)
      }
      UDPSender().send([42], to: port)
    }
    #expect(try inbox.receive(link, timeoutNanoseconds: 20_000_000_000)?.bytes == [42])
    waker.join()
  }

  @Test("when the kernel's stamp cannot be mapped, the call's time is used and flagged")
  func untrustedStamp() throws {
    // Its realtime clock stands at 1970, so the kernel's stamps lie in its future.
    let manual = ManualClock(now: Stamp(nanoseconds: 777))
    let link = UDPLink(UDPLinkOptions(address: .loopback, port: 0), clock: manual)
    try link.open()
    UDPSender().send([1], to: link.boundPort)
    let packet = try #require(try inbox.receive(link)).packet
    #expect(packet.flags == .arrivalFromCall)
    #expect(packet.arrival == Stamp(nanoseconds: 777))
  }

  @Test("a multicast group is joined on the interface named")
  func multicast() throws {
    let group = IPv4Address(239, 1, 2, 3)
    let link = try opened {
      $0.address = .any
      $0.multicastGroup = group
      $0.multicastInterface = .loopback
    }
    UDPSender().send([5, 6], to: link.boundPort, at: group)
    #expect(try inbox.receive(link)?.bytes == [5, 6])
  }

  @Test("a port in use, a foreign address and a false group are refused with advice")
  func refusals() throws {
    let link = try opened()
    let second = UDPLink(UDPLinkOptions(address: .loopback, port: link.boundPort), clock: clock)
    let inUse = try #require(openFailure(second))
    #expect(inUse.kind == .refused)
    #expect(inUse.message.contains("in use") && inUse.message.contains("\(link.boundPort)"))

    let foreign = UDPLink(UDPLinkOptions(address: IPv4Address(192, 0, 2, 1), port: 0), clock: clock)
    let absent = try #require(openFailure(foreign))
    #expect(absent.kind == .absent)
    #expect(absent.message.contains("192.0.2.1"))

    let options = UDPLinkOptions(port: 0, multicastGroup: IPv4Address(10, 0, 0, 1))
    let noGroup = try #require(
      openFailure(UDPLink(options, clock: clock)))
    #expect(noGroup.kind == .refused)
    #expect(noGroup.message.contains("10.0.0.1"))
  }

  @Test("a closed link can be opened again, and says so when used while closed")
  func reopen() throws {
    let link = try opened()
    link.close()
    #expect(inbox.failure(link)?.kind == .gone)
    try link.open()
    UDPSender().send([9], to: link.boundPort)
    #expect(try inbox.receive(link)?.bytes == [9])
  }

  @Test(
    "addresses are four decimal octets and nothing else",
    arguments: [
      "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "1..2.3", "1.2.3.4 ", "a.b.c.d", "-1.2.3.4",
    ])
  func refusesAddress(text: String) {
    #expect(IPv4Address(text) == nil)
  }

  @Test(
    "an address reads back as it was written", arguments: ["0.0.0.0", "192.168.1.201", "255.255.255.255"])
  func readsAddress(text: String) {
    #expect(IPv4Address(text)?.description == text)
  }
}
