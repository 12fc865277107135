import FusionPipeline
import Glibc
import SensorDrivers

/// The wires between the simulated sensors and the real drivers: a UDP socket, a pseudo-terminal, and links
/// in memory where this machine may have no bus.
final class DemoLinks: @unchecked Sendable {
  let radar: MemoryLink
  let camera: MemoryLink
  let motion: MemoryLink
  let operatorPanel: MemoryLink
  let lidarPort: UInt16
  let serialPath: String
  private let lidarSocket: Int32
  private var lidarAddress = sockaddr_in()
  private let terminal: Int32
  private var operatorCounter: UInt32 = 0
  /// Bytes that the pseudo-terminal did not take: nobody read them.
  private(set) var serialOverruns = 0

  init(clock: any PipelineClock) throws {
    radar = MemoryLink(maximumPacketBytes: 80, capacity: 1024, clock: clock)
    camera = MemoryLink(maximumPacketBytes: 1 << 20, capacity: 4, clock: clock)
    motion = MemoryLink(maximumPacketBytes: 80, capacity: 1024, clock: clock)
    operatorPanel = MemoryLink(maximumPacketBytes: 64, capacity: 16, clock: clock)
    lidarPort = try Self.freePort()
    lidarSocket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard lidarSocket >= 0 else {
      throw ProgramStop(ProgramStop.deviceGone, "no UDP socket for the simulated lidar")
    }
    lidarAddress.sin_family = sa_family_t(AF_INET)
    lidarAddress.sin_port = lidarPort.bigEndian
    lidarAddress.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // As posix_openpt, unlockpt and ptsname do, which Swift's Glibc module lacks.
    terminal = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    var locked: Int32 = 0
    var number: Int32 = 0
    guard terminal >= 0, unsafe ioctl(terminal, UInt(0x4004_5431), &locked) == 0,
      unsafe ioctl(terminal, UInt(0x8004_5430), &number) == 0
    else {
      throw ProgramStop(
        ProgramStop.deviceGone, "no pseudo-terminal for the simulated IMU: is /dev/pts mounted?")
    }
    serialPath = "/dev/pts/\(number)"
  }

  deinit {
    close(lidarSocket)
    close(terminal)
  }

  var provided: [String: any PacketLink] {
    ["radar": radar, "camera": camera, "motion": motion, "operator": operatorPanel]
  }

  func send(_ source: SimulatedDrive.Source, _ bytes: RawSpan) {
    switch source {
    case .lidar: sendDatagram(bytes)
    case .imu: writeSerial(bytes)
    case .radar: radar.send(bytes)
    case .camera: camera.send(bytes)
    case .motion: motion.send(bytes)
    }
  }

  func request(_ request: OperatorRequest) {
    operatorCounter &+= 1
    let packet = OperatorPacket(request, counter: operatorCounter).encoded()
    unsafe _ = operatorPanel.send(packet.span.bytes)
  }

  private func sendDatagram(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe withUnsafePointer(to: lidarAddress) { address in
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          unsafe _ = sendto(
            lidarSocket, buffer.baseAddress, buffer.count, 0, address,
            socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }

  private func writeSerial(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { buffer in
      if unsafe write(terminal, buffer.baseAddress, buffer.count) != buffer.count { serialOverruns += 1 }
    }
  }

  /// A port that nobody has now; asked of the kernel, so that two demonstrations can run side by side.
  private static func freePort() throws -> UInt16 {
    let probe = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(probe) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(probe, address, length) == 0 && getsockname(probe, address, &length) == 0
      }
    }
    guard probe >= 0, isBound else {
      throw ProgramStop(ProgramStop.deviceGone, "no free UDP port on 127.0.0.1 for the simulated lidar")
    }
    return UInt16(bigEndian: address.sin_port)
  }
}
