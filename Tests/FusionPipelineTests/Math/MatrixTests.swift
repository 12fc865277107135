import FusionPipeline
import Testing

struct MatrixTests {
  @Test("Products, transposes and sums are those of the definition")
  func definition() {
    var random = RandomSource(seed: 31)
    let a: Matrix<3, 5> = random.matrix()
    let b: Matrix<5, 4> = random.matrix()
    let product = a * b
    for i in 0..<3 {
      for j in 0..<4 {
        var sum = 0.0
        for k in 0..<5 { sum += a[i, k] * b[k, j] }
        #expect(product[i, j] == sum)
        #expect(product.transposed[j, i] == sum)
      }
    }
    #expect(a.timesTransposed(b.transposed) == product)
    #expect((a + a) == a * 2)
    #expect((a - a) == Matrix<3, 5>.zero)
    #expect(Matrix<3, 3>.identity * a == a)
    #expect(Matrix<3, 3>.identity.trace == 3)
  }

  @Test("L·Lᵀ gives the matrix back and L is lower triangular, from 1 to 10 rows")
  func reconstruction() {
    var random = RandomSource(seed: 32)
    for _ in 0..<50 {
      reconstructs(random.positiveDefinite() as Matrix<1, 1>)
      reconstructs(random.positiveDefinite() as Matrix<2, 2>)
      reconstructs(random.positiveDefinite() as Matrix<4, 4>)
      reconstructs(random.positiveDefinite() as Matrix<6, 6>)
      reconstructs(random.positiveDefinite() as Matrix<10, 10>)
    }
  }

  private func reconstructs<let n: Int>(_ a: Matrix<n, n>) {
    guard let factor = Cholesky(a) else {
      Issue.record("a positive definite matrix was refused")
      return
    }
    #expect(largest(factor.lower.timesTransposed(factor.lower) - a) < 1e-12)
    for i in 0..<n { for j in 0..<n where j > i { #expect(factor.lower[i, j] == 0) } }
    #expect(largest(factor.inverse * a - .identity) < 1e-10)
    #expect(factor.inverse == factor.inverse.transposed)
    var product = 1.0
    for i in 0..<n { product *= factor.lower[i, i] * factor.lower[i, i] }
    #expect((factor.logDeterminant - Pinned.log(product)).magnitude < 1e-10)
  }

  @Test("A solution satisfies its equation, and whitening gives the Mahalanobis distance")
  func solving() throws {
    var random = RandomSource(seed: 33)
    for _ in 0..<50 {
      let a: Matrix<6, 6> = random.positiveDefinite()
      let b: Matrix<6, 2> = random.matrix()
      let x = try #require(a.solve(b))
      #expect(largest(a * x - b) < 1e-11)
      let column: Column<6> = random.matrix()
      let factor = try #require(Cholesky(a))
      let direct = column.dot(factor.solve(column))
      #expect((factor.mahalanobisSquared(column) - direct).magnitude < 1e-12)
    }
  }

  @Test("What is not positive definite is refused: indefinite, singular, NaN, infinite, subnormal")
  func refusal() {
    #expect(Cholesky(Matrix<2, 2> { $0 == $1 ? 1 : 2 }) == nil)
    #expect(Matrix<3, 3>(repeating: 1).cholesky == nil)
    #expect(Matrix<3, 3>.zero.inverseOfPositiveDefinite == nil)
    #expect(Matrix<2, 2>(repeating: .nan).cholesky == nil)
    for poison in [Double.nan, .infinity] {
      for place in 0..<3 {
        var a = Matrix<3, 3>.identity
        a[place, place] = poison
        #expect(a.cholesky == nil)
        a = .identity
        a[2, place] = poison
        a[place, 2] = poison
        #expect(a.cholesky == nil)
      }
    }
    #expect((Matrix<2, 2>.identity * -1).cholesky == nil)
    #expect(Matrix<1, 1>(repeating: 4).cholesky?[0, 0] == 2)
  }

  @Test("A symmetrised matrix equals its transpose to the bit and keeps a symmetric one")
  func symmetry() {
    var random = RandomSource(seed: 34)
    let a: Matrix<5, 5> = random.matrix()
    let symmetric = a.symmetrised
    #expect(symmetric == symmetric.transposed)
    #expect(symmetric.symmetrised == symmetric)
    #expect(symmetric[1, 3] == 0.5 * (a[1, 3] + a[3, 1]))
  }

  @Test("A filter's covariance update gives the committed bits on any processor")
  func golden() throws {
    var random = RandomSource(seed: 35)
    var p: Matrix<6, 6> = random.positiveDefinite()
    let f: Matrix<6, 6> = random.matrix() * 0.3
    let h: Matrix<2, 6> = random.matrix()
    var digest = BitDigest()
    for _ in 0..<200 {
      p = (f * p).timesTransposed(f) + Matrix<6, 6>.identity * 0.1
      let s = (h * p).timesTransposed(h) + Matrix<2, 2>.identity
      let gain = try #require(Cholesky(s)).solve(h * p).transposed
      p = (p - gain * (h * p)).symmetrised
      for i in 0..<6 { for j in 0..<6 { digest.add(p[i, j]) } }
    }
    #expect(digest.value == 0xeb59_c194_01ae_82cb, "0x\(String(digest.value, radix: 16))")
  }

  private func largest<let m: Int, let n: Int>(_ a: Matrix<m, n>) -> Double {
    var largest = 0.0
    for i in 0..<m { for j in 0..<n { largest = max(largest, a[i, j].magnitude) } }
    return largest
  }
}

extension RandomSource {
  mutating func matrix<let m: Int, let n: Int>() -> Matrix<m, n> {
    var result = Matrix<m, n>.zero
    for i in 0..<m { for j in 0..<n { result[i, j] = normal() } }
    return result
  }

  mutating func positiveDefinite<let n: Int>() -> Matrix<n, n> {
    let a: Matrix<n, n> = matrix()
    return a.timesTransposed(a) + Matrix.identity * 0.5
  }
}
