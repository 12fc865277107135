import Testing

@testable import FusionPipeline

@Suite("Fixed list")
struct FixedListTests {
  @Test("A full list refuses and keeps what it has")
  func full() {
    let list = FixedList(capacity: 2, zero: 0)
    #expect(list.isEmpty && list.append(1) && list.append(2) && !list.append(3))
    #expect(list.count == 2 && list[0] == 1 && list[1] == 2 && list.indices == 0..<2)
    list.removeAll()
    #expect(list.isEmpty && list.append(4) && list[0] == 4)
  }

  @Test("Truncating to a longer or negative length changes nothing")
  func truncate() {
    let list = FixedList(capacity: 4, zero: 0)
    for value in 1...4 { list.append(value) }
    list.truncate(to: 9)
    list.truncate(to: -1)
    #expect(list.count == 4)
    list.truncate(to: 1)
    #expect(unsafe Array(list.elements) == [1])
  }

  @Test("Every way of removing by swap or by condition agrees with an array's, at every small size")
  func removal() {
    for count in 1...6 {
      for index in 0..<count {
        let list = FixedList(capacity: 6, zero: 0)
        var array = Array(0..<count)
        for value in array { list.append(value) }
        list.swapRemove(at: index)
        array.swapAt(index, count - 1)
        array.removeLast()
        #expect(unsafe Array(list.elements) == array)
      }
      for mask in 0..<(1 << count) {
        let list = FixedList(capacity: 6, zero: 0)
        for value in 0..<count { list.append(value) }
        list.keep { mask >> $0 & 1 == 1 }
        #expect(unsafe Array(list.elements) == (0..<count).filter { mask >> $0 & 1 == 1 })
      }
    }
  }

  @Test("A state's list and value keep the store alive whose memory they use")
  func lifetime() {
    var store: StateStore? = StateStore(capacity: 4096)
    weak let watched = store
    let list = store?.list(of: UInt64.self, named: "list", capacity: 4, zero: 0)
    let value = store?.value(named: "value", initial: 3.5)
    store = nil
    #expect(watched != nil)
    #expect(list?.append(7) == true && list?[0] == 7 && value?.value == 3.5)
  }
}
