import FusionPipeline

extension ObjectTrackerStage {
  /// Assigns this frame's obstacles to tracks, updates those, and begins tracks with the rest.
  func takeObstacles(at newest: Stamp, instant: Stamp, motion: EgoState) {
    guard let obstacles else { return }
    advance(to: newest)
    memory.value.lastLidarCapture = newest
    let pose = motion.odometryFromVehicle
    assignment.begin(tracks: tracks.count, items: obstacles.count)
    for item in obstacles.indices {
      guard let box = measurement(obstacles[item], pose: pose, instant: instant) else {
        memory.value.rejectedMeasurements &+= 1
        continue
      }
      for index in tracks.indices {
        if let cost = gatedCost(box, tracks[index], observer: pose.translation) {
          assignment.add(track: index, item: item, cost: cost, isConfirmed: tracks[index].isConfirmed)
        }
      }
    }
    assignment.solve()
    for index in assignment.itemOfTrack.indices where assignment.itemOfTrack[index] >= 0 {
      let item = Int(assignment.itemOfTrack[index])
      if let box = measurement(obstacles[item], pose: pose, instant: instant) {
        update(&tracks[index], by: box, observer: pose.translation)
      }
    }
    let old = assignment.itemOfTrack.count
    for item in obstacles.indices where assignment.trackOfItem[item] < 0 {
      if let box = measurement(obstacles[item], pose: pose, instant: instant) { begin(with: box, old: old) }
    }
  }

  private func measurement(_ obstacle: Obstacle, pose: Transform2, instant: Stamp) -> BoxMeasurement? {
    guard obstacle.x.isFinite, obstacle.y.isFinite, obstacle.yaw.isFinite, obstacle.length.isFinite,
      obstacle.width.isFinite, obstacle.height.isFinite, abs(obstacle.x) < 1000, abs(obstacle.y) < 1000
    else { return nil }
    let at = pose * Vector2(obstacle.x, obstacle.y)
    return BoxMeasurement(
      x: at.x, y: at.y, yaw: Pinned.wrapAngle(obstacle.yaw + pose.yawRadians), length: obstacle.length,
      width: obstacle.width, height: obstacle.height, capture: instant - obstacle.ageNanoseconds,
      isPiece: obstacle.flags & Obstacle.isPiece != 0)
  }

  /// The Mahalanobis distance squared of the centre plus a term for unlike size, or nil outside the gate.
  private func gatedCost(_ raw: BoxMeasurement, _ track: TrackState, observer: Vector2) -> Double? {
    let reach = 6 + 0.5 * track.length
    guard abs(raw.x - track.filter.x) < reach, abs(raw.y - track.filter.y) < reach else { return nil }
    let box = raw.aligned(with: track.yaw)
    var trial = filter(of: track, at: box.capture)
    let centre = placed(box, for: track, observer: observer)
    let distance = trial.updatePosition(x: centre.x, y: centre.y, variance: variance(of: box, for: track))
    guard distance <= settings.lidarGate else { return nil }
    guard track.hasExtent else { return distance }
    let unlike = abs(track.length - box.length) + abs(track.width - box.width)
    return distance + unlike
  }

  /// The filter's state seen from a capture a little before or after the common instant.
  private func filter(of track: TrackState, at capture: Stamp) -> PlanarFilter {
    var filter = track.filter
    let seconds = min(max(Double(capture - memory.value.filterTime) * 1e-9, -0.3), 0.3)
    filter.x += filter.vx * seconds
    filter.y += filter.vy * seconds
    return filter
  }

  /// Where the box's centre is, for a track that only a radar knows: its point of the box nearest to it.
  private func placed(_ box: BoxMeasurement, for track: TrackState, observer: Vector2) -> Vector2 {
    guard !track.hasExtent else { return box.centre(asBoxOf: track, seenFrom: observer) }
    let (s, c) = Pinned.sincos(box.yaw)
    let (dx, dy) = (track.filter.x - box.x, track.filter.y - box.y)
    let a = min(max(dx * c + dy * s, -0.5 * box.length), 0.5 * box.length)
    let b = min(max(dy * c - dx * s, -0.5 * box.width), 0.5 * box.width)
    return Vector2(box.x + a * c - b * s, box.y + a * s + b * c)
  }

