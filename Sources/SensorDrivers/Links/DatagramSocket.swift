import CLinux
import FusionPipeline
import Glibc

/// A socket that gives whole packets with the kernel's receive stamp and its count of drops.
///
/// What UDP and SocketCAN have in common.
/// Thread: one. Cost: one system call a packet under load, two when it had to wait; no allocation.
final class DatagramSocket {
  struct Receipt {
    var byteCount: Int
    var arrival: Stamp
    var flags: SampleFlags
    var isTruncated: Bool
    /// Dropped by the kernel since the receipt before.
    var lostBefore: UInt64
    var sender: IPv4Address
  }
  enum Outcome {
    case packet(Receipt)
    case timeout
    case failure(SystemError)
  }

  let descriptor: Int32
  private let clock: any PipelineClock
  private var drops = DropCount()

  init(domain: Int32, type: Int32, protocol number: Int32, clock: any PipelineClock) throws(LinkFailure) {
    descriptor = fusion_socket(domain, type, number)
    self.clock = clock
    guard descriptor >= 0 else {
      let error = SystemError(result: descriptor)
      throw LinkFailure(.refused, "cannot make a socket: \(error); the kernel may lack this protocol")
    }
  }

  deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

  func set(_ level: Int32, _ option: Int32, _ value: Int32) -> SystemError? {
    let result = fusion_set_option(descriptor, level, option, value)
    return result < 0 ? SystemError(result: result) : nil
  }

  /// Asks for receive stamps and for the count of drops.
  func requestReceipts() -> SystemError? {
    set(SOL_SOCKET, fusion_SO_TIMESTAMPNS, 1) ?? set(SOL_SOCKET, fusion_SO_RXQ_OVFL, 1)
  }

  /// Asks for a receive buffer and gives what was granted, in bytes.
  func requestReceiveBuffer(bytes: Int) -> Int {
    let wanted = Int32(clamping: bytes)
    // Beyond net.core.rmem_max only an administrator's process gets what it asks for.
    if set(SOL_SOCKET, fusion_SO_RCVBUFFORCE, wanted) != nil { _ = set(SOL_SOCKET, SO_RCVBUF, wanted) }
    // The kernel doubles the number for its own bookkeeping and reports the double.
    return Int(max(0, fusion_get_option(descriptor, SOL_SOCKET, SO_RCVBUF))) / 2
  }

  /// The next packet into the buffer; `remaining` is what is left of the time-out afterwards.
  func receive(into buffer: UnsafeMutableRawBufferPointer, remaining: inout timespec) -> Outcome {
    var detail = fusion_receipt()
    while true {
      let count = unsafe fusion_receive(descriptor, buffer.baseAddress, buffer.count, &detail)
      if count >= 0 { return .packet(receipt(byteCount: count, detail)) }
      let error = SystemError(result: count)
      switch error.code {
      case EINTR: continue
      case EAGAIN:
        let events = unsafe fusion_wait_readable(descriptor, &remaining)
        if events == 0 { return .timeout }
        if events < 0, events != -EINTR { return .failure(SystemError(result: events)) }
      default: return .failure(error)
      }
    }
  }

  private func receipt(byteCount: Int, _ detail: fusion_receipt) -> Receipt {
    let mapped: Stamp? =
      detail.has_stamp == 0
      ? nil
      : clock.stamp(
        fromRealtimeNanoseconds: detail.stamp_seconds &* 1_000_000_000 &+ detail.stamp_nanoseconds)
    return Receipt(
      byteCount: byteCount, arrival: mapped ?? clock.now(), flags: mapped == nil ? .arrivalFromCall : [],
      isTruncated: detail.message_flags & fusion_MSG_TRUNC != 0,
      lostBefore: detail.has_drops == 0 ? 0 : drops.lost(total: detail.drops),
      sender: IPv4Address(value: UInt32(bigEndian: detail.sender_address)))
  }
}

/// Turns the kernel's running 32-bit count of drops into drops since the last look.
struct DropCount: Equatable {
  private var last: UInt32 = 0

  mutating func lost(total: UInt32) -> UInt64 {
    defer { last = total }
    return UInt64(total &- last)
  }
}

extension timespec {
  /// Zero for a negative duration.
  init(nanoseconds: Int64) {
    let duration = max(0, nanoseconds)
    self.init(tv_sec: Int(duration / 1_000_000_000), tv_nsec: Int(duration % 1_000_000_000))
  }
}
