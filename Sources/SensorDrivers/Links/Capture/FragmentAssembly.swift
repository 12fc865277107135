/// Puts IPv4 fragments together again, in any order, in bounded memory.
///
/// Fragments that repeat what is known are harmless. One that contradicts it ends the datagram it contradicts
/// and begins a new one: that is how a sender looks whose identification does not change. Of such a sender a
/// first fragment always begins a new datagram, or one lost fragment would mix up all that follow. Datagrams
/// that do not complete within a number of packets are given up, as is the oldest when no place is left.
struct FragmentAssembly {
  struct Key: Hashable {
    var source: IPv4Address
    var destination: IPv4Address
    var identification: UInt16
    var protocolNumber: UInt8
  }
  struct Counters: Equatable {
    var begun: UInt64 = 0
    var completed: UInt64 = 0
    /// Given up: too old, displaced, or contradicted.
    var abandoned: UInt64 = 0
    /// Of the abandoned, those that a fragment contradicted.
    var contradicted: UInt64 = 0
  }
  enum Outcome: Equatable {
    case incomplete
    case complete([UInt8])
    /// Beyond 65535 bytes, empty, or an inner one whose length is no multiple of eight.
    case refused
  }

  let mostDatagrams: Int
  let mostPackets: UInt64
  private(set) var counters = Counters()
  private var parts: [Part] = []
  /// The datagrams completed last, the oldest overwritten.
  private var recent: [Key] = []
  private var nextRecent = 0
  static let mostRecent = 64

  init(mostDatagrams: Int = 64, mostPackets: UInt64 = 4096) {
    self.mostDatagrams = max(1, mostDatagrams)
    self.mostPackets = mostPackets
  }

  var pending: Int { parts.count }

  /// Takes a fragment in; `packet` is the capture's running number, by which datagrams age.
  mutating func add(
    _ bytes: ArraySlice<UInt8>, at offset: Int, isLast: Bool, key: Key, packet: UInt64
  ) -> Outcome {
    let end = offset + bytes.count
    guard !bytes.isEmpty, end <= 65_535, isLast || bytes.count % 8 == 0 else { return .refused }
    let before = parts.count
    parts.removeAll { packet &- $0.lastPacket > mostPackets }
    counters.abandoned += UInt64(before - parts.count)

    var index = parts.firstIndex { $0.key == key }
    if let known = index, parts[known].contradicts(bytes, at: offset, isLast: isLast) {
      counters.contradicted += 1
      abandon(known)
      index = nil
    } else if let known = index, offset == 0, !parts[known].hasBeginning, recent.contains(key) {
      abandon(known)
      index = nil
    }
    if index == nil {
      if parts.count >= mostDatagrams, let oldest = parts.indices.min(by: isOlder) { abandon(oldest) }
      parts.append(Part(key: key))
      counters.begun += 1
    }
    let place = index ?? parts.count - 1
    parts[place].take(bytes, at: offset, isLast: isLast, packet: packet)
    guard parts[place].isComplete else { return .incomplete }
    counters.completed += 1
    remember(key)
    return .complete(parts.remove(at: place).bytes)
  }

  /// Gives up what is still incomplete: the capture is at its end.
  mutating func finish() {
    counters.abandoned += UInt64(parts.count)
    parts.removeAll()
  }

  private mutating func remember(_ key: Key) {
    if recent.contains(key) { return }
    if recent.count < Self.mostRecent {
      recent.append(key)
    } else {
      recent[nextRecent] = key
      nextRecent = (nextRecent + 1) % Self.mostRecent
    }
  }

  private func isOlder(_ a: Int, _ b: Int) -> Bool { parts[a].lastPacket < parts[b].lastPacket }

  private mutating func abandon(_ index: Int) {
    parts.remove(at: index)
    counters.abandoned += 1
  }
}

/// A datagram of which some fragments have come.
private struct Part {
  let key: FragmentAssembly.Key
  var bytes: [UInt8] = []
  var lastPacket: UInt64 = 0
  /// One bit for every eight bytes that are there: fragments begin at multiples of eight.
  private var covered = [UInt64](repeating: 0, count: 128)
  private var coveredUnits = 0
  private var total: Int?

  init(key: FragmentAssembly.Key) { self.key = key }

  var isComplete: Bool {
    guard let total else { return false }
    return coveredUnits == (total + 7) / 8
  }

  var hasBeginning: Bool { isCovered(0) }

  func contradicts(_ fragment: ArraySlice<UInt8>, at offset: Int, isLast: Bool) -> Bool {
    let end = offset + fragment.count
    if let total, isLast ? end != total : end > total { return true }
    if isLast, bytes.count > end { return true }
    for unit in (offset / 8)..<((end + 7) / 8) where isCovered(unit) {
      let from = unit * 8
      let count = min(from + 8, end, bytes.count) - from
      let start = fragment.startIndex + from - offset
      guard fragment[start..<(start + count)].elementsEqual(bytes[from..<(from + count)]) else { return true }
    }
    return false
  }

  mutating func take(_ fragment: ArraySlice<UInt8>, at offset: Int, isLast: Bool, packet: UInt64) {
    let end = offset + fragment.count
    lastPacket = packet
    if isLast { total = end }
    if bytes.count < end { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
    bytes.replaceSubrange(offset..<end, with: fragment)
    for unit in (offset / 8)..<((end + 7) / 8) where !isCovered(unit) {
      covered[unit / 64] |= 1 << UInt64(unit % 64)
      coveredUnits += 1
    }
  }

  private func isCovered(_ unit: Int) -> Bool { covered[unit / 64] >> UInt64(unit % 64) & 1 != 0 }
}
