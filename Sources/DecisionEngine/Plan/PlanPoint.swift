/// One point of what the machine means to do; the "plan" list, from now on.
public struct PlanPoint: BitwiseCopyable, Sendable, Equatable {
  /// After the frame's instant.
  public var timeNanoseconds: Int64
  /// The rear axle's centre, in the vehicle frame of the frame's instant, metres.
  public var x: Double
  public var y: Double
  /// m/s and m/s².
  public var speed: Double
  public var acceleration: Double
  /// At the road wheel, rad, left positive.
  public var steering: Double

  public init(
    timeNanoseconds: Int64 = 0, x: Double = 0, y: Double = 0, speed: Double = 0, acceleration: Double = 0,
    steering: Double = 0
  ) {
    self.timeNanoseconds = timeNanoseconds
    self.x = x
    self.y = y
    self.speed = speed
    self.acceleration = acceleration
    self.steering = steering
  }
}
