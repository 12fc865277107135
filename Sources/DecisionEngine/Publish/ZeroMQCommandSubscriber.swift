import CZMQ
import FusionPipeline
import Glibc

/// The actuators' end of the last hop: one CONFLATE socket per actuator, each feeding its receiver.
///
/// CONFLATE keeps the newest message of a socket whatever its topic, hence one socket per topic. After a pause
/// a reader so gets one recent command and not the oldest of a queue.
/// Thread: one. Cost: no allocation of ours per command.
@safe public final class ZeroMQCommandSubscriber {
  public private(set) var receivers: [CommandReceiver]
  private let sockets: [ZeroMQSocket]
  private let items: UnsafeMutableBufferPointer<zmq_pollitem_t>
  private let buffer: UnsafeMutableRawBufferPointer

  /// - Parameter serverKey: the publisher's CURVE public key, where it has one.
  public init(
    endpoint text: String, actuators: [CommandReceiverSettings], serverKey: String? = nil,
    context shared: ZeroMQContext? = nil
  ) throws(CommandSocketFailure) {
    let endpoint = try CommandEndpoint(text)
    let context: ZeroMQContext
    if let shared { context = shared } else { context = try ZeroMQContext() }
    var sockets: [ZeroMQSocket] = []
    for actuator in actuators {
      let socket = try ZeroMQSocket(type: ZMQ_SUB, context: context)
      try Self.configure(socket, actuator, serverKey: serverKey)
      try socket.connect(endpoint.text)
      sockets.append(socket)
    }
    self.sockets = sockets
    receivers = actuators.map { CommandReceiver($0) }
    unsafe items = .allocate(capacity: sockets.count)
    for (index, socket) in sockets.enumerated() {
      unsafe items.initializeElement(at: index, to: socket.pollItem)
    }
    // Longer than a frame, so that a longer message shows as one.
    unsafe buffer = .allocate(byteCount: 512, alignment: 8)
  }

  deinit {
    unsafe items.deallocate()
    unsafe buffer.deallocate()
  }

  /// Waits for commands and judges them; how many came, refused ones included.
  ///
  /// - Parameter now: the receiver's monotonic clock, read once after the wait.
  @discardableResult
  public func poll(timeoutMilliseconds: Int, now: () -> Stamp) -> Int {
    let timeout = min(max(timeoutMilliseconds, 0), 60_000)
    // Interrupted or failed counts as silence: the outputs then follow the stop tail.
    guard unsafe zmq_poll(items.baseAddress, Int32(items.count), timeout) > 0 else { return 0 }
    let instant = now()
    var count = 0
    for index in sockets.indices {
      guard let length = unsafe sockets[index].receive(into: buffer) else { continue }
      let held = unsafe UnsafeRawBufferPointer(rebasing: buffer.prefix(min(length, buffer.count)))
      unsafe receivers[index].receive(held.bytes, at: instant)
      count += 1
    }
    return count
  }

  /// What actuator `index` is to do now; also due when nothing came.
  public func output(of index: Int, at instant: Stamp) -> CommandReceiverOutput? {
    guard receivers.indices.contains(index) else { return nil }
    return receivers[index].output(at: instant)
  }

  private static func configure(
    _ socket: ZeroMQSocket, _ actuator: CommandReceiverSettings, serverKey: String?
  ) throws(CommandSocketFailure) {
    // All before connect: options apply to later connections only.
    try socket.set(ZMQ_CONFLATE, to: Int32(1), "CONFLATE")
    try socket.set(ZMQ_LINGER, to: Int32(0), "LINGER")
    try socket.set(ZMQ_HANDSHAKE_IVL, to: Int32(1000), "HANDSHAKE_IVL")
    try socket.set(ZMQ_HEARTBEAT_IVL, to: Int32(1000), "HEARTBEAT_IVL")
    try socket.set(ZMQ_HEARTBEAT_TIMEOUT, to: Int32(3000), "HEARTBEAT_TIMEOUT")
    try socket.set(ZMQ_MAXMSGSIZE, to: Int64(4096), "MAXMSGSIZE")
    if let serverKey {
      guard serverKey.utf8.count == 40 else {
        throw CommandSocketFailure("CURVE: the publisher's public key has 40 characters of Z85")
      }
      let own = try CurveKeyPair.generate()
      try socket.set(ZMQ_CURVE_SERVERKEY, to: Array(serverKey.utf8), "CURVE_SERVERKEY")
      try socket.set(ZMQ_CURVE_PUBLICKEY, to: Array(own.publicKey.utf8), "CURVE_PUBLICKEY")
      try socket.set(ZMQ_CURVE_SECRETKEY, to: Array(own.secretKey.utf8), "CURVE_SECRETKEY")
    }
    var prefix: [UInt8] = []
    for index in 0..<CommandTopic.byteCount { prefix.append(actuator.topic.byte(index)) }
    try socket.set(ZMQ_SUBSCRIBE, to: prefix, "SUBSCRIBE")
  }
}
