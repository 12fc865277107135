import Testing

@testable import FusionPipeline

#if canImport(Glibc)
  import Glibc
#endif

/// How many faulted frames the property test sends; `FUSION_COMMAND_FAULTS=10000000` for the full figure.
private let faultCount: Int = {
  guard let text = unsafe getenv("FUSION_COMMAND_FAULTS") else { return 1_000_000 }
  return unsafe Int(String(cString: text)) ?? 1_000_000
}()

/// A stream of genuine commands with every kind of fault worked into it.
@Suite("Command faults") struct CommandFaultsTests {
  typealias S = CommandSamples

  enum Fault: Int, CaseIterable {
    case none, corrupted, repeated, lost, reordered, inserted, masqueraded, truncated, overwritten
  }

  @Test("each class of fault is flagged and none passes for a command")
  func faults() {
    var random = SplitMix(seed: 0xC0FF_EE)
    var receiver = CommandReceiver(S.settings())
    var tally = [Int](repeating: 0, count: Fault.allCases.count)
    var undetected = 0
    var misjudged = 0
    var expectedLost: UInt64 = 0
    var lostSinceAccepted: UInt64 = 0
    var accepted: UInt64 = 0
    var counter: UInt32 = 0xFFFF_0000  // wraps within the test
    var instant: Int64 = 0
    var set = S.set(tail: [(150_000, 0.1), (300_000, 0)])
    var other = S.steering
    other.topic = "act/brake"
    other.dataID = 8
    var history: [[UInt8]] = []
    var bytes = [UInt8](repeating: 0, count: CommandFrame.byteCount)
    var done = 0

    func judge(_ fault: Fault, _ frame: [UInt8], expect: (CommandVerdict) -> Bool) {
      let verdict = receiver.receive(frame, atNanoseconds: instant)
      tally[fault.rawValue] += 1
      if !expect(verdict) { misjudged += 1 }
      if fault != .none, case .accepted = verdict { undetected += 1 }
    }
    func isRefused(_ verdict: CommandVerdict) -> Bool {
      if case .refused = verdict { return true }
      return false
    }

    while done < faultCount {
      instant += 10_000_000
      counter &+= 1
      set.slot &+= 1
      set.decidedAt = Stamp(nanoseconds: instant)
      set.commands[0].value = Double(random.next() % 1200) / 1000 - 0.6
      write(set, counter: counter, into: &bytes)
      let genuine = bytes

      // First the fault, so that a faulted copy comes before the original and cannot hide as a repetition.
      let fault = Fault(rawValue: Int(random.next() % 9)) ?? .none
      done += 1
      switch fault {
      case .none: break
      case .corrupted:
        var frame = genuine
        for _ in 0...(random.next() % 12) {
          frame[Int(random.next() % 208)] ^= UInt8(1 << (random.next() % 8))
        }
        if frame != genuine { judge(.corrupted, frame, expect: isRefused) }
      case .overwritten:
        var frame = genuine
        let from = Int(random.next() % 208)
        let to = min(208, from + 1 + Int(random.next() % 64))
        let zeros = random.next() % 2 == 0
        for index in from..<to { frame[index] = zeros ? 0 : UInt8(truncatingIfNeeded: random.next()) }
        if frame != genuine { judge(.overwritten, frame, expect: isRefused) }
      case .truncated:
        let frame = Array(genuine[..<Int(random.next() % 208)])
        judge(.truncated, frame) { $0 == .refused(.length) }
      case .repeated:
        if let frame = history.last {
          // Was the newest itself lost, the repetition would be its first arrival.
          judge(.repeated, frame) { $0 == .refused(.repeated) }
        }
      case .reordered:
        if history.count > 2 {
          let frame = history[Int(random.next() % UInt64(history.count - 1))]
          judge(.reordered, frame) { $0 == .refused(.old) }
        }
      case .lost:
        lostSinceAccepted += 1
        tally[Fault.lost.rawValue] += 1
        continue
      case .inserted:
        // A second publisher with its own session, while the first holds.
        let frame = S.bytes(set, session: random.next() | 1 << 63, counter: counter)
        if receiver.newest != nil, instant < receiver.validUntil.nanoseconds {
          judge(.inserted, frame) { $0 == .refused(.session) }
        }
      case .masqueraded:
        switch random.next() % 3 {
        case 0:
          judge(.masqueraded, S.bytes(set, actuator: other, counter: counter)) { $0 == .refused(.topic) }
        case 1:
          var wrong = other
          wrong.topic = S.steering.topic
          judge(.masqueraded, S.bytes(set, actuator: wrong, counter: counter)) { $0 == .refused(.dataID) }
        default:
          judge(.masqueraded, S.bytes(set, counter: counter, source: 9)) { $0 == .refused(.source) }
        }
      }
      let lost = lostSinceAccepted
      judge(.none, genuine) { $0 == .accepted(lost: receiver.counters.accepted == 1 ? 0 : UInt32(lost)) }
      if accepted > 0 { expectedLost += lost }
      accepted += 1
      lostSinceAccepted = 0
      history.append(genuine)
      if history.count > 8 { history.removeFirst() }
      if receiver.output(atNanoseconds: instant).value != set.commands[0].value { misjudged += 1 }
    }

    #expect(undetected == 0)
    #expect(misjudged == 0)
    for fault in Fault.allCases {
      #expect(tally[fault.rawValue] > faultCount / 20, "\(fault): too few to say anything")
    }
    #expect(receiver.counters.accepted == accepted)
    #expect(receiver.counters.lost == expectedLost)
    let refused = tally.enumerated().filter {
      $0.offset != Fault.none.rawValue && $0.offset != Fault.lost.rawValue
    }
    #expect(receiver.counters.allRefused == UInt64(refused.reduce(0) { $0 + $1.element }))
    #expect(receiver.counters.refused(.length) >= UInt64(tally[Fault.truncated.rawValue]))
  }

