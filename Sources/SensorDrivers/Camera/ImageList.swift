import FusionPipeline

/// The list of images and stamps that lies beside a folder of them.
enum ImageList {
  /// `file name,nanoseconds` a line, oldest first.
  static func read(_ path: String) throws(LinkFailure) -> [(name: String, taken: Stamp)] {
    let text = String(decoding: try readFile(path, limit: 1 << 26), as: UTF8.self)
    var images: [(name: String, taken: Stamp)] = []
    var number = 0
    for rawLine in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let line = trimmed(rawLine)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == 2, !trimmed(fields[0]).isEmpty else {
        throw LinkFailure(.refused, "\(path):\(number): want 'file name,nanoseconds', found '\(line)'")
      }
      guard let taken = Int64(trimmed(fields[1])) else {
        if images.isEmpty, number == 1 { continue }
        throw LinkFailure(
          .refused, "\(path):\(number): '\(fields[1])' is no whole number of nanoseconds")
      }
      let name = String(trimmed(fields[0]))
      guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw LinkFailure(.refused, "\(path):\(number): '\(name)' leads out of the folder; name its images")
      }
      let stamp = Stamp(nanoseconds: taken)
      if let last = images.last, stamp < last.taken {
        throw LinkFailure(
          .refused, "\(path):\(number): \(taken) lies before the line above it; sort the list by time")
      }
      images.append((name, stamp))
    }
    return images
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var rest = text
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return rest
  }
}
