import Testing

@testable import FusionPipeline

/// One trace of frames, faults and output calls, judged by the Swift, C and Python receivers alike.
@Suite("Command subscribers in C and Python") struct CommandTraceTests {
  typealias S = CommandSamples

  static let hasCompiler = RepositoryFile.run("cc --version").code == 0
  static let hasPython = RepositoryFile.run("python3 --version").code == 0

  @Test(
    "the C header compiles without a warning and judges a trace bit for bit as the Swift receiver",
    .enabled(if: hasCompiler, "no C compiler `cc` on this machine"))
  func cHeader() throws {
    let folder = try #require(RepositoryFile.temporaryFolder())
    defer { _ = RepositoryFile.run("rm -r '\(folder)'") }
    let source = RepositoryFile.root + "Examples/subscriber/c/check_trace.c"
    let flags = "-std=c99 -pedantic -Wall -Wextra -Werror -ffp-contract=off"
    let sanitize = "-fsanitize=undefined,address -fno-sanitize-recover=all"
    var compiled = RepositoryFile.run("cc \(flags) \(sanitize) -o '\(folder)/check' '\(source)' -lm")
    if compiled.code != 0 {
      compiled = RepositoryFile.run("cc \(flags) -o '\(folder)/check' '\(source)' -lm")
    }
    #expect(compiled.code == 0, "\(compiled.output)")
    try check("'\(folder)/check'", folder: folder)
  }

  @Test(
    "the example in C compiles without a warning",
    .enabled(if: hasCompiler, "no C compiler `cc` on this machine"))
  func cExample() {
    let source = RepositoryFile.root + "Examples/subscriber/c/main.c"
    let compiled = RepositoryFile.run(
      "cc -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only '\(source)'")
    #expect(compiled.code == 0, "\(compiled.output)")
  }

  @Test(
    "the Python module judges a trace bit for bit as the Swift receiver",
    .enabled(if: hasPython, "no python3 on this machine"))
  func python() throws {
    let folder = try #require(RepositoryFile.temporaryFolder())
    defer { _ = RepositoryFile.run("rm -r '\(folder)'") }
    let script = RepositoryFile.root + "Examples/subscriber/python/check_trace.py"
    try check("PYTHONDONTWRITEBYTECODE=1 python3 '\(script)'", folder: folder)
  }

  private func check(_ program: String, folder: String) throws {
    for seed in UInt64(1)...6 {
      let trace = CommandTrace(seed: seed, records: 4000)
      let path = "\(folder)/trace\(seed)"
      #expect(RepositoryFile.write(trace.bytes, to: path))
      let (output, code) = RepositoryFile.run("\(program) '\(path)'")
      #expect(code == 0, "\(output.suffix(2000))")
      let lines = output.split(separator: "\n").map(String.init)
      #expect(lines.count == trace.expected.count)
      for (index, (got, expected)) in zip(lines, trace.expected).enumerated() where got != expected {
        Issue.record("seed \(seed), record \(index): got \(got), expected \(expected)")
        break
      }
    }
  }

  @Test("the trace reaches every state, mode and class of refusal")
  func coverage() {
    var states = Set<String>()
    var refusals = Set<String>()
    for seed in UInt64(1)...6 {
      for line in CommandTrace(seed: seed, records: 4000).expected {
        if line.hasPrefix("O ") { states.insert(String(line.split(separator: " ")[1])) }
        if line.hasPrefix("R ") { refusals.insert(String(line.dropFirst(2))) }
      }
    }
    #expect(states.count == CommandReceiverState.allCases.count, "\(states.sorted())")
    #expect(refusals.count == CommandRefusal.allCases.count, "\(refusals.sorted())")
  }
}

/// A random walk through everything a receiver can meet, with what the Swift receiver says to it.
struct CommandTrace {
  private(set) var bytes: [UInt8] = []
  private(set) var expected: [String] = []
  private var random: SplitMix
  private var receiver: CommandReceiver
  private var instant: Int64 = 0
  private var counter: UInt32 = 0xFFFF_FF00
  private var session: UInt64 = 1
  private var sent: [[UInt8]] = []
  private var actuator = CommandSamples.steering

  init(seed: UInt64, records: Int) {
    random = SplitMix(seed: seed)
    actuator.rateLimit = seed % 2 == 0 ? 1.5 : .infinity
    actuator.safeValue = 0.05
    var settings = CommandSamples.settings(actuator)
    settings.sharesClock = seed % 3 == 0
    settings.maximumValidForMicroseconds = seed == 5 ? 80_000 : 1_000_000
    receiver = CommandReceiver(settings)
    writeHead(settings)
    for _ in 0..<records { step() }
    let c = receiver.counters
    let refusals = CommandRefusal.allCases.map { " \(c.refused($0))" }.joined()
    expected.append("C \(c.accepted) \(c.lost) \(c.timeouts) \(c.sessions)\(refusals)")
  }

  private mutating func step() {
    instant += Int64(random.next() % 12_000_000)
    if random.next() % 200 == 0 { instant += Int64(random.next() % 700_000_000) }
    switch random.next() % 10 {
    case 0..<4: output()
    case 4: decode(random.next() % 2 == 0 ? damaged(fresh()) : fresh())
    case 5: receive(damaged(fresh()))
    case 6: receive(sent.isEmpty ? [] : sent[Int(random.next() % UInt64(sent.count))])
    default:
      if random.next() % 150 == 0 { session = random.next() % 12 }
      counter &+= [1, 1, 1, 1, 1, 2, 3, 4][Int(random.next() % 8)]
      let frame = fresh()
      receive(frame)
      sent.append(frame)
      if sent.count > 12 { sent.removeFirst() }
    }
  }

