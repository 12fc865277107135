/// The lower triangle L of a symmetric positive definite matrix A = L·Lᵀ; what solves and inverts with A.
///
/// Source: Golub & Van Loan, "Matrix Computations", 4.2. Only A's lower triangle is read.
public struct Cholesky<let size: Int>: BitwiseCopyable, Sendable {
  public let lower: Matrix<size, size>
  @usableFromInline let inverseDiagonal: Matrix<size, 1>

  /// Nil where the matrix is not positive definite to rounding, or holds a NaN or an infinity.
  @inlinable public init?(_ a: Matrix<size, size>) {
    var lower = Matrix<size, size>.zero
    var inverseDiagonal = Matrix<size, 1>.zero
    for j in 0..<size {
      var diagonal = a[j, j]
      for k in 0..<j { diagonal -= lower[j, k] * lower[j, k] }
      guard diagonal > 0, diagonal.isFinite else { return nil }
      let root = diagonal.squareRoot()
      let inverse = 1 / root
      guard inverse.isFinite else { return nil }
      lower[j, j] = root
      inverseDiagonal[j] = inverse
      for i in (j &+ 1)..<max(size, j &+ 1) {
        var sum = a[i, j]
        for k in 0..<j { sum -= lower[i, k] * lower[j, k] }
        lower[i, j] = sum * inverse
      }
    }
    self.lower = lower
    self.inverseDiagonal = inverseDiagonal
  }

  /// L⁻¹·b: a whitened innovation; its squared length is the Mahalanobis distance.
  @inlinable public func whiten<let columns: Int>(_ b: Matrix<size, columns>) -> Matrix<size, columns> {
    var x = b
    for i in 0..<size {
      for k in 0..<i {
        let factor = lower[i, k]
        for j in 0..<columns { x[i, j] -= factor * x[k, j] }
      }
      for j in 0..<columns { x[i, j] *= inverseDiagonal[i] }
    }
    return x
  }

  /// A⁻¹·b.
  @inlinable public func solve<let columns: Int>(_ b: Matrix<size, columns>) -> Matrix<size, columns> {
    var x = whiten(b)
    for step in 0..<size {
      let i = size &- 1 &- step
      for k in (i &+ 1)..<max(size, i &+ 1) {
        let factor = lower[k, i]
        for j in 0..<columns { x[i, j] -= factor * x[k, j] }
      }
      for j in 0..<columns { x[i, j] *= inverseDiagonal[i] }
    }
    return x
  }

  /// bᵀ·A⁻¹·b.
  @inlinable public func mahalanobisSquared(_ b: Matrix<size, 1>) -> Double {
    let whitened = whiten(b)
    return whitened.dot(whitened)
  }

  /// A⁻¹, symmetric to the bit.
  @inlinable public var inverse: Matrix<size, size> { solve(.identity).symmetrised }

  /// log det A, from the pinned logarithm.
  public var logDeterminant: Double {
    var sum = 0.0
    for i in 0..<size { sum += Pinned.log(lower[i, i]) }
    return 2 * sum
  }
}

extension Matrix where rows == columns {
  /// L of A = L·Lᵀ, or nil where the matrix is not positive definite.
  @inlinable public var cholesky: Matrix? { Cholesky(self)?.lower }

  /// The inverse of a symmetric positive definite matrix, or nil where it is none.
  @inlinable public var inverseOfPositiveDefinite: Matrix? { Cholesky(self)?.inverse }

  /// x with self·x = b for a symmetric positive definite matrix, or nil where it is none.
  @inlinable public func solve<let other: Int>(_ b: Matrix<rows, other>) -> Matrix<rows, other>? {
    Cholesky(self)?.solve(b)
  }
}
