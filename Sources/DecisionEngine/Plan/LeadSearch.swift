import FusionPipeline

/// Finds what the machine must keep behind: in its own corridor now, or soon by the predictions.
struct LeadSearch {
  let settings: PathAndSpeedSettings
  let vehicle: VehicleDescription
  let samples: FixedList<PathSample>

  /// The lead for which the driver model brakes hardest; nil when the corridor is free.
  func lead(
    tracks: FixedList<Track>, predictions: FixedList<PredictedPath>?, speed: Double, driver: DriverModel
  ) -> Lead? {
    var found: Lead?
    var lowest = Double.infinity
    var path = 0
    for index in tracks.indices where tracks[index].flags.contains(.confirmed) {
      let track = tracks[index]
      while let predictions, path < predictions.count, predictions[path].track < Int64(index) { path += 1 }
      guard let place = locate(track.x, track.y), place.distance > 0 else { continue }
      let isThere = blocks(track, place)
      guard isThere || entersSoon(track, predictions, path, index) else { continue }
      let velocity = track.soundVelocity
      let along = velocity.x * place.tangent.x + velocity.y * place.tangent.y
      let gap = place.distance - reach(track, along: place.tangent) - vehicle.frontOverhangMetres
      // Beside us, not ahead: nothing to keep behind.
      if !isThere, gap < 0 { continue }
      let candidate = Lead(gapMetres: max(gap, 0), speed: along)
      let acceleration = driver.acceleration(speed: speed, wishedSpeed: .infinity, lead: candidate)
      if acceleration < lowest || (acceleration == lowest && gap < (found?.gapMetres ?? .infinity)) {
        lowest = acceleration
        found = candidate
      }
    }
    return found
  }

  private struct Place {
    var distance: Double
    var lateral: Double
    var tangent: Vector2
  }

  /// Nil beyond the path's samples.
  private func locate(_ x: Double, _ y: Double) -> Place? {
    var best = -1
    var bestSquare = Double.infinity
    for index in samples.indices {
      let (dx, dy) = (x - samples[index].x, y - samples[index].y)
      let square = dx * dx + dy * dy
      if square < bestSquare {
        bestSquare = square
        best = index
      }
    }
    guard best >= 0 else { return nil }
    let near = samples[best]
    let tangent = Vector2(near.tangentX, near.tangentY)
    let away = Vector2(x - near.x, y - near.y)
    let along = tangent.dot(away)
    if best == samples.count - 1, along > 1 { return nil }
    return Place(distance: near.distance + along, lateral: tangent.cross(away), tangent: tangent)
  }

  private func blocks(_ track: Track, _ place: Place) -> Bool {
    let half = 0.5 * vehicle.widthMetres + settings.sideMarginMetres
    return abs(place.lateral) < half + reach(track, along: place.tangent.left)
  }

  private func entersSoon(
    _ track: Track, _ predictions: FixedList<PredictedPath>?, _ path: Int, _ index: Int
  ) -> Bool {
    guard track.flags.contains(.moving), let predictions, path < predictions.count,
      predictions[path].track == Int64(index)
    else { return false }
    let step = Double(predictions[path].stepNanoseconds) * 1e-9
    for point in 0..<PredictedPath.points where Double(point + 1) * step <= settings.cutInSeconds + 1e-6 {
      let ahead = predictions[path].points[point]
      if let place = locate(ahead.x, ahead.y), place.distance > 0, blocks(track, place) { return true }
    }
    return false
  }

  private func reach(_ track: Track, along direction: Vector2) -> Double {
    let (s, c) = Pinned.sincos(track.yaw)
    return 0.5
      * (track.length * abs(direction.x * c + direction.y * s)
        + track.width * abs(direction.y * c - direction.x * s))
  }
}
