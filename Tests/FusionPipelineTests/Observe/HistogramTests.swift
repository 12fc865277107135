import FusionPipeline
import Testing

@Suite("Histogram")
struct HistogramTests {
  @Test(
    "Any quantile lies at or above the true value and within 0.8 % of it", arguments: [1_000.0, 5e7, 1e15])
  func quantiles(scale: Double) {
    let histogram = Histogram()
    var random = RandomSource(seed: 3)
    var values = (0..<5000).map { _ in Int64(random.exponential(mean: scale)) }
    for value in values { histogram.record(value) }
    values.sort()
    for quantile in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1] {
      let rank = max(Int((quantile * 5000).rounded(.up)), 1)
      let exact = values[rank - 1]
      let got = histogram.quantile(quantile)
      #expect(got >= exact)
      #expect(Double(got - exact) <= 0.008 * Double(exact))
    }
    #expect(histogram.maximum == values.last && histogram.quantile(1) == values.last)
    #expect(histogram.count == 5000)
  }

  @Test("Every value alone is its own quantile: all powers of two and their neighbours up to the largest")
  func edges() {
    for bit in 0..<63 {
      for offset in [Int64(-1), 0, 1] {
        let histogram = Histogram()
        let value = (Int64(1) << Int64(bit)) + offset
        histogram.record(value)
        #expect(histogram.quantile(0.5) == value && histogram.maximum == value)
      }
    }
  }

  @Test("The largest possible value is counted and does not stop a quantile")
  func largest() {
    let histogram = Histogram()
    histogram.record(.max)
    histogram.record(1)
    #expect(histogram.maximum == .max && histogram.quantile(1) == .max && histogram.quantile(0.5) == 1)
  }

  @Test("Negative values count as 0 and are told apart; the maximum stays exact")
  func negative() {
    let histogram = Histogram()
    #expect(histogram.quantile(0.5) == 0 && histogram.maximum == 0)
    histogram.record(-5)
    histogram.record(.min)
    #expect(histogram.count == 2 && histogram.negatives == 2 && histogram.maximum == -5)
    histogram.record(100)
    #expect(histogram.maximum == 100 && histogram.quantile(0.6) == 0 && histogram.quantile(1) == 100)
  }
}
