import Testing

@testable import DecisionEngine
@testable import FusionPipeline

@Suite("The whole chain, repeated")
struct ChainDeterminismTests {
  private func loop() throws -> DrivingLoop {
    var settings = PathAndSpeedSettings()
    settings.cruiseSpeed = 14
    return try DrivingLoop(
      driver: .planner, speed: 12,
      users: [
        RoadUser(x: 45, y: 0, speed: 9),
        RoadUser(x: 30, y: 3.5, speed: 11, lateralSpeed: { $0 > 2 && $0 < 5 ? -0.9 : 0 }),
        RoadUser(x: 60, y: -3.5, speed: 0),
      ], plan: settings)
  }

  private func commands(_ loop: DrivingLoop) -> [UInt64] {
    let set = loop.bench.frame.commands
    var words: [UInt64] = [UInt64(set.mode), UInt64(set.reason)]
    for command in 0..<3 {
      words.append(set.commands[command].value.bitPattern)
      for point in 0..<8 { words.append(UInt64(set.commands[command].tail[point].value.bitPattern)) }
    }
    return words
  }

  private func state(_ loop: DrivingLoop) -> [UInt8] {
    var all: [UInt8] = []
    unsafe loop.bench.state.freeze { unsafe all = Array($0) }
    return all
  }

  @Test("The same drive gives the same commands and the same state, bit for bit")
  func twice() throws {
    let first = try loop()
    let second = try loop()
    for _ in 0..<160 {
      try first.frame()
      try second.frame()
      #expect(commands(first) == commands(second))
    }
    #expect(state(first) == state(second))
  }

  @Test("A state thawed in the middle of a drive goes on identically; one undone leaves no trace")
  func thawed() throws {
    let whole = try loop()
    let other = try loop()
    for _ in 0..<80 {
      try whole.frame()
      try other.frame()
    }
    let snapshot = state(whole)
    // The other's stages forget everything, then take up the snapshot.
    let empty = [UInt8](repeating: 0, count: snapshot.count)
    #expect(unsafe empty.withUnsafeBytes { unsafe other.bench.state.thaw($0) })
    #expect(unsafe snapshot.withUnsafeBytes { unsafe other.bench.state.thaw($0) })
    for _ in 0..<80 {
      try whole.frame()
      try other.frame()
      #expect(commands(whole) == commands(other))
    }
    #expect(state(whole) == state(other))
  }

  @Test("A set-up chain says which stage writes what, and a planner without a tracker is refused")
  func wiring() throws {
    let loop = try loop()
    #expect(loop.bench.setup.wiring.contains { $0.contains("plan") })
    let bench = Bench()
    _ = try bench.setup.output("ego", of: EgoState.self, capacity: 1, zero: EgoState())
    #expect(throws: SetupProblem.self) { try PathAndSpeedStage(setup: bench.setup) }
    #expect(throws: SetupProblem.self) { try EmergencyBrakeStage(setup: bench.setup) }
    #expect(throws: SetupProblem.self) { try ObjectTrackerStage(setup: bench.setup) }
    #expect(throws: SetupProblem.self) { try EgoMotionStage(setup: bench.setup) }
  }

  @Test("A setting out of its bounds is refused by its name and value")
  func bounds() throws {
    let bench = Bench()
    _ = bench.addPort("wheels", zero: OdometrySample())
    var settings = EgoMotionSettings()
    settings.biasGain = 7
    do {
      _ = try EgoMotionStage(setup: bench.setup, settings: settings)
      Issue.record("accepted")
    } catch {
      #expect(error.message.contains("biasGain is 7.0") && error.message.contains("0.0…1.0"))
    }
    settings.biasGain = .nan
    #expect(throws: SetupProblem.self) { try EgoMotionStage(setup: bench.setup, settings: settings) }
  }
}
