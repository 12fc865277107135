import FusionPipeline

/// One cell of the polar grid.
struct GroundCell: BitwiseCopyable, Sendable {
  var count: Int32
  var lowest: Float
  var secondLowest: Float
  var lowestRange: Float
  /// The ground found: height at `groundRange` and slope along the ray.
  var ground: Float
  var groundRange: Float
  var slope: Float

  static var empty: GroundCell {
    GroundCell(
      count: 0, lowest: .infinity, secondLowest: .infinity, lowestRange: 0, ground: 0, groundRange: 0,
      slope: 0)
  }
}

/// Ground height by rays: the lowest point of each polar cell, followed outwards with a bounded change of slope.
///
/// After Himmelsbach et al., "Fast segmentation of 3D point clouds for ground vehicles" (IV 2010), with a walk
/// in place of line fits. Needs no ring numbers, so any lidar and any mixture serves. Sectors are equal in
/// y/(|x|+|y|), which needs no arc tangent; bins are equal in √range, as a sensor's rings roughly are.
@safe final class GroundGrid {
  private static let sectors = 240
  private static let binsPerRootMetre: Float = 12

  private let bins: Int
  private let cells: FixedList<GroundCell>
  private let startRange: Float
  private let maximumSlope: Float
  private let slopeTolerance: Float

  /// - Parameter startRange: where rays begin, at ground height zero: about the machine's own outline.
  init(farthest: Float, startRange: Float, maximumSlope: Double, slopeTolerance: Double) {
    bins = Int(farthest.squareRoot() * Self.binsPerRootMetre) + 2
    cells = FixedList(capacity: Self.sectors * bins, zero: .empty)
    self.startRange = startRange
    self.maximumSlope = Float(maximumSlope)
    self.slopeTolerance = Float(slopeTolerance)
    clear()
  }

  func clear() {
    cells.removeAll()
    for _ in 0..<cells.capacity { cells.append(.empty) }
  }

  @inline(__always) func cellIndex(x: Float, y: Float, range: Float) -> Int {
    let sum = abs(x) + abs(y)
    guard sum > 0 else { return 0 }
    var turn = y / sum
    if x < 0 { turn = y >= 0 ? 2 - turn : -2 - turn }
    let sector = min(max(Int((turn + 2) * Float(Self.sectors) / 4), 0), Self.sectors - 1)
    let bin = min(Int(range.squareRoot() * Self.binsPerRootMetre), bins - 1)
    return sector * bins + bin
  }

  @inline(__always) func note(z: Float, range: Float, cell index: Int) {
    let all = unsafe cells.elements
    unsafe all[index].count &+= 1
    let lowest = unsafe all[index].lowest
    if z < lowest {
      unsafe all[index].secondLowest = lowest
      unsafe all[index].lowest = z
      unsafe all[index].lowestRange = range
    } else if unsafe z < all[index].secondLowest {
      unsafe all[index].secondLowest = z
    }
  }

  /// Finds the ground along every ray. Cost: one pass over the grid.
  func fit() {
    for sector in 0..<Self.sectors { fit(sector: sector) }
  }

  private func fit(sector: Int) {
    var ground: Float = 0
    var range = startRange
    var slope: Float = 0
    for bin in 0..<bins {
      let index = sector * bins + bin
      var cell = cells[index]
      if cell.count > 0 {
        // One point far below its neighbours is a mirror image, not ground.
        let isLonely = cell.count >= 3 && cell.secondLowest - cell.lowest > 0.3
        let low = isLonely ? cell.secondLowest : cell.lowest
        let step = max(cell.lowestRange - range, 0)
        let expected = ground + slope * min(step, 30)
        // Behind a long shadow a lone ring may be a hillside as well as a thing: it is called ground.
        let tolerance = min(0.12 + slopeTolerance * step, 0.6 + 0.05 * max(step - 12, 0))
        let steepest = 0.12 + maximumSlope * step
        if low - expected <= tolerance, abs(low - ground) <= steepest {
          if step > 0.3 {
            let seen = (low - ground) / step
            // The longer the step, the less its slope is noise.
            let weight = step / (step + 3)
            slope = min(max(slope + weight * (seen - slope), -maximumSlope), maximumSlope)
          }
          ground = low
          range = max(range, cell.lowestRange)
          cell.ground = ground
          cell.groundRange = cell.lowestRange
        } else {
          cell.ground = expected
          cell.groundRange = cell.lowestRange
        }
        cell.slope = slope
        cells[index] = cell
      }
    }
  }

  /// Height above the ground found in the point's own cell.
  @inline(__always) func heightAboveGround(_ point: ScenePoint) -> Float {
    let cell = unsafe cells.elements[Int(point.cell)]
    return point.z - (cell.ground + cell.slope * (point.range - cell.groundRange))
  }
}
