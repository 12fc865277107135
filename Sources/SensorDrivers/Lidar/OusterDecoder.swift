import FusionPipeline

/// Ouster OS sensors: lidar packets into sweeps, for the legacy, single, dual and low-bandwidth profiles.
///
/// A sweep is one frame of the sensor and ends with the column window's last packet, or with the first packet
/// of another frame where that one is lost. Points are in the sensor's frame; a point's time is its column's.
/// Intensity is the sensor's reflectivity. Packets of a frame already closed came late and are ignored.
/// Thread: one at a time. Cost: no allocation per packet. Source: Ouster Sensor Documentation.
public final class OusterDecoder: SensorDecoder {
  public typealias Sample = LidarSweep

  public private(set) var counters = DecoderCounters()
  /// Columns of the window that a closed sweep lacked, by loss or by the sensor's own word.
  public private(set) var missingColumns: UInt64 = 0
  public let layout: OusterPacketLayout
  private let geometry: OusterGeometry
  private let window: OusterMetadata.ClosedWindow
  private let returns: [Return]
  private let minimumMillimetres: UInt32
  private let maximumMillimetres: UInt32
  private var sweep: SweepBuilder
  private var coverage: OusterFrameCoverage
  private var newestNanoseconds: Int64 = 0

  private struct Return {
    var range: OusterFieldPlacement
    var reflectivity: OusterFieldPlacement
  }

  /// Points go into `pool`, whose slots hold columns × rows × returns. Throws where the metadata is unusable.
  public init(
    metadata: OusterMetadata, pool: PayloadPool<LidarPoint>, minimumRangeMetres: Double = 0,
    maximumRangeMetres: Double = .infinity
  ) throws(OusterMetadataError) {
    if let problem = metadata.problem { throw OusterMetadataError(message: problem) }
    let profile = metadata.profile
    layout = OusterPacketLayout(
      profile: profile, columnsPerPacket: metadata.columnsPerPacket, pixelsPerColumn: metadata.pixelsPerColumn
    )
    geometry = OusterGeometry(metadata)
    window = metadata.columnWindow
    var returns: [Return] = []
    for (range, reflectivity) in [(OusterField.range, OusterField.reflectivity), (.range2, .reflectivity2)] {
      guard let first = profile.placement(of: range), let second = profile.placement(of: reflectivity) else {
        continue
      }
      returns.append(Return(range: first, reflectivity: second))
    }
    self.returns = returns
    func millimetres(_ metres: Double) -> UInt32 {
      metres.isNaN ? 0 : UInt32(min(max(metres * 1000, 0), 4e9).rounded())
    }
    minimumMillimetres = max(millimetres(minimumRangeMetres), 1)
    maximumMillimetres = millimetres(maximumRangeMetres)
    sweep = SweepBuilder(pool: pool)
    coverage = OusterFrameCoverage(metadata)
  }

  // The slot of a sweep under way goes back to its pool.
  deinit { sweep.discard() }

  public func reset() {
    sweep.discard()
    coverage.forget()
  }

  /// Hands on the sweep under way, as at the end of a recording.
  public func finish(emit: (SampleTiming, LidarSweep) -> Void) {
    if sweep.isOpen { close(emit: emit) }
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, LidarSweep) -> Void) {
    counters.packets &+= 1
    guard bytes.byteCount == layout.byteCount, layout.profile.isLegacy || isLidarPacket(bytes) else {
      counters.ignored &+= 1
      return
    }
    guard hasSoundColumns(bytes), layout.checksum(bytes) != .bad else {
      counters.invalid &+= 1
      return
    }
    noteRestart(bytes, emit: emit)
    let index = Int(layout.measurement(bytes, column: 0)) / layout.columns
    switch coverage.place(frame: layout.frame(bytes), packet: index) {
    case .late:
      counters.ignored &+= 1
      return
    case .same: break
    case .new(let lostPackets):
      if sweep.isOpen { close(emit: emit) }
      counters.missing &+= UInt64(lostPackets)
      coverage.begin(frame: layout.frame(bytes), packet: index)
      sweep.open(partial: coverage.startsInside)
    }
    sweep.packets &+= 1
    for column in 0..<layout.columns { append(bytes, column: column) }
    if coverage.note(packet: index) { close(emit: emit) }
  }

  /// A device that was restarted begins its clock and its frame numbers anew, so its packets look late.
  ///
  /// Datagrams do not overtake each other by half a turn; what is older than that comes after a restart.
  private func noteRestart(_ bytes: RawSpan, emit: (SampleTiming, LidarSweep) -> Void) {
    let time = Int64(clamping: layout.timestamp(bytes, column: 0))
    guard newestNanoseconds &- time > Self.longestOvertaking else { return }
    if sweep.isOpen { close(emit: emit) }
    coverage.forget()
    newestNanoseconds = time
  }

  private static let longestOvertaking: Int64 = 50_000_000

  /// The new profiles name their packet's kind; 1 is lidar data.
  private func isLidarPacket(_ bytes: RawSpan) -> Bool { bytes.littleEndian(0, as: UInt16.self) == 1 }

  /// Every column's number lies in the frame, and its time in what a stamp can say.
  private func hasSoundColumns(_ bytes: RawSpan) -> Bool {
    for column in 0..<layout.columns {
      guard Int(layout.measurement(bytes, column: column)) < geometry.encoder.count,
        layout.timestamp(bytes, column: column) <= UInt64(Int64.max / 2)
      else { return false }
    }
    return true
  }

  private func close(emit: (SampleTiming, LidarSweep) -> Void) {
    let lost = coverage.missingPackets
    counters.missing &+= UInt64(lost)
    missingColumns &+= UInt64(coverage.missingColumns)
    sweep.missingPackets = UInt32(clamping: lost)
    if coverage.missingColumns > 0 { sweep.isPartial = true }
    closeSweep(newestNanoseconds: newestNanoseconds, emit: emit)
    coverage.close()
  }

  private func append(_ bytes: RawSpan, column: Int) {
    let start = layout.start(ofColumn: column)
    let measurement = Int(bytes.littleEndian(start &+ 8, as: UInt16.self))
    guard layout.isValid(bytes, column: column), window.contains(measurement),
      measurement < geometry.encoder.count
    else { return }
    coverage.columns &+= 1
    let time = Int64(clamping: bytes.littleEndian(start, as: UInt64.self))
    newestNanoseconds = time
    let encoder = geometry.encoder[measurement]
    var pixel = start &+ layout.profile.columnHeaderBytes
    for row in 0..<layout.rows {
      for returnIndex in 0..<returns.count {
        let fields = returns[returnIndex]
        let range = fields.range.value(in: bytes, pixel: pixel)
        guard range >= minimumMillimetres, range <= maximumMillimetres else { continue }
        let beam = geometry.beams[row]
        let point = geometry.point(rangeMillimetres: range, beam: beam, encoder: encoder)
        sweep.append(
          x: Float(point.x), y: Float(point.y), z: Float(point.z),
          intensity: Float(fields.reflectivity.value(in: bytes, pixel: pixel)), atNanoseconds: time,
          ring: beam.ring, returnIndex: UInt8(truncatingIfNeeded: returnIndex))
      }
      pixel &+= layout.profile.pixelBytes
    }
  }

  /// The books are kept aside meanwhile, because whoever takes the sweep may read `counters`.
  private func closeSweep(newestNanoseconds: Int64, emit: (SampleTiming, LidarSweep) -> Void) {
    var counted = counters
    sweep.close(newestNanoseconds: newestNanoseconds, counters: &counted, emit: emit)
    counters = counted
  }
}
