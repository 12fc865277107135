import FusionPipeline

/// Draws what a camera behind the windscreen sees: sky, verge, road, lane lines, and the boxes, shaded.
///
/// A pinhole of 58° horizontal field of view. Exposure is an instant. Cost: about 0.2 ms at 320×240;
/// no allocation after `init`.
struct SyntheticCamera {
  private static let nearMetres = 0.8
  private static let stationMetres = 3.0
  private static let stations = 42
  private static let sky = PixelColour(red: 150, green: 185, blue: 225)
  private static let verge = PixelColour(red: 85, green: 110, blue: 70)
  private static let asphalt = PixelColour(red: 88, green: 88, blue: 90)
  private static let shadow = PixelColour(red: 45, green: 45, blue: 48)
  private static let glass = PixelColour(red: 35, green: 40, blue: 50)
  private static let paint = PixelColour(red: 225, green: 225, blue: 220)
  /// Offset of a line's middle from the ego lane's, and whether it is broken (3 m in every 9).
  private static let lines: [(offset: Double, isBroken: Bool)] = [
    (-1.75, false), (1.75, true), (5.25, false), (8.75, false),
  ]

  private let vehicleFromCamera: Transform3
  private let encoder: CameraPacketEncoder
  private let focal: Double
  private let middleX: Double
  private let middleY: Double
  private var canvas: Canvas
  private var order: [Int]
  private var distances: [Double]
  private var cameraFromWorld = Transform3.identity
  private var stationPoses: [RoadPose]

  init(vehicleFromCamera: Transform3, format: CameraFormat, boxCount: Int) {
    self.vehicleFromCamera = vehicleFromCamera
    encoder = CameraPacketEncoder(format)
    focal = 0.9 * Double(format.width)
    middleX = Double(format.width) / 2
    middleY = Double(format.height) / 2
    canvas = Canvas(width: Int(format.width), height: Int(format.height))
    order = Array(repeating: 0, count: boxCount)
    distances = Array(repeating: 0, count: boxCount)
    stationPoses = Array(
      repeating: RoadPose(x: 0, y: 0, headingRadians: 0, cosine: 1, sine: 0, curvature: 0),
      count: Self.stations)
  }

  /// Draws the scene, which stands at `nanoseconds`, and writes the packet.
  mutating func encode(
    into packet: inout [UInt8], scene: Scene, at nanoseconds: Int64, sequence: UInt32, device: Stamp
  ) {
    let car = scene.ego.worldFromVehicle(after: scene.secondsSinceEgoStep(nanoseconds))
    let worldFromVehicle = Transform3(
      rotation: Matrix3(
        rows: Vector3(car.cosine, -car.sine, 0), Vector3(car.sine, car.cosine, 0), Vector3(0, 0, 1)),
      translation: Vector3(car.x, car.y, 0))
    let worldFromCamera = worldFromVehicle * vehicleFromCamera
    cameraFromWorld = worldFromCamera.inverse
    drawBackground(worldFromCamera)
    drawRoad(scene)
    drawBoxes(scene, seconds: scene.secondsSinceTrafficStep(nanoseconds), eye: worldFromCamera.translation)
    let (pixels, width) = (canvas.pixels, canvas.width)
    _ = unsafe packet.withUnsafeMutableBytes { buffer in
      unsafe encoder.encode(into: buffer, sequence: sequence, device: device) { column, row in
        pixels[row * width + column]
      }
    }
  }

  private mutating func drawBackground(_ worldFromCamera: Transform3) {
    // Where the optical axis' pitch puts the horizon; a camera is not mounted with a roll.
    let axis = worldFromCamera.rotation.column0
    let slope = axis.z / max((axis.x * axis.x + axis.y * axis.y).squareRoot(), 0.1)
    let horizon = (middleY + focal * slope).rounded(within: 0...canvas.height)
    for row in 0..<canvas.height {
      var colour = row < horizon ? Self.sky : Self.verge
      let depth = row < horizon ? (horizon - row) * 40 / canvas.height : 0
      colour.luma = UInt8(clamping: Int(colour.luma) - depth)
      canvas.fill(row: row, colour)
    }
  }

  private mutating func drawRoad(_ scene: Scene) {
    let first = (scene.egoOnRoad.arcLength / Self.stationMetres).rounded(.down)
    for index in 0..<Self.stations {
      stationPoses[index] = scene.road.pose(at: (first + Double(index)) * Self.stationMetres)
    }
    for index in (1..<Self.stations).reversed() {
      strip(index, from: -2.3, to: 9.3, Self.asphalt)
      let station = Int(first) &+ index
      for line in Self.lines where !line.isBroken || (station % 3 + 3) % 3 == 0 {
        strip(index, from: line.offset - 0.075, to: line.offset + 0.075, Self.paint)
      }
    }
  }

