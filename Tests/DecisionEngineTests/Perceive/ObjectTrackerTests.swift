import Testing

@testable import DecisionEngine
@testable import FusionPipeline

@Suite("Tracking")
struct ObjectTrackerTests {
  @Test("A noisy straight run is followed under one id, close in place and speed")
  func straight() throws {
    let bench = try TrackerBench()
    var random = TestRandom(seed: 5)
    var squares = (place: 0.0, speed: 0.0)
    var ids: Set<UInt64> = []
    for frame in 1...100 {
      let t = Double(frame) * 0.1
      let (x, y) = (10 + 8 * t, 5 - 1 * t)
      try bench.step(t, obstacles: [.box(x + 0.15 * random.normal(), y + 0.15 * random.normal())])
      guard frame > 20 else { continue }
      let track = try #require(bench.confirmed.first)
      #expect(bench.confirmed.count == 1)
      ids.insert(track.id)
      squares.place += (track.x - x) * (track.x - x) + (track.y - y) * (track.y - y)
      squares.speed += (track.vx - 8) * (track.vx - 8) + (track.vy + 1) * (track.vy + 1)
      #expect(track.flags.contains([.moving, .lidar]))
    }
    #expect(ids == [1])
    #expect((squares.place / 80).squareRoot() < 0.2)
    #expect((squares.speed / 80).squareRoot() < 0.75)
  }

  @Test("Two that cross close by keep their ids")
  func crossing() throws {
    let bench = try TrackerBench()
    var random = TestRandom(seed: 11)
    for frame in 1...60 {
      let t = Double(frame) * 0.1
      try bench.step(
        t,
        obstacles: [
          .box(10 + 5 * t + 0.1 * random.normal(), -6 + 2 * t, length: 1, width: 0.8),
          .box(10 + 5 * t, 6 - 2 * t + 0.1 * random.normal(), length: 1, width: 0.8),
        ].filter { _ in random.uniform() > 0.05 })
    }
    let tracks = bench.confirmed
    #expect(tracks.map(\.id) == [1, 2])
    #expect(tracks[0].vy > 1.5 && tracks[0].y > 4)
    #expect(tracks[1].vy < -1.5 && tracks[1].y < -4)
  }

  @Test("A standing thing stays in place and standing while the machine drives and turns past it")
  func egoCompensated() throws {
    let bench = try TrackerBench()
    var pose = Transform2.identity
    var random = TestRandom(seed: 3)
    for frame in 1...50 {
      let (speed, rate) = (10.0, 0.2)
      pose = pose * Transform2(x: speed * 0.1, y: 0, yawRadians: rate * 0.1)
      let seen = pose.inverse * Vector2(40, 25)
      let ego = EgoState(
        speed: speed, yawRate: rate, x: pose.x, y: pose.y, yaw: pose.yawRadians, flags: .valid)
      try bench.step(
        Double(frame) * 0.1,
        obstacles: [.box(seen.x + 0.05 * random.normal(), seen.y, yaw: -pose.yawRadians)], ego: ego)
    }
    let track = try #require(bench.confirmed.first)
    #expect(track.id == 1)
    #expect(Vector2(track.vx, track.vy).length < 0.4)
    #expect(!track.flags.contains(.moving))
    let seen = pose.inverse * Vector2(40, 25)
    #expect(Vector2(track.x - seen.x, track.y - seen.y).length < 0.2)
  }

  @Test("An obstacle seen some time ago is placed where it was then")
  func age() throws {
    let bench = try TrackerBench()
    for frame in 1...40 {
      let t = Double(frame) * 0.1
      var old = Obstacle.box(10 + 10 * (t - 0.08), 0)
      old.ageNanoseconds = 80_000_000
      try bench.step(t, obstacles: [old])
    }
    let track = try #require(bench.confirmed.first)
    #expect(abs(track.x - 50) < 0.15)
    #expect(track.ageNanoseconds == 80_000_000)
  }

  @Test("Radar tells a car's speed at once, and lidar and radar share one track")
  func fused() throws {
    let mount = Transform3(rollDegrees: 0, pitchDegrees: 0, yawDegrees: 0, translation: Vector3(3.7, 0, 0.5))
    let bench = try TrackerBench(radarMount: mount)
    for frame in 1...6 {
      let t = Double(frame) * 0.1
      let x = 40 - 5 * t
      let detection = RadarDetection(
        x: Float(x - 2 - 3.7), y: 0, rangeRate: Float(5 - 10 - 10 + 10), trackID: 4)
      // The target drives off at 5 m/s, the machine follows at 10: the range shrinks by 5.
      try bench.step(
        t, obstacles: [.box(x, 0)], detections: [detection],
        ego: EgoState(speed: 10, x: 10 * t, flags: .valid))
    }
    let track = try #require(bench.confirmed.first)
    #expect(bench.tracks.count == 1)
    #expect(track.flags.contains([.lidar, .radar, .moving]))
    #expect(abs(track.vx - 5) < 0.3)
    #expect(abs(track.x - 37) < 0.4)
  }

  @Test("A moving radar detection alone begins a track; a standing one does not")
  func radarOnly() throws {
    let bench = try TrackerBench()
    for frame in 1...6 {
      let t = Double(frame) * 0.1
      try bench.step(
        t,
        detections: [
          RadarDetection(x: Float(50 - 18 * t), y: 4, rangeRate: -18, trackID: 1),
          RadarDetection(x: Float(60 - 10 * t), y: -4, rangeRate: -10, trackID: 2),
        ], ego: EgoState(speed: 10, x: 10 * t, flags: .valid))
    }
    let track = try #require(bench.tracks.first)
    #expect(bench.tracks.count == 1)
    #expect(abs(track.vx + 8) < 1)
    #expect(track.length == 0)
  }

