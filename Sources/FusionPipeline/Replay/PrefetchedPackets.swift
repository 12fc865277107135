import Synchronization

/// Reads a packet source on a thread of its own, a bounded number of packets ahead.
///
/// The order is the source's, so a replay is the same with it and without.
/// Thread: `next` from one.
final class PrefetchedPackets: PacketSource {
  private static let ahead = 512

  /// What both threads share.
  private final class Shared: @unchecked Sendable {
    struct State {
      var ready: [RecordedPacket] = []
      var failure: ReplayFailure?
      var isFinished = false
      var isAbandoned = false
    }
    let state = Mutex(State())
    let filled = Doorbell()
    let drained = Doorbell()
    let source: any PacketSource
    init(_ source: any PacketSource) { self.source = source }
  }

  private let shared: Shared
  private let thread: RealtimeThread
  private var taken: [RecordedPacket] = []
  private var position = 0
  private let hasThread: Bool

  init(_ source: any PacketSource) {
    let shared = Shared(source)
    self.shared = shared
    thread = RealtimeThread(name: "replay-reader", priority: 0, cpus: []) { Self.read(shared) }
    hasThread = thread.start()
  }

  deinit {
    shared.state.withLock { $0.isAbandoned = true }
    shared.drained.ring()
    thread.join()
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    guard hasThread else { return try shared.source.next() }
    if position == taken.count {
      taken.removeAll(keepingCapacity: true)
      position = 0
      try refill()
      if taken.isEmpty { return nil }
    }
    defer { position += 1 }
    return taken[position]
  }

  private func refill() throws(ReplayFailure) {
    while true {
      let seen = shared.filled.count
      var failure: ReplayFailure?
      let isFinished = shared.state.withLock { state in
        swap(&state.ready, &taken)
        failure = taken.isEmpty ? state.failure : nil
        return state.isFinished
      }
      shared.drained.ring()
      if let failure { throw failure }
      if !taken.isEmpty || isFinished { return }
      shared.filled.wait(seen: seen, until: .distantFuture)
    }
  }

  private static func read(_ shared: Shared) {
    while true {
      var packet: RecordedPacket?
      var failure: ReplayFailure?
      do throws(ReplayFailure) { packet = try shared.source.next() } catch { failure = error }
      shared.state.withLock { state in
        if let packet { state.ready.append(packet) }
        state.failure = failure
        state.isFinished = packet == nil
      }
      shared.filled.ring()
      if packet == nil { return }
      while true {
        let seen = shared.drained.count
        let (count, isAbandoned) = shared.state.withLock { ($0.ready.count, $0.isAbandoned) }
        if isAbandoned { return }
        if count < ahead { break }
        shared.drained.wait(seen: seen, until: .distantFuture)
      }
    }
  }
}
