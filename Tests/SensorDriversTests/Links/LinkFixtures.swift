import FusionPipeline
import Glibc
import SensorDrivers
import Testing

/// A receive buffer, and what a link put into it.
@safe final class Inbox {
  private let buffer: UnsafeMutableRawBufferPointer
  init(bytes: Int = 65_536) { unsafe buffer = .allocate(byteCount: bytes, alignment: 16) }
  deinit { unsafe buffer.deallocate() }

  func receive(
    _ link: some PacketLink, timeoutNanoseconds: Int64 = 2_000_000_000
  ) throws(LinkFailure) -> (bytes: [UInt8], packet: ReceivedPacket)? {
    guard let packet = try unsafe link.receive(into: buffer, timeoutNanoseconds: timeoutNanoseconds) else {
      return nil
    }
    return unsafe (Array(buffer.prefix(packet.byteCount)), packet)
  }

  /// The failure in which a receive ends; nil when it gives a packet or times out.
  func failure(_ link: some PacketLink) -> LinkFailure? {
    do {
      _ = try receive(link, timeoutNanoseconds: 60_000_000_000)
      return nil
    } catch {
      return error
    }
  }

  /// Every packet that is there already.
  func drain(_ link: some PacketLink) throws(LinkFailure) -> [[UInt8]] {
    var packets: [[UInt8]] = []
    while let (bytes, _) = try receive(link, timeoutNanoseconds: 0) { packets.append(bytes) }
    return packets
  }
}

/// The other end of a UDP link under test.
final class UDPSender {
  private let descriptor: Int32
  init(from source: IPv4Address = .loopback) {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var local = Self.address(source, 0)
    let bound = unsafe withUnsafePointer(to: &local) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(bound == 0)
    var interface = in_addr(s_addr: source.value.bigEndian)
    unsafe setsockopt(
      descriptor, Int32(IPPROTO_IP), IP_MULTICAST_IF, &interface, socklen_t(MemoryLayout<in_addr>.size))
  }
  deinit { Glibc.close(descriptor) }

  func send(_ bytes: [UInt8], to port: UInt16, at address: IPv4Address = .loopback) {
    var destination = Self.address(address, port)
    let sent = unsafe withUnsafePointer(to: &destination) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(sent == bytes.count)
  }

  private static func address(_ address: IPv4Address, _ port: UInt16) -> sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = sa_family_t(AF_INET)
    result.sin_addr.s_addr = address.value.bigEndian
    result.sin_port = port.bigEndian
    return result
  }
}

/// A seeded generator (SplitMix64), so that every run mutates the same bytes.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// The failure in which opening ends; nil when it succeeds.
func openFailure(_ link: some PacketLink) -> LinkFailure? {
  do {
    try link.open()
    return nil
  } catch {
    return error
  }
}

/// A thread of a test; Swift's own tasks may not block.
final class TestThread {
  private var thread = pthread_t()
  init(_ body: @escaping @Sendable () -> Void) {
    let box = unsafe Unmanaged.passRetained(Body(body))
    unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, box.toOpaque())
  }
  func join() { pthread_join(thread, nil) }
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
