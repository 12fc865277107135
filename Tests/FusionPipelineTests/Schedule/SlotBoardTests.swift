import FusionPipeline
import Synchronization
import Testing

@Suite("Slot board")
struct SlotBoardTests {
  private func set(_ slot: UInt64, value: Double = 0) -> CommandSet {
    var set = CommandSet(count: 1)
    set.slot = slot
    for index in set.commands.indices { set.commands[index].value = value }
    return set
  }

  /// Brings slot 3 into a state; nil is a slot that is not on the board.
  private func board(in state: SlotState?) -> SlotBoard {
    let board = SlotBoard()
    guard let state else { return board }
    board.open(3)
    if state == .claimed || state == .frame { #expect(board.claim(3, cutoff: .millis(5))) }
    if state == .frame { #expect(board.submit(set(3), marks: FrameMarks())) }
    if state == .taken { #expect(board.take(3, from: .open)) }
    #expect(board.state(of: 3) == state)
    return board
  }

  @Test(
    "Each step works from its one state and changes nothing from any other",
    arguments: [SlotState.open, .claimed, .frame, .taken, nil])
  func transitions(from state: SlotState?) {
    var b = board(in: state)
    #expect(b.claim(3, cutoff: .millis(1)) == (state == .open))
    #expect(b.state(of: 3) == (state == .open ? .claimed : state))
    b = board(in: state)
    #expect(b.submit(set(3), marks: FrameMarks()) == (state == .claimed))
    #expect(b.state(of: 3) == (state == .claimed ? .frame : state))
    b = board(in: state)
    #expect(b.take(3, from: .open) == (state == .open))
    b = board(in: state)
    #expect(b.take(3, from: .claimed) == (state == .claimed))
    b = board(in: state)
    b.fail(3, reason: .stageFailed)
    #expect(b.state(of: 3) == state)
    #expect((b.failure(of: 3) == .stageFailed) == (state == .claimed))
    if state == .claimed { #expect(b.cutoff(of: 3) == .never && b.promisedCutoff(of: 3) == .millis(5)) }
  }

  @Test("A cell serves one slot at a time: its neighbour eight further on is unknown until it is opened")
  func cells() {
    let board = SlotBoard()
    board.open(3)
    #expect(board.state(of: 11) == nil && !board.claim(11, cutoff: .zero) && !board.take(11, from: .open))
    #expect(board.take(3, from: .open))
    board.open(11)
    #expect(board.state(of: 3) == nil && board.state(of: 11) == .open)
    #expect(!board.submit(set(3), marks: FrameMarks()) && !board.take(3, from: .taken))
  }

  @Test("A slot's failure and cutoff do not reach the next slot in its cell")
  func leftovers() {
    let board = board(in: .claimed)
    board.fail(3, reason: .stageHung)
    #expect(board.take(3, from: .claimed))
    board.open(11)
    #expect(board.claim(11, cutoff: .millis(9)))
    #expect(board.cutoff(of: 11) == .millis(9) && board.failure(of: 11) == .none)
  }

  @Test(
    "A frame and a guard race for 100000 slots: one winner each, and its commands are whole"
  )
  func race() {
    let board = SlotBoard()
    let slots: UInt64 = 100_000
    let frameWins = Atomic<UInt64>(0)
    let current = Atomic<UInt64>(0)
    let isRunning = Atomic<Bool>(false)
    for slot in 0..<UInt64(SlotBoard.cells) { board.open(slot) }
    let frame = TestThread {
      var slot: UInt64 = 0
      var planned = CommandSet(count: 1)
      isRunning.store(true, ordering: .relaxed)
      while true {
        slot = max(slot, current.load(ordering: .relaxed))
        if slot >= slots { return }
        guard board.claim(slot, cutoff: .millis(1)) else {
          // Not open yet, or the guard's: then its number moves on.
          continue
        }
        planned.slot = slot
        for index in planned.commands.indices { planned.commands[index].value = Double(slot) }
        if slot % 16 == 15 {
          board.fail(slot, reason: .stageFailed)
        } else if board.submit(planned, marks: FrameMarks()) {
          frameWins.add(1, ordering: .relaxed)
        }
        slot += 1
      }
    }
    while !isRunning.load(ordering: .relaxed) {}
    var guardWins: UInt64 = 0
    var frameSets: UInt64 = 0
    var torn = 0
    var random = RandomSource(seed: 1)
    for slot in 0..<slots {
      // Mostly patient, so that the frame comes near; never so patient that a failed frame blocks it.
      var patience = random.below(200)
      while true {
        if board.state(of: slot) == .frame {
          let (set, _) = board.read(slot)
          if set.slot != slot { torn += 1 }
          for index in set.commands.indices where set.commands[index].value != Double(slot) { torn += 1 }
          frameSets += 1
          break
        }
        if patience > 0 {
          patience -= 1
          continue
        }
        if board.take(slot, from: .open) || board.take(slot, from: .claimed) {
          guardWins += 1
          break
        }
      }
      board.open(slot + UInt64(SlotBoard.cells))
      current.store(slot + 1, ordering: .relaxed)
    }
    current.store(slots, ordering: .relaxed)
    frame.join()
    #expect(torn == 0)
    #expect(frameSets == frameWins.load(ordering: .relaxed))
    #expect(frameSets + guardWins == slots)
    #expect(frameSets > 0 && guardWins > 0)
  }
}
