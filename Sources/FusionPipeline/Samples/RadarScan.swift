/// One object or detection of a radar, in the sensor's frame: x forward, y left; metres, metres a second.
public struct RadarDetection: BitwiseCopyable, Sendable, Equatable {
  public var x: Float
  public var y: Float
  /// Radial speed as the device measures it relative to itself; positive is receding.
  public var rangeRate: Float
  /// Lateral speed where the device gives one, else NaN.
  public var lateralSpeed: Float
  /// Radar cross section in dBsm where given, else NaN.
  public var crossSection: Float
  /// The device's own track or slot number.
  public var trackID: UInt16
  /// 0 … 100, the device's own measure of existence; 100 where it gives none.
  public var quality: UInt8
  public var flags: UInt8

  /// The device says that this track began with this cycle.
  public static let isNew: UInt8 = 1

  public init(
    x: Float, y: Float, rangeRate: Float, lateralSpeed: Float = .nan, crossSection: Float = .nan,
    trackID: UInt16, quality: UInt8 = 100, flags: UInt8 = 0
  ) {
    self.x = x
    self.y = y
    self.rangeRate = rangeRate
    self.lateralSpeed = lateralSpeed
    self.crossSection = crossSection
    self.trackID = trackID
    self.quality = quality
    self.flags = flags
  }
}

/// One radar cycle; its detections lie in a pool.
public struct RadarScan: BitwiseCopyable, Sendable, Equatable {
  /// `RadarDetection`s, `detections.count` of them.
  public var detections: PayloadHandle
  public init(detections: PayloadHandle) { self.detections = detections }
}