  @Test("A thing unseen coasts at its speed, then its track ends, and its id is not used again")
  func lifeCycle() throws {
    let bench = try TrackerBench()
    for frame in 1...10 {
      let t = Double(frame) * 0.1
      try bench.step(t, obstacles: [.box(10 + 6 * t, 0)])
      #expect(bench.confirmed.isEmpty == (frame < 3))
    }
    for frame in 11...16 {
      try bench.step(Double(frame) * 0.1)
      #expect(bench.confirmed.count == 1)
      #expect(bench.tracks[0].misses == Int32(frame - 10))
    }
    #expect(abs(bench.tracks[0].x - (10 + 6 * 1.6)) < 0.3)
    try bench.step(1.7)
    #expect(bench.tracks.isEmpty)
    try bench.step(1.8, obstacles: [.box(10, 0)])
    #expect(bench.tracks[0].id == 2)
    try bench.step(1.9)
    try bench.step(2.0)
    #expect(bench.tracks.count == 1)
    try bench.step(2.1)
    #expect(bench.tracks.isEmpty)
  }

  @Test("A sweep handed on twice counts once")
  func reused() throws {
    let bench = try TrackerBench()
    try bench.step(0.1, obstacles: [.box(10, 0)])
    var old = Obstacle.box(10, 0)
    for frame in 1...4 {
      old.ageNanoseconds = Int64(frame) * 10_000_000
      try bench.step(0.1 + Double(frame) * 0.01, obstacles: [old])
    }
    #expect(bench.tracks.map(\.hits) == [1])
  }

  @Test("Non-finite measurements are counted and change nothing")
  func garbage() throws {
    let clean = try TrackerBench()
    let dirty = try TrackerBench()
    for frame in 1...5 {
      let t = Double(frame) * 0.1
      try clean.step(t, obstacles: [.box(10, 0)], detections: [])
      try dirty.step(
        t, obstacles: [.box(.nan, 0), .box(10, 0), .box(5, .infinity), .box(1, 1, yaw: .nan)],
        detections: [
          RadarDetection(x: .nan, y: 0, rangeRate: 0, trackID: 1),
          RadarDetection(x: 10, y: 0, rangeRate: .infinity, trackID: 1),
        ])
    }
    #expect(clean.tracks == dirty.tracks)
    #expect(dirty.stage.memory.value.rejectedMeasurements == 25)
  }

  @Test("When the list is full, new things are counted and old tracks stay")
  func full() throws {
    var settings = ObjectTrackerSettings()
    settings.maximumTracks = 2
    let bench = try TrackerBench(settings: settings)
    for frame in 1...4 {
      try bench.step(Double(frame) * 0.1, obstacles: [.box(10, 0), .box(20, 5), .box(30, 9)])
    }
    #expect(bench.tracks.map(\.id) == [1, 2])
    #expect(bench.stage.memory.value.droppedBirths == 4)
  }

  @Test("A car whose far side comes into sight keeps its place and speed")
  func growingBox() throws {
    let bench = try TrackerBench()
    // Overtaking on the left: first only the tail is seen, then the whole side.
    var lengths: [Double] = []
    for frame in 1...60 {
      let t = Double(frame) * 0.1
      let centre = 30 - 3 * t
      let seen = min(max((t - 2) * 1.5, 0.3), 4.4)
      let tail = centre - 2.2
      let ego = EgoState(speed: 15, x: 15 * t, flags: .valid)
      try bench.step(
        t,
        obstacles: [
          seen > 1.8
            ? .box(tail + seen / 2, 3, length: seen, width: 1.8)
            : .box(tail + seen / 2, 3, length: 1.8, width: seen, yaw: Double.pi / 2)
        ], ego: ego)
      if let track = bench.confirmed.first { lengths.append(track.length) }
    }
    let track = try #require(bench.confirmed.first)
    #expect(bench.confirmed.count == 1 && track.id == 1)
    #expect(abs(track.length - 4.4) < 0.3 && abs(track.width - 1.8) < 0.2)
    #expect(abs(track.x - 12) < 0.3)
    #expect(abs(track.vx - 12) < 1)
    #expect(abs(track.yaw) < 0.1)
  }

  @Test("The same inputs give the same bytes, also when a snapshot is thawed in the middle")
  func deterministic() throws {
    func run(_ bench: TrackerBench, _ frames: ClosedRange<Int>) throws {
      for frame in frames {
        let t = Double(frame) * 0.1
        var random = TestRandom(seed: UInt64(frame))
        let seen = (0..<12).map { index in
          Obstacle.box(
            10 + 5 * Double(index) + random.normal(), 3 * Double(index % 3) + 0.2 * random.normal())
        }
        let detections = (0..<4).map { index in
          RadarDetection(
            x: Float(20 + 9 * index), y: Float(random.normal()), rangeRate: Float(2 * random.normal()),
            trackID: UInt16(index))
        }
        try bench.step(t, obstacles: seen, detections: detections)
      }
    }
    func bytes(_ bench: TrackerBench) -> [UInt8] {
      var all: [UInt8] = []
      unsafe bench.bench.state.freeze { unsafe all = Array($0) }
      return all
    }
    let whole = try TrackerBench()
    try run(whole, 1...20)
    let middle = bytes(whole)
    try run(whole, 21...40)
    let again = try TrackerBench()
    try run(again, 1...40)
    #expect(again.tracks == whole.tracks)
    #expect(bytes(again) == bytes(whole))
    let thawed = try TrackerBench()
    #expect(unsafe middle.withUnsafeBytes { unsafe thawed.bench.state.thaw($0) })
    try run(thawed, 21...40)
    #expect(thawed.tracks == whole.tracks)
    #expect(bytes(thawed) == bytes(whole))
  }
}
