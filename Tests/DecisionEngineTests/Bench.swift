@testable import FusionPipeline

/// A port with its pool, as the framework keeps it.
final class BenchPort: AnyPort {
  let name: String
  let portObject: AnyObject
  let pool: AnyObject?
  init(name: String, port: AnyObject, pool: AnyObject?) {
    self.name = name
    portObject = port
    self.pool = pool
  }
}

/// A small deterministic generator: xorshift64*, and a normal by summing twelve.
struct TestRandom {
  var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func uniform() -> Double {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Double((state &* 0x2545_F491_4F6C_DD1D) >> 11) / Double(1 << 53)
  }
  mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }
}

/// Everything a stage needs, built by hand, with virtual time.
final class Bench {
  static let actuators = [
    ActuatorDescription(
      name: "steering", topic: "act/steering", dataID: 1, minimum: -0.6, maximum: 0.6, rateLimit: 1.5,
      safeValue: 0),
    ActuatorDescription(
      name: "throttle", topic: "act/throttle", dataID: 2, minimum: 0, maximum: 1, rateLimit: 4, safeValue: 0),
    ActuatorDescription(
      name: "brake", topic: "act/brake", dataID: 3, minimum: 0, maximum: 1, rateLimit: 20, safeValue: 0.4),
  ]

  let vehicle: VehicleDescription
  let state = StateStore()
  let frame = Frame()
  private(set) var ports: [any AnyPort] = []
  lazy var setup = StageSetup(
    vehicle: vehicle, actuators: Self.actuators, state: state, ports: ports)
  private var sequence: UInt64 = 0

  init(vehicle: VehicleDescription = VehicleDescription()) {
    self.vehicle = vehicle
    frame.arming = .engaged
  }

  func addPort<S: BitwiseCopyable & Sendable>(
    _ name: String, zero: S, vehicleFromSensor: Transform3 = .identity, capacity: Int = 64,
    pool: AnyObject? = nil
  ) -> SensorPort<S> {
    let port = SensorPort(
      name: name, number: UInt16(ports.count + 1), vehicleFromSensor: vehicleFromSensor,
      capacity: capacity,
      zero: Picked(
        header: SampleHeader(), sample: zero, kind: .latestBefore, weight: 1, ageNanoseconds: 0))
    ports.append(BenchPort(name: name, port: port, pool: pool))
    return port
  }

  /// Steps the frame's logical time.
  func advance(to instant: Stamp) {
    frame.stepNanoseconds = frame.number == 0 ? 0 : instant - frame.instant
    frame.number += 1
    frame.instant = instant
    frame.release = instant
  }

  func put<S>(
    _ sample: S, capture: Stamp, spanNanoseconds: Int64 = 0, into port: SensorPort<S>, keep: Bool = false
  ) {
    sequence += 1
    if !keep { port.picks.removeAll() }
    port.picks.append(
      Picked(
        header: SampleHeader(
          sequence: sequence, capture: capture, arrival: capture, spanNanoseconds: spanNanoseconds),
        sample: sample, kind: .latestBefore, weight: 1, ageNanoseconds: frame.instant - capture))
  }

  func putSweep(
    _ points: [LidarPoint], pool: PayloadPool<LidarPoint>, capture: Stamp, spanNanoseconds: Int64 = 0,
    into port: SensorPort<LidarSweep>
  ) {
    guard let slot = pool.acquire() else { return }
    for (index, point) in points.prefix(pool.capacity).enumerated() { unsafe slot.elements[index] = point }
    let handle = pool.commit(slot, count: points.count)
    put(LidarSweep(points: handle), capture: capture, spanNanoseconds: spanNanoseconds, into: port)
  }

  func putScan(
    _ detections: [RadarDetection], pool: PayloadPool<RadarDetection>, capture: Stamp,
    into port: SensorPort<RadarScan>
  ) {
    guard let slot = pool.acquire() else { return }
    for (index, detection) in detections.enumerated() { unsafe slot.elements[index] = detection }
    put(RadarScan(detections: pool.commit(slot, count: detections.count)), capture: capture, into: port)
  }
}

extension Stamp {
  static func seconds(_ value: Double) -> Stamp { Stamp(nanoseconds: .seconds(value)) }
}

extension Bench {
  static let zeroPoint = LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0)
  static let zeroSweep = LidarSweep(points: PayloadHandle(pool: 0, index: 0, generation: 0, count: 0))
  static let zeroDetection = RadarDetection(x: 0, y: 0, rangeRate: 0, trackID: 0)
  static let zeroScan = RadarScan(detections: PayloadHandle(pool: 0, index: 0, generation: 0, count: 0))
}
