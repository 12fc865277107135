import FusionPipeline

/// A sample kind that has a fixed binary record: docs/formats/sample-record.md.
public protocol RecordedSample: BitwiseCopyable, Sendable {
  /// The record's kind.
  static var recordKind: UInt16 { get }
  /// Its numbers, in the record's order, as configurations name them; the unit stands at the end.
  static var recordFields: [String] { get }
  init(recordValue: (_ index: Int) -> Double)
}

extension ImuSample: RecordedSample {
  public static var recordKind: UInt16 { 1 }
  public static var recordFields: [String] {
    [
      "acceleration_x_m_s2", "acceleration_y_m_s2", "acceleration_z_m_s2", "rate_x_rad_s", "rate_y_rad_s",
      "rate_z_rad_s", "orientation_w", "orientation_x", "orientation_y", "orientation_z",
    ]
  }
  public init(recordValue value: (Int) -> Double) {
    self.init(
      accelerationX: value(0), accelerationY: value(1), accelerationZ: value(2), rateX: value(3),
      rateY: value(4), rateZ: value(5), orientationW: value(6), orientationX: value(7),
      orientationY: value(8), orientationZ: value(9))
  }
}

extension OdometrySample: RecordedSample {
  public static var recordKind: UInt16 { 2 }
  public static var recordFields: [String] { ["speed_m_s", "yaw_rate_rad_s", "steering_angle_rad"] }
  public init(recordValue value: (Int) -> Double) {
    self.init(speed: value(0), yawRate: value(1), steeringAngle: value(2))
  }
}

/// The layout of sample records, little-endian: magic, version, kind, device stamp, numbers.
public enum SampleRecord {
  /// "FREC" in the order of the bytes.
  public static let magic: UInt32 = 0x4345_5246
  public static let version: UInt16 = 1
  static let headBytes = 16

  public static func byteCount(numbers: Int) -> Int { headBytes + 8 * numbers }

  /// A record; for importers and senders, allocates. NaN stands for a number that there is not.
  public static func encoded(kind: UInt16, device: Stamp, numbers: [Double]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount(numbers: numbers.count))
    bytes.appendLittleEndian(magic)
    bytes.appendLittleEndian(version)
    bytes.appendLittleEndian(kind)
    bytes.appendLittleEndian(device.nanoseconds)
    for number in numbers { bytes.appendLittleEndian(number.bitPattern) }
    return bytes
  }
}

/// Samples from their records: one packet, one sample.
///
/// The device stamp is the record's. An infinite number refuses its record; NaN passes as "not known".
/// Thread: one at a time. Cost: no allocation.
public final class RecordDecoder<Sample: RecordedSample>: SensorDecoder {
  public private(set) var counters = DecoderCounters()
  private let numberCount = Sample.recordFields.count

  public init() {}

  public func reset() {}

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, Sample) -> Void) {
    counters.packets &+= 1
    guard bytes.byteCount >= 8, bytes.littleEndian(0, as: UInt32.self) == SampleRecord.magic,
      bytes.littleEndian(6, as: UInt16.self) == Sample.recordKind
    else {
      counters.ignored &+= 1
      return
    }
    guard bytes.littleEndian(4, as: UInt16.self) == SampleRecord.version,
      bytes.byteCount == SampleRecord.byteCount(numbers: numberCount)
    else {
      counters.invalid &+= 1
      return
    }
    func value(_ index: Int) -> Double {
      Double(bitPattern: bytes.littleEndian(SampleRecord.headBytes &+ 8 &* index))
    }
    for index in 0..<numberCount where value(index).isInfinite {
      counters.invalid &+= 1
      return
    }
    counters.samples &+= 1
    emit(
      SampleTiming(device: Stamp(nanoseconds: bytes.littleEndian(8))),
      Sample(recordValue: value))
  }
}
