import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Sample records") struct SampleRecordTests {
  private func decode<Sample: RecordedSample>(
    _ packets: [[UInt8]], as type: Sample.Type
  ) -> (samples: [(SampleTiming, Sample)], counters: DecoderCounters) {
    let decoder = RecordDecoder<Sample>()
    var samples: [(SampleTiming, Sample)] = []
    for packet in packets {
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { samples.append(($0, $1)) }
    }
    return (samples, decoder.counters)
  }

  private let imu = SampleRecord.encoded(
    kind: 1, device: Stamp(nanoseconds: 77), numbers: [1, 2, 3, 4, 5, 6, .nan, .nan, .nan, .nan])

  @Test("The numbers come back in the documented places, NaN as not known")
  func layout() throws {
    #expect(imu.count == 96)
    #expect(imu.prefix(16) == [0x46, 0x52, 0x45, 0x43, 1, 0, 1, 0, 77, 0, 0, 0, 0, 0, 0, 0])
    let (samples, counters) = decode([imu], as: ImuSample.self)
    let sample = try #require(samples.first)
    #expect(sample.0.device == Stamp(nanoseconds: 77))
    #expect(sample.1.accelerationX == 1 && sample.1.accelerationZ == 3 && sample.1.rateZ == 6)
    #expect(sample.1.orientationW.isNaN && counters.samples == 1)

    let record = SampleRecord.encoded(kind: 2, device: .never, numbers: [9, -0.5, .nan])
    #expect(record.count == 40)
    let odometry = decode([record], as: OdometrySample.self).samples
    #expect(
      odometry.first?.1.speed == 9 && odometry.first?.1.yawRate == -0.5 && odometry.first?.0.device == .never)
  }

  @Test("Another kind is passed over; a wrong version, length or an infinite number is refused")
  func refusals() {
    var version = imu
    version[4] = 2
    let infinite = SampleRecord.encoded(
      kind: 1, device: .zero, numbers: [.infinity] + [Double](repeating: 0, count: 9))
    let foreign = SampleRecord.encoded(kind: 2, device: .zero, numbers: [1, 2, 3])
    let (samples, counters) = decode(
      [version, Array(imu.dropLast()), imu + [0], infinite, foreign, []], as: ImuSample.self)
    #expect(samples.isEmpty && counters.invalid == 4 && counters.ignored == 2)
  }

  @Test("Damaged records never bring the decoder down, and each is in one of its counts")
  func noise() {
    var random = SeededBytes(seed: 3)
    let (_, counters) = decode((0..<5000).map { _ in random.damaged(imu) }, as: ImuSample.self)
    #expect(counters.samples + counters.ignored + counters.invalid == 5000)
  }
}
