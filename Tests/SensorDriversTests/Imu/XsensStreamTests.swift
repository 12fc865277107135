import FusionPipeline
import Testing

@testable import SensorDrivers

/// Builds Xbus messages.
struct XsensMessageMaker {
  private var data: [UInt8] = []

  static func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<(T.bitWidth / 8)).reversed().map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
  }

  mutating func add(_ identifier: UInt16, _ content: [UInt8]) {
    data += Self.bigEndian(identifier) + [UInt8(content.count)] + content
  }

  mutating func add(_ identifier: UInt16, floats: [Float]) {
    add(identifier, floats.flatMap { Self.bigEndian($0.bitPattern) })
  }

  func message(_ kind: UInt8 = 0x36) -> [UInt8] {
    let length =
      data.count < 255 ? [UInt8(data.count)] : [255, UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
    let body: [UInt8] = [0xFF, kind] + length + data
    return [0xFA] + body + [0 &- body.reduce(0, &+)]
  }

  static func sample(counter: UInt16, fine: UInt32, x: Float = 1) -> [UInt8] {
    var maker = XsensMessageMaker()
    maker.add(0x1020, bigEndian(counter))
    maker.add(0x1060, bigEndian(fine))
    maker.add(0x4020, floats: [x, 2, 9.8])
    maker.add(0x8020, floats: [0.1, 0.2, 0.3])
    maker.add(0x2010, floats: [1, 0, 0, 0])
    return maker.message()
  }
}

@Suite("Xsens stream") struct XsensStreamTests {
  private func feed(
    _ slices: [[UInt8]], _ decoder: XsensDecoder = XsensDecoder()
  ) -> (samples: [(timing: SampleTiming, sample: ImuSample)], decoder: XsensDecoder) {
    var samples: [(SampleTiming, ImuSample)] = []
    for slice in slices {
      unsafe decoder.decode(slice.span.bytes, arrival: .zero) { samples.append(($0, $1)) }
    }
    return (samples, decoder)
  }

  @Test("However the stream is cut, the same messages come out")
  func anySlices() {
    let stream = (0..<20).flatMap {
      XsensMessageMaker.sample(counter: UInt16($0), fine: UInt32($0) * 100, x: Float($0))
    }
    for size in [1, 2, 3, 7, 64, 500, stream.count] {
      let slices = stride(from: 0, to: stream.count, by: size).map {
        Array(stream[$0..<min($0 + size, stream.count)])
      }
      let (samples, decoder) = feed(slices)
      #expect(samples.map(\.sample.accelerationX) == (0..<20).map { Double($0) })
      #expect(samples.map(\.timing.device.nanoseconds) == (0..<20).map { Int64($0) * 10_000_000 })
      #expect(samples.allSatisfy { $0.sample.orientationW == 1 && $0.sample.rateZ == Double(Float(0.3)) })
      #expect(decoder.counters.invalid == 0)
    }
  }

  @Test("A sample that shares its slice with newer ones says how long before them it was taken")
  func beforeNewest() {
    let slice = (0..<3).flatMap { XsensMessageMaker.sample(counter: UInt16($0), fine: UInt32($0) * 100) }
    #expect(feed([slice]).samples.map(\.timing.beforePacketNanoseconds) == [20_000_000, 10_000_000, 0])
  }

  @Test("After noise and a damaged message the next whole one is found, even inside the damage")
  func resynchronises() {
    let good = XsensMessageMaker.sample(counter: 5, fine: 500)
    var broken = XsensMessageMaker.sample(counter: 4, fine: 400)
    broken[10] ^= 0x40
    // A header that promises a long message: the good one lies within what it claims.
    let false255: [UInt8] = [0xFA, 0xFF, 0x36, 200]
    for prefix in [
      [1, 2, 0xFA, 0xFA, 0xFF], broken, Array(good.dropLast(3)), false255,
      [0xFA, 0xFF, 0x36, 255, 0xFF, 0xFF],
    ] {
      let (samples, _) = feed([prefix] + [[UInt8]](repeating: good, count: 5))
      #expect(samples.count == 5)
    }
    #expect(feed([broken + good]).decoder.counters.invalid == 1)
  }

  @Test("Messages above 254 bytes of data are read; those of another kind are ignored")
  func extendedLength() {
    var maker = XsensMessageMaker()
    maker.add(0x4020, floats: [1, 2, 3])
    maker.add(0x7020, [UInt8](repeating: 0xFA, count: 250))
    maker.add(0x1020, XsensMessageMaker.bigEndian(UInt16(3)))
    let (samples, decoder) = feed([maker.message() + maker.message(0x3E)])
    #expect(samples.count == 1)
    #expect(decoder.lastMessage.unknownItems == 1)
    #expect(decoder.lastMessage.packetCounter == 3)
    #expect(decoder.counters.ignored == 1)
  }