  /// The ground between two offsets and two stations.
  private mutating func strip(_ index: Int, from right: Double, to left: Double, _ colour: PixelColour) {
    let (a, b) = (stationPoses[index - 1], stationPoses[index])
    func point(_ pose: RoadPose, _ offset: Double) -> Vector3 {
      Vector3(pose.x - offset * pose.sine, pose.y + offset * pose.cosine, 0)
    }
    fill(point(a, right), point(a, left), point(b, left), point(b, right), colour)
  }

  private mutating func drawBoxes(_ scene: Scene, seconds: Double, eye: Vector3) {
    let count = min(scene.boxes.count, order.count)
    for index in 0..<count {
      let box = scene.boxes[index]
      distances[index] = (Vector2(box.x, box.y) - eye.xy).lengthSquared
      // Far ones first; the order hardly changes from image to image, but the list is short.
      var place = index
      while place > 0, distances[order[place - 1]] < distances[index] {
        order[place] = order[place - 1]
        place -= 1
      }
      order[place] = index
    }
    for place in 0..<count where scene.boxes[order[place]].isPresent {
      draw(scene.boxes[order[place]].moved(seconds), eye: eye)
    }
  }

  private mutating func draw(_ box: SceneBox, eye: Vector3) {
    let seen = box.local(x: eye.x, y: eye.y)
    let (l, w) = (box.halfLength, box.halfWidth)
    if box.kind == .vehicle {
      face(box, (-l, -w, 0), (-l, w, 0), (l, w, 0), (l, -w, 0), Self.shadow)
    }
    if eye.z > box.high {
      face(
        box, (-l, -w, box.high), (-l, w, box.high), (l, w, box.high), (l, -w, box.high),
        shaded(box.colour, 115))
    }
    if seen.y > w { side(box, from: (l, w), to: (-l, w), percent: 80) }
    if seen.y < -w { side(box, from: (-l, -w), to: (l, -w), percent: 70) }
    if seen.x > l { side(box, from: (l, -w), to: (l, w), percent: 95) }
    if seen.x < -l { side(box, from: (-l, w), to: (-l, -w), percent: 100) }
  }

  /// An upright face between two corners of the footprint, with a window where it is a vehicle's.
  private mutating func side(
    _ box: SceneBox, from a: (Double, Double), to b: (Double, Double), percent: Int
  ) {
    face(
      box, (a.0, a.1, box.low), (b.0, b.1, box.low), (b.0, b.1, box.high), (a.0, a.1, box.high),
      shaded(box.colour, percent))
    guard box.kind == .vehicle else { return }
    let rise = box.high - box.low
    let (low, high) = (box.low + 0.58 * rise, box.low + 0.92 * rise)
    let c = (a.0 + 0.12 * (b.0 - a.0), a.1 + 0.12 * (b.1 - a.1))
    let d = (a.0 + 0.88 * (b.0 - a.0), a.1 + 0.88 * (b.1 - a.1))
    face(box, (c.0, c.1, low), (d.0, d.1, low), (d.0, d.1, high), (c.0, c.1, high), Self.glass)
  }

  private func shaded(_ colour: PixelColour, _ percent: Int) -> PixelColour {
    PixelColour(
      luma: UInt8(clamping: Int(colour.luma) * percent / 100), blueDifference: colour.blueDifference,
      redDifference: colour.redDifference)
  }

  private typealias Local = (x: Double, y: Double, z: Double)

  private mutating func face(
    _ box: SceneBox, _ a: Local, _ b: Local, _ c: Local, _ d: Local, _ colour: PixelColour
  ) {
    func point(_ p: Local) -> Vector3 {
      let world = box.world(x: p.x, y: p.y)
      return Vector3(world.x, world.y, p.z)
    }
    fill(point(a), point(b), point(c), point(d), colour)
  }

  /// A quadrangle of the world, cut at the near plane and projected.
  private mutating func fill(_ a: Vector3, _ b: Vector3, _ c: Vector3, _ d: Vector3, _ colour: PixelColour) {
    let corners: InlineArray<4, Vector3> = [
      cameraFromWorld * a, cameraFromWorld * b, cameraFromWorld * c, cameraFromWorld * d,
    ]
    var polygon = Canvas.Polygon()
    for index in 0..<4 {
      let (p, q) = (corners[index], corners[(index + 1) % 4])
      if p.x >= Self.nearMetres { polygon.append(project(p)) }
      if (p.x >= Self.nearMetres) != (q.x >= Self.nearMetres) {
        polygon.append(project(p + (q - p) * ((Self.nearMetres - p.x) / (q.x - p.x))))
      }
    }
    canvas.fill(polygon, colour)
  }

  /// From x forward, y left, z up to pixels.
  private func project(_ p: Vector3) -> Canvas.Corner {
    Canvas.Corner(x: middleX - focal * p.y / p.x, y: middleY - focal * p.z / p.x)
  }
}
