import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

private let hasVirtualCAN = unsafe if_nametoindex("vcan0") != 0
private let maySetDown = unsafe if_nametoindex("vcan1") != 0 && geteuid() == 0
private let needsVirtualCAN: Comment = "needs the interface vcan0 (ip link add vcan0 type vcan)"

@Suite("CAN links on vcan0", .serialized) struct CANLinkTests {
  let clock = LiveClock()
  let inbox = Inbox()

  func opened(_ identifiers: [CANIdentifier] = [], receiveBufferBytes: Int = 1 << 20) throws -> CANLink {
    let link = CANLink(
      interface: "vcan0", bus: 5, identifiers: identifiers, receiveBufferBytes: receiveBufferBytes,
      clock: clock)
    try link.open()
    return link
  }

  func receive(_ link: CANLink) throws -> CANFrame? {
    guard let (bytes, packet) = try inbox.receive(link) else { return nil }
    #expect(packet.flags == [])
    return unsafe CANFrame(decoding: bytes.span.bytes)
  }

  @Test("an interface that does not exist is absent, with advice")
  func absent() throws {
    let link = CANLink(interface: "can77", clock: clock)
    let failure = try #require(openFailure(link))
    #expect(failure.kind == .absent)
    #expect(failure.message.contains("can77") && failure.message.contains("ip link"))
  }

  @Test(
    "classic, extended, remote and FD frames arrive as sent",
    .enabled(if: hasVirtualCAN, needsVirtualCAN))
  func kinds() throws {
    let link = try opened()
    #expect(link.hasFD)
    let sender = try CANSender()
    var remote = CANFrame(id: 0x55, bus: 5, length: 4)
    remote.isRemoteRequest = true
    var fast = CANFrame(
      id: 0x1ABC_DEF0, isExtended: true, isFD: true, bus: 5, data: (0..<64).map { UInt8($0) })
    fast.hasBitRateSwitch = true
    let frames = [
      CANFrame(id: 0x7FF, bus: 5, data: [1, 2, 3, 4, 5, 6, 7, 8]), CANFrame(id: 0, bus: 5),
      CANFrame(id: 0x1FFF_FFFF, isExtended: true, bus: 5, data: [9]), remote, fast,
    ]
    for frame in frames {
      let before = clock.now()
      sender.send(frame)
      let (bytes, packet) = try #require(try inbox.receive(link))
      #expect(unsafe CANFrame(decoding: bytes.span.bytes) == frame)
      #expect(packet.arrival >= before - 100_000 && packet.arrival <= clock.now())
    }
    #expect(link.counters.received == 5)
  }

  @Test("a list of identifiers lets only those through", .enabled(if: hasVirtualCAN, needsVirtualCAN))
  func filters() throws {
    let link = try opened([CANIdentifier(0x210), CANIdentifier(0x210, isExtended: true)])
    let sender = try CANSender()
    sender.send(CANFrame(id: 0x211))
    sender.send(CANFrame(id: 0x210, data: [1]))
    sender.send(CANFrame(id: 0x211, isExtended: true))
    sender.send(CANFrame(id: 0x210, isExtended: true, data: [2]))
    #expect(try receive(link)?.data[0] == 1)
    #expect(try receive(link)?.isExtended == true)
    #expect(try inbox.receive(link, timeoutNanoseconds: 0) == nil)
  }

  @Test("error frames are counted, not handed on", .enabled(if: hasVirtualCAN, needsVirtualCAN))
  func errorFrames() throws {
    let link = try opened()
    let sender = try CANSender()
    var error = CANFrame(id: 0x40, length: 8)
    error.isError = true
    sender.send(error)
    sender.send(CANFrame(id: 1))
    #expect(try receive(link)?.id == 1)
    #expect(link.errorFrames == 1)
    #expect(link.lastErrorClasses == 0x40)
    #expect(link.counters.lostBefore == 1)
  }

  @Test(
    "an interface that is shut down is gone, and opens again once it is up",
    .enabled(if: maySetDown, "needs the interface vcan1 and the right to set it down"))
  func shutDown() throws {
    let link = CANLink(interface: "vcan1", clock: clock)
    try link.open()
    try #require(unsafe system("ip link set vcan1 down") == 0)
    let failure = try #require(inbox.failure(link))
    #expect(failure.kind == .gone)
    #expect(failure.message.contains("ip link set vcan1 up"))
    try #require(unsafe system("ip link set vcan1 up") == 0)
    try link.open()
    #expect(try inbox.receive(link, timeoutNanoseconds: 1_000_000) == nil)
  }

  @Test(
    "in a flood that overruns the receive buffer, sent = received + lost before us",
    .enabled(if: hasVirtualCAN, needsVirtualCAN))
  func flood() throws {
    let link = try opened(receiveBufferBytes: 4096)
    let sender = try CANSender()
    for n in 0..<2000 { sender.send(CANFrame(id: UInt32(n & 0x7FF))) }
    _ = try inbox.drain(link)
    // The kernel tells of drops with the next frame it does deliver.
    sender.send(CANFrame(id: 1))
    _ = try inbox.drain(link)
    #expect(link.counters.lostBefore > 0)
    #expect(link.counters.received + link.counters.lostBefore == 2001)
  }
}

/// The other end of the bus.
private final class CANSender {
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_CAN, Int32(SOCK_RAW.rawValue), 1)
    try #require(descriptor >= 0)
    var on: Int32 = 1
    // SOL_CAN_RAW, CAN_RAW_FD_FRAMES.
    try #require(unsafe setsockopt(descriptor, 101, 5, &on, 4) == 0)
    // struct sockaddr_can: family, padding, interface index, addresses of protocols above.
    var address = [UInt8](repeating: 0, count: 24)
    address[0] = UInt8(AF_CAN)
    address[4] = UInt8(unsafe if_nametoindex("vcan0"))
    let bound = unsafe address.withUnsafeBytes {
      unsafe bind(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), 24)
    }
    try #require(bound == 0)
  }
  deinit { close(descriptor) }

  func send(_ frame: CANFrame) {
    var bytes = frame.encoded()
    bytes[6] = 0
    #expect(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
  }
}
