import FusionPipeline

/// Velodyne VLP-16 (Puck): data packets into sweeps, in strongest, last and dual return mode.
///
/// Axes are x forward (azimuth 0), y left, z up. Every point has its laser's own azimuth and time, from the
/// firing timing; in dual mode a second return equal to the first is the same echo and is left out. A sweep
/// ends where the azimuth passes the cut angle; the first one after a start is `partial`. The device stamp
/// counts from the hour in which the decoder started.
/// Thread: one at a time. Cost: no allocation per packet. Source: VLP-16 User Manual 63-9243, chapter 9.
public final class VelodyneVLP16Decoder: SensorDecoder {
  public typealias Sample = LidarSweep

  public struct Settings: Sendable {
    /// Where one sweep ends and the next begins, degrees clockwise from the front.
    public var cutDegrees = 0.0
    /// Returns nearer or farther are left out; metres.
    public var minimumRangeMetres: Float = 0
    public var maximumRangeMetres: Float = .infinity
    /// Whether the azimuth moves on within the last firings of a packet, as the motor does. Some drivers
    /// hold it there; false reproduces them, to compare clouds point by point.
    public var advancesLastAzimuth = true
    public init() {}
  }

  public private(set) var counters = DecoderCounters()
  private let settings: Settings
  private let cutHundredths: Int
  private let angles = AngleTable()
  private let geometry = VelodyneVLP16Geometry()
  private var sweep: SweepBuilder
  private var clock = HourClock()
  /// Azimuth past the cut angle at the last firing, hundredths of a degree.
  private var lastPastCut = -1
  /// The last azimuth step between groups that a turning motor can make, hundredths of a degree.
  private var lastStep = nominalStep

  private static let nominalStep = 40
  /// 1200 turns a minute make 80; more between neighbours means that firings in between were blanked.
  private static let largestStep = 200

  /// Points go into `pool`, whose slots hold a sweep: 30 000 points at 10 Hz, twice that in dual mode.
  public init(pool: PayloadPool<LidarPoint>, settings: Settings = Settings()) {
    self.settings = settings
    let cut = settings.cutDegrees.isFinite ? settings.cutDegrees.truncatingRemainder(dividingBy: 360) : 0
    cutHundredths = (Int((cut * 100).rounded()) + AngleTable.stepsPerTurn) % AngleTable.stepsPerTurn
    sweep = SweepBuilder(pool: pool)
  }

  // The slot of a sweep under way goes back to its pool.
  deinit { sweep.discard() }

  public func reset() {
    sweep.discard()
    clock = HourClock()
    lastPastCut = -1
    lastStep = Self.nominalStep
  }

