/// What a frame used of one sensor: enough to find it again in a replay.
public struct PickRecord: BitwiseCopyable, Sendable, Equatable {
  /// The tap's place in its chain.
  public var tap: UInt16
  public var kind: UInt8
  public var reserved: UInt8 = 0
  public var sequence: UInt64
  public var weight: Double

  public init(tap: UInt16, kind: UInt8, sequence: UInt64, weight: Double) {
    self.tap = tap
    self.kind = kind
    self.sequence = sequence
    self.weight = weight
  }
}

/// A chain's side of one sensor, without its sample's type.
///
/// Thread: the chain's frame thread.
public protocol SensorTap: AnyPort {
  /// The sensor's number in the configuration, from 1.
  var number: UInt16 { get }
  var counts: FateCounts { get }
  var alignSettings: AlignSettings { get }

  /// Moves what the ring has into the lane; `onSample` hears of each.
  func drain(_ onSample: (SampleHeader) -> Void)
  func isSettled(at instant: Stamp, now: Stamp) -> Bool
  func pick(at instant: Stamp)
  /// Unpins what the frame's picks hold.
  func release()
  /// The picks of the port, for the log.
  func forEachPick(_ body: (_ header: SampleHeader, _ kind: PickKind, _ weight: Double) -> Void)

  /// Faithful replay: takes what the ring has into a stash, unaligned; the highest sequence in it.
  func stash() -> UInt64
  /// Puts the stashed sample of this number into the port, as the log says; false when it is not there.
  func refill(sequence: UInt64, kind: PickKind, weight: Double, instant: Stamp) -> Bool
  /// Empties the port before a replayed frame.
  func clearPort()
  /// Drops stashed samples below this number, and takes no more of them.
  func forget(below sequence: UInt64)
}

final class Tap<Sample: BitwiseCopyable & Sendable>: SensorTap {
  let lane: SensorLane<Sample>
  let pool: AnyObject?
  private let ring: SampleRing<Sample>
  private let payload: PooledPayload<Sample>?
  private var cursor: UInt64 = 0
  private var header = SampleHeader()
  private var sample: Sample
  /// A replay's decoded samples by sequence; live, always empty.
  private var stashed: [(header: SampleHeader, sample: Sample)] = []
  private var highestSeen: UInt64 = 0
  private var lowestNeeded: UInt64 = 0

  init(
    ring: SampleRing<Sample>, lane: SensorLane<Sample>, pool: AnyObject?, payload: PooledPayload<Sample>?,
    zero: Sample
  ) {
    self.ring = ring
    self.lane = lane
    self.pool = pool
    self.payload = payload
    sample = zero
  }

  var name: String { lane.port.name }
  var number: UInt16 { lane.port.number }
  var portObject: AnyObject { lane.port }
  var counts: FateCounts { lane.counts }
  var alignSettings: AlignSettings { lane.settings }

  func drain(_ onSample: (SampleHeader) -> Void) {
    while true {
      switch ring.read(&cursor, header: &header, sample: &sample) {
      case .empty: return
      case .lost(let number): lane.countEvicted(number)
      case .sample:
        lane.offer(header, sample)
        onSample(header)
      }
    }
  }

  func isSettled(at instant: Stamp, now: Stamp) -> Bool { lane.isSettled(at: instant, now: now) }
  func pick(at instant: Stamp) { lane.pick(at: instant) }
  func release() { lane.release() }

  func forEachPick(_ body: (SampleHeader, PickKind, Double) -> Void) {
    let picks = lane.port.picks
    for index in picks.indices { body(picks[index].header, picks[index].kind, picks[index].weight) }
  }

  // MARK: - Faithful replay

  func stash() -> UInt64 {
    while true {
      switch ring.read(&cursor, header: &header, sample: &sample) {
      case .empty: return highestSeen
      case .lost: continue
      case .sample:
        highestSeen = max(highestSeen, header.sequence)
        guard header.sequence >= lowestNeeded else { continue }
        // The stash holds the payload until it is forgotten, as a lane's window does by being short.
        if let payload, !payload.pin(sample) { continue }
        header.ready = header.arrival
        stashed.append((header, sample))
      }
    }
  }

  func refill(sequence: UInt64, kind: PickKind, weight: Double, instant: Stamp) -> Bool {
    guard let found = stashed.first(where: { $0.header.sequence == sequence }) else { return false }
    return lane.port.picks.append(
      Picked(
        header: found.header, sample: found.sample, kind: kind, weight: weight,
        ageNanoseconds: instant - found.header.capture))
  }

  func clearPort() { lane.port.picks.removeAll() }

  func forget(below sequence: UInt64) {
    lowestNeeded = max(lowestNeeded, sequence)
    stashed.removeAll { entry in
      guard entry.header.sequence < sequence else { return false }
      payload?.unpin(entry.sample)
      return true
    }
  }
}