  @Test("The sample time runs on when its 32 bits wrap, and a gap of the packet counter is counted")
  func unwraps() {
    let times: [UInt32] = [.max - 49, 50, 150, 250]
    let counters: [UInt16] = [65_534, 65_535, 0, 5]
    let (samples, decoder) = feed([
      zip(times, counters).flatMap { XsensMessageMaker.sample(counter: $1, fine: $0) }
    ])
    let steps = zip(samples.dropFirst(), samples).map { $0.timing.device - $1.timing.device }
    #expect(steps == [10_000_000, 10_000_000, 10_000_000])
    #expect(decoder.counters.missing == 4)
  }

  @Test("Without a sample time the stamp is the UTC time, if the device vouches for it")
  func utcTime() {
    func message(flags: UInt8) -> [UInt8] {
      var maker = XsensMessageMaker()
      maker.add(
        0x1010,
        XsensMessageMaker.bigEndian(UInt32(500)) + XsensMessageMaker.bigEndian(UInt16(2024)) + [
          2, 29, 12, 0, 1, flags,
        ])
      maker.add(0x8020, floats: [0, 0, 0])
      return maker.message()
    }
    let (samples, _) = feed([message(flags: 0x37), message(flags: 0)])
    #expect(samples.map(\.timing.device) == [Stamp(nanoseconds: 1_709_208_001_000_000_500), .never])
    #expect(samples[0].sample.accelerationX.isNaN)
  }

  @Test("An item of a wrong length or with a number that is not finite refuses its message")
  func refusesItems() {
    var short = XsensMessageMaker()
    short.add(0x4020, floats: [1, 2])
    var infinite = XsensMessageMaker()
    infinite.add(0x4020, floats: [1, .infinity, 2])
    var past = XsensMessageMaker()
    past.add(0x4020, floats: [1, 2, 3])
    var cut = Array(past.message().dropLast(4))
    // A sound message around an item that passes its end.
    cut[3] = UInt8(cut.count - 4)
    cut.append(0 &- cut.dropFirst().reduce(0, &+))
    let (samples, decoder) = feed([short.message(), infinite.message(), cut])
    #expect(samples.isEmpty)
    #expect(decoder.counters.invalid == 3)
  }

  @Test("Every way to write a number is read", arguments: [UInt16(0), 1, 2, 3])
  func precisions(_ code: UInt16) {
    let values = [-1.5, 1024.25, -9.8125]
    var maker = XsensMessageMaker()
    maker.add(
      0x4020 | code,
      values.flatMap { value -> [UInt8] in
        switch code {
        case 0: return XsensMessageMaker.bigEndian(Float(value).bitPattern)
        case 1: return XsensMessageMaker.bigEndian(Int32(value * 1_048_576))
        case 2:
          let fixed = Int64(value * 4_294_967_296)
          return XsensMessageMaker.bigEndian(UInt32(truncatingIfNeeded: fixed))
            + XsensMessageMaker.bigEndian(Int16(truncatingIfNeeded: fixed >> 32))
        default: return XsensMessageMaker.bigEndian(value.bitPattern)
        }
      })
    let sample = feed([maker.message()]).samples[0].sample
    #expect([sample.accelerationX, sample.accelerationY, sample.accelerationZ] == values)
  }

  @Test("Damaged streams never trap the decoder and never give an infinite number")
  func survivesGarbage() {
    var random = SeededBytes(seed: 36)
    let decoder = XsensDecoder()
    let templates = (0..<64).map {
      XsensMessageMaker.sample(counter: UInt16($0), fine: UInt32($0) &* 0x0FFF_FFFF)
    }
    for round in 0..<100_000 {
      var slice = random.damaged(templates[round % 64])
      // A right sum over wrong content reaches the items.
      if round % 3 == 0, slice.count > 6 {
        slice[0] = 0xFA
        slice[1] = 0xFF
        slice[2] = 0x36
        slice[3] = UInt8(truncatingIfNeeded: min(slice.count - 5, 254))
        let last = 4 + Int(slice[3])
        slice[last] = 0 &- slice[1..<last].reduce(0, &+)
      }
      unsafe decoder.decode(slice.span.bytes, arrival: .zero) { timing, sample in
        let all = [
          sample.accelerationX, sample.accelerationY, sample.accelerationZ, sample.rateX, sample.rateY,
          sample.rateZ, sample.orientationW, sample.orientationX, sample.orientationY, sample.orientationZ,
        ]
        if all.contains(where: \.isInfinite) || timing.beforePacketNanoseconds < 0 {
          Issue.record("impossible sample in round \(round)")
        }
      }
    }
    #expect(decoder.counters.packets == 100_000)
    #expect(decoder.counters.samples > 1000)
    #expect(decoder.counters.invalid > 1000)
  }
}
