import FusionPipeline
import Testing

@testable import DecisionEngine

@Suite("Sorting without allocation")
struct SortTests {
  @Test("Lists of every small size come out in order", arguments: 0...40)
  func sorts(count: Int) {
    var random = TestRandom(seed: UInt64(count) + 3)
    let list = FixedList<Int>(capacity: 64, zero: 0)
    var expected: [Int] = []
    for _ in 0..<count {
      let value = Int(random.uniform() * 20)
      list.append(value)
      expected.append(value)
    }
    list.sort { $0 < $1 }
    #expect(list.indices.map { list[$0] } == expected.sorted())
  }
}
