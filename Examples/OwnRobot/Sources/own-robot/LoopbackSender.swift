import FusionPipeline
import Glibc

/// Sends datagrams to ports of this machine.
final class LoopbackSender {
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { throw ProgramStop(ProgramStop.deviceGone, "no UDP socket for the twin") }
  }

  deinit { close(descriptor) }

  /// Nobody listening is no error: the robot may start later.
  func send(_ bytes: [UInt8], to port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    unsafe withUnsafePointer(to: address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe _ = sendto(
          descriptor, bytes, bytes.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
