import CLinux
import FusionPipeline
import Glibc

/// A serial line (RS-232, USB adapter, modem device), raw 8N1: inertial units, GNSS receivers.
///
/// A packet is whatever bytes had arrived; the decoder finds the messages in them. Arrival is the time after
/// the read, the kernel stamps no serial bytes. Where the driver counts overruns (UARTs do, pseudo-terminals
/// do not), `counters.lostBefore` has the bytes they cost, looked up every 64 packets and at time-outs.
/// Thread: one. Cost: one or two system calls a packet, no allocation after `open`.
public final class SerialLink: PacketLink {
  public let path: String
  public let baud: Int
  public let wantsLowLatency: Bool
  public let maximumPacketBytes: Int
  public private(set) var counters = LinkCounters()
  /// Whether the driver took the low-latency wish.
  public private(set) var isLowLatency = false
  private let clock: any PipelineClock
  private var descriptor: Int32 = -1
  /// Overruns the driver had counted at the last look; negative where it does not count.
  private var overruns: Int32 = -1

  /// The rates a line can be set to, in bits per second.
  public static let bauds: [Int] = speeds.map(\.baud)

  public init(
    path: String, baud: Int, wantsLowLatency: Bool = true, maximumPacketBytes: Int = 4096,
    clock: any PipelineClock
  ) {
    self.path = path
    self.baud = baud
    self.wantsLowLatency = wantsLowLatency
    self.maximumPacketBytes = max(1, maximumPacketBytes)
    self.clock = clock
  }

  deinit { close() }

  public func open() throws(LinkFailure) {
    close()
    guard let speed = Self.code(ofBaud: baud) else {
      let rates = Self.bauds.map(String.init).joined(separator: ", ")
      throw LinkFailure(.refused, "\(path): no standard rate of \(baud) baud; choose one of \(rates)")
    }
    let opened = unsafe path.withCString { unsafe fusion_open($0, O_RDWR | O_NOCTTY | O_NONBLOCK) }
    guard opened >= 0 else { throw openFailure(SystemError(result: opened)) }
    let result = fusion_serial_configure(opened, speed)
    guard result >= 0 else {
      _ = Glibc.close(opened)
      let error = SystemError(result: result)
      if error.code == ENOTTY {
        throw LinkFailure(.refused, "\(path): not a serial line; give a device like /dev/ttyUSB0")
      }
      throw LinkFailure(.refused, "\(path): the line refuses \(baud) baud, 8N1: \(error); try another rate")
    }
    _ = fusion_serial_exclusive(opened)
    isLowLatency = wantsLowLatency && fusion_serial_low_latency(opened) >= 0
    descriptor = opened
    overruns = fusion_serial_overruns(opened)
  }

  public func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket? {
    guard descriptor >= 0 else { throw LinkFailure(.gone, "\(path): receive before open") }
    let room = min(buffer.count, maximumPacketBytes)
    // A read into no room says 0, which would look like a hang-up.
    guard room > 0 else { return nil }
    var remaining = timespec(nanoseconds: timeoutNanoseconds)
    while true {
      let count = unsafe fusion_read(descriptor, buffer.baseAddress, room)
      if count > 0 {
        counters.received &+= 1
        counters.bytes &+= UInt64(count)
        if counters.received % 64 == 0 { lookForOverruns() }
        return ReceivedPacket(byteCount: count, arrival: clock.now())
      }
      let error = SystemError(result: count)
      switch error.code {
      case EINTR: continue
      case EAGAIN:
        let events = unsafe fusion_wait_readable(descriptor, &remaining)
        if events == 0 {
          lookForOverruns()
          return nil
        }
        if events < 0, events != -EINTR {
          throw LinkFailure(.gone, "\(path): waiting failed: \(SystemError(result: events))")
        }
        // A hang-up with nothing left to read: the next read may still say EAGAIN.
        if events > 0, events & Int32(POLLIN) == 0 { throw gone("hang-up") }
      case 0: throw gone("hang-up")
      default: throw gone(error.description)
      }
    }
  }

  public func close() {
    guard descriptor >= 0 else { return }
    _ = Glibc.close(descriptor)
    descriptor = -1
  }

  var countsOverruns: Bool { overruns >= 0 }

  private func lookForOverruns() {
    guard overruns >= 0 else { return }
    let total = fusion_serial_overruns(descriptor)
    guard total > overruns else { return }
    counters.lostBefore &+= UInt64(total &- overruns)
    overruns = total
  }

  private func gone(_ reason: String) -> LinkFailure {
    LinkFailure(.gone, "\(path): the line is gone (\(reason)); check the cable and the adapter")
  }

  private func openFailure(_ error: SystemError) -> LinkFailure {
    switch error.code {
    case ENOENT, ENODEV, ENXIO:
      LinkFailure(.absent, "\(path): no such device; is it plugged in? `ls /dev/tty*` lists what there is")
    case EACCES, EPERM:
      LinkFailure(.refused, "\(path): not permitted; add the user to the group dialout and log in again")
    case EBUSY:
      LinkFailure(.refused, "\(path): another program has it (`fuser -v \(path)` names it)")
    default: LinkFailure(.refused, "\(path): cannot open: \(error)")
    }
  }

  /// The kernel's name of a rate (B115200 …); nil for one it has no name for.
  static func code(ofBaud baud: Int) -> UInt32? { speeds.first { $0.baud == baud }?.code }

  private static let speeds: [(baud: Int, code: UInt32)] = [
    (1200, UInt32(B1200)), (2400, UInt32(B2400)), (4800, UInt32(B4800)), (9600, UInt32(B9600)),
    (19_200, UInt32(B19200)), (38_400, UInt32(B38400)), (57_600, UInt32(B57600)),
    (115_200, UInt32(B115200)), (230_400, UInt32(B230400)), (460_800, UInt32(B460800)),
    (500_000, UInt32(B500000)), (576_000, UInt32(B576000)), (921_600, UInt32(B921600)),
    (1_000_000, UInt32(B1000000)), (1_152_000, UInt32(B1152000)), (1_500_000, UInt32(B1500000)),
    (2_000_000, UInt32(B2000000)), (2_500_000, UInt32(B2500000)), (3_000_000, UInt32(B3000000)),
    (3_500_000, UInt32(B3500000)), (4_000_000, UInt32(B4000000)),
  ]
}
