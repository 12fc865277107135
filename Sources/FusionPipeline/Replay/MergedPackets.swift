/// Several packet sources as one, by arrival; at equal instants the source named first goes first.
public final class MergedPackets: PacketSource {
  public struct Input {
    var source: any PacketSource
    var name: String
    public init(_ source: any PacketSource, name: String) {
      self.source = source
      self.name = name
    }
  }

  private let inputs: [Input]
  private var heads: [RecordedPacket?] = []
  private var lastArrivals: [Stamp]

  public init(_ inputs: [Input]) {
    self.inputs = inputs
    lastArrivals = inputs.map { _ in .never }
  }

  public func next() throws(ReplayFailure) -> RecordedPacket? {
    if heads.isEmpty {
      for index in inputs.indices { heads.append(try pull(index)) }
    }
    var best: Int?
    for index in heads.indices {
      guard let head = heads[index] else { continue }
      if let chosen = best, let other = heads[chosen], other.arrival <= head.arrival { continue }
      best = index
    }
    guard let best, let packet = heads[best] else { return nil }
    heads[best] = try pull(best)
    return packet
  }

  /// A source's stamps must not step back, or a log would order its packets otherwise than they came.
  private func pull(_ index: Int) throws(ReplayFailure) -> RecordedPacket? {
    guard var packet = try inputs[index].source.next() else { return nil }
    packet.arrival = max(packet.arrival, lastArrivals[index])
    lastArrivals[index] = packet.arrival
    return packet
  }
}

/// A short source played again and again, each turn after the one before, until a time is filled.
public final class LoopedPackets: PacketSource {
  private var source: any PacketSource
  private let reopen: () throws -> any PacketSource
  private let spanNanoseconds: Int64
  private var first: Stamp?
  private var turnFirst: Stamp?
  private var shift: Int64 = 0
  private var last = Stamp.zero
  private var gaps = 0
  private var turnPackets = 0

  public init(first: any PacketSource, reopen: @escaping () throws -> any PacketSource, seconds: Double) {
    source = first
    self.reopen = reopen
    spanNanoseconds = .seconds(seconds)
  }

  public func next() throws(ReplayFailure) -> RecordedPacket? {
    while true {
      if var packet = try source.next() {
        if first == nil { first = packet.arrival }
        if turnFirst == nil { turnFirst = packet.arrival }
        packet.arrival = packet.arrival + shift
        guard let first, packet.arrival - first <= spanNanoseconds else { return nil }
        last = packet.arrival
        turnPackets += 1
        return packet
      }
      guard let first, let begun = turnFirst, turnPackets > 0 else { return nil }
      // One mean packet gap between the turns.
      let gap = max((last - (begun + shift)) / Int64(max(turnPackets - 1, 1)), 1)
      shift = last - first + gap
      turnFirst = nil
      turnPackets = 0
      do { source = try reopen() } catch { throw ReplayFailure("\(error)") }
    }
  }
}
