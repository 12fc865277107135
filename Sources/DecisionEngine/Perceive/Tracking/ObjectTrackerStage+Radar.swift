import FusionPipeline

extension ObjectTrackerStage {
  /// Assigns one radar's newest detections to tracks, updates those, and begins tracks with moving ones.
  func takeRadar(_ number: Int, capture: Stamp, instant: Stamp, motion: EgoState) {
    let radar = radars[number]
    guard let pick = radar.latest, radarPools[number].pin(pick.sample.detections) else { return }
    defer { radarPools[number].unpin(pick.sample.detections) }
    let detections = unsafe radarPools[number].elements(of: pick.sample.detections)
    radarCaptures[number] = pick.header.capture
    advance(to: capture)
    let pose = radarPose(radar, motion, secondsAgo: Double(instant - capture) * 1e-9)
    let items = min(detections.count, assignment.trackOfItem.capacity)
    assignment.begin(tracks: tracks.count, items: items)
    for item in 0..<items {
      guard let z = measurement(unsafe detections[item], pose) else {
        memory.value.rejectedMeasurements &+= 1
        continue
      }
      for index in tracks.indices {
        guard let distance = gatedDistance(z, tracks[index], pose) else { continue }
        assignment.add(track: index, item: item, cost: distance, isConfirmed: tracks[index].isConfirmed)
      }
    }
    assignment.solve()
    for index in assignment.itemOfTrack.indices where assignment.itemOfTrack[index] >= 0 {
      let item = Int(assignment.itemOfTrack[index])
      guard let z = measurement(unsafe detections[item], pose) else { continue }
      let track = tracks[index]
      tracks[index].filter.update(offset(z, track, pose), from: pose, noise: noise(z, for: track, pose))
      tracks[index].lastRadar = capture
      tracks[index].flags.insert(.radar)
      tracks[index].noteVelocity(at: capture)
      tracks[index].hit(confirmationHits: settings.confirmationHits)
    }
    let old = assignment.itemOfTrack.count
    for item in 0..<items where assignment.trackOfItem[item] < 0 {
      if let z = measurement(unsafe detections[item], pose) {
        begin(with: z, pose, capture: capture, old: old)
      }
    }
  }

  private func noise(_ z: RadarMeasurement, for track: TrackState, _ pose: RadarPose) -> RadarNoise {
    var noise = RadarNoise(
      range: settings.radarRangeSigmaMetres, bearing: settings.radarBearingSigmaRadians,
      rangeRate: settings.radarRangeRateSigma)
    guard track.hasExtent else { return noise }
    // The reflection wanders over the body: half its width as seen from the radar.
    let sight = (Vector2(track.filter.x, track.filter.y) - pose.position).normalized
    noise.bearing += 0.5 * track.reach(towards: sight.left) / max(z.range, 1)
    noise.range += 0.3
    return noise
  }

  private func radarPose(_ radar: SensorPort<RadarScan>, _ motion: EgoState, secondsAgo: Double) -> RadarPose
  {
    let odometryFromVehicle = motion.odometryFromVehicle * motion.vehicleFromEarlier(seconds: secondsAgo)
    let mount = radar.vehicleFromSensor
    let lever = mount.translation.xy
    // The vehicle's speed plus what its turning adds at the radar's place.
    let velocity = Vector2(motion.speed - motion.yawRate * lever.y, motion.yawRate * lever.x)
    return RadarPose(
      position: odometryFromVehicle * lever, velocity: odometryFromVehicle.rotate(velocity),
      yaw: odometryFromVehicle.yawRadians + Pinned.atan2(mount.rotation.row1.x, mount.rotation.row0.x))
  }

  /// Nil for a detection that is not finite, too weak or beyond any radar.
  private func measurement(_ detection: RadarDetection, _ pose: RadarPose) -> RadarMeasurement? {
    let (x, y) = (Double(detection.x), Double(detection.y))
    let rate = Double(detection.rangeRate)
    let range = (x * x + y * y).squareRoot()
    guard range > 0.3, range < 1000, rate.isFinite, abs(rate) < 200,
      Int(detection.quality) >= settings.radarMinimumQuality
    else { return nil }
    return RadarMeasurement(
      range: range, bearing: Pinned.wrapAngle(Pinned.atan2(y, x) + pose.yaw), rangeRate: rate)
  }

  /// The reflection lies on the surface that faces the radar.
  private func offset(_ z: RadarMeasurement, _ track: TrackState, _ pose: RadarPose) -> RadarMeasurement {
    var z = z
    let sight = (Vector2(track.filter.x, track.filter.y) - pose.position).normalized
    z.surfaceOffset = track.hasExtent ? min(track.reach(towards: sight), 6) : 0
    return z
  }

  private func gatedDistance(_ z: RadarMeasurement, _ track: TrackState, _ pose: RadarPose) -> Double? {
    let place = Vector2(track.filter.x, track.filter.y) - pose.position
    guard abs(place.length - z.range) < 10 + 0.5 * track.length else { return nil }
    var trial = track.filter
    let distance = trial.update(offset(z, track, pose), from: pose, noise: noise(z, for: track, pose))
    return distance <= settings.radarGate ? distance : nil
  }

  private func begin(with z: RadarMeasurement, _ pose: RadarPose, capture: Stamp, old: Int) {
    let (s, c) = Pinned.sincos(z.bearing)
    let overGround = z.rangeRate + pose.velocity.x * c + pose.velocity.y * s
    guard abs(overGround) >= settings.radarBirthSpeed else { return }
    let place = pose.position + Vector2(c, s) * z.range
    // A second reflection of something followed already is not a new thing.
    for index in 0..<old where tracks[index].isConfirmed && tracks[index].covers(place, margin: 1.5) {
      return
    }
    let across = z.range * settings.radarBearingSigmaRadians
    let along = settings.radarRangeSigmaMetres
    let rate = settings.radarRangeRateSigma
    let unknown = settings.initialSpeedSigma
    var p = PlanarCovariance()
    (p.xx, p.xy, p.yy) = PlanarFilter.turned(along * along, 0, across * across, c, s)
    (p.vxvx, p.vxvy, p.vyvy) = PlanarFilter.turned(rate * rate, 0, unknown * unknown, c, s)
    let filter = PlanarFilter(x: place.x, y: place.y, vx: overGround * c, vy: overGround * s, p: p)
    begin(filter) { track in
      track.lastRadar = capture
      track.flags = .radar
    }
  }
}
