import FusionPipeline

/// Fills one slot of a pool with the points of one sweep and closes it into a sample.
///
/// Times are the device's clock in nanoseconds. Thread: the decoder's. Cost: no allocation.
@safe struct SweepBuilder {
  private let pool: PayloadPool<LidarPoint>
  private var slot: PayloadSlot<LidarPoint>?
  private(set) var isOpen = false
  private var count = 0
  private var firstNanoseconds: Int64 = 0
  private var lastNanoseconds: Int64 = 0
  private var droppedPoints: UInt32 = 0
  var packets: UInt32 = 0
  var missingPackets: UInt32 = 0
  /// Content is missing even where no packet is known to be, as in the first sweep after a start.
  var isPartial = false

  init(pool: PayloadPool<LidarPoint>) { self.pool = pool }

  /// Starts a sweep; what was under way is dropped.
  mutating func open(partial: Bool) {
    discard()
    slot = pool.acquire()
    isOpen = true
    isPartial = partial
  }

  /// Drops what is under way.
  mutating func discard() {
    if let held = slot { pool.abandon(held) }
    slot = nil
    isOpen = false
    count = 0
    droppedPoints = 0
    packets = 0
    missingPackets = 0
    isPartial = false
  }

  @inline(__always) mutating func append(
    x: Float, y: Float, z: Float, intensity: Float, atNanoseconds: Int64, ring: UInt16, returnIndex: UInt8
  ) {
    guard let slot else { return }
    guard unsafe count < slot.elements.count else {
      droppedPoints &+= 1
      return
    }
    if count == 0 {
      firstNanoseconds = atNanoseconds
      lastNanoseconds = atNanoseconds
    }
    // A device whose clock steps back inside a sweep must not give a huge offset.
    let offset = UInt32(clamping: max(atNanoseconds &- firstNanoseconds, 0))
    lastNanoseconds = max(lastNanoseconds, atNanoseconds)
    unsafe slot.elements[count] = LidarPoint(
      x: x, y: y, z: z, intensity: intensity, timeNanoseconds: offset, ring: ring, returnIndex: returnIndex)
    count &+= 1
  }

  /// Hands the sweep on; `newestNanoseconds` is the time of the newest content of the packet at hand.
  ///
  /// A sweep without a single return is handed on too: a covered lidar is alive.
  mutating func close(
    newestNanoseconds: Int64, counters: inout DecoderCounters, emit: (SampleTiming, LidarSweep) -> Void
  ) {
    guard isOpen else { return }
    guard let filled = slot else {
      counters.droppedNoSlot &+= 1
      discard()
      return
    }
    let last = count > 0 ? lastNanoseconds : newestNanoseconds
    let span = count > 0 ? max(lastNanoseconds &- firstNanoseconds, 0) : 0
    let timing = SampleTiming(
      device: Stamp(nanoseconds: last), beforePacketNanoseconds: max(newestNanoseconds &- last, 0),
      spanNanoseconds: span, flags: isPartial || missingPackets > 0 ? .partial : [])
    let sweep = LidarSweep(
      points: pool.commit(filled, count: count), packets: packets, missingPackets: missingPackets,
      droppedPoints: droppedPoints)
    slot = nil
    discard()
    counters.samples &+= 1
    emit(timing, sweep)
  }
}
