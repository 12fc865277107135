/// Numbers of `ObjectTrackerStage`.
public struct ObjectTrackerSettings: Sendable, Equatable {
  /// White acceleration of things, m/s per √s; 0.3 (robots)…5 (agile traffic).
  public var accelerationNoise: Double = 2.2
  /// Share of it for things smaller than 1.2 m: people; 0.2…1.
  public var smallThingShare: Double = 0.4
  /// Standard deviation of a lidar box's centre, metres; 0.05…1. Things below 1.2 m have 0.6 of it.
  public var lidarSigmaMetres: Double = 0.2
  /// Standard deviations of a radar detection: metres, rad, m/s.
  public var radarRangeSigmaMetres: Double = 0.4
  public var radarBearingSigmaRadians: Double = 0.02
  public var radarRangeRateSigma: Double = 0.25
  /// Of a new track's velocity, m/s; 1…20.
  public var initialSpeedSigma: Double = 8
  /// Gates on the Mahalanobis distance squared: 2 degrees of freedom, 3 degrees of freedom.
  public var lidarGate: Double = 11.8
  public var radarGate: Double = 14.2
  /// Updates until a track is confirmed; 1…10.
  public var confirmationHits: Int = 3
  /// A track unseen for longer is dropped, ms: unconfirmed, confirmed.
  public var tentativeMilliseconds: Double = 250
  public var coastMilliseconds: Double = 600
  /// Speed at which a thing counts as moving if it is 2.5 standard deviations from zero, m/s; it counts as standing
  /// below half of it.
  public var movingSpeed: Double = 0.6
  /// A radar detection alone begins a track only if its radial speed over the ground is above, m/s: standing
  /// clutter (rails, manhole covers) would fill the list.
  public var radarBirthSpeed: Double = 1.5
  /// Weakest radar detection used, the device's own 0…100.
  public var radarMinimumQuality: Int = 10
  /// Most tracks; 1…1024.
  public var maximumTracks: Int = 192
  public init() {}
}
