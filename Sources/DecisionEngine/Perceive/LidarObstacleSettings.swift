/// Numbers of `LidarObstacleStage`.
public struct LidarObstacleSettings: Sendable, Equatable {
  /// The region looked at, in the vehicle frame, metres; backwards negative. −100…0.
  public var rearMetres: Double = -25
  /// 10…200.
  public var frontMetres: Double = 85
  /// To either side; 5…100.
  public var sideMetres: Double = 30
  /// Points higher above the ground pass over the machine (bridges, crowns of trees), metres; 1.5…5.
  public var clearanceMetres: Double = 2.6
  /// Points less than this above the ground belong to it, metres; 0.05…0.5.
  public var groundThresholdMetres: Double = 0.2
  /// Steepest ground against the vehicle's own plane, rise over run; 0.05…0.5.
  public var maximumSlope: Double = 0.2
  /// How much the slope may change along a ray, rise over run; 0.02…0.3.
  public var slopeTolerance: Double = 0.08
  /// A thing rises at least this far above the ground, metres; 0.1…1.
  public var minimumHeightMetres: Double = 0.3
  /// Fewer points are noise; 1…50.
  public var minimumPoints: Int = 4
  /// Edge of the clustering grid's cells, metres; 0.1…0.5.
  public var cellMetres: Double = 0.2
  /// Gap that joins two parts near the machine, metres; 0.2…2.
  public var gapMetres: Double = 0.3
  /// Growth of that gap with range, metres a metre; 0…0.03.
  public var gapPerMetre: Double = 0.008
  /// Longer clusters are cut into pieces, metres; 5…30.
  public var maximumLengthMetres: Double = 20
  /// Wider clusters are cut into pieces, metres; 2…10.
  public var maximumWidthMetres: Double = 4
  /// Edge of such pieces, metres; 1…10.
  public var pieceMetres: Double = 4
  /// Most points taken from all lidars together; 1000…1000000.
  public var maximumPoints: Int = 262_144
  /// Most obstacles handed on, the nearest; 1…1024.
  public var maximumObstacles: Int = 256
  /// Fewer lidars with a fresh sweep than this fail the frame; 0…8.
  public var minimumSensors: Int = 1
  public init() {}
}
