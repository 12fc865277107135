/// Finds what a mistyped key or choice was meant to be.
enum Spelling {
  /// The nearest of `known`, or nil when none is near: at most a third of the longer word may differ.
  ///
  /// Case and the difference of `-` and `_` count nothing. Of two equally near the first wins.
  static func nearest<Names: Sequence<String>>(to word: String, among known: Names) -> String? {
    let mistyped = folded(word)
    guard !mistyped.isEmpty, mistyped.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for name in known {
      let letters = folded(name)
      let allowed = min(3, max(letters.count, mistyped.count) / 3)
      guard letters.count <= 64, abs(letters.count - mistyped.count) <= allowed else { continue }
      let distance = distance(mistyped, letters)
      if distance <= allowed, distance < best?.distance ?? .max { best = (name, distance) }
    }
    return best?.name
  }

  private static func folded(_ word: String) -> [UInt8] {
    word.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0.isLetter ? $0 | 0x20 : $0 }
  }

  /// Damerau and Levenshtein's distance, restricted: insertions, deletions, substitutions, and swaps of
  /// neighbours with nothing edited between them.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in 0..<b.count {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
