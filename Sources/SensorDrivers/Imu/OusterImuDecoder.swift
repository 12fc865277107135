import FusionPipeline

/// The inertial unit inside an Ouster lidar: one sample per 48-byte packet, 100 Hz.
///
/// Three times of the sensor's clock (packet, accelerometer, gyro; nanoseconds), then acceleration in g and
/// angular rate in degrees a second, little-endian. The device stamp is the later of the two measurements',
/// the span reaches back to the earlier. Axes are the unit's own: `imu_to_sensor_transform` is for the mounting.
/// Thread: one at a time. Cost: no allocation. Source: Ouster Sensor Documentation, "IMU Data Format" (legacy).
public final class OusterImuDecoder: SensorDecoder {
  public typealias Sample = ImuSample

  public private(set) var counters = DecoderCounters()
  private static let byteCount = 48
  private static let standardGravity = 9.80665

  public init() {}

  public func reset() {}

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, ImuSample) -> Void) {
    counters.packets &+= 1
    guard bytes.byteCount == Self.byteCount else {
      counters.ignored &+= 1
      return
    }
    func value(_ index: Int) -> Double {
      Double(Float(bitPattern: bytes.littleEndian(24 &+ 4 &* index, as: UInt32.self)))
    }
    let acceleration = SIMD3(value(0), value(1), value(2)) * Self.standardGravity
    let rate = SIMD3(value(3), value(4), value(5))
    let accelerometerTime: UInt64 = bytes.littleEndian(8)
    let gyroTime: UInt64 = bytes.littleEndian(16)
    let sum = acceleration.sum() + rate.sum()
    guard sum.isFinite, accelerometerTime <= UInt64(Int64.max), gyroTime <= UInt64(Int64.max) else {
      counters.invalid &+= 1
      return
    }
    let newest = Int64(clamping: max(accelerometerTime, gyroTime))
    let oldest = Int64(clamping: min(accelerometerTime, gyroTime))
    counters.samples &+= 1
    emit(
      SampleTiming(device: Stamp(nanoseconds: newest), spanNanoseconds: newest &- oldest),
      ImuSample(
        accelerationX: acceleration.x, accelerationY: acceleration.y, accelerationZ: acceleration.z,
        rateX: Pinned.radians(degrees: rate.x), rateY: Pinned.radians(degrees: rate.y),
        rateZ: Pinned.radians(degrees: rate.z)))
  }
}
