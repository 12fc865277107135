import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("VLP-16") struct VelodyneVLP16Tests {
  let pool = PayloadPool(id: 1, slots: 3, capacity: 64_000, zero: noLidarPoint)

  private func sweeps(
    _ packets: [[UInt8]], settings: VelodyneVLP16Decoder.Settings = .init(), finish: Bool = false
  ) -> (taken: [TakenSweep], decoder: VelodyneVLP16Decoder) {
    let decoder = VelodyneVLP16Decoder(pool: pool, settings: settings)
    let collector = SweepCollector(pool: pool)
    for packet in packets {
      unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take)
    }
    if finish { decoder.finish(emit: collector.take) }
    return (collector.sweeps, decoder)
  }

  private static let folder = "lidar-packets/velodyne-vlp16"
  private static let reference = folder + "/reference_1673400472138016708.pcd"

  /// nebula's points: 32 bytes each, of which the first twelve are the position.
  private func referencePoints() throws -> [SIMD3<Float>] {
    let file = try Data(contentsOf: Recorded.root.appendingPathComponent(Self.reference))
    let header = try #require(file.range(of: Data("DATA binary\n".utf8)))
    let body = [UInt8](file[header.upperBound...])
    func float(_ at: Int) -> Float {
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(body[at + $1]) << (8 * UInt32($1)) })
    }
    return (0..<(body.count / 32)).map { SIMD3(float($0 * 32), float($0 * 32 + 4), float($0 * 32 + 8)) }
  }

  @Test(
    "The sweep of nebula's reference cloud agrees with it in both directions",
    .enabled(if: Recorded.has(reference), "\(Recorded.absent)"))
  func agreesWithReference() throws {
    let packets = recordedDatagrams(try Recorded.bytes(Self.folder + "/packets.pcap")).map(\.payload)
    let reference = try referencePoints()
    #expect(reference.count == 14_831)

    // nebula holds the azimuth in a dual packet's last group, as no motor does; compared on equal terms first.
    var held = VelodyneVLP16Decoder.Settings()
    held.advancesLastAzimuth = false
    for (settings, near, name) in [(held, 0.995, "held"), (.init(), 0.985, "advanced")] {
      let (taken, decoder) = sweeps(packets, settings: settings)
      #expect(decoder.counters.invalid == 0 && decoder.counters.ignored == 0)
      #expect(decoder.counters.missing == 0)
      #expect(taken.count == 4)
      #expect(taken.map(\.timing.flags.isEmpty) == [false, true, true, true])
      let ours = taken[3].positions
      let grid = PointGrid(ours, radius: 0.05)
      let referenceGrid = PointGrid(reference, radius: 0.05)
      let within2 = grid.share(of: reference, within: 0.02)
      let within5 = grid.share(of: reference, within: 0.05)
      let oursFar = 1 - referenceGrid.share(of: ours, within: 0.05)
      let pooled = PointGrid(taken.flatMap(\.positions), radius: 0.05).share(of: reference, within: 0.02)
      print(
        "VLP-16 \(name): reference within 2 cm \(within2), 5 cm \(within5), pooled \(pooled);"
          + " ours beyond 5 cm \(oursFar); \(ours.count) points")
      #expect(within2 >= near)
      #expect(within5 >= 0.999)
      #expect(oursFar <= 0.005)
    }
  }

  /// Packets of an even turn of 900 groups.
  private func packets(_ count: Int, _ configure: (inout VelodynePacketMaker) -> Void = { _ in }) -> [[UInt8]]
  {
    var maker = VelodynePacketMaker()
    configure(&maker)
    return (0..<count).map { _ in maker.next() }
  }

  @Test("A laser's point lies where its elevation, its own azimuth and its vertical offset put it")
  func geometry() throws {
    let all = sweeps(packets(1), finish: true).taken[0]
    #expect(all.points.count == 384)
    for (index, point) in all.points.enumerated() {
      let (group, firing, laser) = (index / 32, index / 16 % 2, index % 16)
      let elevation = VelodyneVLP16Geometry.elevationsDegrees[laser] * .pi / 180
      let delay = Double(firing) * 55.296 + Double(laser) * 2.304
      let azimuth = (Double(group) * 0.4 + 0.4 * delay / 110.592) * .pi / 180
      let offset = VelodyneVLP16Geometry.verticalOffsetsMillimetres[laser] / 1000
      let x = 2 * cos(elevation) * cos(azimuth)
      let y = -2 * cos(elevation) * sin(azimuth)
      let z = 2 * sin(elevation) + offset
      let distance = SIMD3(x, y, z) - SIMD3(Double(point.x), Double(point.y), Double(point.z))
      #expect((distance * distance).sum() < 1e-12)
      let microseconds = Double(group) * 110.592 + delay
      #expect(point.timeNanoseconds == UInt32((microseconds * 1000).rounded()))
      #expect(point.intensity == 7)
    }
    let byRing = Dictionary(grouping: all.points, by: \.ring).mapValues { $0[0].z }
    #expect(byRing.count == 16)
    // Offsets of a centimetre do not turn the order of rings two degrees apart.
    let heights = (0..<16).compactMap { byRing[UInt16($0)] }
    #expect(heights == heights.sorted())
  }

  @Test("A sweep ends where the azimuth passes the cut, its last point's time is its stamp, and none is lost")
  func cutsSweeps() {
    for cut in [0.0, 90, 359.99, -45] {
      var settings = VelodyneVLP16Decoder.Settings()
      settings.cutDegrees = cut
      // 75 packets of 12 groups of 0.4° are a turn.
      let (taken, decoder) = sweeps(packets(75 * 4) { $0.azimuth = 18_000 }, settings: settings, finish: true)
      #expect(taken.count == 5)
      #expect(taken.map(\.timing.flags) == [.partial, [], [], [], .partial])
      let total = taken.reduce(0) { $0 + $1.points.count }
      #expect(total == 115_200)
      for whole in taken[1...3] { #expect(abs(whole.points.count - 28_800) <= 16) }
      for sweep in taken[1...] {
        let first = sweep.points[0]
        let angle = -atan2(Double(first.y), Double(first.x)) * 180 / .pi
        let past: Double = (angle - cut + 720).truncatingRemainder(dividingBy: 360)
        #expect(past < 0.41)
      }
      for (a, b) in zip(taken, taken.dropFirst()) {
        let gap = (b.timing.device - b.timing.spanNanoseconds) - a.timing.device
        // From the last laser of one sequence to the first of the next.
        #expect(abs(gap - 20_736) < 1500)
      }
      #expect(decoder.counters.missing == 0)
    }
  }

  @Test("Any cut angle a configuration may hold is taken for what it is within a turn, or for 0")
  func oddCuts() {
    for (given, same) in [(360.0, 0.0), (-90, 270), (725, 5), (1e300, nil), (.nan, 0), (-.infinity, 0)]
      as [(Double, Double?)]
    {
      var settings = VelodyneVLP16Decoder.Settings()
      settings.cutDegrees = given
      let ours = sweeps(packets(160), settings: settings).taken.map(\.timing)
      guard let same else { continue }
      settings.cutDegrees = same
      #expect(ours == sweeps(packets(160), settings: settings).taken.map(\.timing))
    }
  }

  @Test("A sweep that closes in mid-packet says how long before the packet's newest content it ended")
  func beforePacket() {
    let decoder = VelodyneVLP16Decoder(pool: pool)
    let collector = SweepCollector(pool: pool)
    var maker = VelodynePacketMaker()
    maker.azimuth = 36_000 - 240
    let packet = maker.next()
    unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take)
    // Six groups before the cut, six after it.
    #expect(collector.sweeps.count == 1)
    #expect(collector.sweeps.first?.points.count == 192)
    #expect(collector.sweeps.first?.timing.beforePacketNanoseconds == 663_552)
    #expect(collector.sweeps.first?.timing.spanNanoseconds == 642_816)
  }

  @Test("The device's time runs on when the hour wraps")
  func unwrapsHour() {
    let (taken, decoder) = sweeps(packets(75 * 3) { $0.microseconds = 3_599_900_000 })
    #expect(decoder.counters.invalid == 0 && decoder.counters.missing == 0)
    #expect(taken.count == 2)
    let step = taken[1].timing.device - taken[0].timing.device
    #expect(abs(step - 99_532_800) < 200_000)
    #expect(taken[1].timing.device.nanoseconds > 3_600_000_000_000)
  }

  @Test("Lost packets are counted from the time stamps, and make their sweep partial")
  func countsMissing() {
    var maker = VelodynePacketMaker()
    var stream: [[UInt8]] = []
    for index in 0..<300 {
      // Three lost in the second sweep, and four across the third cut.
      if (100..<103).contains(index) || (223..<227).contains(index) {
        maker.skip()
      } else {
        stream.append(maker.next())
      }
    }
    let (taken, decoder) = sweeps(stream, finish: true)
    #expect(decoder.counters.missing == 7)
    #expect(taken.count == 4)
    #expect(taken[1].sweep.missingPackets == 3 && taken[1].timing.flags == .partial)
    let missing = taken.reduce(0) { $0 + Int($1.sweep.missingPackets) }
    let packets = taken.reduce(0) { $0 + Int($1.sweep.packets) }
    #expect(missing == 7)
    #expect(packets >= 293)
  }

  @Test("An outage of more than a turn ends the sweep before it")
  func longOutage() {
    var maker = VelodynePacketMaker()
    var stream = (0..<40).map { _ in maker.next() }
    for _ in 0..<75 { maker.skip() }
    stream += (0..<60).map { _ in maker.next() }
    let (taken, decoder) = sweeps(stream, finish: true)
    #expect(decoder.counters.missing == 75)
    #expect(taken.count == 3)
    #expect(taken[0].points.count == 15_360)
    #expect(taken[0].timing.flags == .partial)
  }

  @Test("A packet sent twice is refused, and a clock that steps back starts a new sweep")
  func repeatedPackets() {
    let stream = packets(30)
    let (_, decoder) = sweeps(stream.flatMap { [$0, $0] })
    #expect(decoder.counters.invalid == 30)
    let (taken, stepped) = sweeps(packets(30) { $0.microseconds = 90_000_000 } + stream, finish: true)
    #expect(stepped.counters.invalid == 0)
    #expect(taken.map(\.points.count) == [11_520, 11_520])
  }

  @Test("In dual mode a second return differs from the first, and shares its time and ring")
  func dualReturns() {
    let (taken, _) = sweeps(
      packets(1) {
        $0.returnMode = 0x39
        $0.channel = { block, _, laser in (block % 2 == 0 || laser < 4 ? 1000 : 500, UInt8(block % 2)) }
      }, finish: true)
    let points = taken[0].points
    #expect(points.count == 336)
    #expect(points.count { $0.returnIndex == 1 } == 144)
    for (a, b) in zip(points, points.dropFirst()) where b.returnIndex == 1 {
      #expect(a.timeNanoseconds == b.timeNanoseconds && a.ring == b.ring && a.returnIndex == 0)
      #expect(abs(b.x / a.x - 0.5) < 1e-5)
    }
  }

  @Test("Strongest and last return modes decode alike, and returns outside the range are left out")
  func singleReturns() {
    var settings = VelodyneVLP16Decoder.Settings()
    settings.minimumRangeMetres = 1
    settings.maximumRangeMetres = 20
    for mode: UInt8 in [0x37, 0x38] {
      let (taken, decoder) = sweeps(
        packets(1) {
          $0.returnMode = mode
          $0.channel = { _, _, laser in ([0, 499, 500, 10_000, 10_001][laser % 5], 1) }
        }, settings: settings, finish: true)
      #expect(decoder.counters.invalid == 0)
      // Lasers 2, 7, 12 and 3, 8, 13 of each firing.
      #expect(taken[0].points.count == 144)
    }
  }

  @Test("Another model's or length's packet is ignored; an impossible one is invalid")
  func refuses() {
    let good = packets(1)[0]
    func changed(_ at: Int, _ value: UInt8) -> [UInt8] {
      var copy = good
      copy[at] = value
      return copy
    }
    let (_, decoder) = sweeps([
      changed(1205, 0x28), Array(good.dropLast()), [], changed(300, 0), changed(3, 0xFF), changed(1204, 0),
      changed(1203, 0xFF),
    ])
    #expect(decoder.counters.ignored == 3)
    #expect(decoder.counters.invalid == 4)
    #expect(decoder.counters.samples == 0)
  }

  @Test("With every slot pinned a sweep is dropped and counted, and the next one comes whole")
  func noSlot() {
    let small = PayloadPool(id: 9, slots: 1, capacity: 64_000, zero: noLidarPoint)
    let decoder = VelodyneVLP16Decoder(pool: small)
    var handles: [PayloadHandle] = []
    let stream = packets(75 * 4)
    for (index, packet) in stream.enumerated() {
      if index == 100, let handle = handles.first { small.unpin(handle) }
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { _, sweep in
        // Held from the first sweep into the second.
        if handles.isEmpty { #expect(small.pin(sweep.points)) }
        handles.append(sweep.points)
      }
    }
    #expect(decoder.counters.droppedNoSlot == 1)
    #expect(handles.count == 2)
    #expect(handles.last.map { abs(Int($0.count) - 28_800) <= 16 } == true)
  }

  @Test("More points than a slot holds are dropped and counted")
  func slotTooSmall() {
    let small = PayloadPool(id: 9, slots: 2, capacity: 100, zero: noLidarPoint)
    let decoder = VelodyneVLP16Decoder(pool: small)
    let collector = SweepCollector(pool: small)
    let packet = packets(1)[0]
    unsafe decoder.decode(packet.span.bytes, arrival: .zero, emit: collector.take)
    decoder.finish(emit: collector.take)
    #expect(collector.sweeps.first?.points.count == 100)
    #expect(collector.sweeps.first?.sweep.droppedPoints == 284)
  }

  @Test("Damaged packets never trap the decoder and never give a number that is not finite")
  func survivesGarbage() {
    var random = SeededBytes(seed: 16)
    let decoder = VelodyneVLP16Decoder(pool: pool)
    var maker = VelodynePacketMaker()
    let templates = (0..<200).map { index in
      maker.returnMode = [0x37, 0x38, 0x39][index % 3]
      return maker.next()
    }
    var impossible = 0
    for round in 0..<100_000 {
      let packet = random.damaged(templates[round % 200])
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { timing, sweep in
        guard pool.pin(sweep.points) else { return }
        defer { pool.unpin(sweep.points) }
        if timing.spanNanoseconds < 0 || timing.beforePacketNanoseconds < 0 { impossible += 1 }
        // Few of the sweeps point by point: all would take minutes without optimisation.
        guard round % 50 == 0 else { return }
        let points = unsafe Array(pool.elements(of: sweep.points))
        impossible += points.count { !($0.x.isFinite && $0.y.isFinite && $0.z.isFinite) }
      }
    }
    #expect(impossible == 0)
    #expect(decoder.counters.packets == 100_000)
    #expect(decoder.counters.samples > 100)
  }
}
