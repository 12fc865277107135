import FusionPipeline

/// The last motion signals of a Toyota's CAN; SI; NaN where none has come.
public struct ToyotaMotionSignals: BitwiseCopyable, Sendable {
  /// Wheel speeds, m/s. The wheels' sensors do not tell reverse from forward.
  public var frontLeft = Double.nan
  public var frontRight = Double.nan
  public var rearLeft = Double.nan
  public var rearRight = Double.nan
  /// The speed the instrument shows, m/s.
  public var speedometer = Double.nan
  /// At the steering wheel, rad, left positive.
  public var steeringWheelAngle = Double.nan
  /// Of the stability control's sensor, rad/s, left positive; steps of 0.0043 and a constant offset of its own.
  public var yawRate = Double.nan
}

/// Ego motion of a Toyota from CAN: one sample per wheel-speed frame (0x0AA, 83 Hz).
///
/// Speed is the mean of the four wheels. The yaw rate is the stability control's (0x024); differences of wheel
/// speeds are not used, for a tyre's wear biases them by more than a motorway's curves. The road-wheel angle is
/// the steering wheel's (0x025) over `steeringRatio`. Steering and yaw rate older than 100 ms become NaN.
/// There is no device clock.
/// Thread: one at a time. Cost: no allocation per frame.
/// Source: commaai/opendbc toyota_new_mc_pt_generated.dbc, checked on comma2k19.
public final class ToyotaMotionDecoder: SensorDecoder {
  public typealias Sample = OdometrySample

  public private(set) var counters = DecoderCounters()
  public private(set) var signals = ToyotaMotionSignals()
  private let steeringRatio: Double
  private let bus: UInt8?
  private var steeringArrival = Stamp.never
  private var yawArrival = Stamp.never

  private static let longestAgeNanoseconds = Int64.milliseconds(100)
  private static let metresPerSecond = 1 / 3.6

  /// `steeringRatio` is steering-wheel angle over road-wheel angle; NaN where unknown, and the angle with it.
  /// `bus` nil reads every bus.
  public init(steeringRatio: Double = .nan, bus: UInt8? = nil) {
    self.steeringRatio = steeringRatio > 0 && steeringRatio.isFinite ? steeringRatio : .nan
    self.bus = bus
  }

  public func reset() {
    signals = ToyotaMotionSignals()
    steeringArrival = .never
    yawArrival = .never
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, OdometrySample) -> Void) {
    counters.packets &+= 1
    guard let frame = CANFrame(decoding: bytes), isOurs(frame) else {
      counters.ignored &+= 1
      return
    }
    switch frame.id {
    case 0x0AA: noteWheels(frame, arrival: arrival, emit: emit)
    case 0x0B4: noteSpeedometer(frame)
    case 0x025: noteSteering(frame, arrival: arrival)
    case 0x024: noteYawRate(frame, arrival: arrival)
    default: counters.ignored &+= 1
    }
  }

  private func isOurs(_ frame: CANFrame) -> Bool {
    if let bus, frame.bus != bus { return false }
    return !frame.isExtended && !frame.isRemoteRequest && !frame.isError && !frame.isFD && frame.length == 8
  }

  private func noteWheels(
    _ frame: CANFrame, arrival: Stamp, emit: (SampleTiming, OdometrySample) -> Void
  ) {
    // No checksum here; a field no car can reach is the only sign of damage (an unready sensor sends zero).
    let raw = SIMD4<Double>(
      Double(ToyotaCAN.unsigned(frame, start: 7, bits: 16)),
      Double(ToyotaCAN.unsigned(frame, start: 23, bits: 16)),
      Double(ToyotaCAN.unsigned(frame, start: 39, bits: 16)),
      Double(ToyotaCAN.unsigned(frame, start: 55, bits: 16)))
    let kilometresPerHour = raw * 0.01 - 67.67
    guard kilometresPerHour.min() > -1, kilometresPerHour.max() < 400 else {
      counters.invalid &+= 1
      return
    }
    let speeds = kilometresPerHour * Self.metresPerSecond
    signals.frontRight = speeds[0]
    signals.frontLeft = speeds[1]
    signals.rearRight = speeds[2]
    signals.rearLeft = speeds[3]
    let isSteeringFresh = arrival - steeringArrival <= Self.longestAgeNanoseconds
    let isYawFresh = arrival - yawArrival <= Self.longestAgeNanoseconds
    counters.samples &+= 1
    emit(
      SampleTiming(),
      OdometrySample(
        speed: (speeds[0] + speeds[1] + speeds[2] + speeds[3]) / 4,
        yawRate: isYawFresh ? signals.yawRate : .nan,
        steeringAngle: isSteeringFresh ? signals.steeringWheelAngle / steeringRatio : .nan))
  }

  private func noteSpeedometer(_ frame: CANFrame) {
    guard isSound(frame) else { return }
    let raw = ToyotaCAN.unsigned(frame, start: 47, bits: 16)
    signals.speedometer = Double(raw) * 0.01 * Self.metresPerSecond
  }

  private func noteSteering(_ frame: CANFrame, arrival: Stamp) {
    guard isSound(frame) else { return }
    let coarse = Double(ToyotaCAN.signed(frame, start: 3, bits: 12)) * 1.5
    let fine = Double(ToyotaCAN.signed(frame, start: 39, bits: 4)) * 0.1
    signals.steeringWheelAngle = Pinned.radians(degrees: coarse + fine)
    steeringArrival = arrival
  }

  private func noteYawRate(_ frame: CANFrame, arrival: Stamp) {
    guard isSound(frame) else { return }
    let raw = ToyotaCAN.unsigned(frame, start: 1, bits: 10)
    signals.yawRate = Pinned.radians(degrees: Double(raw) * 0.244 - 125)
    yawArrival = arrival
  }

  private func isSound(_ frame: CANFrame) -> Bool {
    let isSound = ToyotaCAN.hasGoodChecksum(frame, length: 8)
    if !isSound { counters.invalid &+= 1 }
    return isSound
  }
}
