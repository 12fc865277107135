import FusionPipeline

/// Where the ego is on the road, as the traffic sees it.
struct EgoOnRoad: BitwiseCopyable {
  /// Of its rear axle.
  var arcLength = 0.0
  var offset = 0.0
  var speed = 0.0
  var acceleration = 0.0

  var front: Double { arcLength + EgoVehicle.frontMetres }
  var rear: Double { arcLength - EgoVehicle.rearMetres }
}

/// The scripted road users: a lead that stops hard, a vehicle that overtakes and cuts in, a lorry beside,
/// oncoming cars, a person beside the road.
///
/// What must meet the ego (cut-in, lorry) steers by the ego's place, so the scene plays the same whatever the
/// ego's speed; a lead that is far ahead waits. No road user of our direction drives into what it follows.
struct Traffic {
  static let laneWidthMetres = 3.5
  static let leftLane = 3.5
  static let oncomingLane = 7.0
  static let leadIdentity: UInt64 = 1
  static let cutInIdentity: UInt64 = 2
  static let lorryIdentity: UInt64 = 3

  private enum Place {
    static let lead = 0
    static let cutIn = 1
    static let lorry = 2
    static let oncoming = 3..<6
    static let person = 6
  }
  static let agentCount = 7

  private enum CutInPhase {
    case behind
    case overtaking
    case cuttingIn
    case inLane
    case leaving
  }

  private(set) var agents: [TrafficAgent]
  private var script: LeadScript
  private var phase = CutInPhase.behind
  private var phaseStart = 0.0

  init(seed: UInt64, egoSpeed: Double) {
    script = LeadScript(seed: seed)
    var random = RandomSource(seed: seed, stream: 0x7472_6166)
    agents = []
    agents.reserveCapacity(Self.agentCount)
    let colours = [
      PixelColour(red: 150, green: 30, blue: 30), PixelColour(red: 40, green: 70, blue: 150),
      PixelColour(red: 200, green: 200, blue: 195), PixelColour(red: 60, green: 60, blue: 65),
      PixelColour(red: 170, green: 170, blue: 40), PixelColour(red: 30, green: 100, blue: 60),
      PixelColour(red: 210, green: 120, blue: 60),
    ]
    for index in 0..<Self.agentCount {
      var agent = TrafficAgent()
      agent.identity = UInt64(index + 1)
      agent.colour = colours[index]
      agent.reflectivity = UInt8(30 + random.below(40))
      agents.append(agent)
    }
    let front = EgoVehicle.frontMetres
    agents[Place.lead].arcLength = front + random.uniform(28, 34) + agents[Place.lead].length / 2
    agents[Place.lead].speed = LeadScript.cruise
    agents[Place.cutIn].arcLength = -18
    agents[Place.cutIn].offset = Self.leftLane
    agents[Place.cutIn].speed = egoSpeed
    makeLorry(egoSpeed: egoSpeed)
    for index in Place.oncoming {
      agents[index].isOncoming = true
      agents[index].offset = Self.oncomingLane
      agents[index].speed = 13
      agents[index].arcLength = 60 + 110 * Double(index - Place.oncoming.lowerBound) + random.uniform(0, 30)
    }
    makePerson(arcLength: random.uniform(50, 70))
  }

  private mutating func makeLorry(egoSpeed: Double) {
    agents[Place.lorry].arcLength = 75
    agents[Place.lorry].offset = Self.leftLane
    agents[Place.lorry].speed = egoSpeed
    agents[Place.lorry].length = 9
    agents[Place.lorry].width = 2.5
    agents[Place.lorry].low = 0.4
    agents[Place.lorry].high = 3.3
  }

  private mutating func makePerson(arcLength: Double) {
    agents[Place.person].kind = .person
    agents[Place.person].arcLength = arcLength
    agents[Place.person].offset = -2.9
    agents[Place.person].speed = 1.2
    agents[Place.person].length = 0.5
    agents[Place.person].width = 0.5
    agents[Place.person].low = 0
    agents[Place.person].high = 1.75
    agents[Place.person].reflectivity = 15
  }

  /// One step of a few milliseconds that ends at `seconds` of the drive.
  mutating func advance(to seconds: Double, step: Double, ego: EgoOnRoad) {
    let cyclePhase = script.phase(at: seconds)
    steerLead(cyclePhase, step: step, ego: ego)
    steerCutIn(seconds, cyclePhase, ego: ego)
    let sway = 12 * Pinned.sin(2 * Double.pi / 23 * seconds)
    agents[Place.lorry].acceleration = chase(Place.lorry, arcLength: ego.arcLength + 75 + sway, ego: ego)
    for index in Place.lead...Place.lorry { heedWhatIsAhead(index, ego) }
    for index in agents.indices { agents[index].advance(seconds: step) }
    recycle(ego)
  }

  // MARK: - The script

  private mutating func steerLead(_ cyclePhase: Double, step: Double, ego: EgoOnRoad) {
    let gap = agents[Place.lead].arcLength - agents[Place.lead].length / 2 - ego.front
    // Far ahead it waits, so that a slow or disengaged ego does not lose the scene.
    let patience = min(max((80 - gap) / 35, 0), 1)
    let wanted = script.speed(phase: cyclePhase) * patience
    agents[Place.lead].acceleration = min(max((wanted - agents[Place.lead].speed) / step, -7.5), 2.5)
  }

