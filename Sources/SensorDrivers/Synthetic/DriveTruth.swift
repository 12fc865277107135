/// What is so in the simulated world at its current instant; SI, odometry frame (the ego's pose at the start).
public struct DriveTruth: BitwiseCopyable, Sendable, Equatable {
  /// Since the drive's start.
  public var timeNanoseconds: Int64
  /// The middle of the rear axle.
  public var x: Double
  public var y: Double
  public var headingRadians: Double
  public var speed: Double
  public var acceleration: Double
  public var yawRate: Double
  /// Of the road wheels, left positive.
  public var steeringRadians: Double
  /// What the ego was last told; `CommandMode`'s raw value.
  public var mode: UInt8
  /// Along the ego lane's centre line.
  public var arcLengthMetres: Double
  /// Of the rear axle from the lane's centre line, left positive, and the heading relative to it.
  public var laneOffsetMetres: Double
  public var laneHeadingRadians: Double
  public var laneCurvature: Double
  public var distanceDrivenMetres: Double
  /// Bumper to bumper to the nearest vehicle ahead in the ego's way; infinite where there is none.
  public var leadGapMetres: Double
  /// NaN where there is none.
  public var leadSpeed: Double
  /// The smallest `leadGapMetres` so far.
  public var minimumGapMetres: Double
  /// Touches so far; one lasts until nothing touches any more. The ego drives on through what it hits.
  public var collisions: Int
}
