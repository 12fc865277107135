import FusionPipeline

/// Where a thing will be at one time, in the vehicle frame of the frame's instant (it does not move on).
public struct PredictedPoint: BitwiseCopyable, Sendable, Equatable {
  public var x: Double
  public var y: Double
  /// Covariance of the position, m².
  public var xx: Double
  public var xy: Double
  public var yy: Double

  public init(x: Double = 0, y: Double = 0, xx: Double = 0, xy: Double = 0, yy: Double = 0) {
    self.x = x
    self.y = y
    self.xx = xx
    self.xy = xy
    self.yy = yy
  }
}

/// One track's way ahead; the "predictions" list has one for each confirmed track, in the order of ids.
public struct PredictedPath: BitwiseCopyable, Sendable {
  public static let points = 8
  public var trackID: UInt64
  /// Index in "tracks".
  public var track: Int64
  /// Point i lies (i + 1) steps ahead.
  public var stepNanoseconds: Int64
  public var points: InlineArray<8, PredictedPoint>

  public init(trackID: UInt64 = 0, track: Int64 = 0, stepNanoseconds: Int64 = 500_000_000) {
    self.trackID = trackID
    self.track = track
    self.stepNanoseconds = stepNanoseconds
    points = InlineArray(repeating: PredictedPoint())
  }
}

/// Numbers of `ConstantVelocityPredictionStage`.
public struct PredictionSettings: Sendable, Equatable {
  /// Between the eight points, s; 0.1…1.
  public var stepSeconds: Double = 0.5
  /// White acceleration of things, m/s per √s: how fast doubt grows; 0.3…5.
  public var accelerationNoise: Double = 1.5
  public init() {}
}

/// Carries each confirmed track on at its velocity, doubt growing; reads "tracks", writes "predictions".
public final class ConstantVelocityPredictionStage: Stage {
  private let settings: PredictionSettings
  private let tracks: FixedList<Track>
  private let predictions: FixedList<PredictedPath>

  public init(
    setup: StageSetup, settings: PredictionSettings = PredictionSettings()
  ) throws(SetupProblem) {
    try setup.check("stepSeconds", settings.stepSeconds, 0.01...10)
    try setup.check("accelerationNoise", settings.accelerationNoise, 0...50)
    self.settings = settings
    tracks = try setup.input("tracks", of: Track.self)
    predictions = try setup.output(
      "predictions", of: PredictedPath.self, capacity: tracks.capacity, zero: PredictedPath())
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    predictions.removeAll()
    let density = settings.accelerationNoise * settings.accelerationNoise
    for index in tracks.indices where tracks[index].flags.contains(.confirmed) {
      let track = tracks[index]
      // A thing that stands is predicted to stand: its velocity is the filter's noise.
      let velocity = track.soundVelocity
      var filter = PlanarFilter(
        x: track.x, y: track.y, vx: velocity.x, vy: velocity.y, p: track.covariance)
      var path = PredictedPath(
        trackID: track.id, track: Int64(index), stepNanoseconds: .seconds(settings.stepSeconds))
      for step in 0..<PredictedPath.points {
        filter.predict(seconds: settings.stepSeconds, density: density)
        path.points[step] = PredictedPoint(
          x: filter.x, y: filter.y, xx: filter.p.xx, xy: filter.p.xy, yy: filter.p.yy)
      }
      predictions.append(path)
    }
  }
}
