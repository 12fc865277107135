import FusionPipeline

/// A cluster's box while points are gathered into it, in the axes of its own direction.
struct BoxExtent: BitwiseCopyable, Sendable {
  var cos: Float = 1
  var sin: Float = 0
  var lowA = Float.infinity
  var highA = -Float.infinity
  var lowB = Float.infinity
  var highB = -Float.infinity
  var lowZ = Float.infinity
  var highZ = -Float.infinity
  var highAboveGround = -Float.infinity
  var nearestRange = Float.infinity
  var nearestPort: Int32 = 0
  var count: Int32 = 0
  init() {}

  @inline(__always) mutating func take(_ point: ScenePoint, height: Float) {
    let a = point.x * cos + point.y * sin
    let b = point.y * cos - point.x * sin
    lowA = min(lowA, a)
    highA = max(highA, a)
    lowB = min(lowB, b)
    highB = max(highB, b)
    lowZ = min(lowZ, point.z)
    highZ = max(highZ, point.z)
    highAboveGround = max(highAboveGround, height)
    if point.range < nearestRange {
      nearestRange = point.range
      nearestPort = point.port
    }
    count &+= 1
  }
}

/// Finds what stands on the ground in the newest sweep of every lidar; writes "obstacles".
///
/// Sweeps → vehicle frame at the instant → ground by rays → clusters on a grid → oriented boxes. Reads "ego",
/// where a stage before it writes one, to take the machine's own motion out.
/// Cost: linear in points, no allocation; about 45 ns a point on one core.
@safe public final class LidarObstacleStage: Stage {
  private static let maximumClusters = 4096

  private let settings: LidarObstacleSettings
  private let ports: [SensorPort<LidarSweep>]
  private let pools: [PayloadPool<LidarPoint>]
  private let ego: FixedList<EgoState>?
  private let obstacles: FixedList<Obstacle>
  private let gathering: SceneGathering
  private let ground: GroundGrid
  private let clustering: ClusterGrid
  private let boxFit = BoxFit()
  private let boxes: FixedList<BoxExtent>
  private let heights: FixedList<Float>
  private let found: FixedList<Obstacle>
  private let ages: FixedList<Int64>

  public init(
    setup: StageSetup, settings: LidarObstacleSettings = LidarObstacleSettings()
  ) throws(SetupProblem) {
    self.settings = settings
    ports = setup.sensors(of: LidarSweep.self)
    guard !ports.isEmpty else {
      throw SetupProblem("stage \(setup.stageName): no sensor gives lidar sweeps; add one or leave it out")
    }
    try Self.check(settings, setup)
    var found: [PayloadPool<LidarPoint>] = []
    for port in ports { found.append(try setup.pool(of: LidarPoint.self, for: port.name)) }
    pools = found
    ego = setup.optionalInput("ego", of: EgoState.self)
    obstacles = try setup.output(
      "obstacles", of: Obstacle.self, capacity: settings.maximumObstacles, zero: Obstacle())
    let vehicle = setup.vehicle
    let region = SceneRegion(
      rear: Float(settings.rearMetres), front: Float(settings.frontMetres),
      side: Float(settings.sideMetres), bodyRear: Float(-vehicle.rearOverhangMetres - 0.1),
      bodyFront: Float(vehicle.frontOverhangMetres + 0.1), bodySide: Float(vehicle.widthMetres / 2 + 0.15))
    gathering = SceneGathering(capacity: settings.maximumPoints, region: region)
    ground = GroundGrid(
      farthest: region.farthest, startRange: Float(vehicle.widthMetres / 2),
      maximumSlope: settings.maximumSlope, slopeTolerance: settings.slopeTolerance)
    clustering = ClusterGrid(region: region, settings: settings, maximumClusters: Self.maximumClusters)
    boxes = FixedList(capacity: Self.maximumClusters, zero: BoxExtent())
    heights = FixedList(capacity: settings.maximumPoints, zero: 0)
    self.found = FixedList(capacity: Self.maximumClusters, zero: Obstacle())
    ages = FixedList(capacity: ports.count, zero: 0)
  }

  private static func check(_ s: LidarObstacleSettings, _ setup: StageSetup) throws(SetupProblem) {
    try setup.check("rearMetres", s.rearMetres, -300...0)
    try setup.check("frontMetres", s.frontMetres, 2...300)
    try setup.check("sideMetres", s.sideMetres, 1...300)
    try setup.check("clearanceMetres", s.clearanceMetres, 0.5...20)
    try setup.check("groundThresholdMetres", s.groundThresholdMetres, 0.01...1)
    try setup.check("maximumSlope", s.maximumSlope, 0...1)
    try setup.check("slopeTolerance", s.slopeTolerance, 0...1)
    try setup.check("minimumHeightMetres", s.minimumHeightMetres, 0...5)
    try setup.check("minimumPoints", s.minimumPoints, 1...10_000)
    try setup.check("cellMetres", s.cellMetres, 0.05...2)
    try setup.check("gapMetres", s.gapMetres, 0...10)
    try setup.check("gapPerMetre", s.gapPerMetre, 0...0.1)
    try setup.check("maximumLengthMetres", s.maximumLengthMetres, 1...200)
    try setup.check("maximumWidthMetres", s.maximumWidthMetres, 0.5...200)
    try setup.check("pieceMetres", s.pieceMetres, 0.5...50)
    try setup.check("maximumPoints", s.maximumPoints, 100...10_000_000)
    try setup.check("maximumObstacles", s.maximumObstacles, 1...4096)
    try setup.check("minimumSensors", s.minimumSensors, 0...64)
  }