  @Test("arbitrary bytes never pass and never trap")
  func noise() {
    var random = SplitMix(seed: 7)
    var receiver = CommandReceiver(S.settings())
    for _ in 0..<20_000 {
      let count = random.next() % 3 == 0 ? 208 : Int(random.next() % 300)
      var frame = [UInt8](repeating: 0, count: count)
      for index in frame.indices { frame[index] = UInt8(truncatingIfNeeded: random.next()) }
      if random.next() % 2 == 0, count >= 26 {
        frame.replaceSubrange(16..<22, with: [0x46, 0x43, 0x4D, 0x44, 1, 0])
        frame.replaceSubrange(24..<26, with: [208, 0])
      }
      if case .accepted = receiver.receive(frame, atNanoseconds: .random(&random)) {
        Issue.record("noise accepted")
      }
    }
  }

  @Test("random fields under a right CRC never trap and never give a value outside the range")
  func hostileFields() {
    var random = SplitMix(seed: 99)
    var receiver = CommandReceiver(S.settings())
    let genuine = S.bytes(S.set(tail: [(150_000, 0.1)]))
    for _ in 0..<100_000 {
      let frame = S.resealed(genuine) {
        for _ in 0...(random.next() % 6) {
          // Flags, session to tail: everything that a sender may say.
          $0[[22, 32 + Int(random.next() % 172)][Int(random.next() % 2)]] = UInt8(
            truncatingIfNeeded: random.next())
        }
      }
      receiver.receive(frame, atNanoseconds: .random(&random))
      let output = receiver.output(atNanoseconds: .random(&random))
      if !(output.value >= -0.6 && output.value <= 0.6) { Issue.record("\(output)") }
    }
    #expect(receiver.counters.accepted > 100)
  }

  private func write(_ set: CommandSet, counter: UInt32, into bytes: inout [UInt8]) {
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    do {
      try CommandFrame.encode(
        set: set, actuatorIndex: 0, description: S.steering, session: S.session, counter: counter,
        sourceID: S.source, into: &raw)
    } catch {
      Issue.record("\(error)")
    }
  }
}

extension Int64 {
  /// Any instant, extremes included.
  fileprivate static func random(_ random: inout SplitMix) -> Int64 {
    switch random.next() % 8 {
    case 0: .min
    case 1: .max
    case 2: 0
    default: Int64(bitPattern: random.next())
    }
  }
}
