import FusionPipeline
import Testing

@testable import SensorDrivers

/// What the `SensorDecoder` contract promises of every decoder.
@Suite("Decoder contract") struct DecoderConformanceTests {
  private func timings<D: SensorDecoder>(_ decoder: D, _ packets: [[UInt8]]) -> [SampleTiming] {
    var timings: [SampleTiming] = []
    for (index, packet) in packets.enumerated() {
      unsafe decoder.decode(
        packet.span.bytes, arrival: Stamp(nanoseconds: Int64(index) * 1_000_000),
        emit: { timing, _ in timings.append(timing) })
    }
    return timings
  }

  private func conforms<D: SensorDecoder>(_ make: () throws -> D, _ packets: [[UInt8]]) throws {
    let first = try make()
    let fresh = timings(first, packets)
    #expect(fresh.count > 1)
    #expect(first.counters.packets == UInt64(packets.count))
    #expect(first.counters.samples == UInt64(fresh.count))
    #expect(first.counters.invalid == 0 && first.counters.ignored == 0 && first.counters.missing == 0)
    // The same bytes, the same samples.
    #expect(timings(try make(), packets) == fresh)
    // Reset in the middle of a sample leaves nothing of it.
    let reused = try make()
    _ = timings(reused, Array(packets[..<(packets.count / 3)]))
    reused.reset()
    #expect(timings(reused, packets) == fresh)
    // Empty packets and lengths up to a frame's are borne.
    let odd = try make()
    for length in 0..<1500 { _ = timings(odd, [[UInt8](repeating: 0xFF, count: length)]) }
    #expect(odd.counters.packets == 1500)
    #expect(odd.counters.samples == 0)
  }

  @Test("VLP-16: same bytes, same samples, with nothing left over a reset") func velodyne() throws {
    let pool = PayloadPool(id: 1, slots: 3, capacity: 64_000, zero: noLidarPoint)
    var maker = VelodynePacketMaker()
    try conforms({ VelodyneVLP16Decoder(pool: pool) }, (0..<200).map { _ in maker.next() })
  }

  @Test("Ouster: same bytes, same samples, with nothing left over a reset", arguments: OusterProfile.allCases)
  func ouster(_ profile: OusterProfile) throws {
    let maker = OusterPacketMaker(profile)
    let pool = PayloadPool(id: 1, slots: 3, capacity: 512, zero: noLidarPoint)
    try conforms(
      { try OusterDecoder(metadata: maker.metadata, pool: pool) },
      (1...5).flatMap { maker.frame(UInt16($0)) })
  }

  @Test("Xsens: same bytes, same samples, with nothing left over a reset") func xsens() throws {
    let stream = (0..<20).flatMap { XsensMessageMaker.sample(counter: UInt16($0), fine: UInt32($0) * 100) }
    try conforms(
      { XsensDecoder() },
      stride(from: 0, to: stream.count, by: 50).map { Array(stream[$0..<min($0 + 50, stream.count)]) })
  }

  @Test("Toyota radar: same bytes, same samples, with nothing left over a reset") func radar() throws {
    let pool = PayloadPool(id: 1, slots: 2, capacity: 16, zero: noDetection)
    try conforms(
      { ToyotaRadarDecoder(pool: pool) },
      (0..<64).map { ToyotaRadarTests.track($0 % 16, counter: UInt8($0 / 16)) })
  }

  @Test("A decoder that goes away gives the slot of its unfinished sweep back") func givesSlotBack() throws {
    let pool = PayloadPool(id: 1, slots: 1, capacity: 64_000, zero: noLidarPoint)
    var maker = VelodynePacketMaker()
    var velodyne: VelodyneVLP16Decoder? = VelodyneVLP16Decoder(pool: pool)
    _ = try timings(#require(velodyne), [maker.next()])
    #expect(pool.acquire() == nil)
    velodyne = nil
    let ouster = OusterPacketMaker()
    var second: OusterDecoder? = try OusterDecoder(metadata: ouster.metadata, pool: pool)
    _ = try timings(#require(second), [ouster.packet(frame: 1, index: 0)])
    #expect(pool.acquire() == nil)
    second = nil
    #expect(pool.acquire() != nil)
  }
}
