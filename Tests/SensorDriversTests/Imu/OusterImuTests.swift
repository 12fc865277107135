import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Ouster inertial unit") struct OusterImuTests {
  private func packet(times: [UInt64], values: [Float]) -> [UInt8] {
    times.flatMap { time in (0..<8).map { UInt8(truncatingIfNeeded: time >> (8 * UInt64($0))) } }
      + values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
      }
  }

  @Test("Acceleration in g and rates in degrees become SI, stamped with the later measurement's time")
  func units() {
    let decoder = OusterImuDecoder()
    let bytes = packet(times: [9, 2000, 1500], values: [0, 0.5, 1, 180, -90, 0])
    var taken: [(SampleTiming, ImuSample)] = []
    unsafe decoder.decode(bytes.span.bytes, arrival: .zero) { taken.append(($0, $1)) }
    #expect(taken.count == 1)
    let (timing, sample) = taken[0]
    #expect(timing.device.nanoseconds == 2000 && timing.spanNanoseconds == 500)
    #expect(sample.accelerationY == 0.5 * 9.80665 && sample.accelerationZ == 9.80665)
    #expect(abs(sample.rateX - .pi) < 1e-12 && abs(sample.rateY + .pi / 2) < 1e-12)
    #expect(sample.orientationW.isNaN)
  }

  @Test("Another length is ignored, and a number that is not finite invalid")
  func refuses() {
    let decoder = OusterImuDecoder()
    for bytes in [
      packet(times: [1, 2], values: []), packet(times: [1, 2, 3], values: [.nan, 0, 0, 0, 0, 0]),
      packet(times: [1, 2, 3], values: [0, 0, 0, 0, 0, -.infinity]),
      packet(times: [1, .max, 3], values: [0, 0, 0, 0, 0, 0]),
    ] {
      unsafe decoder.decode(bytes.span.bytes, arrival: .zero) { _, _ in Issue.record("gave a sample") }
    }
    #expect(decoder.counters.ignored == 1)
    #expect(decoder.counters.invalid == 3)
  }

  @Test(
    "The recordings' packets all decode, at the sensor's 100 Hz, near one standard gravity",
    .enabled(if: Recorded.has("lidar-packets/ouster/crc_test.json"), "\(Recorded.absent)"),
    arguments: [
      ("OS-0-32-U1_v2.2.0_1024x10", 10), ("OS-1-128_v2.3.0_1024x10_lb_n3", 30), ("OS-1-64_1024x10_fw20", 11),
      ("crc_test", 10), ("windowed_frame1", 10),
    ])
  func recordings(_ name: String, _ count: Int) throws {
    let decoder = OusterImuDecoder()
    var stamps: [Int64] = []
    for packet in recordedDatagrams(try Recorded.bytes("lidar-packets/ouster/\(name).pcap"))
    where packet.port == 7503 {
      unsafe decoder.decode(packet.payload.span.bytes, arrival: .zero) { timing, sample in
        stamps.append(timing.device.nanoseconds)
        let a = SIMD3(sample.accelerationX, sample.accelerationY, sample.accelerationZ)
        #expect(abs((a * a).sum().squareRoot() - 9.8) < 1.5)
      }
    }
    #expect(stamps.count == count)
    #expect(decoder.counters.invalid == 0 && decoder.counters.ignored == 0)
    let steps = zip(stamps.dropFirst(), stamps).map { $0 - $1 }
    #expect(steps.allSatisfy { abs($0 - 10_000_000) < 1_500_000 })
  }

  @Test("Damaged packets never trap the decoder and never give a number that is not finite")
  func survivesGarbage() {
    var random = SeededBytes(seed: 48)
    let decoder = OusterImuDecoder()
    let whole = packet(times: [1, 2, 3], values: [0, 0, 1, 0, 0, 0])
    for round in 0..<100_000 {
      let bytes = random.damaged(whole)
      unsafe decoder.decode(bytes.span.bytes, arrival: .zero) { timing, sample in
        let sum =
          sample.accelerationX + sample.accelerationY + sample.accelerationZ + sample.rateX + sample.rateY
          + sample.rateZ
        if !sum.isFinite || timing.spanNanoseconds < 0 { Issue.record("impossible sample in round \(round)") }
      }
    }
    #expect(decoder.counters.packets == 100_000)
    #expect(decoder.counters.samples > 1000)
  }
}
