import FusionPipeline

extension StageSetup {
  /// Refuses a setting outside its bounds, by name; NaN lies outside any.
  func check(_ name: String, _ value: Double, _ bounds: ClosedRange<Double>) throws(SetupProblem) {
    guard bounds.contains(value) else {
      throw SetupProblem(
        "stage \(stageName): \(name) is \(value), but must lie in \(bounds.lowerBound)…\(bounds.upperBound)")
    }
  }

  func check(_ name: String, _ value: Int, _ bounds: ClosedRange<Int>) throws(SetupProblem) {
    guard bounds.contains(value) else {
      throw SetupProblem(
        "stage \(stageName): \(name) is \(value), but must lie in \(bounds.lowerBound)…\(bounds.upperBound)")
    }
  }
}
