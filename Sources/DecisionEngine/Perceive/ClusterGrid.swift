import FusionPipeline

/// One occupied cell of the bird's-eye grid.
struct OccupiedCell: BitwiseCopyable, Sendable {
  var column: Int32
  var row: Int32
  var count: Int32
  /// Index in the list of clusters; −1 while unlabelled.
  var cluster: Int32
  var sumX: Float
  var sumY: Float
  /// Which piece of the fixed grid of pieces the cell lies in.
  var pieceX: Int32
  var pieceY: Int32

  static var zero: OccupiedCell {
    OccupiedCell(column: 0, row: 0, count: 0, cluster: -1, sumX: 0, sumY: 0, pieceX: 0, pieceY: 0)
  }
  @inline(__always) var meanX: Float { sumX / Float(count) }
  @inline(__always) var meanY: Float { sumY / Float(count) }
}

/// A connected set of cells: `members[first ..< first + cellCount]`.
struct CellCluster: BitwiseCopyable, Sendable {
  var first: Int32
  var cellCount: Int32
  var pointCount: Int32
  var isPiece: Bool

  static var zero: CellCluster { CellCluster(first: 0, cellCount: 0, pointCount: 0, isPiece: false) }
}

/// Connected components of the points above the ground, on a grid seen from above.
///
/// Cells join within a gap that grows with range, as the spacing of a lidar's rays does. Everything goes in
/// the order in which points arrived, so the same cloud gives the same clusters in the same order.
@safe final class ClusterGrid {
  let cells: FixedList<OccupiedCell>
  let clusters: FixedList<CellCluster>
  /// Indices of cells, cluster by cluster.
  let members: FixedList<Int32>
  private let grid: FixedList<Int32>
  private let columns: Int
  private let rows: Int
  private let region: SceneRegion
  private let cellMetres: Float
  private let gapMetres: Float
  private let gapPerMetre: Float

  init(region: SceneRegion, settings: LidarObstacleSettings, maximumClusters: Int) {
    self.region = region
    cellMetres = Float(settings.cellMetres)
    gapMetres = Float(settings.gapMetres)
    gapPerMetre = Float(settings.gapPerMetre)
    columns = Int((region.front - region.rear) / cellMetres) + 1
    rows = Int(2 * region.side / cellMetres) + 1
    grid = FixedList(capacity: columns * rows, zero: -1)
    for _ in 0..<columns * rows { grid.append(-1) }
    let most = min(columns * rows, 65_536)
    cells = FixedList(capacity: most, zero: .zero)
    // Cells of a cluster that is cut are listed twice.
    members = FixedList(capacity: 2 * most, zero: 0)
    clusters = FixedList(capacity: maximumClusters, zero: .zero)
  }

  func clear() {
    for index in cells.indices {
      let cell = cells[index]
      grid[Int(cell.row) * columns + Int(cell.column)] = -1
    }
    cells.removeAll()
    members.removeAll()
    clusters.removeAll()
  }

  /// Puts a point into its cell; gives the cell's index, or −1 when there is no room.
  @inline(__always) func add(x: Float, y: Float) -> Int32 {
    let column = min(max(Int((x - region.rear) / cellMetres), 0), columns - 1)
    let row = min(max(Int((y + region.side) / cellMetres), 0), rows - 1)
    let at = row * columns + column
    var index = grid[at]
    if index < 0 {
      index = Int32(truncatingIfNeeded: cells.count)
      var cell = OccupiedCell.zero
      cell.column = Int32(truncatingIfNeeded: column)
      cell.row = Int32(truncatingIfNeeded: row)
      guard cells.append(cell) else { return -1 }
      grid[at] = index
    }
    cells[Int(index)].count &+= 1
    cells[Int(index)].sumX += x
    cells[Int(index)].sumY += y
    return index
  }

  /// Labels all connected cells.
  func label() {
    for seed in cells.indices where cells[seed].cluster < 0 {
      guard grow(from: seed, withinPiece: false) else { return }
    }
  }

  /// Cuts a cluster into the pieces of a grid that stands still in the odometry frame: cut along the
  /// machine's own axes, the pieces of a wall would travel with the machine and look like traffic.
  func cut(_ cluster: Int, pieceMetres: Float, odometryFromVehicle pose: Transform2) {
    let whole = clusters[cluster]
    let range = Int(whole.first)..<Int(whole.first + whole.cellCount)
    for member in range {
      let index = Int(members[member])
      let at = pose * Vector2(Double(cells[index].meanX), Double(cells[index].meanY))
      cells[index].pieceX = Self.piece(at.x, pieceMetres)
      cells[index].pieceY = Self.piece(at.y, pieceMetres)
      cells[index].cluster = -1
    }
    clusters[cluster].cellCount = 0
    for member in range where cells[Int(members[member])].cluster < 0 {
      guard grow(from: Int(members[member]), withinPiece: true) else { return }
    }
  }

  private static func piece(_ metres: Double, _ pieceMetres: Float) -> Int32 {
    let number = (metres / Double(pieceMetres)).rounded(.down)
    return abs(number) < 1e9 ? Int32(number) : 0
  }

  /// Breadth first from one cell; false when a list is full.
  private func grow(from seed: Int, withinPiece: Bool) -> Bool {
    let label = Int32(truncatingIfNeeded: clusters.count)
    let first = members.count
    guard members.append(Int32(truncatingIfNeeded: seed)) else { return false }
    cells[seed].cluster = label
    var pointCount: Int32 = 0
    var next = first
    while next < members.count {
      let cell = cells[Int(members[next])]
      next &+= 1
      pointCount &+= cell.count
      let reach = reachInCells(cell)
      let column = Int(cell.column)
      let row = Int(cell.row)
      for nearRow in max(row - reach, 0)...min(row + reach, rows - 1) {
        for nearColumn in max(column - reach, 0)...min(column + reach, columns - 1) {
          let near = grid[nearRow &* columns &+ nearColumn]
          guard near >= 0, cells[Int(near)].cluster < 0 else { continue }
          if withinPiece {
            let other = cells[Int(near)]
            guard other.pieceX == cell.pieceX, other.pieceY == cell.pieceY else { continue }
          }
          guard members.append(near) else { return false }
          cells[Int(near)].cluster = label
        }
      }
    }
    return clusters.append(
      CellCluster(
        first: Int32(truncatingIfNeeded: first),
        cellCount: Int32(truncatingIfNeeded: members.count - first), pointCount: pointCount,
        isPiece: withinPiece))
  }

  @inline(__always) private func reachInCells(_ cell: OccupiedCell) -> Int {
    let x = Float(cell.column) * cellMetres + region.rear
    let y = Float(cell.row) * cellMetres - region.side
    let gap = gapMetres + gapPerMetre * (x * x + y * y).squareRoot()
    return min(max(Int((gap / cellMetres).rounded(.up)), 1), 5)
  }
}
