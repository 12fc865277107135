import Testing

@testable import DecisionEngine
@testable import FusionPipeline

/// Odometry and an inertial sensor on virtual time.
private final class EgoBench {
  let bench = Bench()
  let odometry: SensorPort<OdometrySample>
  let imu: SensorPort<ImuSample>
  let stage: EgoMotionStage
  let ego: FixedList<EgoState>

  init(mount: Transform3 = .identity) throws {
    odometry = bench.addPort("wheels", zero: OdometrySample())
    imu = bench.addPort("imu", zero: ImuSample(), vehicleFromSensor: mount)
    stage = try EgoMotionStage(setup: bench.setup)
    ego = try bench.setup.input("ego", of: EgoState.self)
  }

  /// One frame of 100 ms with ten inertial samples and one speed.
  func step(_ time: Double, odometry sample: OdometrySample?, rate: Double?) throws -> EgoState {
    bench.advance(to: .seconds(time))
    odometry.picks.removeAll()
    imu.picks.removeAll()
    if let sample { bench.put(sample, capture: .seconds(time), into: odometry) }
    if let rate {
      let inSensor = imu.vehicleFromSensor.inverse.rotate(Vector3(0, 0, rate))
      for index in 1...10 {
        bench.put(
          ImuSample(rateX: inSensor.x, rateY: inSensor.y, rateZ: inSensor.z),
          capture: .seconds(time - 0.1 + 0.01 * Double(index)), into: imu, keep: true)
      }
    }
    try stage.run(bench.frame)
    return ego[0]
  }
}

@Suite("The machine's own motion")
struct EgoMotionTests {
  @Test("A circle driven by speed and yaw rate closes on itself")
  func circle() throws {
    let bench = try EgoBench()
    var state = EgoState()
    // 10 m/s and 0.2 rad/s: once around in 31.416 s.
    _ = try bench.step(0.1, odometry: OdometrySample(speed: 10), rate: 0.2)
    for frame in 2...315 {
      state = try bench.step(Double(frame) * 0.1, odometry: OdometrySample(speed: 10), rate: 0.2)
    }
    #expect(state.flags.contains([.valid, .inertialYawRate]))
    #expect(abs(state.yawRate - 0.2) < 1e-9)
    let place = Vector2(state.x, state.y).length
    #expect(place < 1.2, "\(state)")
  }

  @Test("The yaw rate is taken about the vehicle's axis, however the sensor is mounted")
  func mounting() throws {
    let mount = Transform3(rollDegrees: 90, pitchDegrees: 10, yawDegrees: 45)
    let state = try EgoBench(mount: mount).step(0.1, odometry: OdometrySample(speed: 5), rate: 0.3)
    #expect(abs(state.yawRate - 0.3) < 1e-9)
  }

  @Test("A gyroscope's bias is learnt at standstill and taken off while driving")
  func bias() throws {
    let bench = try EgoBench()
    var state = EgoState()
    for frame in 1...100 {
      state = try bench.step(Double(frame) * 0.1, odometry: OdometrySample(speed: 0), rate: 0.02)
    }
    #expect(state.flags.contains(.standstill))
    #expect(state.yaw == 0)
    for frame in 101...200 {
      state = try bench.step(Double(frame) * 0.1, odometry: OdometrySample(speed: 10), rate: 0.02)
    }
    #expect(abs(state.yawRate) < 1e-3)
    #expect(abs(state.y) < 0.5)
  }

  @Test("Without an inertial sensor odometry's yaw rate serves, then the bicycle model")
  func fallBack() throws {
    let bench = try EgoBench()
    let told = try bench.step(
      0.1, odometry: OdometrySample(speed: 10, yawRate: 0.1, steeringAngle: 0.3), rate: nil)
    #expect(told.yawRate == 0.1)
    #expect(!told.flags.contains(.inertialYawRate))
    let steered = try bench.step(0.2, odometry: OdometrySample(speed: 10, steeringAngle: 0.1), rate: nil)
    #expect(abs(steered.yawRate - 10 * Pinned.tan(0.1) / 2.7) < 1e-12)
    let neither = try bench.step(0.3, odometry: OdometrySample(speed: 10), rate: nil)
    #expect(neither.yawRate == 0)
  }

  @Test("A speed grows stale, and one that was never told is not valid")
  func stale() throws {
    let bench = try EgoBench()
    #expect(try bench.step(0.1, odometry: nil, rate: 0).flags.isDisjoint(with: [.valid, .stale]))
    #expect(try bench.step(0.2, odometry: OdometrySample(speed: 3), rate: 0).flags.contains(.valid))
    #expect(try bench.step(0.4, odometry: nil, rate: 0).flags.contains(.valid))
    let late = try bench.step(0.5, odometry: nil, rate: 0)
    #expect(late.flags.contains(.stale) && !late.flags.contains(.valid))
    #expect(late.ageNanoseconds == 300_000_000)
  }

  @Test("Non-finite and impossible samples are left out")
  func garbage() throws {
    let bench = try EgoBench()
    _ = try bench.step(0.1, odometry: OdometrySample(speed: 3), rate: 0.1)
    for value in [Double.nan, .infinity, 1e9] {
      let state = try bench.step(0.2, odometry: OdometrySample(speed: value), rate: value)
      #expect(state.speed == 3)
      #expect(abs(state.yawRate - 0.1) < 1e-9)
      #expect(state.x.isFinite && state.y.isFinite && state.yaw.isFinite)
    }
  }

  @Test("Where the vehicle frame was is the inverse of driving there")
  func earlier() {
    let state = EgoState(speed: 12, yawRate: 0.4)
    let back = state.vehicleFromEarlier(seconds: 0.25)
    // On a circle of radius 30 m, 0.1 rad back.
    #expect(abs(back.x + 30 * Pinned.sin(0.1)) < 2e-3)
    #expect(abs(back.y - 30 * (1 - Pinned.cos(0.1))) < 2e-3)
    #expect(abs(back.yawRadians + 0.1) < 1e-12)
  }
}
