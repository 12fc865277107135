import FusionPipeline

/// A sample of the path ahead in the vehicle frame.
struct PathSample: BitwiseCopyable, Sendable {
  /// Along the path from the machine's projection onto it, metres.
  var distance: Double
  var x: Double
  var y: Double
  /// Unit tangent.
  var tangentX: Double
  var tangentY: Double
  /// m/s, from curvature and the path's end.
  var speedLimit: Double

  static var zero: PathSample {
    PathSample(distance: 0, x: 0, y: 0, tangentX: 1, tangentY: 0, speedLimit: .infinity)
  }
}

/// The polyline to follow, in the odometry frame, with the speed that its curves and its end allow.
final class ReferencePath {
  private struct Vertex: BitwiseCopyable {
    var x: Double
    var y: Double
    /// Along the path from its start.
    var distance: Double
    var speedLimit: Double
  }

  private let vertices: FixedList<Vertex>
  private let isLoop: Bool
  private let deceleration: Double

  init(
    points: [Double], isLoop: Bool, lateralAcceleration: Double, deceleration: Double, stageName: String
  ) throws(SetupProblem) {
    guard points.count >= 4, points.count % 2 == 0, points.count <= 16_384 else {
      throw SetupProblem(
        "stage \(stageName): pathPoints needs x and y of 2…8192 points, but has \(points.count) numbers")
    }
    self.isLoop = isLoop
    self.deceleration = deceleration
    let count = points.count / 2
    vertices = FixedList(
      capacity: count + 1, zero: Vertex(x: 0, y: 0, distance: 0, speedLimit: .infinity))
    for index in 0..<(isLoop ? count + 1 : count) {
      let at = index % count
      let (x, y) = (points[2 * at], points[2 * at + 1])
      guard x.isFinite, y.isFinite, abs(x) < 1e6, abs(y) < 1e6 else {
        throw SetupProblem("stage \(stageName): pathPoints: point \(at) is not a place within 1000 km")
      }
      var distance = 0.0
      if !vertices.isEmpty {
        let last = vertices[vertices.count - 1]
        let step = Vector2(x - last.x, y - last.y).length
        guard step > 0.01 else {
          throw SetupProblem("stage \(stageName): pathPoints: point \(at) repeats the one before it")
        }
        distance = last.distance + step
      }
      vertices.append(Vertex(x: x, y: y, distance: distance, speedLimit: .infinity))
    }
    limitSpeeds(lateralAcceleration)
  }

  /// Curvature from the circle through three neighbours, then backwards so that braking suffices.
  private func limitSpeeds(_ lateralAcceleration: Double) {
    let count = vertices.count
    for index in 0..<count where isLoop || (index > 0 && index < count - 1) {
      let before = vertices[index > 0 ? index - 1 : count - 2]
      let here = vertices[index]
      let after = vertices[index < count - 1 ? index + 1 : 1]
      let a = Vector2(here.x - before.x, here.y - before.y)
      let b = Vector2(after.x - here.x, after.y - here.y)
      let chord = (a + b).length
      let curvature = 2 * abs(a.cross(b)) / max(a.length * b.length * chord, 1e-9)
      vertices[index].speedLimit = (lateralAcceleration / max(curvature, 1e-9)).squareRoot()
    }
    if !isLoop { vertices[count - 1].speedLimit = 0 }
    // Twice around a loop, so that a bend just after the start reaches back across it.
    for _ in 0..<(isLoop ? 2 : 1) {
      if isLoop {
        vertices[count - 1].speedLimit = min(vertices[count - 1].speedLimit, vertices[0].speedLimit)
      }
      var index = count - 2
      while index >= 0 {
        let step = vertices[index + 1].distance - vertices[index].distance
        let next = vertices[index + 1].speedLimit
        let reachable = (next * next + 2 * deceleration * step).squareRoot()
        vertices[index].speedLimit = min(vertices[index].speedLimit, reachable)
        index -= 1
      }
    }
  }

  /// Fills `samples` with the path ahead of a pose, one a metre; `segment` is where the machine was last seen.
  func sample(
    ahead pose: Transform2, metres: Double, segment: inout Int64, into samples: FixedList<PathSample>
  ) {
    samples.removeAll()
    let start = project(pose.translation, near: &segment)
    let vehicleFromOdometry = pose.inverse
    let total = vertices[vertices.count - 1].distance
    var at = Int(segment)
    // What lies behind after passing a loop's closing point.
    var passed = 0.0
    for step in 0..<samples.capacity {
      guard Double(step) <= metres else { return }
      while start + Double(step) - passed > vertices[at + 1].distance {
        if at + 2 < vertices.count {
          at += 1
        } else if isLoop {
          at = 0
          passed += total
        } else {
          break
        }
      }
      append(
        start + Double(step) - passed, segment: at, step: Double(step), vehicleFromOdometry, to: samples)
    }
  }

  private func append(
    _ along: Double, segment: Int, step: Double, _ vehicleFromOdometry: Transform2,
    to samples: FixedList<PathSample>
  ) {
    let a = vertices[segment]
    let b = vertices[segment + 1]
    let length = b.distance - a.distance
    // Beyond an open path's end the last segment goes straight on, at speed limit zero.
    let share = (along - a.distance) / length
    let place = vehicleFromOdometry * Vector2(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)
    let tangent = vehicleFromOdometry.rotate(Vector2((b.x - a.x) / length, (b.y - a.y) / length))
    let remaining = max(b.distance - along, 0)
    let limit = (b.speedLimit * b.speedLimit + 2 * deceleration * remaining).squareRoot()
    samples.append(
      PathSample(
        distance: step, x: place.x, y: place.y, tangentX: tangent.x, tangentY: tangent.y,
        speedLimit: limit))
  }

  /// Distance along the path of the point nearest to `place`. Near the last segment first, everywhere if the
  /// machine is farther than 20 m from what it finds there.
  private func project(_ place: Vector2, near segment: inout Int64) -> Double {
    let segments = vertices.count - 1
    var best = (distance: Double.infinity, along: 0.0, segment: 0)
    if segment >= 0, segment < segments {
      for step in -4...40 {
        var index = Int(segment) + step
        if isLoop { index = (index % segments + segments) % segments }
        guard index >= 0, index < segments else { continue }
        consider(index, place, &best)
      }
    }
    if best.distance > 20 {
      best.distance = .infinity
      for index in 0..<segments { consider(index, place, &best) }
    }
    segment = Int64(best.segment)
    return best.along
  }

  private func consider(
    _ index: Int, _ place: Vector2, _ best: inout (distance: Double, along: Double, segment: Int)
  ) {
    let a = vertices[index]
    let b = vertices[index + 1]
    let length = b.distance - a.distance
    let tangent = Vector2((b.x - a.x) / length, (b.y - a.y) / length)
    let along = min(max(tangent.dot(Vector2(place.x - a.x, place.y - a.y)), 0), length)
    let away = Vector2(place.x - a.x - tangent.x * along, place.y - a.y - tangent.y * along).length
    if away < best.distance { best = (away, a.distance + along, index) }
  }
}
