import FusionPipeline

/// Points hashed into cubes, to ask whether any lies within a radius.
struct PointGrid {
  private struct Cell: Hashable {
    var x: Int32
    var y: Int32
    var z: Int32
  }
  private let size: Float
  private var cells: [Cell: [SIMD3<Float>]] = [:]

  /// `radius` is the largest distance that will be asked for, metres.
  init(_ points: [SIMD3<Float>], radius: Float) {
    size = radius
    for point in points { cells[cell(point), default: []].append(point) }
  }

  private func cell(_ p: SIMD3<Float>) -> Cell {
    let scaled = (p / size).rounded(.down)
    return Cell(x: Int32(scaled.x), y: Int32(scaled.y), z: Int32(scaled.z))
  }

  func hasPoint(within radius: Float, of p: SIMD3<Float>) -> Bool {
    let home = cell(p)
    for dx: Int32 in -1...1 {
      for dy: Int32 in -1...1 {
        for dz: Int32 in -1...1 {
          guard let near = cells[Cell(x: home.x + dx, y: home.y + dy, z: home.z + dz)] else { continue }
          if near.contains(where: { (($0 - p) * ($0 - p)).sum() <= radius * radius }) { return true }
        }
      }
    }
    return false
  }

  /// The share of `points` with one of ours within `radius`.
  func share(of points: [SIMD3<Float>], within radius: Float) -> Double {
    Double(points.filter { hasPoint(within: radius, of: $0) }.count) / Double(max(points.count, 1))
  }
}

/// A sweep copied out of its pool.
struct TakenSweep {
  var timing: SampleTiming
  var sweep: LidarSweep
  var points: [LidarPoint]
  var positions: [SIMD3<Float>] { points.map { SIMD3($0.x, $0.y, $0.z) } }
}

/// Collects sweeps as a reader does: pin, copy, unpin.
final class SweepCollector {
  let pool: PayloadPool<LidarPoint>
  var sweeps: [TakenSweep] = []

  init(pool: PayloadPool<LidarPoint>) { self.pool = pool }

  func take(_ timing: SampleTiming, _ sweep: LidarSweep) {
    guard pool.pin(sweep.points) else { return }
    sweeps.append(
      TakenSweep(timing: timing, sweep: sweep, points: unsafe Array(pool.elements(of: sweep.points))))
    pool.unpin(sweep.points)
  }
}

let noLidarPoint = LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0)
