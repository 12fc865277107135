import CZMQ
import FusionPipeline
import Glibc

/// How and where commands are published.
public struct CommandPublishSettings: Sendable, Equatable {
  /// All of them are bound; each subscriber connects to one.
  public var endpoints: [String]
  /// The actuators' topics, for the count of subscribers.
  public var topics: [String]
  /// Commands that wait for one slow subscriber before newer ones are dropped for it.
  public var highWaterMark: Int32 = 64
  public var handshakeMilliseconds: Int32 = 1000
  /// A subscriber that is silent for three of these is dropped; 0 for no heartbeats.
  public var heartbeatMilliseconds: Int32 = 1000
  /// Subscribers send only subscriptions; one that sends more is dropped.
  public var maximumIncomingBytes: Int64 = 1024
  /// Turns on CURVE: the file that holds the publisher's secret key.
  public var curveSecretKeyFile: String?
  /// Permits other machines to reach commands without CURVE: anybody on the network then reads them, and can
  /// pose as the publisher.
  public var insecure = false
  /// Also publish each command as JSON text, for people.
  public var mirrorsJSON = false
  /// SCHED_FIFO priority of libzmq's own thread, which does the sending; 0: ordinary. An ordinary one is
  /// starved by load, however punctual our threads are.
  public var ioThreadPriority: Int32 = 0

  public init(endpoints: [String], topics: [String] = []) {
    self.endpoints = endpoints
    self.topics = topics
  }
}

/// Publishes command frames on ZeroMQ: an XPUB socket, so that it knows who listens.
///
/// A stuck subscriber never slows `publish`: its queue fills to the high-water mark, and it alone loses.
/// Thread: the output thread alone. Make it there too: libzmq's I/O thread inherits the scheduling policy and
/// CPUs of the thread that opens the first socket.
/// Cost: one send call; libzmq allocates once per frame, and copies it.
@safe public final class ZeroMQCommandSink: CommandSink {
  /// What the endpoints resolved to, in order: with port `*`, the ports chosen.
  public let boundEndpoints: [String]
  /// The CURVE key that subscribers need; nil without CURVE.
  public let publicKey: String?
  public private(set) var published: UInt64 = 0
  /// Sends that libzmq refused.
  public private(set) var refused: UInt64 = 0

  private var context: ZeroMQContext?
  private let socket: ZeroMQSocket
  private var subscriptions: SubscriptionCount
  private let incoming: UnsafeMutableRawBufferPointer
  private let mirrorsJSON: Bool
  private var mirror = CommandMirror()
  /// This slot's frames, to be mirrored when all have been sent.
  private let waiting: UnsafeMutableRawBufferPointer
  private var mirrored = 0

  /// - Parameter context: shared with subscribers on `inproc://`; else the sink has its own.
  public init(
    _ settings: CommandPublishSettings, context shared: ZeroMQContext? = nil
  ) throws(CommandSocketFailure) {
    guard !settings.endpoints.isEmpty else {
      throw CommandSocketFailure("publish: no endpoint; write at least one, such as tcp://127.0.0.1:5560")
    }
    var endpoints: [CommandEndpoint] = []
    for text in settings.endpoints { endpoints.append(try CommandEndpoint(text)) }
    for endpoint in endpoints where !endpoint.isLocal {
      guard settings.curveSecretKeyFile != nil || settings.insecure else {
        throw CommandSocketFailure(
          "\(endpoint.text): other machines could reach the actuators' commands without a key; "
            + "give a CURVE secret key file, bind 127.0.0.1, or say insecure (--insecure)")
      }
    }
    var keys: CurveKeyPair?
    if let path = settings.curveSecretKeyFile { keys = try CurveKeyPair.read(secretKeyFile: path) }

    let context: ZeroMQContext
    if let shared {
      context = shared
    } else {
      context = try ZeroMQContext(ioThreadPriority: settings.ioThreadPriority)
    }
    let socket = try ZeroMQSocket(type: ZMQ_XPUB, context: context)
    try Self.configure(socket, settings, keys)
    var bound: [String] = []
    for endpoint in endpoints {
      try Self.refuseLiveSocket(endpoint)
      try socket.bind(endpoint.text)
      bound.append(socket.lastEndpoint)
    }
    self.context = context
    self.socket = socket
    publicKey = keys?.publicKey
    boundEndpoints = bound
    subscriptions = SubscriptionCount(topics: settings.topics.map { CommandTopic($0) })
    mirrorsJSON = settings.mirrorsJSON
    unsafe incoming = .allocate(byteCount: 64, alignment: 8)
    unsafe waiting = .allocate(byteCount: CommandSet.maximumActuators * CommandFrame.byteCount, alignment: 8)
  }

  deinit {
    unsafe incoming.deallocate()
    unsafe waiting.deallocate()
  }

