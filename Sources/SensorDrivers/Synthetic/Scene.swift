import FusionPipeline

/// The road, the ego and everybody else at one instant of the drive.
///
/// The ego moves in steps of 1 ms, the traffic of 5 ms. Between steps positions are carried on with the
/// velocities of the last step.
struct Scene {
  static let stepNanoseconds: Int64 = 1_000_000
  static let trafficSteps: Int64 = 5

  let road = RoadLine()
  private(set) var ego: EgoVehicle
  private(set) var egoOnRoad = EgoOnRoad()
  private(set) var traffic: Traffic
  /// The moving road users, then what stands along the road.
  private(set) var boxes: [SceneBox]
  /// Whole steps made.
  private(set) var steps: Int64 = 0
  private(set) var collisions = 0
  private(set) var leadGapMetres = Double.infinity
  private(set) var leadSpeed = Double.nan
  private(set) var minimumGapMetres = Double.infinity
  private var roadside: Roadside
  private var isTouching = false

  init(seed: UInt64, speed: Double) {
    ego = EgoVehicle(speed: speed)
    traffic = Traffic(seed: seed, egoSpeed: ego.speed)
    roadside = Roadside(seed: seed)
    boxes = Array(repeating: SceneBox(), count: Traffic.agentCount + Roadside.boxCount)
    egoOnRoad.speed = ego.speed
    placeTraffic()
    roadside.update(&boxes, from: Traffic.agentCount, arcLength: 0, road: road)
    measureLead()
  }

  mutating func actuate(steeringRadians: Double, throttle: Double, brake: Double, mode: UInt8) {
    ego.actuate(steeringRadians: steeringRadians, throttle: throttle, brake: brake, mode: mode)
  }

  /// Makes every step that ends at or before an instant of the drive.
  mutating func advance(to nanoseconds: Int64) {
    let goal = nanoseconds / Self.stepNanoseconds
    while steps < goal {
      ego.advance(seconds: 1e-3)
      steps &+= 1
      guard steps % Self.trafficSteps == 0 else { continue }
      let place = road.project(x: ego.x, y: ego.y, near: egoOnRoad.arcLength)
      egoOnRoad = EgoOnRoad(
        arcLength: place.arcLength, offset: place.offset, speed: ego.speed, acceleration: ego.acceleration)
      traffic.advance(
        to: Double(steps) * 1e-3, step: Double(Self.trafficSteps) * 1e-3, ego: egoOnRoad)
      placeTraffic()
      measureLead()
      noteCollisions()
      roadside.update(&boxes, from: Traffic.agentCount, arcLength: egoOnRoad.arcLength, road: road)
    }
  }

  /// From the ego's last step to an instant.
  func secondsSinceEgoStep(_ nanoseconds: Int64) -> Double {
    Double(nanoseconds &- steps &* Self.stepNanoseconds) * 1e-9
  }

  /// From the boxes' last step to an instant.
  func secondsSinceTrafficStep(_ nanoseconds: Int64) -> Double {
    let step = steps / Self.trafficSteps &* Self.trafficSteps
    return Double(nanoseconds &- step &* Self.stepNanoseconds) * 1e-9
  }

  private mutating func placeTraffic() {
    for index in 0..<Traffic.agentCount { boxes[index] = traffic.agents[index].box(on: road) }
  }

  /// The nearest vehicle ahead whose width reaches into the ego's.
  private mutating func measureLead() {
    leadGapMetres = .infinity
    leadSpeed = .nan
    for agent in traffic.agents where !agent.isOncoming && agent.kind == .vehicle {
      let gap = agent.arcLength - agent.length / 2 - egoOnRoad.front
      let apart = abs(agent.offset - egoOnRoad.offset)
      guard apart < 0.5 * (agent.width + EgoVehicle.widthMetres), gap > -1, gap < leadGapMetres else {
        continue
      }
      leadGapMetres = gap
      leadSpeed = agent.speed
    }
    minimumGapMetres = min(minimumGapMetres, leadGapMetres)
  }

  /// One collision from the first touch until nothing touches any more.
  private mutating func noteCollisions() {
    let own = ego.box
    var touches = false
    for box in boxes where box.isPresent {
      let reach = own.radius + box.radius
      let (dx, dy) = (box.x - own.x, box.y - own.y)
      if dx * dx + dy * dy < reach * reach, own.overlaps(box) { touches = true }
    }
    if touches, !isTouching { collisions += 1 }
    isTouching = touches
  }
}
