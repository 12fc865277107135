import FusionPipeline
import Testing

struct PinnedAccuracyTests {
  @Test("Every pinned function lies within 0.85 units in the last place of the exact value")
  func exactReference() {
    #expect(PinnedReference.all.count > 190)
    for reference in PinnedReference.all {
      let value = reference.function.pinned(reference.x, reference.y)
      let error = (((value - reference.high) - reference.low) / reference.high.ulp).magnitude
      #expect(
        error <= 0.85, "\(reference.function)(\(reference.x), \(reference.y)) = \(value), off by \(error)")
    }
  }

  @Test(
    "Over seeded arguments every pinned function agrees with the C library to 2 doubles",
    arguments: PinnedFunction.allCases)
  func library(_ function: PinnedFunction) {
    var random = RandomSource(seed: 7)
    for index in 0..<20_000 {
      let (x, y) = function.arguments(&random, index)
      guard let expected = function.library(x, y) else { return }
      let value = function.pinned(x, y)
      if distanceInDoubles(value, expected) > 2 {
        Issue.record("\(function)(\(x), \(y)) = \(value), the C library says \(expected)")
        return
      }
    }
  }

  @Test("sincos gives the bits of sin and cos")
  func sincos() {
    var random = RandomSource(seed: 8)
    for index in 0..<5_000 {
      let (x, _) = PinnedFunction.sin.arguments(&random, index)
      let both = Pinned.sincos(x)
      #expect(distanceInDoubles(both.sin, Pinned.sin(x)) == 0)
      #expect(distanceInDoubles(both.cos, Pinned.cos(x)) == 0)
    }
    #expect(Pinned.sincos(-0.0).sin.sign == .minus)
  }

  @Test("A wrapped angle lies in (−π, π], keeps its direction, and stays when wrapped again")
  func wrapping() {
    var random = RandomSource(seed: 9)
    for _ in 0..<5_000 {
      let angle = random.uniform(-1e4, 1e4)
      let wrapped = Pinned.wrapAngle(angle)
      #expect(wrapped > -Double.pi && wrapped <= Double.pi)
      #expect(Pinned.wrapAngle(wrapped) == wrapped)
      #expect((Pinned.sin(wrapped) - Pinned.sin(angle)).magnitude < 1e-15)
      #expect((Pinned.cos(wrapped) - Pinned.cos(angle)).magnitude < 1e-15)
    }
    #expect(Pinned.wrapAngle(-Double.pi) == Double.pi)
    #expect(Pinned.wrapAngle(Double.pi) == Double.pi)
    #expect(Pinned.wrapAngle((-Double.pi).nextDown) == Double.pi)
    #expect(Pinned.wrapAngle(3.2) < -3.08)
    #expect(Pinned.wrapAngle(.infinity).isNaN)
    #expect(Pinned.wrapAngle(.nan).isNaN)
  }
}