  public func run(_ frame: Frame) throws(StageFailure) {
    obstacles.removeAll()
    let motion = ego.flatMap { $0.isEmpty ? nil : $0[0] } ?? EgoState()
    guard gather(motion) >= settings.minimumSensors else { throw StageFailure(.inputMissing) }
    ground.fit()
    keepRaisedPoints()
    clustering.label()
    fitBoxes()
    cutLarge(motion)
    handOn()
  }

  /// Takes every lidar's newest sweep; gives how many there were.
  private func gather(_ motion: EgoState) -> Int {
    gathering.clear()
    ground.clear()
    ages.removeAll()
    var taken = 0
    for (index, port) in ports.enumerated() {
      ages.append(port.latest?.ageNanoseconds ?? 0)
      guard let pick = port.latest, pools[index].pin(pick.sample.points) else { continue }
      unsafe gathering.append(
        pools[index].elements(of: pick.sample.points), portIndex: index,
        vehicleFromSensor: port.vehicleFromSensor, newestAgeNanoseconds: pick.ageNanoseconds,
        spanNanoseconds: pick.header.spanNanoseconds, ego: motion, ground: ground)
      pools[index].unpin(pick.sample.points)
      taken += 1
    }
    return taken
  }

  private func keepRaisedPoints() {
    clustering.clear()
    heights.removeAll()
    let threshold = Float(settings.groundThresholdMetres)
    let clearance = Float(settings.clearanceMetres)
    let points = unsafe gathering.points.elements
    for index in points.indices {
      let height = unsafe ground.heightAboveGround(points[index])
      heights.append(height)
      let isRaised = height > threshold && height < clearance
      unsafe points[index].cell =
        isRaised ? clustering.add(x: points[index].x, y: points[index].y) : -1
    }
  }

  private func fitBoxes() {
    boxes.removeAll()
    for index in clustering.clusters.indices { appendBox(clustering.clusters[index]) }
    takePoints(from: 0)
  }

  private func appendBox(_ cluster: CellCluster) {
    var box = BoxExtent()
    if cluster.cellCount > 0, cluster.pointCount >= settings.minimumPoints {
      (box.cos, box.sin) = boxFit.direction(of: cluster, in: clustering)
    }
    boxes.append(box)
  }

  /// Points into the boxes of clusters from number `first` on.
  private func takePoints(from first: Int32) {
    let points = unsafe gathering.points.elements
    let raised = unsafe heights.elements
    let all = unsafe boxes.elements
    for index in points.indices {
      let point = unsafe points[index]
      guard point.cell >= 0 else { continue }
      let cluster = clustering.cells[Int(point.cell)].cluster
      guard cluster >= first, Int(cluster) < all.count else { continue }
      unsafe all[Int(cluster)].take(point, height: raised[index])
    }
  }

  private func cutLarge(_ motion: EgoState) {
    let whole = boxes.count
    let pose = motion.odometryFromVehicle
    for index in 0..<whole {
      let box = boxes[index]
      guard box.count > 0 else { continue }
      let a = Double(box.highA - box.lowA)
      let b = Double(box.highB - box.lowB)
      if max(a, b) > settings.maximumLengthMetres || min(a, b) > settings.maximumWidthMetres {
        clustering.cut(index, pieceMetres: Float(settings.pieceMetres), odometryFromVehicle: pose)
        boxes[index].count = 0
      }
    }
    guard clustering.clusters.count > whole else { return }
    for index in whole..<clustering.clusters.count { appendBox(clustering.clusters[index]) }
    takePoints(from: Int32(truncatingIfNeeded: whole))
  }

  private func handOn() {
    found.removeAll()
    for index in boxes.indices {
      let box = boxes[index]
      guard Int(box.count) >= settings.minimumPoints,
        Double(box.highAboveGround) >= settings.minimumHeightMetres
      else { continue }
      found.append(obstacle(box, isPiece: clustering.clusters[index].isPiece))
    }
    found.sort {
      ($0.nearestDistance, $0.x, $0.y, $0.pointCount) < ($1.nearestDistance, $1.x, $1.y, $1.pointCount)
    }
    for index in 0..<min(found.count, obstacles.capacity) { obstacles.append(found[index]) }
  }

  private func obstacle(_ box: BoxExtent, isPiece: Bool) -> Obstacle {
    let a = Double(box.lowA + box.highA) / 2
    let b = Double(box.lowB + box.highB) / 2
    let (c, s) = (Double(box.cos), Double(box.sin))
    let sizeA = Double(box.highA - box.lowA)
    let sizeB = Double(box.highB - box.lowB)
    let alongA = sizeA >= sizeB
    let port = Int(box.nearestPort)
    return Obstacle(
      x: a * c - b * s, y: a * s + b * c, z: Double(box.lowZ + box.highZ) / 2,
      length: max(sizeA, sizeB), width: min(sizeA, sizeB), height: Double(box.highZ - box.lowZ),
      yaw: alongA ? Pinned.atan2(s, c) : Pinned.atan2(-c, s),
      nearestDistance: Double(box.nearestRange), ageNanoseconds: ages[port], pointCount: box.count,
      source: ports[port].number, flags: isPiece ? Obstacle.isPiece : 0)
  }
}