  public func publish(_ frame: RawSpan) throws(CommandSinkFailure) {
    guard context != nil else {
      refused &+= 1
      throw CommandSinkFailure("commands: published after close; publish the final command before it")
    }
    let code = socket.send(frame)
    noticeSubscriptions()
    guard code == 0 else {
      refused &+= 1
      throw CommandSinkFailure(CommandSocketFailure.describe(code, "cannot send", at: "commands").message)
    }
    published &+= 1
    if mirrorsJSON { keepForMirror(frame) }
  }

  /// Sends the mirrors: formatting them between two actuators' commands would delay the second.
  public func endSlot() {
    guard context != nil else {
      mirrored = 0
      return
    }
    for index in 0..<mirrored {
      let start = index * CommandFrame.byteCount
      let frame = unsafe UnsafeRawBufferPointer(
        rebasing: waiting[start..<start + CommandFrame.byteCount])
      unsafe publishMirror(of: frame.bytes)
    }
    mirrored = 0
  }

  private func keepForMirror(_ frame: RawSpan) {
    guard frame.byteCount == CommandFrame.byteCount, mirrored < CommandSet.maximumActuators else { return }
    let start = mirrored * CommandFrame.byteCount
    unsafe frame.withUnsafeBytes { bytes in
      let place = unsafe UnsafeMutableRawBufferPointer(
        rebasing: waiting[start..<start + CommandFrame.byteCount])
      unsafe place.copyMemory(from: bytes)
    }
    mirrored += 1
  }

  public func close(lingerMilliseconds: Int) {
    socket.close(lingerMilliseconds: Int32(truncatingIfNeeded: min(max(lingerMilliseconds, 0), 60_000)))
    // The context ends here unless it is shared; that is what waits for the last command to leave.
    context = nil
  }

  /// Subscriptions that would receive this actuator's commands; 0 is an alarm: nobody drives.
  public func subscribers(toTopic index: Int) -> Int { subscriptions.count(of: index) }

  /// All subscriptions, monitors and mirrors included.
  public var subscriptionTotal: Int { subscriptions.total }

  /// Takes up to 64 subscriptions and cancellations that have come; `publish` does it too.
  public func noticeSubscriptions() {
    for _ in 0..<64 {
      guard let count = unsafe socket.receive(into: incoming) else { return }
      let held = unsafe UnsafeRawBufferPointer(rebasing: incoming.prefix(min(count, incoming.count)))
      unsafe subscriptions.notice(held.bytes, isWhole: count <= held.count)
    }
  }

  /// The mirror is for people: when it cannot be sent, nothing else suffers.
  private func publishMirror(of frame: RawSpan) {
    do throws(CommandRefusal) {
      mirror.write(try CommandFrame(decoding: frame))
      unsafe mirror.bytes.withUnsafeBytes { bytes in _ = unsafe socket.send(bytes.bytes) }
    } catch {}
  }

  private static func configure(
    _ socket: ZeroMQSocket, _ settings: CommandPublishSettings, _ keys: CurveKeyPair?
  ) throws(CommandSocketFailure) {
    // Options apply to later binds only.
    try socket.set(ZMQ_SNDHWM, to: max(1, settings.highWaterMark), "SNDHWM")
    try socket.set(ZMQ_RCVHWM, to: max(1, settings.highWaterMark), "RCVHWM")
    try socket.set(ZMQ_LINGER, to: Int32(0), "LINGER")
    try socket.set(ZMQ_HANDSHAKE_IVL, to: settings.handshakeMilliseconds, "HANDSHAKE_IVL")
    try socket.set(ZMQ_MAXMSGSIZE, to: settings.maximumIncomingBytes, "MAXMSGSIZE")
    if settings.heartbeatMilliseconds > 0 {
      try socket.set(ZMQ_HEARTBEAT_IVL, to: settings.heartbeatMilliseconds, "HEARTBEAT_IVL")
      try socket.set(
        ZMQ_HEARTBEAT_TIMEOUT, to: min(settings.heartbeatMilliseconds, 600_000) * 3, "HEARTBEAT_TIMEOUT")
    }
    // Every subscription and cancellation, not just a topic's first and last.
    try socket.set(ZMQ_XPUB_VERBOSER, to: Int32(1), "XPUB_VERBOSER")
    if let keys {
      try socket.set(ZMQ_CURVE_SERVER, to: Int32(1), "CURVE_SERVER")
      try socket.set(ZMQ_CURVE_SECRETKEY, to: Array(keys.secretKey.utf8), "CURVE_SECRETKEY")
    }
  }

  /// libzmq removes an existing socket file before it binds, and so would silence a running publisher.
  private static func refuseLiveSocket(_ endpoint: CommandEndpoint) throws(CommandSocketFailure) {
    guard let path = endpoint.ipcPath else { return }
    let probe = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { return }
    defer { _ = Glibc.close(probe) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
      guard path.utf8.count < field.count else { return false }
      unsafe field.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { return }
    let answered = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    if answered { throw .describe(EADDRINUSE, "cannot bind", at: endpoint.text) }
  }
}
