import Synchronization

/// The one thread that publishes: waits for the current slot's decision and sends it.
///
/// Thread: its own, above the frame's thread in priority, so that a busy frame cannot delay the guard.
final class OutputThread: @unchecked Sendable {
  private let output: SlotOutput
  private let desk: SlotDesk
  private let clock: any PipelineClock
  private let bell: Doorbell
  private let published: SampleRing<CommandSet>
  private let lost: SampleRing<LostFrame>
  private var lostCursor: UInt64 = 0
  private var header = SampleHeader()
  private var lostFrame = LostFrame()
  private let isStopping = Atomic<Bool>(false)
  /// Slots that have left, for progress.
  let slotsSent = Atomic<UInt64>(0)
  let missesSeen = Atomic<UInt64>(0)
  /// The mode of the last command, as its raw value.
  let mode = Atomic<UInt8>(0)

  init(
    output: SlotOutput, desk: SlotDesk, clock: any PipelineClock, bell: Doorbell,
    published: SampleRing<CommandSet>, lost: SampleRing<LostFrame>
  ) {
    self.output = output
    self.desk = desk
    self.clock = clock
    self.bell = bell
    self.published = published
    self.lost = lost
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    bell.ring()
  }

  func run() {
    while !isStopping.load(ordering: .relaxed) {
      let seen = bell.count
      takeLostFrames()
      switch output.step(now: clock.now()) {
      case .wait(let until): bell.wait(seen: seen, until: until)
      case .publish(let decided): send(decided)
      }
    }
    takeLostFrames()
    send(output.finish(now: clock.now()))
  }

  private func send(_ decided: DecidedSlot) {
    desk.handle(decided, woken: clock.now(), now: { clock.now() })
    published.push(SampleHeader(sequence: decided.slot), decided.set)
    slotsSent.add(1, ordering: .relaxed)
    missesSeen.store(desk.books.missCount, ordering: .relaxed)
    mode.store(decided.set.mode, ordering: .relaxed)
  }

  private func takeLostFrames() {
    while true {
      switch lost.read(&lostCursor, header: &header, sample: &lostFrame) {
      case .empty: return
      case .lost: continue
      case .sample: desk.report(lostFrame)
      }
    }
  }
}
