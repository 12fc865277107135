import FusionPipeline
import OwnRobot
import Testing

/// Feeds one packet; what the decoder makes of it.
private func decode<Decoder: SensorDecoder>(
  _ bytes: [UInt8], with decoder: Decoder
) -> [(timing: SampleTiming, sample: Decoder.Sample)] {
  var samples: [(timing: SampleTiming, sample: Decoder.Sample)] = []
  unsafe decoder.decode(bytes.span.bytes, arrival: .zero) { samples.append(($0, $1)) }
  return samples
}

private let turn = SonarPacket(
  sequence: 7, spanMilliseconds: 30, clockMilliseconds: 123_456,
  ranges: [1000, 2000, nil, 4000, 250, 0, 65_534, 30])

@Suite struct SonarDecoderTests {
  @Test("A turn arrives as it was measured, from the ring's centre")
  func roundTrip() throws {
    let decoder = SonarDecoder(ringRadiusMetres: 0.25)
    let found = decode(turn.encoded(), with: decoder)
    let first = try #require(found.first)
    #expect(found.count == 1)
    #expect(turn.encoded().count == SonarPacket.byteCount)
    for beam in 0..<SonarRing.beams {
      guard let millimetres = turn.ranges[beam] else {
        #expect(first.sample.rangesMetres[beam].isNaN)
        continue
      }
      #expect(first.sample.rangesMetres[beam] == Float(millimetres) / 1000 + 0.25)
    }
    #expect(first.timing.device == Stamp(nanoseconds: 123_456_000_000))
    #expect(first.timing.spanNanoseconds == 30_000_000)
  }

  @Test(
    "A serial line may cut the bytes anywhere and put noise before them", arguments: [1, 3, 7, 31, 33, 500])
  func chunks(size: Int) {
    let decoder = SonarDecoder(ringRadiusMetres: 0)
    // Noise that ends with half a sync, and a whole false one.
    var stream: [UInt8] = [0, 0x53, 0x53, 0x52, 1, 8, 0x53]
    for sequence in 0..<5 {
      stream += SonarPacket(sequence: UInt16(sequence), clockMilliseconds: 0, ranges: []).encoded()
    }
    var found = 0
    for start in stride(from: 0, to: stream.count, by: size) {
      found += decode(Array(stream[start..<min(start + size, stream.count)]), with: decoder).count
    }
    #expect(found == 5)
    #expect(decoder.counters.missing == 0)
  }

  @Test("A damaged turn is counted and given to nobody", arguments: 0..<SonarPacket.byteCount)
  func damage(offset: Int) {
    let decoder = SonarDecoder(ringRadiusMetres: 0)
    var bytes = turn.encoded()
    bytes[offset] ^= 0x10
    #expect(decode(bytes, with: decoder).isEmpty)
    // A damaged sync is no frame at all; everything else is a damaged one.
    #expect(decoder.counters.invalid == (offset < 2 ? 0 : 1))
    #expect(decode(turn.encoded(), with: decoder).count == 1)
  }

  @Test("Lost turns are counted, also over the counter's wrap")
  func losses() {
    let decoder = SonarDecoder(ringRadiusMetres: 0)
    for sequence: UInt16 in [65_533, 65_534, 1, 2] {
      _ = decode(SonarPacket(sequence: sequence, clockMilliseconds: 0, ranges: []).encoded(), with: decoder)
    }
    #expect(decoder.counters.samples == 4)
    #expect(decoder.counters.missing == 2)
  }

  @Test("Whatever bytes come, the decoder takes them and finds the next good turn")
  func noise() {
    var random = RandomSource(seed: 11)
    let decoder = SonarDecoder(ringRadiusMetres: 0)
    for _ in 0..<2000 {
      let length = Int(random.below(80))
      let bytes = (0..<length).map { _ in random.chance(0.3) ? UInt8(ascii: "S") : UInt8(random.below(256)) }
      #expect(decode(bytes + [UInt8](repeating: 0, count: 32) + turn.encoded(), with: decoder).count == 1)
    }
  }
}

@Suite struct WheelDecoderTests {
  @Test("Ticks become speed and yaw rate, over the wraps of clock and counters")
  func speed() throws {
    let decoder = WheelDecoder(metresPerTick: 0.001, trackMetres: 0.5)
    let before = WheelPacket(clockMilliseconds: .max - 9, leftTicks: .max, rightTicks: 100)
    let after = WheelPacket(clockMilliseconds: 10, leftTicks: .min + 9, rightTicks: 120)
    #expect(decode(before.encoded(), with: decoder).isEmpty)
    let sample = try #require(decode(after.encoded(), with: decoder).first?.sample)
    // 10 mm and 20 mm in 20 ms.
    #expect(abs(sample.speed - 0.75) < 1e-12)
    #expect(abs(sample.yawRate - 1) < 1e-12)
  }

  @Test("A pause makes no speed")
  func pause() {
    let decoder = WheelDecoder(metresPerTick: 0.001, trackMetres: 0.5)
    _ = decode(WheelPacket(clockMilliseconds: 0, leftTicks: 0, rightTicks: 0).encoded(), with: decoder)
    #expect(
      decode(WheelPacket(clockMilliseconds: 0, leftTicks: 9, rightTicks: 9).encoded(), with: decoder).isEmpty)
    #expect(
      decode(WheelPacket(clockMilliseconds: 900, leftTicks: 9, rightTicks: 9).encoded(), with: decoder)
        .isEmpty)
  }
}
