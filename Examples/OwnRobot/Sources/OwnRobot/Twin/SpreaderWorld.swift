import FusionPipeline

/// The robot in a room of 6 × 4 m with a pillar: what its wheels do, and what its sensors see.
///
/// A pure simulation on its own time and its own seed; whoever has it sends the packets.
public struct SpreaderWorld: Sendable {
  /// What the actuators are told now.
  public struct Actuation: Sendable {
    public var leftWheel = 0.0
    public var rightWheel = 0.0
    public var gate = 0.0
    public init() {}
  }

  public static let hullMetres = 0.25
  public static let metresPerTick = 0.0005
  public static let trackMetres = 0.4
  public static let ringRadiusMetres = 0.2

  public private(set) var x = 1.0
  public private(set) var y = 1.0
  public private(set) var yaw = 0.3
  public private(set) var drivenMetres = 0.0
  public private(set) var spreadSeconds = 0.0
  /// The least room there ever was between the hull and anything, metres; negative: it touched.
  public private(set) var leastRoomMetres = Double.infinity
  private var left = (speed: 0.0, driven: 0.0)
  private var right = (speed: 0.0, driven: 0.0)
  private var clockSeconds = 0.0
  private var sequence: UInt16 = 0
  private var random: RandomSource

  private static let room = (width: 6.0, depth: 4.0)
  private static let pillar = (x: 3.9, y: 1.8, radius: 0.3)
  /// What a wheel's motor follows its command with.
  private static let motorSeconds = 0.05
  private static let reachMetres = 3.5

  public init(seed: UInt64 = 1) { random = RandomSource(seed: seed) }

  public mutating func step(seconds: Double, _ told: Actuation) {
    clockSeconds += seconds
    let share = min(seconds / Self.motorSeconds, 1)
    left.speed += (told.leftWheel - left.speed) * share
    right.speed += (told.rightWheel - right.speed) * share
    left.driven += left.speed * seconds
    right.driven += right.speed * seconds
    let speed = (left.speed + right.speed) / 2
    let (sin, cos) = Pinned.sincos(yaw)
    x += speed * cos * seconds
    y += speed * sin * seconds
    yaw = Pinned.wrapAngle(yaw + (right.speed - left.speed) / Self.trackMetres * seconds)
    drivenMetres += abs(speed) * seconds
    if told.gate > 0.5 { spreadSeconds += seconds }
    leastRoomMetres = min(leastRoomMetres, roomMetres)
  }

  /// The ring's next turn.
  public mutating func sonarPacket() -> SonarPacket {
    var ranges: [UInt16?] = []
    for beam in 0..<SonarRing.beams {
      let range = distance(along: yaw + Pinned.radians(degrees: 45 * Double(beam))) - Self.ringRadiusMetres
      let measured = max(range + 0.004 * random.normal(), 0.02)
      // One ping in a hundred hears somebody else's.
      let isFalse = random.uniform() < 0.01
      ranges.append(measured > Self.reachMetres ? nil : UInt16(isFalse ? 300 : measured * 1000))
    }
    defer { sequence &+= 1 }
    return SonarPacket(sequence: sequence, clockMilliseconds: clockMilliseconds, ranges: ranges)
  }

  public func wheelPacket() -> WheelPacket {
    WheelPacket(
      clockMilliseconds: clockMilliseconds, leftTicks: Int32(left.driven / Self.metresPerTick),
      rightTicks: Int32(right.driven / Self.metresPerTick))
  }

  private var clockMilliseconds: UInt32 { UInt32(truncatingIfNeeded: Int64(clockSeconds * 1000)) }

  private var roomMetres: Double {
    let walls = min(min(x, Self.room.width - x), min(y, Self.room.depth - y))
    let (dx, dy) = (x - Self.pillar.x, y - Self.pillar.y)
    return min(walls, (dx * dx + dy * dy).squareRoot() - Self.pillar.radius) - Self.hullMetres
  }

  /// From the robot's centre to the first thing in a direction.
  private func distance(along direction: Double) -> Double {
    let (sin, cos) = Pinned.sincos(direction)
    var nearest = Double.infinity
    if cos > 1e-9 { nearest = min(nearest, (Self.room.width - x) / cos) }
    if cos < -1e-9 { nearest = min(nearest, -x / cos) }
    if sin > 1e-9 { nearest = min(nearest, (Self.room.depth - y) / sin) }
    if sin < -1e-9 { nearest = min(nearest, -y / sin) }
    let (dx, dy) = (Self.pillar.x - x, Self.pillar.y - y)
    let along = dx * cos + dy * sin
    let beside = dx * sin - dy * cos
    let half = Self.pillar.radius * Self.pillar.radius - beside * beside
    if half > 0, along > 0 { nearest = min(nearest, along - half.squareRoot()) }
    return max(nearest, 0)
  }
}
