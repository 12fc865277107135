import FusionPipeline
import Testing

@Suite("State store")
struct StateStoreTests {
  @Test("Rolling back gives the last committed state, list lengths included")
  func rollback() {
    let store = StateStore(capacity: 4096)
    let byte = store.value(named: "byte", initial: UInt8(1))
    let list = store.list(of: Double.self, named: "list", capacity: 3, zero: 0)
    let wide = store.value(named: "wide", initial: SIMD4<Double>(repeating: 1))
    store.seal()
    byte.value = 2
    #expect(list.append(1.5))
    wide.value[3] = 9
    store.rollback()
    #expect(byte.value == 1 && list.isEmpty && wide.value == SIMD4(repeating: 1))
    byte.value = 3
    #expect(list.append(2.5))
    store.commit()
    list.removeAll()
    byte.value = 4
    store.rollback()
    #expect(byte.value == 3 && list.count == 1 && list[0] == 2.5)
  }

  @Test("A snapshot thaws into a store of the same layout and is refused by one of another size")
  func snapshot() {
    func make() -> (store: StateStore, value: StateValue<UInt64>) {
      let store = StateStore(capacity: 4096)
      let value = store.value(named: "count", initial: UInt64(0))
      store.seal()
      return (store, value)
    }
    let (a, value) = make()
    value.value = 42
    a.commit()
    value.value = 43
    var bytes: [UInt8] = []
    unsafe a.freeze { unsafe bytes = Array($0) }
    let (b, copy) = make()
    let isThawed = unsafe bytes.withUnsafeBytes { unsafe b.thaw($0) }
    #expect(isThawed)
    #expect(copy.value == 42)
    copy.value = 1
    b.rollback()
    #expect(copy.value == 42)
    let isShortThawed = unsafe bytes[1...].withUnsafeBytes { unsafe b.thaw($0) }
    let isNothingThawed = unsafe [UInt8]().withUnsafeBytes { unsafe b.thaw($0) }
    #expect(!isShortThawed && !isNothingThawed)
    #expect(copy.value == 42)
  }

  @Test("Every part lies at its type's alignment and none overlaps another")
  func alignment() {
    let store = StateStore(capacity: 4096)
    let small = store.value(named: "small", initial: UInt8(0xFF))
    let list = store.list(of: UInt16.self, named: "list", capacity: 3, zero: 0xABCD)
    let wide = store.value(named: "wide", initial: SIMD8<Double>(repeating: 2))
    let last = store.value(named: "last", initial: UInt8(0x11))
    store.seal()
    for _ in 0..<3 { #expect(list.append(0xFFFF)) }
    wide.value = SIMD8(repeating: -1)
    #expect(small.value == 0xFF && last.value == 0x11 && list.count == 3)
    #expect(store.byteCount <= 256 && store.layout.count == 4)
  }
}