  private mutating func steerCutIn(_ seconds: Double, _ cyclePhase: Double, ego: EgoOnRoad) {
    let elapsed = seconds - phaseStart
    let car = agents[Place.cutIn]
    var next = phase
    switch phase {
    case .behind:
      agents[Place.cutIn].acceleration = chase(Place.cutIn, arcLength: ego.arcLength - 18, ego: ego)
      if cyclePhase >= 13, cyclePhase < 22 { next = .overtaking }
    case .overtaking:
      let goal = ego.front + script.cycle.cutInGapMetres + car.length / 2
      agents[Place.cutIn].acceleration = chase(Place.cutIn, arcLength: goal, ego: ego)
      if cyclePhase >= 20, mayCutIn(car, ego) {
        next = .cuttingIn
      } else if cyclePhase >= 25 || cyclePhase < 13 {
        next = .behind
      }
    case .cuttingIn:
      // A little slower than the ego, which has to give way.
      agents[Place.cutIn].acceleration = reach(max(ego.speed - 1.5, 0), car.speed)
      agents[Place.cutIn].offsetRate = Self.changeRate(elapsed, from: Self.leftLane, to: 0)
      if elapsed >= Self.changeSeconds { next = .inLane }
    case .inLane:
      agents[Place.cutIn].offsetRate = 0
      agents[Place.cutIn].acceleration = reach(LeadScript.cruise - 2, car.speed)
      if elapsed >= 3 { next = .leaving }
    case .leaving:
      agents[Place.cutIn].acceleration = reach(LeadScript.cruise + 2, car.speed)
      agents[Place.cutIn].offsetRate = Self.changeRate(elapsed, from: 0, to: Self.leftLane)
      if elapsed >= Self.changeSeconds {
        agents[Place.cutIn].offset = Self.leftLane
        agents[Place.cutIn].offsetRate = 0
        next = .behind
      }
    }
    if next != phase {
      phase = next
      phaseStart = seconds
    }
  }

  /// Close, but never where it would touch the ego or the lead by changing over.
  private func mayCutIn(_ car: TrafficAgent, _ ego: EgoOnRoad) -> Bool {
    let lead = agents[Place.lead]
    let room = lead.arcLength - lead.length / 2 - (car.arcLength + car.length / 2)
    let gap = car.arcLength - car.length / 2 - ego.front
    return gap >= 7 && gap < 25 && ego.speed > 4 && abs(ego.offset) < 1
      && (lead.arcLength < ego.arcLength || room >= 6)
  }

  static let changeSeconds = 2.5

  /// The lateral speed of a change of offset along 10u³ − 15u⁴ + 6u⁵.
  private static func changeRate(_ elapsed: Double, from: Double, to: Double) -> Double {
    let u = min(max(elapsed / changeSeconds, 0), 1)
    return (to - from) * 30 * u * u * (1 - u) * (1 - u) / changeSeconds
  }

  /// Towards a place that moves with the ego.
  private func chase(_ index: Int, arcLength: Double, ego: EgoOnRoad) -> Double {
    let pull = min(max(0.4 * (arcLength - agents[index].arcLength), -4), 6)
    let error = max(ego.speed + pull, 0) - agents[index].speed
    return min(max(ego.acceleration + 1.2 * error, -5), 3)
  }

  private func reach(_ wanted: Double, _ speed: Double) -> Double {
    min(max(1.2 * (wanted - speed), -3.5), 2.5)
  }

  /// Brakes as the intelligent driver model wants for whatever is ahead in the same lane, the ego included.
  private mutating func heedWhatIsAhead(_ index: Int, _ ego: EgoOnRoad) {
    let car = agents[index]
    let front = car.arcLength + car.length / 2
    var limit = agents[index].acceleration
    func heed(rear: Double, middle: Double, offset: Double, speed: Double) {
      guard middle > car.arcLength, rear - front < 80, abs(offset - car.offset) < 2 else { return }
      limit = min(
        limit,
        CarFollowing.acceleration(
          speed: car.speed, gapMetres: rear - front, leaderSpeed: speed, desiredSpeed: 25))
    }
    heed(rear: ego.rear, middle: 0.5 * (ego.front + ego.rear), offset: ego.offset, speed: ego.speed)
    for other in 0...Place.lorry where other != index {
      let next = agents[other]
      heed(
        rear: next.arcLength - next.length / 2, middle: next.arcLength, offset: next.offset, speed: next.speed
      )
    }
    agents[index].acceleration = limit
  }

  /// Who has been passed comes again ahead, beyond every sensor's reach.
  private mutating func recycle(_ ego: EgoOnRoad) {
    for index in Place.oncoming where agents[index].arcLength < ego.arcLength - 60 {
      agents[index].arcLength += 330
    }
    if agents[Place.person].arcLength < ego.arcLength - 30 { agents[Place.person].arcLength += 170 }
  }
}
