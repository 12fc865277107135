import FusionPipeline
import Testing

struct RandomSourceTests {
  @Test("A seed gives the same words, uniform and normal draws on any processor")
  func golden() {
    var random = RandomSource(seed: 42)
    var words = BitDigest()
    var draws = BitDigest()
    for _ in 0..<10_000 {
      words.add(random.next() as UInt64)
      draws.add(random.uniform(-3, 5))
      draws.add(random.normal(mean: 1, deviation: 2))
      draws.add(random.exponential(mean: 0.1))
      words.add(random.below(1000))
    }
    #expect(words.value == 0xb6b6_58dc_8531_c96d, "words 0x\(String(words.value, radix: 16))")
    #expect(draws.value == 0x7296_d811_5cec_f3fc, "draws 0x\(String(draws.value, radix: 16))")
  }

  @Test("The state from seed 0 gives the published generator's words")
  func published() {
    // SplitMix64 from 0 begins e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f, f88bb8a8724c81ec;
    // the generator's first word is rotl(second × 5, 7) × 9.
    var random = RandomSource(seed: 0)
    let second: UInt64 = 0x6e78_9e6a_a1b9_65f4
    let scrambled = second &* 5
    #expect(random.next() as UInt64 == (scrambled << 7 | scrambled >> 57) &* 9)
  }

  @Test("Uniform draws fill 0..<1 and normal draws have their mean and deviation")
  func moments() {
    var random = RandomSource(seed: 3)
    let count = 100_000
    var sum = 0.0
    var squares = 0.0
    var uniform = 0.0
    for _ in 0..<count {
      let normal = random.normal(mean: 2, deviation: 3)
      sum += normal
      squares += (normal - 2) * (normal - 2)
      let draw = random.uniform()
      #expect(draw >= 0 && draw < 1)
      uniform += draw
    }
    #expect((sum / Double(count) - 2).magnitude < 0.04)
    #expect(((squares / Double(count)).squareRoot() - 3).magnitude < 0.03)
    #expect((uniform / Double(count) - 0.5).magnitude < 0.004)
  }

  @Test("Streams of one seed differ, and each repeats")
  func streams() {
    var first = RandomSource(seed: 5, stream: 1)
    var second = RandomSource(seed: 5, stream: 2)
    var again = RandomSource(seed: 5, stream: 1)
    let word: UInt64 = first.next()
    #expect(word != second.next() as UInt64)
    #expect(word == again.next() as UInt64)
  }

  @Test("Draws below a count stay below it and reach every value")
  func below() {
    var random = RandomSource(seed: 6)
    var seen = Set<UInt64>()
    for _ in 0..<1_000 { seen.insert(random.below(10)) }
    #expect(seen == Set(0..<10))
    #expect(random.below(0) == 0)
    #expect(random.below(1) == 0)
  }
}
