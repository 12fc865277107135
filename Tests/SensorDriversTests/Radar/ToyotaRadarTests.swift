import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

let noDetection = RadarDetection(x: 0, y: 0, rangeRate: 0, trackID: 0)

@Suite("Toyota radar") struct ToyotaRadarTests {
  static let drive = "drives/comma2k19-rav4/"
  static let isThere = Recorded.has("drives/comma2k19-rav4/can_raw.log.xz")

  let pool = PayloadPool(id: 2, slots: 2, capacity: 16, zero: noDetection)

  private func detections(_ scan: RadarScan) -> [RadarDetection] {
    guard pool.pin(scan.detections) else { return [] }
    defer { pool.unpin(scan.detections) }
    return unsafe Array(pool.elements(of: scan.detections))
  }

  @Test(
    "Every row of the recording's reference decode is one detection, and every detection is a row",
    .enabled(if: isThere, "\(Recorded.absent)"))
  func matchesReference() throws {
    struct Key: Hashable {
      var time: Substring
      var address: Int
    }
    var rows: [Key: [Double]] = [:]
    for line in try Recorded.lines(Self.drive + "radar_reference_decode.csv.xz").dropFirst() {
      let columns = line.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = columns.map { Double($0) ?? .nan }
      rows[Key(time: columns[0], address: Int(numbers[6]))] = [
        numbers[1], numbers[2], numbers[3], numbers[7],
      ]
    }
    #expect(rows.count == 5323)

    let decoder = ToyotaRadarDecoder(pool: pool, bus: 1)
    var times = [Substring](repeating: "", count: 16)
    var scans = 0
    var found = 0
    var partial = 0
    var spanMilliseconds = 0.0
    func check(_ timing: SampleTiming, _ scan: RadarScan) {
      scans += 1
      if timing.flags.contains(.partial) { partial += 1 }
      spanMilliseconds = max(spanMilliseconds, Double(timing.spanNanoseconds) / 1e6)
      for detection in detections(scan) {
        let key = Key(time: times[Int(detection.trackID)], address: 0x210 + Int(detection.trackID))
        guard let row = rows.removeValue(forKey: key) else {
          Issue.record("no row for slot \(detection.trackID) at \(key.time)")
          continue
        }
        // The reference counts from a point 2.7 m behind the radar.
        #expect(abs(Double(detection.x) + 2.7 - row[0]) < 2e-5)
        #expect(abs(Double(detection.y) - row[1]) < 5e-6)
        #expect(abs(Double(detection.rangeRate) - row[2]) < 5e-6)
        #expect((detection.flags & RadarDetection.isNew != 0) == (row[3] == 1))
        found += 1
      }
    }
    for recorded in recordedCAN(try Recorded.lines(Self.drive + "can_raw.log.xz")) {
      if recorded.frame.bus == 1, (0x210...0x21F).contains(recorded.frame.id) {
        times[Int(recorded.frame.id - 0x210)] = recorded.time
      }
      let bytes = recorded.frame.encoded()
      unsafe decoder.decode(bytes.span.bytes, arrival: recorded.arrival, emit: check)
    }
    decoder.finish(emit: check)
    #expect(rows.isEmpty)
    #expect(found == 5323)
    #expect(scans == 600)
    #expect(partial == 0)
    #expect(decoder.counters.invalid == 0)
    #expect(decoder.counters.missing == 0)
    print(
      "toyota radar: \(found) of 5323 rows, \(scans) scans, longest cycle \(spanMilliseconds) ms on the bus")
  }

  static func track(_ slot: Int, counter: UInt8, forward: UInt16 = 100, isNew: Bool = false) -> [UInt8] {
    var data: [UInt8] = [
      counter, UInt8(forward >> 5), UInt8(forward & 31) << 3, 0, isNew ? 0x10 : 0, 0, 1, 0,
    ]
    let id = 0x210 + UInt32(slot)
    data[7] = UInt8(truncatingIfNeeded: (id & 0xFF) + 2 + 8 + data.dropLast().reduce(0) { $0 + UInt32($1) })
    return CANFrame(id: id, bus: 1, data: data).encoded()
  }

  private func score(_ slot: Int, _ value: UInt8) -> [UInt8] {
    var data: [UInt8] = slot < 8 ? [0, 0, value, 0, 0, 0, 0, 0] : [0, 0, value, 0, 0, 0]
    let id = 0x220 + UInt32(slot)
    data[data.count - 1] = UInt8(truncatingIfNeeded: (id & 0xFF) + 2 + UInt32(data.count) + UInt32(value))
    return CANFrame(id: id, bus: 1, data: data).encoded()
  }

