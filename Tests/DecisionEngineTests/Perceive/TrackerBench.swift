@testable import DecisionEngine
@testable import FusionPipeline

/// A tracker with hand-made obstacles, one radar and a given ego motion.
final class TrackerBench {
  let bench = Bench()
  let pool = PayloadPool<RadarDetection>(id: 9, slots: 4, capacity: 64, zero: Bench.zeroDetection)
  let radar: SensorPort<RadarScan>
  let ego: FixedList<EgoState>
  let obstacles: FixedList<Obstacle>
  let stage: ObjectTrackerStage
  let output: FixedList<Track>

  init(
    settings: ObjectTrackerSettings = ObjectTrackerSettings(), radarMount: Transform3 = .identity
  ) throws {
    radar = bench.addPort("radar", zero: Bench.zeroScan, vehicleFromSensor: radarMount, pool: pool)
    ego = try bench.setup.output("ego", of: EgoState.self, capacity: 1, zero: EgoState())
    ego.append(EgoState(flags: .valid))
    obstacles = try bench.setup.output("obstacles", of: Obstacle.self, capacity: 64, zero: Obstacle())
    stage = try ObjectTrackerStage(setup: bench.setup, settings: settings)
    output = try bench.setup.input("tracks", of: Track.self)
    bench.state.seal()
  }

  var tracks: [Track] { output.indices.map { output[$0] } }
  var confirmed: [Track] { tracks.filter { $0.flags.contains(.confirmed) } }

  /// One frame: obstacles and detections as seen at its instant.
  func step(
    _ time: Double, obstacles seen: [Obstacle] = [], detections: [RadarDetection]? = nil,
    ego state: EgoState? = nil
  ) throws {
    bench.advance(to: .seconds(time))
    if let state { ego[0] = state }
    obstacles.removeAll()
    for obstacle in seen { obstacles.append(obstacle) }
    radar.picks.removeAll()
    if let detections { bench.putScan(detections, pool: pool, capture: bench.frame.instant, into: radar) }
    try stage.run(bench.frame)
    bench.state.commit()
  }
}

extension Obstacle {
  /// A car's box, or a smaller one, centred.
  static func box(_ x: Double, _ y: Double, length: Double = 4, width: Double = 1.8, yaw: Double = 0)
    -> Obstacle
  {
    Obstacle(
      x: x, y: y, z: 0.8, length: length, width: width, height: 1.5, yaw: yaw,
      nearestDistance: (x * x + y * y).squareRoot(), pointCount: 50, source: 1)
  }
}
