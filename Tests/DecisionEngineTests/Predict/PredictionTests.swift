import FusionPipeline
import Testing

@testable import DecisionEngine

@Suite("Prediction at constant velocity")
struct PredictionTests {
  private func predict(_ tracks: [Track]) throws -> [PredictedPath] {
    let bench = Bench()
    let list = try bench.setup.output("tracks", of: Track.self, capacity: 8, zero: Track())
    for track in tracks { list.append(track) }
    let stage = try ConstantVelocityPredictionStage(setup: bench.setup)
    let predictions = try bench.setup.input("predictions", of: PredictedPath.self)
    try stage.run(bench.frame)
    return predictions.indices.map { predictions[$0] }
  }

  private func track(_ id: UInt64, flags: TrackFlags) -> Track {
    var covariance = PlanarCovariance()
    (covariance.xx, covariance.yy, covariance.vxvx, covariance.vyvy) = (0.1, 0.1, 0.2, 0.2)
    return Track(id: id, x: 10, y: -2, vx: 8, vy: 1, covariance: covariance, flags: flags)
  }

  @Test("A moving track goes on at its velocity for four seconds, in steps of half a second, doubt growing")
  func moving() throws {
    let path = try #require(try predict([track(4, flags: [.confirmed, .moving])]).first)
    #expect(path.trackID == 4 && path.track == 0)
    #expect(path.stepNanoseconds * Int64(PredictedPath.points) == 4_000_000_000)
    var last = 0.1
    for step in 0..<PredictedPath.points {
      let seconds = 0.5 * Double(step + 1)
      #expect(abs(path.points[step].x - (10 + 8 * seconds)) < 1e-9)
      #expect(abs(path.points[step].y - (-2 + seconds)) < 1e-9)
      #expect(path.points[step].xx > last && path.points[step].yy > last)
      last = path.points[step].xx
    }
  }

  @Test("A standing track stays, and one in an axis not yet known does not move along it")
  func standing() throws {
    let standing = try predict([track(1, flags: .confirmed)])
    #expect(standing[0].points[7].x == 10)
    var guess = track(2, flags: [.confirmed, .moving])
    guess.covariance.vyvy = 60
    let path = try predict([guess])
    #expect(path[0].points[7].y == -2 && path[0].points[7].x == 42)
  }

  @Test("Tentative tracks are left out, and each path names its track")
  func tentative() throws {
    let paths = try predict([
      track(1, flags: .moving), track(2, flags: [.confirmed, .moving]), track(3, flags: .confirmed),
    ])
    #expect(paths.map(\.trackID) == [2, 3])
    #expect(paths.map(\.track) == [1, 2])
  }

  @Test("A chain without a tracker is refused")
  func noTracks() {
    #expect(throws: SetupProblem.self) { try ConstantVelocityPredictionStage(setup: Bench().setup) }
  }
}
