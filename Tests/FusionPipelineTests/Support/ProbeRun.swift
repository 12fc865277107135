@testable import FusionPipeline

/// A machine driven in virtual time, with everything that came out of it.
final class ProbeRun {
  let machine: ProbeMachine
  let built: ProbeMachine.Built
  let runner: VirtualRunner
  let publisher: CommandPublisher
  let books: SlotBooks
  /// Every command, in the order in which they left.
  private(set) var commands: [CommandFrame] = []
  private(set) var commandBytes: [[UInt8]] = []
  private let queue = ByteQueue(capacity: 1 << 20)
  private let slotQueue = ByteQueue(capacity: 1 << 20)
  private var scratch = [UInt8](repeating: 0, count: 4096)
  private(set) var frames: [FrameRecord] = []
  private(set) var slots: [SlotRecord] = []
  private(set) var ledgers: [LedgerEntry] = []

  init(
    _ machine: ProbeMachine, settings: VirtualRunner.Settings = VirtualRunner.Settings(),
    sink: (any CommandSink)? = nil
  ) {
    self.machine = machine
    built = machine.build()
    let outputTap = RecordTap(queue: slotQueue)
    publisher = CommandPublisher(
      actuators: machine.actuators, session: 7, sink: sink, tap: RecordTap(queue: nil))
    books = SlotBooks(
      stageNames: machine.stages.map(\.name), tapCount: built.chain.runner.taps.count)
    let desk = SlotDesk(
      books: books, publisher: publisher, chain: 1, budgets: built.chain.budgets, timing: machine.timing,
      tap: outputTap, hostGap: { _, _ in 0 })
    runner = VirtualRunner(
      chain: built.chain, sensors: built.sensors, epoch: machine.epoch, settings: settings, desk: desk,
      tap: RecordTap(queue: queue), rawTap: RecordTap(queue: nil))
    publisher.observer = { [unowned self] _, frame in keep(frame) }
    runner.onEvent = { [unowned self] (_) throws(ReplayFailure) in collect() }
  }

  func run(_ packets: [RecordedPacket]) throws {
    try runner.run(PacketList(packets))
    collect()
  }

  /// The commands of one actuator.
  func commands(of actuator: Int) -> [CommandFrame] {
    commands.enumerated().filter { $0.offset % machine.actuators.count == actuator }.map(\.element)
  }

  var releases: ReleaseCounts { runner.releases }
  var counts: [FateCounts] { built.chain.runner.taps.map(\.counts) }

  private func keep(_ frame: RawSpan) {
    var bytes: [UInt8] = []
    for offset in frame.byteOffsets { bytes.append(frame.byte(offset)) }
    commandBytes.append(bytes)
    if let command = try? CommandFrame(decoding: frame) { commands.append(command) }
  }

  private func collect() {
    for queue in [queue, slotQueue] {
      while unsafe queue.pop(into: &scratch, { unsafe take($0, Array($2)) }) {}
    }
  }

  private func take(_ topic: UInt32, _ bytes: [UInt8]) {
    switch topic {
    case TopicNumber.frame: if let record = FrameRecord(decoding: bytes) { frames.append(record) }
    case TopicNumber.slot: if let record = SlotRecord(decoding: bytes) { slots.append(record) }
    case TopicNumber.ledger: if let entry = LedgerEntry(decoding: bytes) { ledgers.append(entry) }
    default: break
    }
  }
}

/// Packets of one sensor at a steady rate: value and tag count from 1, captured `delay` before arrival.
func steadyPackets(
  sensor: UInt16, from: Stamp = .zero, period: Int64, count: Int, delay: Int64 = 0, jitter: Int64 = 0,
  seed: UInt64 = 1
) -> [RecordedPacket] {
  var random = RandomSource(seed: seed, stream: UInt64(sensor))
  return (0..<count).map { index in
    let shift = jitter > 0 ? Int64(random.below(UInt64(2 * jitter + 1))) - jitter : 0
    let capture = from + Int64(index) * period + shift
    return ProbePacket(value: Double(index + 1), tag: UInt64(index + 1))
      .recorded(sensor: sensor, arrival: capture + delay, capture: capture)
  }
}

func merged(_ packets: [RecordedPacket]...) -> [RecordedPacket] {
  // Stable for equal arrivals: `sort` alone promises nothing about them.
  let all = packets.flatMap { $0 }.enumerated()
  return all.sorted { ($0.element.arrival, $0.offset) < ($1.element.arrival, $1.offset) }.map(\.element)
}