  private func variance(of box: BoxMeasurement, for track: TrackState) -> Double {
    // A box that grows or shrinks says less about where its centre is.
    let change = track.hasExtent ? abs(track.length - box.length) + abs(track.width - box.width) : 0
    // A small thing's centre cannot lie far from its points.
    let own = settings.lidarSigmaMetres * (max(box.length, box.width) < 1.2 ? 0.6 : 1)
    let sigma = own + (box.isPiece ? 0.5 : 0.1 * min(change, 4))
    return sigma * sigma
  }

  private func update(_ track: inout TrackState, by raw: BoxMeasurement, observer: Vector2) {
    guard raw.capture > track.lastLidar else { return }
    let box = raw.aligned(with: track.yaw)
    if track.hasExtent {
      let seconds = min(max(Double(box.capture - memory.value.filterTime) * 1e-9, -0.3), 0.3)
      let centre = placed(box, for: track, observer: observer)
      track.filter.updatePosition(
        x: centre.x - track.filter.vx * seconds, y: centre.y - track.filter.vy * seconds,
        variance: variance(of: box, for: track))
      smoothBox(&track, box)
    } else {
      // The radar's point was on the surface; the lidar gives the centre. Velocity is kept as it is.
      takePosition(&track.filter, box)
      track.length = box.length
      track.width = box.width
      track.height = box.height
      track.yaw = box.yaw
    }
    track.lastLidar = box.capture
    track.flags.insert(.lidar)
    if !box.isPiece { track.flags.remove(.piece) }
    track.noteVelocity(at: box.capture)
    track.hit(confirmationHits: settings.confirmationHits)
  }

  private func takePosition(_ filter: inout PlanarFilter, _ box: BoxMeasurement) {
    let variance = settings.lidarSigmaMetres * settings.lidarSigmaMetres
    filter.x = box.x
    filter.y = box.y
    filter.p.xx = variance
    filter.p.yy = variance
    (filter.p.xy, filter.p.xvx, filter.p.xvy, filter.p.yvx, filter.p.yvy) = (0, 0, 0, 0, 0)
  }

  /// Sides grow fast, since more of the thing has come into sight, and shrink slowly, since less has.
  private func smoothBox(_ track: inout TrackState, _ box: BoxMeasurement) {
    func blend(_ old: Double, _ new: Double) -> Double { old + (new > old ? 0.4 : 0.03) * (new - old) }
    track.length = box.isPiece ? box.length : blend(track.length, box.length)
    track.width = box.isPiece ? box.width : blend(track.width, box.width)
    track.height = blend(track.height, box.height)
    track.yaw = Pinned.wrapAngle(track.yaw + 0.3 * Pinned.wrapAngle(box.yaw - track.yaw))
  }

  private func begin(with box: BoxMeasurement, old: Int) {
    // A fragment of something followed already is not a new thing.
    for index in 0..<old where tracks[index].isConfirmed && tracks[index].hasExtent {
      if tracks[index].covers(Vector2(box.x, box.y), margin: 0.3) { return }
    }
    let variance = settings.lidarSigmaMetres * settings.lidarSigmaMetres
    let speedSigma = box.isPiece ? 1 : settings.initialSpeedSigma
    var p = PlanarCovariance()
    p.xx = variance
    p.yy = variance
    p.vxvx = speedSigma * speedSigma
    p.vyvy = speedSigma * speedSigma
    begin(PlanarFilter(x: box.x, y: box.y, p: p)) { track in
      track.length = box.length
      track.width = box.width
      track.height = box.height
      track.yaw = box.yaw
      track.lastLidar = box.capture
      track.flags = box.isPiece ? [.lidar, .piece] : .lidar
    }
  }
}
