import FusionPipeline

/// Where the road is and which way it runs at one arc length.
struct RoadPose: BitwiseCopyable {
  var x: Double
  var y: Double
  var headingRadians: Double
  var cosine: Double
  var sine: Double
  var curvature: Double
}

/// The centre line of the ego lane: straights, clothoids and arcs that repeat for ever.
///
/// Each period turns as much to the right as to the left, so the road never meets itself, and one table of a
/// period serves every arc length. It starts at the origin along x.
/// Cost: about 60 ns a pose; memory one period at 1 m.
struct RoadLine {
  /// A stretch over which the curvature runs linearly to `endCurvature`; whole metres.
  struct Stretch {
    var metres: Int
    var endCurvature: Double
  }

  static let countryRoad: [Stretch] = [
    Stretch(metres: 150, endCurvature: 0), Stretch(metres: 50, endCurvature: 1 / 350),
    Stretch(metres: 120, endCurvature: 1 / 350), Stretch(metres: 50, endCurvature: 0),
    Stretch(metres: 100, endCurvature: 0), Stretch(metres: 50, endCurvature: -1 / 350),
    Stretch(metres: 120, endCurvature: -1 / 350), Stretch(metres: 50, endCurvature: 0),
    Stretch(metres: 110, endCurvature: 0),
  ]

  private struct Node {
    var x = 0.0
    var y = 0.0
    var heading = 0.0
    var tangentX = 1.0
    var tangentY = 0.0
    var curvature = 0.0
  }

  private var nodes: [Node] = [Node()]
  private let periodMetres: Double

  init(_ stretches: [Stretch] = RoadLine.countryRoad) {
    var node = Node()
    for stretch in stretches {
      let slope = (stretch.endCurvature - node.curvature) / Double(stretch.metres)
      for _ in 0..<stretch.metres {
        node = Self.advance(node, slope: slope)
        nodes.append(node)
      }
      nodes[nodes.count - 1].curvature = stretch.endCurvature
      node.curvature = stretch.endCurvature
    }
    periodMetres = Double(nodes.count - 1)
  }

  /// One metre on, by the midpoint rule in twenty steps.
  private static func advance(_ start: Node, slope: Double) -> Node {
    var node = start
    let steps = 20
    let length = 1.0 / Double(steps)
    for step in 0..<steps {
      let middle = (Double(step) + 0.5) * length
      let heading = start.heading + start.curvature * middle + 0.5 * slope * middle * middle
      let direction = Pinned.sincos(heading)
      node.x += direction.cos * length
      node.y += direction.sin * length
    }
    node.heading = start.heading + start.curvature + 0.5 * slope
    node.curvature = start.curvature + slope
    let tangent = Pinned.sincos(node.heading)
    node.tangentX = tangent.cos
    node.tangentY = tangent.sin
    return node
  }

  /// The pose `offset` metres to the left of the line at an arc length.
  func pose(at arcLength: Double, offset: Double = 0) -> RoadPose {
    let periods = (arcLength / periodMetres).rounded(.down)
    let rest = min(max(arcLength - periods * periodMetres, 0), periodMetres)
    let index = min(Int(rest), nodes.count - 2)
    let (a, b) = (nodes[index], nodes[index + 1])
    let u = rest - Double(index)
    let (u2, u3) = (u * u, u * u * u)
    // Cubic Hermite over one metre.
    let (fromA, toA, fromB) = (2 * u3 - 3 * u2 + 1, u3 - 2 * u2 + u, u3 - u2)
    let last = nodes[nodes.count - 1]
    let x = periods * last.x + fromA * a.x + toA * a.tangentX + (1 - fromA) * b.x + fromB * b.tangentX
    let y = periods * last.y + fromA * a.y + toA * a.tangentY + (1 - fromA) * b.y + fromB * b.tangentY
    let heading = a.heading + a.curvature * u + 0.5 * (b.curvature - a.curvature) * u2
    let direction = Pinned.sincos(heading)
    return RoadPose(
      x: x - offset * direction.sin, y: y + offset * direction.cos, headingRadians: heading,
      cosine: direction.cos, sine: direction.sin, curvature: a.curvature + (b.curvature - a.curvature) * u)
  }

  /// The arc length and the offset to the left of a point near the line, by Newton's method from `guess`.
  func project(x: Double, y: Double, near guess: Double) -> (arcLength: Double, offset: Double) {
    var arcLength = guess
    var offset = 0.0
    for _ in 0..<3 {
      let line = pose(at: arcLength)
      let (dx, dy) = (x - line.x, y - line.y)
      offset = dy * line.cosine - dx * line.sine
      let along = dx * line.cosine + dy * line.sine
      // Far off the line in a bend the method must not run away.
      arcLength += min(max(along / max(1 - line.curvature * offset, 0.2), -5), 5)
    }
    return (arcLength, offset)
  }
}
