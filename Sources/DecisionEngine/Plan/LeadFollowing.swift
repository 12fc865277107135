import FusionPipeline

/// The one ahead: free gap between bumpers, and its speed along the path.
struct Lead: BitwiseCopyable, Sendable, Equatable {
  var gapMetres: Double
  var speed: Double
}

/// The intelligent driver's acceleration, in the form that takes the lower of free road and interaction.
///
/// Treiber, Hennecke, Helbing, "Congested traffic states" (Phys. Rev. E 62, 2000); the minimum after Schakel,
/// Knoop, van Arem, "IDM+" (TRR 2316, 2012), which reaches the time gap at the wished speed too.
struct DriverModel: Sendable {
  var settings: PathAndSpeedSettings

  func acceleration(speed: Double, wishedSpeed: Double, lead: Lead?) -> Double {
    var wanted = free(speed, wishedSpeed)
    if let lead { wanted = min(wanted, behind(lead, speed)) }
    return min(max(wanted, -settings.maximumDeceleration), settings.maximumAcceleration)
  }

  private func free(_ speed: Double, _ wished: Double) -> Double {
    guard speed < wished else { return -min((speed - wished) / 0.7, settings.maximumDeceleration) }
    let share = max(speed, 0) / wished
    let square = share * share
    return settings.wishedAcceleration * (1 - square * square)
  }

  private func behind(_ lead: Lead, _ speed: Double) -> Double {
    let v = max(speed, 0)
    let a = settings.wishedAcceleration
    let closing = v * (v - lead.speed) / (2 * (a * settings.wishedDeceleration).squareRoot())
    let wishedGap = settings.standstillGapMetres + max(0, v * settings.timeGapSeconds + closing)
    let ratio = wishedGap / max(lead.gapMetres, 0.1)
    return a * (1 - ratio * ratio)
  }
}
