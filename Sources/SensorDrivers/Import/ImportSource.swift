import FusionPipeline
import Glibc

/// What a source is, as far as its name and first bytes say.
enum ImportSource {
  /// Names of a folder's entries, sorted; nil where the source is no folder.
  static func entries(of folder: String) -> [String]? {
    guard let listing = unsafe opendir(folder) else { return nil }
    defer { unsafe closedir(listing) }
    var names: [String] = []
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// The first bytes of a file; empty where it cannot be read.
  static func firstBytes(_ path: String, count: Int = 6) -> [UInt8] {
    guard entries(of: path) == nil, let file = try? CaptureBytes(path: path),
      let size = try? file.available(count)
    else { return [] }
    return file.copy(0..<min(size, count))
  }

  static func hasSuffix(_ source: String, _ suffixes: [String]) -> Bool {
    let name = source.lowercased()
    return suffixes.contains { name.hasSuffix($0) }
  }

  /// What a compressed file is unpacked with; nil for one that is not compressed.
  static func unpackTool(_ path: String) -> String? {
    let first = firstBytes(path)
    if first.starts(with: [0x1F, 0x8B]) { return "gunzip -k" }
    if first.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return "unxz -k" }
    if first.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return "unzstd" }
    if first.starts(with: [0x04, 0x22, 0x4D, 0x18]) { return "unlz4" }
    if first.starts(with: [0x42, 0x5A, 0x68]) { return "bunzip2 -k" }
    return nil
  }

  static func lastComponent(_ path: String) -> Substring {
    path.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
  }

  /// The folder a path's last component lies in, with its slash; empty for one without.
  static func folder(of path: String) -> Substring {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return path[...slash]
  }
}

extension ImportTarget {
  /// The sensor's link of one kind; nil where it has another or none.
  func link(_ kind: String) -> Settings? {
    guard let link = settings.optionalSection("link"), link.variant == kind else { return nil }
    return link
  }
}

/// Keeps a source's stamps from going back, which arrivals never do.
struct ArrivalOrder {
  private var last = Stamp.never
  private(set) var clamped = 0

  /// The stamp, or the last one where it lies before.
  mutating func stamp(_ nanoseconds: Int64) -> Stamp {
    let stamp = Stamp(nanoseconds: nanoseconds)
    if stamp < last {
      clamped += 1
    } else {
      last = stamp
    }
    return last
  }

  var remarks: [String] {
    clamped == 0
      ? [] : ["\(clamped) packets had a stamp before their predecessor's and were given that one's"]
  }
}

/// Counts what fits no sensor, by name.
struct UnfittingCount {
  private var counts: [(what: String, count: Int)] = []
  private var others = 0
  private static let mostNames = 32

  mutating func add(_ what: String) {
    if let index = counts.firstIndex(where: { $0.what == what }) {
      counts[index].count += 1
    } else if counts.count < Self.mostNames {
      counts.append((what, 1))
    } else {
      others += 1
    }
  }

  var remarks: [String] {
    let named = counts.map { "\($0.count) \($0.what) fit no sensor" }
    return others == 0 ? named : named + ["\(others) further packets fit no sensor"]
  }
}
