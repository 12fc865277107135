import FusionPipeline

/// Casts a VLP-16's beams into the scene and writes the packets.
///
/// Each firing has its own pose of the moving car and its own places of the moving boxes, each laser its own
/// azimuth, as in the device. Cost: about 0.15 µs a beam; no allocation after `init`.
struct SyntheticLidar {
  /// What spoils the measurement.
  struct Noise: Sendable {
    var rangeDeviationMetres = 0.02
    /// Chance that a return is lost near; it grows with the squared range to 30 times that at 100 m.
    var dropOutChance = 0.005

    static let none = Noise(rangeDeviationMetres: 0, dropOutChance: 0)
  }

  static let maximumRangeMetres = 100.0
  private static let minimumRangeMetres = 0.5
  private static let groundReflectivity: UInt8 = 9
  /// What a packet's turn adds to either side of its middle at most, with room for a tilted mounting.
  private static let marginRadians = 0.2

  let vehicleFromLidar: Transform3
  private let encoder: VelodyneVLP16Encoder
  private let geometry = VelodyneVLP16Geometry()
  private let noise: Noise
  private let microsecondsPastHourAtStart: UInt32
  private var random: RandomSource
  private var cosines: [Double] = []
  private var sines: [Double] = []
  private var rises: [Double] = []
  private var candidates: [SceneBox]
  private var targets: [RayTarget]
  private var candidateCount = 0

  init(
    vehicleFromLidar: Transform3, turnsPerMinute: Double, microsecondsPastHourAtStart: UInt32,
    noise: Noise, random: RandomSource, boxCount: Int
  ) {
    self.vehicleFromLidar = vehicleFromLidar
    self.noise = noise
    self.random = random
    self.microsecondsPastHourAtStart = microsecondsPastHourAtStart
    encoder = VelodyneVLP16Encoder(turnsPerMinute: turnsPerMinute)
    for laser in 0..<VelodyneVLP16Encoder.lasers {
      let elevation = Pinned.sincos(
        Pinned.radians(degrees: VelodyneVLP16Geometry.elevationsDegrees[laser]))
      cosines.append(elevation.cos)
      sines.append(elevation.sin)
      rises.append(VelodyneVLP16Geometry.verticalOffsetsMillimetres[laser] / 1000)
    }
    candidates = Array(repeating: SceneBox(), count: boxCount)
    targets = Array(repeating: RayTarget(), count: boxCount)
  }

  /// Hundredths of a degree at an instant of the drive; it looks forward at the start.
  func azimuthHundredths(at nanoseconds: Int64) -> Double {
    let turned = Double(nanoseconds) * encoder.hundredthsPerNanosecond
    return turned - (turned / 36_000).rounded(.down) * 36_000
  }

  /// The packet whose first laser fired at `start`; the scene stands at its last.
  mutating func encode(into packet: inout [UInt8], start: Int64, scene: Scene) {
    let microseconds = UInt32(
      truncatingIfNeeded: (Int64(microsecondsPastHourAtStart) &+ start / 1000) % 3_600_000_000)
    let azimuth = azimuthHundredths(at: start)
    select(scene, start: start, azimuthHundredths: azimuth)
    var firingAtHand = -1
    var sensor = Aim()
    _ = encoder.encode(
      into: &packet, azimuthHundredths: azimuth, microsecondsPastHour: microseconds
    ) { firing, laser, azimuthHundredths in
      if firing != firingAtHand {
        firingAtHand = firing
        sensor = aim(scene, at: start &+ Int64(firing) &* VelodyneVLP16Encoder.firingNanoseconds)
      }
      return spoil(cast(laser, azimuthHundredths: azimuthHundredths, sensor))
    }
  }

  /// Where the lidar is and how it is turned in the world at one firing.
  private struct Aim {
    var rotation = Matrix3.identity
    var origin = Vector3.zero
  }

