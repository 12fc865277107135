/// Numbers of `PathAndSpeedStage`.
public struct PathAndSpeedSettings: Sendable, Equatable {
  /// "lane": straight on from where the machine was engaged; "polyline": along `pathPoints`.
  public var path: String = "lane"
  /// x0, y0, x1, y1 … in the odometry frame, metres; at least two points for "polyline", at most 8192.
  public var pathPoints: [Double] = []
  /// The polyline closes on itself.
  public var pathIsLoop: Bool = false
  /// m/s; 0…60.
  public var cruiseSpeed: Double = 13.9
  /// How far ahead the path is looked at, metres; 30…300.
  public var horizonMetres: Double = 120
  /// Comfort bounds of acceleration, m/s², both positive (ISO 15622: 2.0 and 3.5).
  public var maximumAcceleration: Double = 2.0
  public var maximumDeceleration: Double = 3.5
  /// The follower's own wish, below those bounds, m/s²; 0.5…3.
  public var wishedAcceleration: Double = 1.5
  public var wishedDeceleration: Double = 2.0
  /// Time gap to the one ahead, s; 0.8…3.
  public var timeGapSeconds: Double = 1.5
  /// Gap at standstill, metres; 1…6.
  public var standstillGapMetres: Double = 3.0
  /// m/s³; 0.5…10.
  public var jerkUp: Double = 1.5
  public var jerkDown: Double = 5.0
  /// Room to either side of the machine that must be free, metres; 0…1.
  public var sideMarginMetres: Double = 0.3
  /// A thing that will be in the way within this time is followed already, s; 0…4.
  public var cutInSeconds: Double = 1.5
  /// Greatest lateral acceleration, m/s² (ISO 11270: 3.0), and jerk, m/s³ (5.0).
  public var lateralAcceleration: Double = 2.5
  public var lateralJerk: Double = 5.0
  /// Pure pursuit looks this far ahead: seconds of travel within bounds in metres.
  public var lookaheadSeconds: Double = 0.8
  public var lookaheadMinimumMetres: Double = 4
  public var lookaheadMaximumMetres: Double = 30
  /// Greatest rate of the road wheel, rad/s; 0.1…2.
  public var steeringRate: Double = 0.6
  /// Deceleration at the stop tail's end, m/s²; 1…4.
  public var stopDeceleration: Double = 2.5
  /// Brake while standing, as a deceleration, m/s²; 0.2…3.
  public var holdDeceleration: Double = 1.0
  public init() {}
}