  private func decode(
    _ frames: [[UInt8]], _ decoder: ToyotaRadarDecoder
  ) -> [(timing: SampleTiming, detections: [RadarDetection])] {
    var scans: [(SampleTiming, [RadarDetection])] = []
    for (index, frame) in frames.enumerated() {
      unsafe decoder.decode(
        frame.span.bytes, arrival: Stamp(nanoseconds: Int64(index) * 1_000_000),
        emit: { scans.append(($0, detections($1))) })
    }
    return scans
  }

  @Test("A cycle is handed on with its last slot, in whatever order the slots come")
  func anyOrder() {
    let order = [3, 0, 15, 1, 2, 14, 13, 12, 4, 5, 6, 7, 11, 10, 9, 8]
    let decoder = ToyotaRadarDecoder(pool: pool)
    let frames = order.map { Self.track($0, counter: 7, forward: UInt16($0 * 10)) }
    let scans = decode(frames, decoder)
    #expect(scans.count == 1)
    #expect(scans.first?.detections.map(\.trackID) == (0..<16).map { UInt16($0) })
    #expect(scans.first?.detections.map(\.x) == (0..<16).map { Float(Double($0) * 10 * 0.04) })
    #expect(scans.first?.timing.spanNanoseconds == 15_000_000)
    #expect(scans.first?.timing.flags == [])
  }

  @Test("A slot that never came makes the cycle partial, and counts as missing, with the next cycle's first")
  func partialCycle() {
    let decoder = ToyotaRadarDecoder(pool: pool)
    var frames = (0..<16).filter { $0 != 5 }.map { Self.track($0, counter: 255) }
    frames.append(Self.track(0, counter: 0))
    let scans = decode(frames, decoder)
    #expect(scans.count == 1)
    #expect(scans.first?.detections.count == 15)
    #expect(scans.first?.timing.flags == .partial)
    #expect(scans.first?.timing.beforePacketNanoseconds == 1_000_000)
    #expect(decoder.counters.missing == 1)
  }

  @Test("Two lost cycles count as 32 missing frames")
  func lostCycles() {
    let decoder = ToyotaRadarDecoder(pool: pool)
    let frames = (0..<16).map { Self.track($0, counter: 10) } + (0..<16).map { Self.track($0, counter: 13) }
    #expect(decode(frames, decoder).count == 2)
    #expect(decoder.counters.missing == 32)
  }

  @Test("A frame with a wrong checksum is invalid and changes nothing")
  func badChecksum() {
    let decoder = ToyotaRadarDecoder(pool: pool)
    var frames = (0..<16).map { Self.track($0, counter: 1) }
    frames[4][8 + 1] ^= 1
    #expect(decode(frames, decoder).isEmpty)
    #expect(decoder.counters.invalid == 1)
  }

  @Test("The other track's frames give the quality: the last score, none for a new track, 100 without them")
  func quality() {
    let decoder = ToyotaRadarDecoder(pool: pool)
    let plain = decode((0..<16).map { Self.track($0, counter: 1) }, decoder)
    #expect(plain.first?.detections.allSatisfy { $0.quality == 100 } == true)
    let scored = decode(
      [score(3, 77), score(12, 40)] + (0..<16).map { Self.track($0, counter: 2, isNew: $0 == 12) }, decoder)
    #expect(scored.first?.detections[3].quality == 77)
    #expect(scored.first?.detections[12].quality == 0)
    #expect(scored.first?.detections[12].flags == RadarDetection.isNew)
  }

  @Test("With every payload slot pinned a cycle is dropped and counted")
  func noSlot() {
    let held = (pool.acquire(), pool.acquire())
    #expect(held.0 != nil && held.1 != nil)
    let decoder = ToyotaRadarDecoder(pool: pool)
    #expect(decode((0..<16).map { Self.track($0, counter: 1) }, decoder).isEmpty)
    #expect(decoder.counters.droppedNoSlot == 1)
  }

  @Test("Damaged frames never trap the decoder and never give a number that is not finite")
  func survivesGarbage() {
    var random = SeededBytes(seed: 11)
    let decoder = ToyotaRadarDecoder(pool: pool)
    for round in 0..<100_000 {
      let whole =
        round % 3 == 0 ? score(round % 16, 50) : Self.track(round % 16, counter: UInt8(round / 16 % 256))
      let packet = round % 2 == 0 ? random.damaged(whole) : whole
      unsafe decoder.decode(
        packet.span.bytes, arrival: Stamp(nanoseconds: Int64(truncatingIfNeeded: random.next())),
        emit: { timing, scan in
          if timing.spanNanoseconds < 0 || timing.beforePacketNanoseconds < 0
            || !detections(scan).allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.rangeRate.isFinite })
          {
            Issue.record("impossible scan in round \(round)")
          }
        })
    }
    #expect(decoder.counters.packets == 100_000)
    #expect(decoder.counters.samples > 100)
  }
}
