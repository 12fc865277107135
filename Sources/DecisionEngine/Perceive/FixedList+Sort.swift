import FusionPipeline

extension FixedList {
  /// Heap sort: the standard library's sort allocates. Not stable, so `isBefore` must order every pair.
  @inlinable public func sort(by isBefore: (Element, Element) -> Bool) {
    var end = count
    guard end > 1 else { return }
    let all = unsafe elements
    var root = end / 2
    while root > 0 {
      root &-= 1
      unsafe siftDown(all, from: root, end: end, isBefore)
    }
    while end > 1 {
      end &-= 1
      unsafe all.swapAt(0, end)
      unsafe siftDown(all, from: 0, end: end, isBefore)
    }
  }

  @inlinable func siftDown(
    _ all: UnsafeMutableBufferPointer<Element>, from start: Int, end: Int,
    _ isBefore: (Element, Element) -> Bool
  ) {
    var root = start
    while true {
      var child = 2 &* root &+ 1
      guard child < end else { return }
      if child &+ 1 < end, unsafe isBefore(all[child], all[child &+ 1]) { child &+= 1 }
      guard unsafe isBefore(all[root], all[child]) else { return }
      unsafe all.swapAt(root, child)
      root = child
    }
  }
}
