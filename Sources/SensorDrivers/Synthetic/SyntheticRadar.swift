import FusionPipeline

/// Sees the scene as Toyota's forward radar: up to sixteen tracks that keep their slots, and some clutter.
///
/// A vehicle or person gives its nearest point; a vehicle hides what is behind it. A few posts and pieces of
/// the guard-rail come and go, and now and then there is a track of nothing.
struct SyntheticRadar {
  struct Noise: Sendable {
    var forwardDeviationMetres = 0.12
    var leftDeviationMetres = 0.15
    var rangeRateDeviation = 0.08
    /// Chance a cycle that a track of nothing begins.
    var ghostChance = 0.05
    /// Chance that a vehicle is not seen in a cycle; ten times that for a person.
    var missChance = 0.01
    /// Chance that a post or a piece of rail that can be seen is.
    var smallThingChance = 0.5

    static let none = Noise(
      forwardDeviationMetres: 0, leftDeviationMetres: 0, rangeRateDeviation: 0, ghostChance: 0,
      missChance: 0, smallThingChance: 1)
  }

  static let maximumRangeMetres = 150.0
  /// Half the field of view: wide to 60 m, narrow beyond.
  private static let wideTangent = 0.45
  private static let narrowTangent = 0.16
  private static let ghostIdentity: UInt64 = 1 << 63

  private struct Slot: BitwiseCopyable {
    var identity: UInt64 = 0
    var isTaken = false
    var age = 0
    var lastSeen: Int64 = 0
    var track = ToyotaRadarEncoder.Track(forwardMetres: 0, leftMetres: 0, rangeRate: 0)
  }

  private let vehicleFromRadar: Transform3
  private let noise: Noise
  private var random: RandomSource
  private var slots = InlineArray<16, Slot>(repeating: Slot())
  private var ghosts: UInt64 = 0
  private var cycle: Int64 = -1

  init(vehicleFromRadar: Transform3, noise: Noise, random: RandomSource) {
    self.vehicleFromRadar = vehicleFromRadar
    self.noise = noise
    self.random = random
  }

  /// What a slot holds in the cycle at hand.
  func track(_ slot: Int) -> ToyotaRadarEncoder.Track? {
    let held = slots[slot]
    return held.isTaken && held.lastSeen == cycle ? held.track : nil
  }

  /// Measures once; the scene stands at `nanoseconds`.
  mutating func measure(_ scene: Scene, at nanoseconds: Int64) {
    cycle &+= 1
    let car = scene.ego.worldFromVehicle(after: scene.secondsSinceEgoStep(nanoseconds))
    let seconds = scene.secondsSinceTrafficStep(nanoseconds)
    let mount = vehicleFromRadar.translation
    let (px, py) = (
      car.x + car.cosine * mount.x - car.sine * mount.y, car.y + car.sine * mount.x + car.cosine * mount.y
    )
    let axis = vehicleFromRadar.rotation.column0
    let (ax, ay) = (car.cosine * axis.x - car.sine * axis.y, car.sine * axis.x + car.cosine * axis.y)
    // The radar's own velocity, its turn about the rear axle included.
    let (vx, vy) = (scene.ego.speed - scene.ego.yawRate * mount.y, scene.ego.yawRate * mount.x)
    let (wx, wy) = (car.cosine * vx - car.sine * vy, car.sine * vx + car.cosine * vy)
    for index in 0..<scene.boxes.count {
      let box = scene.boxes[index].moved(seconds)
      guard box.isPresent, reflects(box) else { continue }
      let point = box.nearest(x: px, y: py)
      let (dx, dy) = (point.x - px, point.y - py)
      let forward = dx * ax + dy * ay
      let left = dy * ax - dx * ay
      let range = (dx * dx + dy * dy).squareRoot()
      guard range < Self.maximumRangeMetres, forward > 1,
        abs(left) < forward * (range < 60 ? Self.wideTangent : Self.narrowTangent),
        !isHidden(scene, except: index, seconds: seconds, fromX: px, fromY: py, dx: dx, dy: dy, range: range)
      else { continue }
      let rangeRate = ((box.velocityX - wx) * dx + (box.velocityY - wy) * dy) / range
      note(box.identity, forward: forward, left: left, rangeRate: rangeRate)
    }
    addGhosts(egoSpeed: scene.ego.speed)
    for index in 0..<ToyotaRadarEncoder.slots where slots[index].isTaken && cycle &- slots[index].lastSeen > 3
    {
      slots[index].isTaken = false
    }
  }

  /// Small things reflect enough only now and then.
  private mutating func reflects(_ box: SceneBox) -> Bool {
    switch box.kind {
    case .vehicle: !random.chance(noise.missChance)
    case .person: !random.chance(noise.missChance * 10)
    case .post: box.identity % 3 == 0 && random.chance(noise.smallThingChance)
    case .rail: box.identity % 4 == 0 && random.chance(noise.smallThingChance)
    case .building: false
    }
  }

  private func isHidden(
    _ scene: Scene, except index: Int, seconds: Double, fromX: Double, fromY: Double, dx: Double,
    dy: Double, range: Double
  ) -> Bool {
    for other in 0..<scene.boxes.count where other != index && scene.boxes[other].kind == .vehicle {
      let box = scene.boxes[other].moved(seconds)
      let ahead = ((box.x - fromX) * dx + (box.y - fromY) * dy) / range
      guard ahead > 0, ahead < range + box.radius else { continue }
      let target = RayTarget(box, originX: fromX, originY: fromY, originZ: 0.5)
      if let distance = target.distance(x: dx / range, y: dy / range, z: 0, originRise: 0),
        distance < range - 0.5
      {
        return true
      }
    }
    return false
  }

  private mutating func note(_ identity: UInt64, forward: Double, left: Double, rangeRate: Double) {
    guard let index = slot(for: identity) else { return }
    let isNew = !slots[index].isTaken || slots[index].identity != identity
    slots[index].age = isNew ? 0 : slots[index].age + 1
    slots[index].identity = identity
    slots[index].isTaken = true
    slots[index].lastSeen = cycle
    slots[index].track = ToyotaRadarEncoder.Track(
      forwardMetres: forward + random.normal(deviation: noise.forwardDeviationMetres),
      leftMetres: left + random.normal(deviation: noise.leftDeviationMetres),
      rangeRate: rangeRate + random.normal(deviation: noise.rangeRateDeviation), isNew: isNew,
      score: UInt8(min(slots[index].age * 10, 100)))
  }

  private func slot(for identity: UInt64) -> Int? {
    var free: Int?
    for index in 0..<ToyotaRadarEncoder.slots {
      if slots[index].isTaken, slots[index].identity == identity { return index }
      if !slots[index].isTaken, free == nil { free = index }
    }
    return free
  }

  /// A track of nothing stands still in the world and lasts one cycle.
  private mutating func addGhosts(egoSpeed: Double) {
    if random.chance(noise.ghostChance) {
      ghosts &+= 1
      let forward = random.uniform(8, 90)
      note(
        Self.ghostIdentity | ghosts, forward: forward, left: random.uniform(-0.3, 0.3) * forward,
        rangeRate: -egoSpeed)
    }
  }
}
