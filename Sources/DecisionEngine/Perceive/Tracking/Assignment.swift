import FusionPipeline

/// A track and a measurement that may belong together.
struct AssignmentPair: BitwiseCopyable, Sendable {
  /// 0 for confirmed tracks, 1 for tentative ones: a newcomer never takes an old track's measurement.
  var rank: Int32
  var track: Int32
  var item: Int32
  var cost: Double
}

/// Nearest neighbours over all pairs at once: the cheapest pair first, each track and item once.
///
/// Cost: O(n log n) in pairs inside the gate; no allocation.
final class Assignment {
  private let pairs: FixedList<AssignmentPair>
  /// The item of each track and the track of each item; −1 for none.
  let itemOfTrack: FixedList<Int32>
  let trackOfItem: FixedList<Int32>

  init(maximumTracks: Int, maximumItems: Int) {
    pairs = FixedList(
      capacity: maximumTracks * 32, zero: AssignmentPair(rank: 0, track: 0, item: 0, cost: 0))
    itemOfTrack = FixedList(capacity: maximumTracks, zero: -1)
    trackOfItem = FixedList(capacity: maximumItems, zero: -1)
  }

  func begin(tracks: Int, items: Int) {
    pairs.removeAll()
    itemOfTrack.removeAll()
    trackOfItem.removeAll()
    for _ in 0..<tracks { itemOfTrack.append(-1) }
    for _ in 0..<items { trackOfItem.append(-1) }
  }

  func add(track: Int, item: Int, cost: Double, isConfirmed: Bool) {
    pairs.append(
      AssignmentPair(
        rank: isConfirmed ? 0 : 1, track: Int32(truncatingIfNeeded: track),
        item: Int32(truncatingIfNeeded: item), cost: cost))
  }

  func solve() {
    pairs.sort { ($0.rank, $0.cost, $0.track, $0.item) < ($1.rank, $1.cost, $1.track, $1.item) }
    for index in pairs.indices {
      let pair = pairs[index]
      guard itemOfTrack[Int(pair.track)] < 0, trackOfItem[Int(pair.item)] < 0 else { continue }
      itemOfTrack[Int(pair.track)] = pair.item
      trackOfItem[Int(pair.item)] = pair.track
    }
  }
}
