import FusionPipeline

/// What stands along the road: parked vehicles, posts, a guard-rail, buildings; repeating, varied by the seed.
///
/// A window about the ego is kept: what falls behind is replaced by what comes next. The same place always
/// holds the same thing.
struct Roadside {
  private struct Row {
    var kind: SceneKind
    var spacing: Double
    var slots: Int
    /// How far behind the ego the window begins.
    var behind: Double
    var first: Int
  }

  private static let rows: [Row] = {
    var rows: [Row] = []
    var first = 0
    for (kind, spacing, slots, behind) in [
      (SceneKind.vehicle, 60.0, 4, 60.0), (.post, 25, 8, 50), (.rail, 12, 16, 60), (.building, 35, 7, 70),
      (.building, 35, 7, 70),
    ] {
      rows.append(Row(kind: kind, spacing: spacing, slots: slots, behind: behind, first: first))
      first += slots
    }
    return rows
  }()
  static let boxCount = 42

  private let seed: UInt64
  private var keys: [Int]

  init(seed: UInt64) {
    self.seed = seed
    keys = Array(repeating: .min, count: Self.boxCount)
  }

  /// Brings the boxes from `start` on up to where the ego is. Cost: little unless something has to be replaced.
  mutating func update(_ boxes: inout [SceneBox], from start: Int, arcLength: Double, road: RoadLine) {
    for (number, row) in Self.rows.enumerated() {
      let lowest = Int(((arcLength - row.behind) / row.spacing).rounded(.up))
      for key in lowest..<(lowest + row.slots) {
        let slot = row.first + (key % row.slots + row.slots) % row.slots
        guard keys[slot] != key else { continue }
        keys[slot] = key
        boxes[start + slot] = box(row, number: number, key: key, road: road)
      }
    }
  }

  private func box(_ row: Row, number: Int, key: Int, road: RoadLine) -> SceneBox {
    let identity = UInt64(number + 1) << 48 | UInt64(truncatingIfNeeded: key) & 0xFFFF_FFFF_FFFF
    var random = RandomSource(seed: seed, stream: identity)
    var box = SceneBox()
    box.kind = row.kind
    box.identity = identity
    box.isPresent = true
    var arcLength = Double(key) * row.spacing
    var offset = -2.2
    switch row.kind {
    case .vehicle:
      arcLength += random.uniform(0, 25)
      offset = -4.25
      shape(&box, length: random.uniform(3.9, 4.9), width: 1.8, from: 0.2, to: random.uniform(1.4, 1.9))
      box.colour = PixelColour(luma: UInt8(50 + random.below(120)))
      box.reflectivity = UInt8(25 + random.below(40))
    case .post, .person:
      shape(&box, length: 0.12, width: 0.12, from: 0, to: 1.0)
      box.colour = PixelColour(luma: 220)
      box.reflectivity = 180
    case .rail:
      offset = 9.6
      shape(&box, length: 12.05, width: 0.1, from: 0.35, to: 0.8)
      box.colour = PixelColour(luma: 160)
      box.reflectivity = 60
    case .building:
      offset = number == 3 ? random.uniform(-22, -17) : random.uniform(24, 30)
      shape(&box, length: random.uniform(10, 20), width: 8, from: 0, to: random.uniform(4, 9))
      box.colour = PixelColour(red: 150, green: UInt8(110 + random.below(40)), blue: 100)
      box.reflectivity = UInt8(15 + random.below(30))
    }
    box.place(road.pose(at: arcLength, offset: offset))
    return box
  }

  private func shape(
    _ box: inout SceneBox, length: Double, width: Double, from low: Double, to high: Double
  ) {
    box.halfLength = length / 2
    box.halfWidth = width / 2
    box.low = low
    box.high = high
  }
}
