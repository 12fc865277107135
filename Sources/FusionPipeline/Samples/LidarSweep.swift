/// One lidar return in the sensor's frame: x forward, y left, z up, metres.
public struct LidarPoint: BitwiseCopyable, Sendable, Equatable {
  public var x: Float
  public var y: Float
  public var z: Float
  /// Reflectivity or signal as the device gives it.
  public var intensity: Float
  /// Nanoseconds after the sweep's first point.
  public var timeNanoseconds: UInt32
  /// Laser ring, counted from the lowest elevation.
  public var ring: UInt16
  /// Which return of a multi-return firing, 0 for the first in the packet.
  public var returnIndex: UInt8
  public var reserved: UInt8

  @inlinable public init(
    x: Float, y: Float, z: Float, intensity: Float, timeNanoseconds: UInt32, ring: UInt16,
    returnIndex: UInt8 = 0
  ) {
    self.x = x
    self.y = y
    self.z = z
    self.intensity = intensity
    self.timeNanoseconds = timeNanoseconds
    self.ring = ring
    self.returnIndex = returnIndex
    self.reserved = 0
  }
}

/// One turn of a lidar (or the part of one a driver was told to hand on); its points lie in a pool.
public struct LidarSweep: BitwiseCopyable, Sendable, Equatable {
  /// `LidarPoint`s, `points.count` of them.
  public var points: PayloadHandle
  /// Packets that went into it and packets known to be missing, from sequence numbers or azimuth gaps.
  public var packets: UInt32
  public var missingPackets: UInt32
  /// Points that did not fit in the pool's slot and were dropped.
  public var droppedPoints: UInt32
  public var reserved: UInt32

  public init(
    points: PayloadHandle, packets: UInt32 = 0, missingPackets: UInt32 = 0, droppedPoints: UInt32 = 0
  ) {
    self.points = points
    self.packets = packets
    self.missingPackets = missingPackets
    self.droppedPoints = droppedPoints
    self.reserved = 0
  }
}
