/// A packet under construction: integers put at offsets of an array that keeps its length.
extension [UInt8] {
  mutating func put<T: FixedWidthInteger & UnsignedInteger>(littleEndian value: T, at offset: Int) {
    var rest = value
    for index in 0..<(T.bitWidth / 8) {
      self[offset &+ index] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
  }

  mutating func put<T: FixedWidthInteger & UnsignedInteger>(bigEndian value: T, at offset: Int) {
    put(littleEndian: value.byteSwapped, at: offset)
  }
}

extension Double {
  /// The nearest integer within `range`; its lower end for NaN.
  func rounded(within range: ClosedRange<Int>) -> Int {
    guard self > Double(range.lowerBound) else { return range.lowerBound }
    guard self < Double(range.upperBound) else { return range.upperBound }
    return Int(rounded())
  }
}
