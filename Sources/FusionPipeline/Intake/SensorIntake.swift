/// How one sensor's captures are stamped, from the configuration.
public struct IntakeSettings: Sendable, Equatable {
  /// The part of the transport delay that arrivals cannot show.
  public var minimumDelayNanoseconds: Int64
  /// What else is known of the capture's uncertainty (half the jitter of the transport, for example).
  public var uncertaintyNanoseconds: Int64
  public var ringSlots: Int

  public init(minimumDelayNanoseconds: Int64 = 0, uncertaintyNanoseconds: Int64 = 0, ringSlots: Int = 64) {
    self.minimumDelayNanoseconds = minimumDelayNanoseconds
    self.uncertaintyNanoseconds = uncertaintyNanoseconds
    self.ringSlots = ringSlots
  }
}

/// One sensor from packet to ring, without its types: what threads and replays drive.
///
/// Thread: one thread at a time calls `ingest` (the sensor's own thread live, the runner in a replay).
public protocol AnySensor: AnyObject {
  var name: String { get }
  /// The sensor's number in the configuration, from 1.
  var number: UInt16 { get }
  /// Decodes one packet and puts what it completes into the ring.
  /// - Parameter readyAt: the clock to read when a sample enters the ring.
  func ingest(_ bytes: RawSpan, arrival: Stamp, flags: SampleFlags, readyAt: () -> Stamp)
  /// The number that the next sample gets.
  var nextSequence: UInt64 { get }
  /// Numbers samples from here on as the recording did, whose packets before this one may be lost.
  func resume(at sequence: UInt64)
  /// A chain's side of this sensor.
  func makeTap(_ align: AlignSettings, vehicleFromSensor: Transform3) -> any SensorTap
  var intakeCounts: IntakeCounts { get }
  var decoderCounters: DecoderCounters { get }
}

public struct IntakeCounts: BitwiseCopyable, Sendable, Equatable {
  public var samples: UInt64 = 0
  /// Captures that would have lain after their arrival.
  public var clamped: UInt64 = 0
  public init() {}
}

/// Decoder, stamps and ring of one sensor.
public final class SensorIntake<Decoder: SensorDecoder>: AnySensor {
  public let name: String
  public let number: UInt16
  public let settings: IntakeSettings
  public let ring: SampleRing<Decoder.Sample>
  public private(set) var intakeCounts = IntakeCounts()
  private let decoder: Decoder
  private let payload: PooledPayload<Decoder.Sample>?
  private let pool: AnyObject?
  private let zero: Decoder.Sample
  /// Numbers of samples whose packets a recording lacks; live, always 0.
  private var skippedSequences: UInt64 = 0

  public init(
    name: String, number: UInt16, settings: IntakeSettings, decoder: Decoder, zero: Decoder.Sample,
    pool: AnyObject? = nil, payload: PooledPayload<Decoder.Sample>? = nil
  ) {
    self.name = name
    self.number = number
    self.settings = settings
    self.decoder = decoder
    self.zero = zero
    self.pool = pool
    self.payload = payload
    ring = SampleRing(slots: settings.ringSlots)
  }

  public var decoderCounters: DecoderCounters { decoder.counters }
  public var nextSequence: UInt64 {
    intakeCounts.samples &+ decoder.counters.droppedNoSlot &+ skippedSequences &+ 1
  }
  public func resume(at sequence: UInt64) { skippedSequences &+= sequence &- nextSequence }

  public func ingest(_ bytes: RawSpan, arrival: Stamp, flags: SampleFlags, readyAt: () -> Stamp) {
    if flags.contains(.linkReopened) { decoder.reset() }
    decoder.decode(bytes, arrival: arrival) { timing, sample in
      intakeCounts.samples &+= 1
      ring.push(header(timing, arrival: arrival, flags: flags, ready: readyAt()), sample)
    }
  }

  private func header(
    _ timing: SampleTiming, arrival: Stamp, flags: SampleFlags, ready: Stamp
  ) -> SampleHeader {
    var header = SampleHeader()
    // A sample that found no payload slot still has its number, or a replay, which finds one, would count
    // differently.
    header.sequence = intakeCounts.samples &+ decoder.counters.droppedNoSlot &+ skippedSequences
    header.device = timing.device
    header.arrival = arrival
    header.ready = ready
    header.spanNanoseconds = max(timing.spanNanoseconds, 0)
    header.flags = timing.flags.union(flags)
    if timing.flags.contains(.deviceOnPipelineClock) {
      header.capture = timing.device
      header.captureUncertaintyNanoseconds = settings.uncertaintyNanoseconds
    } else {
      header.capture = arrival - settings.minimumDelayNanoseconds - max(timing.beforePacketNanoseconds, 0)
      let (sum, overflow) = settings.uncertaintyNanoseconds.addingReportingOverflow(
        settings.minimumDelayNanoseconds)
      header.captureUncertaintyNanoseconds = overflow ? .max : sum
    }
    if header.capture > arrival {
      header.capture = arrival
      header.flags.insert(.captureClamped)
      intakeCounts.clamped &+= 1
    }
    return header
  }

  public func makeTap(_ align: AlignSettings, vehicleFromSensor: Transform3) -> any SensorTap {
    var align = align
    if Decoder.Sample.self == OperatorInput.self {
      // An emergency stop that comes late, or after a gap in the frames, is still an emergency stop.
      align.policy = .batch
      align.takesEverything = true
    }
    let port = SensorPort<Decoder.Sample>(
      name: name, number: number, vehicleFromSensor: vehicleFromSensor, capacity: max(align.window, 2),
      zero: Picked(header: SampleHeader(), sample: zero, kind: .exact, weight: 0, ageNanoseconds: 0))
    let lane = SensorLane(port: port, settings: align, payload: payload, zero: zero)
    return Tap(ring: ring, lane: lane, pool: pool, payload: payload, zero: zero)
  }
}
