import CZMQ
import FusionPipeline
import Glibc

/// A libzmq context: its I/O thread, and the space in which `inproc://` names live.
///
/// Sockets hold it, so it ends after the last of them; ending waits for their linger time.
/// Thread: any.
@safe public final class ZeroMQContext: @unchecked Sendable {
  let raw: UnsafeMutableRawPointer

  /// - Parameter ioThreadPriority: SCHED_FIFO priority asked for libzmq's thread; 0 asks for none. Where the
  ///   right is missing libzmq would abort the process at its first socket, so it is tried here before.
  public init(ioThreadPriority: Int32 = 0) throws(CommandSocketFailure) {
    guard let raw = unsafe zmq_ctx_new() else {
      throw .last("cannot start libzmq", at: "ZeroMQ")
    }
    unsafe self.raw = raw
    guard ioThreadPriority > 0, Self.mayUse(priority: ioThreadPriority) else { return }
    unsafe _ = zmq_ctx_set(raw, ZMQ_THREAD_SCHED_POLICY, SCHED_FIFO)
    unsafe _ = zmq_ctx_set(raw, ZMQ_THREAD_PRIORITY, ioThreadPriority)
  }

  /// Whether the kernel grants the priority: tried on a thread, since limits and capabilities do not tell.
  private static func mayUse(priority: Int32) -> Bool {
    let probe = RealtimeThread(name: "zmq-probe", priority: priority, cpus: []) {}
    guard probe.start() else { return false }
    probe.join()
    return probe.granted.isRealtime
  }

  deinit {
    // A signal may interrupt the wait.
    while unsafe zmq_ctx_term(raw) != 0 && zmq_errno() == EINTR {}
  }
}

/// One libzmq socket. Closing twice is harmless, and so is using it after that: calls then fail.
///
/// Thread: one at a time, as libzmq demands.
@safe final class ZeroMQSocket {
  private var raw: UnsafeMutableRawPointer?
  /// Held while open: a context waits for its sockets.
  private var context: ZeroMQContext?

  init(type: Int32, context: ZeroMQContext) throws(CommandSocketFailure) {
    guard let raw = unsafe zmq_socket(context.raw, type) else {
      throw .last("cannot open a socket", at: "ZeroMQ")
    }
    unsafe self.raw = raw
    self.context = context
  }

  deinit { close(lingerMilliseconds: 0) }

  func close(lingerMilliseconds: Int32) {
    guard let open = unsafe raw else { return }
    var linger = max(0, lingerMilliseconds)
    _ = unsafe zmq_setsockopt(open, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
    _ = unsafe zmq_close(open)
    unsafe raw = nil
    context = nil
  }

  func set(_ option: Int32, to value: Int32, _ name: String) throws(CommandSocketFailure) {
    var value = value
    guard unsafe zmq_setsockopt(raw, option, &value, MemoryLayout<Int32>.size) == 0 else {
      throw .last("cannot set option \(name)", at: "ZeroMQ")
    }
  }

  func set(_ option: Int32, to value: Int64, _ name: String) throws(CommandSocketFailure) {
    var value = value
    guard unsafe zmq_setsockopt(raw, option, &value, MemoryLayout<Int64>.size) == 0 else {
      throw .last("cannot set option \(name)", at: "ZeroMQ")
    }
  }

  func set(_ option: Int32, to bytes: [UInt8], _ name: String) throws(CommandSocketFailure) {
    let done = unsafe bytes.withUnsafeBytes {
      unsafe zmq_setsockopt(raw, option, $0.baseAddress, $0.count) == 0
    }
    guard done else { throw .last("cannot set option \(name)", at: "ZeroMQ") }
  }

  func bind(_ endpoint: String) throws(CommandSocketFailure) {
    guard unsafe zmq_bind(raw, endpoint) == 0 else { throw .last("cannot bind", at: endpoint) }
  }

  func connect(_ endpoint: String) throws(CommandSocketFailure) {
    guard unsafe zmq_connect(raw, endpoint) == 0 else { throw .last("cannot connect", at: endpoint) }
  }

  /// What the last bind resolved to: with port `*`, the port that was chosen.
  var lastEndpoint: String {
    var text = [CChar](repeating: 0, count: 256)
    var count = text.count
    guard unsafe zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &text, &count) == 0, count > 0 else { return "" }
    return String(decoding: text[..<(count - 1)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Sends without waiting; the error's number, or 0.
  func send(_ bytes: RawSpan) -> Int32 {
    for _ in 0..<3 {
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe zmq_send(raw, $0.baseAddress, $0.count, ZMQ_DONTWAIT)
      }
      if sent >= 0 { return 0 }
      let code = zmq_errno()
      if code != EINTR { return code }
    }
    return EINTR
  }

  /// Receives without waiting; the message's own length, which may exceed the buffer, or nil for none.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    let count = unsafe zmq_recv(raw, buffer.baseAddress, buffer.count, ZMQ_DONTWAIT)
    return count >= 0 ? Int(count) : nil
  }

  /// For `zmq_poll`.
  var pollItem: zmq_pollitem_t {
    unsafe zmq_pollitem_t(socket: raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
  }
}