  /// The boxes that a packet's beams can meet.
  private mutating func select(_ scene: Scene, start: Int64, azimuthHundredths: Double) {
    let sensor = aim(scene, at: start)
    let middle =
      azimuthHundredths + Double(VelodyneVLP16Encoder.contentNanoseconds / 2)
      * encoder.hundredthsPerNanosecond
    let direction = Pinned.sincos(-Pinned.radians(degrees: middle / 100))
    let forward = sensor.rotation * Vector3(direction.cos, direction.sin, 0)
    let half = Pinned.radians(degrees: middle / 100 - azimuthHundredths / 100) + Self.marginRadians
    let bearing = Pinned.atan2(forward.y, forward.x)
    let isUpright = sensor.rotation.row2.z > 0.95
    candidateCount = 0
    for index in 0..<min(scene.boxes.count, candidates.count) {
      let box = scene.boxes[index]
      guard box.isPresent else { continue }
      let (dx, dy) = (box.x - sensor.origin.x, box.y - sensor.origin.y)
      let distance = (dx * dx + dy * dy).squareRoot()
      let radius = box.radius + 0.2
      guard distance - radius < Self.maximumRangeMetres else { continue }
      if isUpright, distance > radius {
        let away = Pinned.wrapAngle(Pinned.atan2(dy, dx) - bearing)
        guard abs(away) < half + Pinned.asin(radius / distance) else { continue }
      }
      candidates[candidateCount] = box
      candidateCount += 1
    }
  }

  /// Turns the sensor and the candidates to one firing's instant.
  private mutating func aim(_ scene: Scene, at nanoseconds: Int64) -> Aim {
    let car = scene.ego.worldFromVehicle(after: scene.secondsSinceEgoStep(nanoseconds))
    let mounted = vehicleFromLidar.rotation
    let turn = Matrix3(
      rows: Vector3(car.cosine, -car.sine, 0), Vector3(car.sine, car.cosine, 0), Vector3(0, 0, 1))
    let place = turn * vehicleFromLidar.translation
    let origin = Vector3(car.x + place.x, car.y + place.y, place.z)
    let seconds = scene.secondsSinceTrafficStep(nanoseconds)
    for index in 0..<candidateCount {
      targets[index] = RayTarget(
        candidates[index].moved(seconds), originX: origin.x, originY: origin.y, originZ: origin.z)
    }
    return Aim(rotation: turn * mounted, origin: origin)
  }

  @inline(__always) private func cast(_ laser: Int, azimuthHundredths: Double, _ sensor: Aim) -> LidarEcho {
    let azimuth = Pinned.sincos(azimuthHundredths * (Double.pi / 18_000))
    let beam =
      sensor.rotation
      * Vector3(cosines[laser] * azimuth.cos, -cosines[laser] * azimuth.sin, sines[laser])
    // The lasers leave the housing at slightly different heights.
    let rise = rises[laser]
    let offset = Vector3(sensor.rotation.row0.z, sensor.rotation.row1.z, sensor.rotation.row2.z) * rise
    var nearest = Self.maximumRangeMetres
    var reflectivity: UInt8 = 0
    if beam.z < -1e-6 {
      let ground = -(sensor.origin.z + offset.z) / beam.z
      if ground > 0, ground < nearest {
        nearest = ground
        reflectivity = Self.groundReflectivity
      }
    }
    for index in 0..<candidateCount {
      guard let distance = targets[index].distance(x: beam.x, y: beam.y, z: beam.z, originRise: offset.z),
        distance < nearest
      else { continue }
      nearest = distance
      reflectivity = targets[index].reflectivity
    }
    guard reflectivity > 0, nearest > Self.minimumRangeMetres else { return .none }
    return LidarEcho(rangeMetres: nearest, reflectivity: reflectivity)
  }

  @inline(__always) private mutating func spoil(_ echo: LidarEcho) -> LidarEcho {
    guard echo.rangeMetres > 0 else { return echo }
    let far = echo.rangeMetres / Self.maximumRangeMetres
    if noise.dropOutChance > 0, random.chance(noise.dropOutChance * (1 + 29 * far * far)) { return .none }
    guard noise.rangeDeviationMetres > 0 else { return echo }
    return LidarEcho(
      rangeMetres: max(echo.rangeMetres + random.normal(deviation: noise.rangeDeviationMetres), 0.002),
      reflectivity: echo.reflectivity)
  }
}
