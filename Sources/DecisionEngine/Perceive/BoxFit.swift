import FusionPipeline

/// The direction of a box around a cluster, by the closeness of its points to the box's edges.
///
/// Zhang et al., "Efficient L-shape fitting for vehicle detection using laser scanners" (IV 2017), criterion
/// "closeness", over the cells' mean points.
@safe final class BoxFit {
  private struct Direction: BitwiseCopyable { var cos: Float, sin: Float }
  private static let steps = 30
  private static let maximumSamples = 160
  private static let nearest: Float = 0.1

  private let directions: FixedList<Direction>
  private let xs: FixedList<Float>
  private let ys: FixedList<Float>

  init() {
    directions = FixedList(capacity: Self.steps, zero: Direction(cos: 1, sin: 0))
    for step in 0..<Self.steps {
      let (s, c) = Pinned.sincos(Double(step) / Double(Self.steps) * (Double.pi / 2))
      directions.append(Direction(cos: Float(c), sin: Float(s)))
    }
    xs = FixedList(capacity: Self.maximumSamples, zero: 0)
    ys = FixedList(capacity: Self.maximumSamples, zero: 0)
  }

  /// One of `steps` directions in a quarter turn: cosine and sine of the box's first axis.
  func direction(of cluster: CellCluster, in grid: ClusterGrid) -> (cos: Float, sin: Float) {
    gather(cluster, grid)
    guard xs.count > 2 else { return (1, 0) }
    var best = 0
    var bestScore = -Float.infinity
    for index in directions.indices {
      let score = closeness(directions[index])
      if score > bestScore {
        bestScore = score
        best = index
      }
    }
    return (directions[best].cos, directions[best].sin)
  }

  private func gather(_ cluster: CellCluster, _ grid: ClusterGrid) {
    xs.removeAll()
    ys.removeAll()
    let count = Int(cluster.cellCount)
    let stride = max((count + Self.maximumSamples - 1) / Self.maximumSamples, 1)
    var member = 0
    while member < count {
      let cell = grid.cells[Int(grid.members[Int(cluster.first) &+ member])]
      xs.append(cell.meanX)
      ys.append(cell.meanY)
      member &+= stride
    }
  }

  private func closeness(_ d: Direction) -> Float {
    let px = unsafe xs.elements
    let py = unsafe ys.elements
    var lowA = Float.infinity
    var highA = -Float.infinity
    var lowB = Float.infinity
    var highB = -Float.infinity
    for index in px.indices {
      let a = unsafe px[index] * d.cos + py[index] * d.sin
      let b = unsafe py[index] * d.cos - px[index] * d.sin
      lowA = min(lowA, a)
      highA = max(highA, a)
      lowB = min(lowB, b)
      highB = max(highB, b)
    }
    var sum: Float = 0
    for index in px.indices {
      let a = unsafe px[index] * d.cos + py[index] * d.sin
      let b = unsafe py[index] * d.cos - px[index] * d.sin
      let distance = min(min(a - lowA, highA - a), min(b - lowB, highB - b))
      sum += 1 / max(distance, Self.nearest)
    }
    return sum
  }
}
