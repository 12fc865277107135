import FusionPipeline

/// Cosines and sines of a whole turn at steps of 0.01°, made once, so that no decoder computes one per point.
///
/// Between two steps the value is carried on linearly; the step is 1.7e-4 rad, so the error stays below
/// 1.6e-8 and under a float's own rounding.
struct AngleTable: Sendable {
  static let stepsPerTurn = 36_000
  private let values: [SIMD2<Float>]
  private static let radiansPerStep = Float(2 * Double.pi / Double(stepsPerTurn))

  init() {
    var values: [SIMD2<Float>] = []
    values.reserveCapacity(Self.stepsPerTurn)
    for step in 0..<Self.stepsPerTurn {
      let angle = Pinned.sincos(Pinned.radians(degrees: Double(step) / 100))
      values.append(SIMD2(Float(angle.cos), Float(angle.sin)))
    }
    self.values = values
  }

  /// Cosine and sine of an angle in hundredths of a degree, from 0 to less than two turns.
  @inline(__always) func cosineAndSine(hundredths: Float) -> SIMD2<Float> {
    let whole = Int(hundredths)
    let index = whole >= Self.stepsPerTurn ? whole &- Self.stepsPerTurn : whole
    guard index >= 0, index < values.count else { return SIMD2(1, 0) }
    let rest = (hundredths - Float(whole)) * Self.radiansPerStep
    let near = values[index]
    return SIMD2(near.x - near.y * rest, near.y + near.x * rest)
  }
}
