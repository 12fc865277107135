import FusionPipeline

/// Toyota's forward radar (Denso, 16 tracks at 20 Hz) from CAN: one scan per cycle.
///
/// Reads `CANFrame` records. TRACK_A frames (0x210…0x21F, one a slot) carry a cycle counter, a 13-bit forward
/// distance at 0.04 m, a lateral one (right positive on the wire), the relative speed and a valid bit; all
/// sixteen of one counter make a cycle, in whatever order the slots come. TRACK_B frames (0x220…0x22F) carry a
/// score of 0…100 that grows with a track's age: the last one is the detection's quality, 0 for a new track,
/// 100 on a bus that has none. Distances are from the sensor; where it sits is the mounting's to say.
/// There is no device clock; the span is the arrivals' from a cycle's first frame to its last.
/// Thread: one at a time. Cost: no allocation per frame.
/// Source: commaai/opendbc toyota_adas.dbc, with the distance as comma2k19's recordings show it.
public final class ToyotaRadarDecoder: SensorDecoder {
  public typealias Sample = RadarScan

  public private(set) var counters = DecoderCounters()
  private let pool: PayloadPool<RadarDetection>
  private let bus: UInt8?
  private var slots = InlineArray<16, Slot>(repeating: Slot())
  private var scores = InlineArray<16, UInt8>(repeating: 0)
  private var hasScores = false
  private var cycle: UInt8?
  private var isClosed = false
  private var seen: UInt16 = 0
  private var firstArrival = Stamp.zero
  private var lastArrival = Stamp.zero

  private struct Slot: BitwiseCopyable {
    var isValid = false
    var detection = RadarDetection(x: 0, y: 0, rangeRate: 0, trackID: 0)
  }

  private static let slotCount = 16
  private static let firstTrack: UInt32 = 0x210
  private static let firstScore: UInt32 = 0x220
  /// A counter step beyond this is a restart, not loss.
  private static let longestLoss: UInt8 = 40

  /// Detections go into `pool`, whose slots hold 16. `bus` nil reads every bus.
  public init(pool: PayloadPool<RadarDetection>, bus: UInt8? = nil) {
    self.pool = pool
    self.bus = bus
  }

  public func reset() {
    cycle = nil
    isClosed = false
    seen = 0
    hasScores = false
    for index in 0..<Self.slotCount { scores[index] = 0 }
  }

  /// Hands on the cycle under way, as at the end of a recording.
  public func finish(emit: (SampleTiming, RadarScan) -> Void) {
    if seen != 0, !isClosed { close(at: lastArrival, emit: emit) }
    isClosed = true
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, RadarScan) -> Void) {
    counters.packets &+= 1
    guard let frame = CANFrame(decoding: bytes), isOurs(frame) else {
      counters.ignored &+= 1
      return
    }
    if frame.id >= Self.firstScore {
      noteScore(frame)
    } else {
      noteTrack(frame, arrival: arrival, emit: emit)
    }
  }

  private func isOurs(_ frame: CANFrame) -> Bool {
    if let bus, frame.bus != bus { return false }
    return !frame.isExtended && !frame.isRemoteRequest && !frame.isError && !frame.isFD
      && frame.id >= Self.firstTrack && frame.id < Self.firstScore &+ UInt32(Self.slotCount)
  }

  private func noteScore(_ frame: CANFrame) {
    let slot = Int(frame.id &- Self.firstScore)
    // The upper eight slots' frames have six bytes.
    guard ToyotaCAN.hasGoodChecksum(frame, length: slot < 8 ? 8 : 6) else {
      counters.invalid &+= 1
      return
    }
    scores[slot] = min(frame.data[2], 100)
    hasScores = true
  }

  private func noteTrack(_ frame: CANFrame, arrival: Stamp, emit: (SampleTiming, RadarScan) -> Void) {
    guard ToyotaCAN.hasGoodChecksum(frame, length: 8) else {
      counters.invalid &+= 1
      return
    }
    let slot = Int(frame.id &- Self.firstTrack)
    let bit: UInt16 = 1 << UInt16(slot)
    let counter = frame.data[0]
    if cycle != counter {
      begin(counter, arrival: arrival, emit: emit)
    } else if isClosed || seen & bit != 0 {
      counters.ignored &+= 1
      return
    }
    seen |= bit
    lastArrival = arrival
    slots[slot] = track(frame, slot: slot)
    if seen == .max { close(at: arrival, emit: emit) }
  }

  private func begin(_ counter: UInt8, arrival: Stamp, emit: (SampleTiming, RadarScan) -> Void) {
    if let cycle {
      if !isClosed { close(at: arrival, emit: emit) }
      let step = counter &- cycle
      if step <= Self.longestLoss { counters.missing &+= UInt64(step &- 1) &* UInt64(Self.slotCount) }
    }
    cycle = counter
    isClosed = false
    seen = 0
    firstArrival = arrival
  }

  private func track(_ frame: CANFrame, slot: Int) -> Slot {
    let forward = ToyotaCAN.unsigned(frame, start: 15, bits: 13)
    let right = ToyotaCAN.signed(frame, start: 31, bits: 11)
    let speed = ToyotaCAN.signed(frame, start: 47, bits: 12)
    let isNew = ToyotaCAN.unsigned(frame, start: 36, bits: 1) == 1
    if isNew { scores[slot] = 0 }
    return Slot(
      isValid: ToyotaCAN.unsigned(frame, start: 48, bits: 1) == 1,
      detection: RadarDetection(
        x: Float(Double(forward) * 0.04), y: Float(Double(-right) * 0.04),
        rangeRate: Float(Double(speed) * 0.025), trackID: UInt16(slot),
        quality: hasScores ? scores[slot] : 100, flags: isNew ? RadarDetection.isNew : 0))
  }

  /// Hands the cycle on; one that lacks slots is partial.
  private func close(at arrival: Stamp, emit: (SampleTiming, RadarScan) -> Void) {
    isClosed = true
    let lacking = Self.slotCount - seen.nonzeroBitCount
    counters.missing &+= UInt64(lacking)
    guard let filled = pool.acquire() else {
      counters.droppedNoSlot &+= 1
      return
    }
    var count = 0
    for index in 0..<Self.slotCount where seen >> UInt16(index) & 1 == 1 && slots[index].isValid {
      guard unsafe count < filled.elements.count else { break }
      unsafe filled.elements[count] = slots[index].detection
      count &+= 1
    }
    let timing = SampleTiming(
      beforePacketNanoseconds: max(arrival - lastArrival, 0),
      spanNanoseconds: max(lastArrival - firstArrival, 0), flags: lacking > 0 ? .partial : [])
    counters.samples &+= 1
    emit(timing, RadarScan(detections: pool.commit(filled, count: count)))
  }
}