  /// Hands on the sweep under way, marked partial, as at the end of a recording.
  public func finish(emit: (SampleTiming, LidarSweep) -> Void) {
    sweep.isPartial = true
    closeSweep(newestNanoseconds: clock.nanoseconds, emit: emit)
    lastPastCut = -1
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, LidarSweep) -> Void) {
    counters.packets &+= 1
    do throws(VelodyneVLP16Packet.Refusal) {
      try decode(VelodyneVLP16Packet(bytes), bytes, emit: emit)
    } catch {
      switch error {
      case .foreign: counters.ignored &+= 1
      case .damaged: counters.invalid &+= 1
      }
    }
  }

  private func decode(
    _ packet: VelodyneVLP16Packet, _ bytes: RawSpan, emit: (SampleTiming, LidarSweep) -> Void
  ) throws(VelodyneVLP16Packet.Refusal) {
    let period = Int64(packet.groups) &* VelodyneVLP16Geometry.groupNanoseconds
    switch clock.advance(to: packet.microsecondsPastHour, periodNanoseconds: period) {
    case .first, .next: break
    case .skipped(let packets): noteGap(packets: packets, periodNanoseconds: period, emit: emit)
    case .late: throw .damaged
    case .stepped:
      sweep.isPartial = true
      closeSweep(newestNanoseconds: clock.previousNanoseconds, emit: emit)
      lastPastCut = -1
    }
    let start = clock.nanoseconds
    let newest =
      start &+ period &- VelodyneVLP16Geometry.groupNanoseconds
      &+ VelodyneVLP16Geometry.sequenceNanoseconds &+ 15 &* VelodyneVLP16Geometry.firingNanoseconds
    if !sweep.isOpen { sweep.open(partial: true) }
    sweep.packets &+= 1

    for group in 0..<packet.groups {
      let azimuth = packet.azimuth(group: group, in: bytes)
      var step = lastStep
      if group &+ 1 < packet.groups {
        step = packet.azimuth(group: group &+ 1, in: bytes) &- azimuth
        if step < 0 { step &+= AngleTable.stepsPerTurn }
        if step > Self.largestStep { step = lastStep }
        lastStep = step
      }
      let time = start &+ Int64(group) &* VelodyneVLP16Geometry.groupNanoseconds
      for firing in 0..<2 {
        if passesCut(azimuth: azimuth &+ step &* firing / 2) {
          closeSweep(newestNanoseconds: newest, emit: emit)
          sweep.open(partial: false)
          sweep.packets = 1
        }
        append(
          packet, bytes, group: group, firing: firing, azimuth: Float(azimuth), step: Float(step),
          atNanoseconds: time &+ Int64(firing) &* VelodyneVLP16Geometry.sequenceNanoseconds)
      }
    }
  }

  /// Missing packets belong to the sweep under way, unless they held a whole turn.
  private func noteGap(
    packets: Int64, periodNanoseconds: Int64, emit: (SampleTiming, LidarSweep) -> Void
  ) {
    counters.missing &+= UInt64(packets)
    sweep.missingPackets = UInt32(clamping: Int64(sweep.missingPackets) &+ packets)
    let groups = periodNanoseconds / VelodyneVLP16Geometry.groupNanoseconds
    let advance = packets.multipliedReportingOverflow(by: groups &* Int64(lastStep))
    guard advance.overflow || advance.partialValue >= Int64(AngleTable.stepsPerTurn) else { return }
    closeSweep(newestNanoseconds: clock.previousNanoseconds, emit: emit)
    lastPastCut = -1
  }

  /// True once per turn, at the first firing past the cut angle.
  private func passesCut(azimuth: Int) -> Bool {
    var past = azimuth &- cutHundredths
    if past < 0 { past &+= AngleTable.stepsPerTurn }
    if past >= AngleTable.stepsPerTurn { past &-= AngleTable.stepsPerTurn }
    defer { lastPastCut = past }
    // A step back by less than half a turn is the encoder's jitter, unless packets were lost in between.
    return past < lastPastCut
      && (lastPastCut &- past > AngleTable.stepsPerTurn / 2 || sweep.missingPackets > 0)
  }

  private func append(
    _ packet: VelodyneVLP16Packet, _ bytes: RawSpan, group: Int, firing: Int, azimuth: Float,
    step: Float, atNanoseconds: Int64
  ) {
    let isDual = packet.blocksPerGroup == 2
    let block = group &* packet.blocksPerGroup
    for laser in 0..<VelodyneVLP16Packet.lasers {
      let first = VelodyneVLP16Packet.channel(
        block: block, firing: firing, laser: laser, in: bytes)
      let time = atNanoseconds &+ Int64(laser) &* VelodyneVLP16Geometry.firingNanoseconds
      let held = !settings.advancesLastAzimuth && group &+ 1 == packet.groups
      let turned = azimuth + step * geometry.azimuthShares[firing &* 16 &+ laser]
      append(
        distance: first.distance, reflectivity: first.reflectivity, azimuth: held ? azimuth : turned,
        laser: geometry.lasers[laser], atNanoseconds: time, returnIndex: 0)
      guard isDual else { continue }
      let second = VelodyneVLP16Packet.channel(
        block: block &+ 1, firing: firing, laser: laser, in: bytes)
      guard second.distance != first.distance else { continue }
      append(
        distance: second.distance, reflectivity: second.reflectivity, azimuth: turned,
        laser: geometry.lasers[laser], atNanoseconds: time, returnIndex: 1)
    }
  }

  @inline(__always) private func append(
    distance: UInt16, reflectivity: UInt8, azimuth: Float, laser: VelodyneVLP16Geometry.Laser,
    atNanoseconds: Int64, returnIndex: UInt8
  ) {
    guard distance > 0 else { return }
    let range = Float(distance) * 0.002
    guard range >= settings.minimumRangeMetres, range <= settings.maximumRangeMetres else { return }
    let direction = angles.cosineAndSine(hundredths: azimuth)
    let flat = range * laser.cosineElevation
    sweep.append(
      x: flat * direction.x, y: -flat * direction.y,
      z: range * laser.sineElevation + laser.verticalOffsetMetres, intensity: Float(reflectivity),
      atNanoseconds: atNanoseconds, ring: laser.ring, returnIndex: returnIndex)
  }

  /// The books are kept aside meanwhile, because whoever takes the sweep may read `counters`.
  private func closeSweep(newestNanoseconds: Int64, emit: (SampleTiming, LidarSweep) -> Void) {
    var counted = counters
    sweep.close(newestNanoseconds: newestNanoseconds, counters: &counted, emit: emit)
    counters = counted
  }
}