  /// A frame such as a publisher might send, sometimes an odd one.
  private mutating func fresh() -> [UInt8] {
    var set = CommandSamples.set(decidedAt: instant - Int64(random.next() % 30_000_000))
    if random.next() % 40 == 0 { set.decidedAt = set.decidedAt + -200_000_000 }
    if random.next() % 300 == 0 { set.decidedAt = Stamp(nanoseconds: Int64(bitPattern: random.next())) }
    set.validForMicroseconds = [50_000, 1, 0, .max, 100_000][Int(min(random.next() % 40, 4))]
    set.mode = random.next() % 30 == 0 ? 0 : UInt8(1 + random.next() % 4)
    set.flags = random.next() % 100 == 0 ? .final : CommandFlags(rawValue: UInt16(random.next() % 4))
    set.reason = UInt8(random.next() % 14)
    set.commands[0].value = Double(random.next() % 1250) / 1000 - 0.625
    set.commands[0].secondValue = Double(random.next() % 100)
    set.commands[0].rateLimit = random.next() % 2 == 0 ? .infinity : Double(random.next() % 8)
    var time: UInt32 = 0
    for index in 0..<Int(random.next() % 9) {
      time += UInt32(random.next() % 90_000)
      set.commands[0].tail[index] = TailPoint(
        afterMicroseconds: time, value: Float(random.next() % 2000) / 1500 - 0.66)
    }
    for index in set.ages.indices {
      set.ages[index] = SourceAge(
        source: UInt16(random.next() % 5), ageMicroseconds: UInt32(truncatingIfNeeded: random.next()))
    }
    var target = actuator
    if random.next() % 60 == 0 { target.dataID = 8 }
    if random.next() % 60 == 0 { target.topic = "act/brake" }
    return CommandSamples.bytes(
      set, actuator: target, session: session, counter: counter,
      source: random.next() % 60 == 0 ? 4 : CommandSamples.source)
  }

  private mutating func damaged(_ frame: [UInt8]) -> [UInt8] {
    switch random.next() % 6 {
    case 0: return Array(frame[..<Int(random.next() % 208)])
    case 1: return frame + [UInt8](repeating: 0, count: Int(random.next() % 30))
    case 2:
      var changed = frame
      changed[Int(random.next() % 208)] ^= UInt8(1 << (random.next() % 8))
      return changed
    default:
      // The sender's own fault, under a right CRC.
      let offset = [0, 15, 16, 20, 24, 80 + 7, 88 + 7, 96 + 7, 104, 147][Int(random.next() % 10)]
      let value: UInt8 = [0, 0x7F, 0xFF][Int(random.next() % 3)]
      return CommandSamples.resealed(frame) {
        $0[offset] = value
        if offset > 24 && offset != 104 { $0[offset - 1] = 0xF8 }
      }
    }
  }

  private mutating func receive(_ frame: [UInt8]) {
    record(kind: 0, frame)
    switch receiver.receive(frame, atNanoseconds: instant) {
    case .accepted(let lost): expected.append("A \(lost)")
    case .refused(let refusal): expected.append("R \(refusal.rawValue)")
    }
  }

  private mutating func output() {
    record(kind: 1, [])
    let out = receiver.output(atNanoseconds: instant)
    expected.append(
      "O \(out.state.rawValue) \(out.mode.rawValue) \(Self.hex(out.value)) \(Self.hex(out.secondValue))")
  }

  private mutating func decode(_ frame: [UInt8]) {
    record(kind: 2, frame)
    switch CommandSamples.decode(frame) {
    case .failure(let refusal): expected.append("D x \(refusal.rawValue)")
    case .success(let f):
      var line = "D \(String(f.topic.low, radix: 16)) \(String(f.topic.high, radix: 16)) "
      line += "\(f.flags.rawValue) \(f.source) \(f.dataID) "
      line += "\(String(f.session, radix: 16)) \(f.counter) \(f.validForMicroseconds) \(f.frame) \(f.slot) "
      line += "\(f.sensedAt.nanoseconds) \(f.decidedAt.nanoseconds) \(Self.hex(f.command.value)) "
      line += "\(Self.hex(f.command.secondValue)) \(Self.hex(f.command.rateLimit)) "
      line += "\(f.mode.rawValue) \(f.reason)"
      for i in f.ages.indices { line += " \(f.ages[i].source):\(f.ages[i].ageMicroseconds)" }
      for i in f.command.tail.indices {
        let point = f.command.tail[i]
        line += " \(point.afterMicroseconds):\(String(point.value.bitPattern, radix: 16))"
      }
      expected.append(line)
    }
  }

  private static func hex(_ value: Double) -> String { String(value.bitPattern, radix: 16) }

  private mutating func writeHead(_ s: CommandReceiverSettings) {
    for index in 0..<16 { bytes.append(s.topic.byte(index)) }
    put(s.dataID)
    put(s.sourceID)
    put(s.toleratedLosses)
    put(s.maximumValidForMicroseconds)
    put(UInt32(s.sharesClock ? 1 : 0))
    for value in [s.minimum, s.maximum, s.rateLimit, s.safeValue] { put(value.bitPattern) }
  }

  private mutating func record(kind: UInt8, _ frame: [UInt8]) {
    bytes.append(kind)
    put(UInt64(bitPattern: instant))
    put(UInt16(frame.count))
    bytes.append(contentsOf: frame)
  }

  private mutating func put<T: FixedWidthInteger>(_ value: T) {
    for shift in 0..<MemoryLayout<T>.size { bytes.append(UInt8(truncatingIfNeeded: value >> T(shift * 8))) }
  }
}
