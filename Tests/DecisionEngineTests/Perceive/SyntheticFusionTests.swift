import Testing

@testable import DecisionEngine
@testable import FusionPipeline

private let file = "ekf-synthetic/obj_pose-laser-radar-synthetic-input.txt"

@Suite(
  "Fusing lidar and radar on the known synthetic run",
  .enabled(if: SharedData.exists(file), "needs ../shared/data/ekf-synthetic"))
struct SyntheticFusionTests {
  @Test("The whole tracker keeps the pedestrian under one id, within a linear filter's errors")
  func errors() throws {
    var settings = ObjectTrackerSettings()
    settings.accelerationNoise = 1.1
    settings.smallThingShare = 1
    settings.lidarSigmaMetres = 0.15 / 0.6
    settings.radarRangeSigmaMetres = 0.3
    settings.radarBearingSigmaRadians = 0.03
    settings.radarRangeRateSigma = 0.3
    settings.lidarGate = 25
    settings.radarGate = 30
    let bench = try TrackerBench(settings: settings)
    var squares = [0.0, 0.0, 0.0, 0.0]
    var count = 0.0
    var ids: Set<UInt64> = []
    for row in SharedData.fields(SharedData.bytes(atPath: "\(SharedData.folder)/\(file)")) {
      let v = row.dropFirst().compactMap { Double($0) }
      let isLidar = row[0] == "L"
      let at = isLidar ? 2 : 3
      let time = (v[at] - 1_477_010_443_000_000) * 1e-6 + 1
      if isLidar {
        try bench.step(time, obstacles: [.box(v[0], v[1], length: 0.1, width: 0.1)])
      } else {
        let (s, c) = Pinned.sincos(v[1])
        try bench.step(
          time,
          detections: [
            RadarDetection(x: Float(v[0] * c), y: Float(v[0] * s), rangeRate: Float(v[2]), trackID: 1)
          ])
      }
      let track = try #require(bench.tracks.first)
      ids.insert(track.id)
      for (index, value) in [track.x, track.y, track.vx, track.vy].enumerated() {
        squares[index] += (value - v[at + 1 + index]) * (value - v[at + 1 + index])
      }
      count += 1
    }
    let errors = squares.map { ($0 / count).squareRoot() }
    print("RMSE px py vx vy: \(errors); ids \(ids.sorted())")
    #expect(ids == [1])
    for (error, limit) in zip(errors, [0.10, 0.10, 0.45, 0.42]) { #expect(error < limit) }
  }
}
