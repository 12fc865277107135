@testable import FusionPipeline

/// A box standing in the vehicle frame, metres.
struct SceneBox {
  var x: Double
  var y: Double
  var length: Double
  var width: Double
  var height: Double
  var yaw: Double = 0
  /// Above the ground under its centre; a bridge's is several metres.
  var lift: Double = 0
}

/// A lidar's rays: rings by elevation, columns by azimuth.
struct RayPattern {
  var elevationsDegrees: [Double]
  var columns: Int
  static let vlp16 = RayPattern(
    elevationsDegrees: (0..<16).map { -15 + 2 * Double($0) }, columns: 1800)
  static let ouster128 = RayPattern(
    elevationsDegrees: (0..<128).map { -22.5 + 45 * Double($0) / 127 }, columns: 1024)
}

/// Ground that is level to `bendMetres` ahead, then rises with `slope`; boxes; rays from a mounted sensor.
struct RayScene {
  var boxes: [SceneBox] = []
  var bendMetres = 1000.0
  var slope = 0.0
  /// Whether the whole plane tilts from x = 0 on, or only beyond the bend.
  var noiseMetres = 0.01

  func ground(_ x: Double) -> Double { x > bendMetres ? (x - bendMetres) * slope : 0 }

  /// Returns in the sensor's frame, up to 100 m.
  func scan(_ pattern: RayPattern, vehicleFromSensor: Transform3, seed: UInt64 = 1) -> [LidarPoint] {
    var random = TestRandom(seed: seed)
    var points: [LidarPoint] = []
    let origin = vehicleFromSensor.translation
    for column in 0..<pattern.columns {
      let azimuth = -Double.pi + 2 * Double.pi * Double(column) / Double(pattern.columns)
      for (ring, elevation) in pattern.elevationsDegrees.enumerated() {
        let (se, ce) = Pinned.sincos(Pinned.radians(degrees: elevation))
        let (sa, ca) = Pinned.sincos(azimuth)
        let inSensor = Vector3(ce * ca, ce * sa, se)
        let direction = vehicleFromSensor.rotate(inSensor)
        guard let range = hit(origin, direction), range < 100 else { continue }
        let r = range + noiseMetres * random.normal()
        let p = inSensor * r
        points.append(
          LidarPoint(
            x: Float(p.x), y: Float(p.y), z: Float(p.z), intensity: 10,
            timeNanoseconds: UInt32(Double(column) / Double(pattern.columns) * 1e8), ring: UInt16(ring)))
      }
    }
    return points
  }

  private func hit(_ o: Vector3, _ d: Vector3) -> Double? {
    var best = Double.infinity
    if d.z < -1e-9 {
      let t = -o.z / d.z
      if o.x + t * d.x <= bendMetres { best = t }
    }
    // z = (x − bend)·slope
    let denominator = d.z - slope * d.x
    if denominator < -1e-9 {
      let t = (-(o.z) + (o.x - bendMetres) * slope) / denominator
      if t > 0, o.x + t * d.x > bendMetres { best = min(best, t) }
    }
    for box in boxes { if let t = hit(o, d, box) { best = min(best, t) } }
    return best.isFinite && best > 0.5 ? best : nil
  }

  private func hit(_ o: Vector3, _ d: Vector3, _ box: SceneBox) -> Double? {
    let (s, c) = Pinned.sincos(box.yaw)
    let (dx, dy) = (o.x - box.x, o.y - box.y)
    let local = [dx * c + dy * s, dy * c - dx * s, o.z - ground(box.x) - box.lift]
    let way = [d.x * c + d.y * s, d.y * c - d.x * s, d.z]
    let low = [-box.length / 2, -box.width / 2, 0]
    let high = [box.length / 2, box.width / 2, box.height]
    var near = 0.0
    var far = Double.infinity
    for axis in 0..<3 {
      if abs(way[axis]) < 1e-12 {
        if local[axis] < low[axis] || local[axis] > high[axis] { return nil }
        continue
      }
      let a = (low[axis] - local[axis]) / way[axis]
      let b = (high[axis] - local[axis]) / way[axis]
      near = max(near, min(a, b))
      far = min(far, max(a, b))
    }
    return near <= far && near > 0 ? near : nil
  }
}
