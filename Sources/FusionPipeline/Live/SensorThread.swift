import Synchronization

/// How a sensor's link fares, for health and for the report.
public struct SensorHealth: Sendable, Equatable {
  public var isOpen = false
  public var opens: UInt64 = 0
  public var failures: UInt64 = 0
  public var lastFailure = ""
  public init() {}
}

/// One sensor live: receives, records the raw packet, decodes, rings; re-opens a link that is gone.
///
/// Thread: its own. Re-opening backs off from 0.1 to 2 s.
final class SensorThread: @unchecked Sendable {
  private let sensor: any AnySensor
  private let link: any PacketLink
  private let clock: any PipelineClock
  private let tap: RecordTap
  private let doorbell: Doorbell
  private let isStopping = Atomic<Bool>(false)
  private let healthState = Mutex(SensorHealth())
  private var lastArrival = Stamp.never
  private var hasReceived = false
  /// A packet has come since the link was opened last.
  private var hasSpoken = false
  private static let pollNanoseconds: Int64 = 50_000_000

  init(
    sensor: any AnySensor, link: any PacketLink, clock: any PipelineClock, tap: RecordTap, doorbell: Doorbell
  ) {
    self.sensor = sensor
    self.link = link
    self.clock = clock
    self.tap = tap
    self.doorbell = doorbell
  }

  var health: SensorHealth { healthState.withLock { $0 } }
  var name: String { sensor.name }

  func stop() { isStopping.store(true, ordering: .relaxed) }

  func run() {
    let room = max(link.maximumPacketBytes, 64)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 64)
    defer { unsafe buffer.deallocate() }
    var backOff: Int64 = 100_000_000
    while !isStopping.load(ordering: .relaxed) {
      do throws(LinkFailure) {
        try link.open()
        healthState.withLock { health in
          health.isOpen = true
          health.opens += 1
        }
        unsafe try receive(buffer)
      } catch {
        // A device that opens and never speaks is no healthier than one that does not open.
        if hasSpoken { backOff = 100_000_000 }
        hasSpoken = false
        healthState.withLock { health in
          health.isOpen = false
          health.failures += 1
          health.lastFailure = error.message
        }
      }
      link.close()
      if isStopping.load(ordering: .relaxed) { return }
      pause(backOff)
      backOff = min(backOff * 2, 2_000_000_000)
    }
  }

  private func receive(_ buffer: UnsafeMutableRawBufferPointer) throws(LinkFailure) {
    // In the packet's flags, so that a replay forgets what was under way at the same packet.
    var opening: SampleFlags = hasReceived ? .linkReopened : []
    while !isStopping.load(ordering: .relaxed) {
      guard let packet = unsafe try link.receive(into: buffer, timeoutNanoseconds: Self.pollNanoseconds)
      else {
        continue
      }
      let count = min(max(packet.byteCount, 0), buffer.count)
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[0..<count])
      // A log orders a sensor's packets by arrival, so arrivals must not step back.
      let arrival = max(packet.arrival, lastArrival)
      lastArrival = arrival
      let flags = packet.flags.union(opening)
      opening = []
      hasReceived = true
      hasSpoken = true
      unsafe RawPacket.push(
        bytes, of: sensor.number, arrival: arrival, flags: flags, firstSequence: sensor.nextSequence, to: tap)
      unsafe sensor.ingest(bytes.bytes, arrival: arrival, flags: flags, readyAt: { clock.now() })
      doorbell.ring()
    }
  }

  private func pause(_ nanoseconds: Int64) {
    let end = clock.now() + nanoseconds
    while clock.now() < end, !isStopping.load(ordering: .relaxed) {
      sleepUntil(min(end, clock.now() + Self.pollNanoseconds))
    }
  }
}
