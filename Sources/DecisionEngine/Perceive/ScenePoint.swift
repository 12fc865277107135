import FusionPipeline

/// One lidar point in the vehicle frame at the frame's instant, on its way through segmentation.
struct ScenePoint: BitwiseCopyable, Sendable {
  var x: Float
  var y: Float
  var z: Float
  /// Distance over the ground from the vehicle frame's origin.
  var range: Float
  /// The polar cell while ground is sought, then the cluster grid's cell; −1 for none.
  var cell: Int32
  /// Index of the lidar port.
  var port: Int32

  static var zero: ScenePoint { ScenePoint(x: 0, y: 0, z: 0, range: 0, cell: -1, port: 0) }
}

/// Brings sweeps into the vehicle frame at the frame's instant, the machine's motion taken out point by point.
@safe final class SceneGathering {
  /// Slices of a sweep's time in which the machine's motion is taken as one transform.
  private static let slices = 32

  let points: FixedList<ScenePoint>
  private let region: SceneRegion
  private let table: FixedList<FloatTransform3>

  init(capacity: Int, region: SceneRegion) {
    self.region = region
    points = FixedList(capacity: max(capacity, 1), zero: .zero)
    table = FixedList(
      capacity: Self.slices, zero: FloatTransform3(Transform3(rotation: Matrix3.identity)))
  }

  func clear() { points.removeAll() }

  /// Appends a pinned sweep's points that lie in the region. Non-finite points are left out.
  func append(
    _ sweep: UnsafeBufferPointer<LidarPoint>, portIndex: Int, vehicleFromSensor: Transform3,
    newestAgeNanoseconds: Int64, spanNanoseconds: Int64, ego: EgoState, ground: GroundGrid
  ) {
    fillTable(
      vehicleFromSensor: vehicleFromSensor, newestAgeNanoseconds: newestAgeNanoseconds,
      spanNanoseconds: spanNanoseconds, ego: ego)
    let span = min(max(spanNanoseconds, 1), 1_000_000_000)
    let sliceShare = Float(Self.slices) / Float(span)
    let lastSlice = Float(Self.slices - 1)
    let moves = unsafe table.elements
    for index in sweep.indices {
      let raw = unsafe sweep[index]
      let slice = Int(min(Float(raw.timeNanoseconds) * sliceShare, lastSlice))
      let p = unsafe moves[slice].transform(x: raw.x, y: raw.y, z: raw.z)
      // Written so that NaN fails each comparison.
      guard region.contains(x: p.x, y: p.y), p.z > -20, p.z < 20 else { continue }
      let range = (p.x * p.x + p.y * p.y).squareRoot()
      let cell = ground.cellIndex(x: p.x, y: p.y, range: range)
      ground.note(z: p.z, range: range, cell: cell)
      let point = ScenePoint(
        x: p.x, y: p.y, z: p.z, range: range, cell: Int32(truncatingIfNeeded: cell),
        port: Int32(truncatingIfNeeded: portIndex))
      guard points.append(point) else { return }
    }
  }

  private func fillTable(
    vehicleFromSensor: Transform3, newestAgeNanoseconds: Int64, spanNanoseconds: Int64, ego: EgoState
  ) {
    let newest = Double(newestAgeNanoseconds) * 1e-9
    let span = Double(min(max(spanNanoseconds, 0), 1_000_000_000)) * 1e-9
    table.removeAll()
    for slice in 0..<Self.slices {
      let share = (Double(slice) + 0.5) / Double(Self.slices)
      let moved = ego.vehicleFromEarlier(seconds: newest + span * (1 - share))
      let turn = Matrix3(
        rows: Vector3(moved.cosYaw, -moved.sinYaw, 0), Vector3(moved.sinYaw, moved.cosYaw, 0),
        Vector3(0, 0, 1))
      let motion = Transform3(rotation: turn, translation: Vector3(moved.x, moved.y, 0))
      table.append(FloatTransform3(motion * vehicleFromSensor))
    }
  }
}

/// The rectangle looked at, less the machine's own body.
struct SceneRegion: Sendable {
  var rear: Float
  var front: Float
  var side: Float
  var bodyRear: Float
  var bodyFront: Float
  var bodySide: Float

  @inline(__always) func contains(x: Float, y: Float) -> Bool {
    guard x >= rear, x < front, y >= -side, y < side else { return false }
    return !(x > bodyRear && x < bodyFront && y > -bodySide && y < bodySide)
  }

  var farthest: Float {
    let x = max(abs(rear), abs(front))
    return (x * x + side * side).squareRoot()
  }
}
