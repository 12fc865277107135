import Testing

@testable import FusionPipeline

@Suite("Command frame") struct CommandFrameTests {
  typealias S = CommandSamples

  /// Made with Python's `struct` and `zlib` from the documented table, not with this codec.
  static let golden =
    "6163742f7374656572696e670000000046434d4401000300d000efbe34120000"
    + "efcdab8967452301feffffffa0860100e803000000000000d007000000000000"
    + "fbffffffffffffff07bca06501000000000000000000d0bf000000000000f83f"
    + "000000000000f07f0309000001000000e88000000200000088130000ffff0000"
    + "ffffffff000000000000000050c300000000003fa0860100000000beffffffff"
    + "6f12833a00000000000000000000000000000000000000000000000000000000"
    + "000000000000000000000000070fcb35"

  static func goldenSet() -> CommandSet {
    var set = CommandSet(count: 2)
    set.frame = 1000
    set.slot = 2000
    set.sensedAt = Stamp(nanoseconds: -5)
    set.decidedAt = Stamp(nanoseconds: 6_000_000_007)
    set.validForMicroseconds = 100_000
    set.mode = CommandMode.safeStop.rawValue
    set.reason = CommandReason.collisionAhead.rawValue
    set.flags = [.fromGuard, .limited]
    set.commands[1] = ActuatorCommand(value: -0.25, secondValue: 1.5)
    set.commands[1].tail[0] = TailPoint(afterMicroseconds: 50_000, value: 0.5)
    set.commands[1].tail[1] = TailPoint(afterMicroseconds: 100_000, value: -0.125)
    set.commands[1].tail[2] = TailPoint(afterMicroseconds: .max, value: 1e-3)
    set.ages[0] = SourceAge(source: 1, ageMicroseconds: 33_000)
    set.ages[1] = SourceAge(source: 2, ageMicroseconds: 5_000)
    set.ages[2] = SourceAge(source: .max, ageMicroseconds: .max)
    return set
  }

  static var goldenActuator: ActuatorDescription {
    var actuator = S.steering
    actuator.dataID = 0x1234
    return actuator
  }

  static func encode(
    _ set: CommandSet, index: Int = 1, actuator: ActuatorDescription = goldenActuator,
    space: Int = CommandFrame.byteCount
  ) -> Result<[UInt8], CommandEncodingProblem> {
    var bytes = [UInt8](repeating: 0xAA, count: space)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    do throws(CommandEncodingProblem) {
      try CommandFrame.encode(
        set: set, actuatorIndex: index, description: actuator, session: 0x0123_4567_89AB_CDEF,
        counter: 0xFFFF_FFFE, sourceID: 0xBEEF, into: &raw)
      return .success(bytes)
    } catch {
      return .failure(error)
    }
  }

  static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test("layout v1 is byte for byte what is documented")
  func goldenBytes() throws {
    #expect(Self.hex(try Self.encode(Self.goldenSet()).get()) == Self.golden)
  }

  @Test("a frame decodes to every field that was encoded")
  func roundTrip() throws {
    let bytes = try Self.encode(Self.goldenSet()).get()
    let frame = try S.decode(bytes).get()
    #expect(frame.topic.text == "act/steering")
    #expect(frame.flags == [.fromGuard, .limited])
    #expect(frame.source == 0xBEEF)
    #expect(frame.dataID == 0x1234)
    #expect(frame.session == 0x0123_4567_89AB_CDEF)
    #expect(frame.counter == 0xFFFF_FFFE)
    #expect(frame.validForMicroseconds == 100_000)
    #expect(frame.frame == 1000)
    #expect(frame.slot == 2000)
    #expect(frame.sensedAt.nanoseconds == -5)
    #expect(frame.decidedAt.nanoseconds == 6_000_000_007)
    #expect(frame.mode == .safeStop)
    #expect(frame.reason == CommandReason.collisionAhead.rawValue)
    #expect(frame.command.value == -0.25)
    #expect(frame.command.secondValue == 1.5)
    #expect(frame.command.rateLimit == .infinity)
    #expect(frame.command.tail[2] == TailPoint(afterMicroseconds: .max, value: 1e-3))
    #expect(frame.ages[2] == SourceAge(source: .max, ageMicroseconds: .max))
    #expect(frame.ages[3] == SourceAge(source: 0, ageMicroseconds: 0))
    var again = [UInt8](repeating: 0, count: CommandFrame.byteCount)
    var span = again.mutableSpan
    var raw = unsafe span.mutableBytes
    try frame.write(into: &raw)
    #expect(again == bytes)
  }

  @Test("a longer buffer keeps its rest, a shorter one is refused untouched")
  func space() throws {
    let bytes = try Self.encode(Self.goldenSet(), space: 210).get()
    #expect(Self.hex(bytes) == Self.golden + "aaaa")
    #expect(Self.encode(Self.goldenSet(), space: 207) == .failure(.space))
  }

  @Test("a set, index, mode or topic that cannot be sent is refused by name")
  func problems() {
    var set = Self.goldenSet()
    #expect(Self.encode(set, index: 2) == .failure(.actuator))
    #expect(Self.encode(set, index: -1) == .failure(.actuator))
    set.count = 100
    #expect(Self.encode(set, index: 8) == .failure(.actuator))
    #expect((try? Self.encode(set, index: 7).get()) != nil)
    set = Self.goldenSet()
    set.mode = 5
    #expect(Self.encode(set) == .failure(.mode))
    for topic in ["", "sixteen bytes ok", "a\0b"] {
      var actuator = Self.goldenActuator
      actuator.topic = topic
      #expect(Self.encode(Self.goldenSet(), actuator: actuator) == .failure(.topic))
    }
    for problem in [CommandEncodingProblem.topic, .actuator, .mode, .space] {
      #expect(problem.message.contains(": "), "says what to do")
    }
  }

  @Test("what the guard should have caught leaves as a safe value, marked limited")
  func repaired() throws {
    var actuator = Self.goldenActuator
    actuator.safeValue = 0.5
    actuator.rateLimit = 4
    func sent(_ change: (inout ActuatorCommand) -> Void) throws -> CommandFrame {
      var set = Self.goldenSet()
      set.flags = []
      change(&set.commands[1])
      return try S.decode(try Self.encode(set, actuator: actuator).get()).get()
    }
    #expect(try sent { _ in }.flags == [])
    for wrong in [Double.nan, .infinity, -.infinity] {
      let value = try sent { $0.value = wrong }
      #expect(value.command.value == 0.5)
      #expect(value.flags == .limited)
      let second = try sent { $0.secondValue = wrong }
      #expect(second.command.secondValue == 0)
      #expect(second.flags == .limited)
      let tail = try sent { $0.tail[7].value = Float(wrong) }
      #expect(tail.command.tail[7].value == 0.5)
      #expect(tail.flags == .limited)
    }
    for wrong in [Double.nan, -.infinity, -0.001] {
      let rate = try sent { $0.rateLimit = wrong }
      #expect(rate.command.rateLimit == 4)
      #expect(rate.flags == .limited)
    }
    #expect(try sent { $0.rateLimit = 0 }.flags == [])
    actuator.rateLimit = 0
    #expect(try sent { $0.rateLimit = .nan }.command.rateLimit == 0)
    // A description that is itself no good.
    actuator.safeValue = .nan
    actuator.rateLimit = .nan
    #expect(try sent { $0.value = .nan }.command.value == 0)
    #expect(try sent { $0.rateLimit = .nan }.command.rateLimit == .infinity)
    actuator.safeValue = 1e300
    #expect(try sent { $0.tail[0].value = .nan }.command.tail[0].value == 0)
    #expect(try sent { $0.value = .nan }.command.value == 1e300)
  }

  @Test("any length but the right one is refused, and a longer later version is named as that")
  func lengths() {
    let bytes = S.bytes(S.set())
    for length in 0..<CommandFrame.byteCount {
      #expect(S.refusal(Array(bytes[..<length])) == .length)
    }
    #expect(S.refusal(bytes + [0]) == .length)
    // From 26 bytes on a foreign frame is told from a cut one.
    let foreign = [UInt8](repeating: 0, count: 26)
    #expect(S.refusal(foreign) == .magic)
    #expect(S.refusal(Array(foreign[..<25])) == .length)
    for field in [0, 207, 209, 0xFFFF] {
      let wrong = S.resealed(bytes) {
        $0[24] = UInt8(field & 0xFF)
        $0[25] = UInt8(field >> 8)
      }
      #expect(S.refusal(wrong) == .length)
    }
    #expect(S.refusal(S.resealed(bytes) { $0[20] = 2 } + [0, 0, 0, 0]) == .version)
    #expect(S.refusal(S.resealed(bytes) { $0[21] = 1 }) == .version)
    #expect(S.refusal(S.resealed(bytes) { $0[16] = 0 }) == .magic)
    #expect(S.refusal(S.resealed(bytes) { $0[19] = 0 }) == .magic)
  }

  @Test("a broken topic, an unknown mode and every non-finite number are refused though the CRC is right")
  func contents() {
    let bytes = S.bytes(S.set())
    #expect(S.refusal(S.resealed(bytes) { _ in }) == nil)
    #expect(S.refusal(S.resealed(bytes) { $0[0] = 0 }) == .topic)
    #expect(S.refusal(S.resealed(bytes) { $0[15] = 1 }) == .topic)
    #expect(S.refusal(S.resealed(bytes) { $0[14] = 1 }) == .topic)
    #expect(S.refusal(S.resealed(bytes) { for i in 0..<16 { $0[i] = 65 } }) == .topic)
    #expect(S.refusal(S.resealed(bytes) { for i in 0..<15 { $0[i] = 65 } }) == nil)
    #expect(S.refusal(S.resealed(bytes) { $0[104] = 5 }) == .mode)
    #expect(S.refusal(S.resealed(bytes) { $0[104] = 4 }) == nil)
    func double(_ value: Double, at offset: Int) -> CommandRefusal? {
      S.refusal(
        S.resealed(bytes) {
          for i in 0..<8 { $0[offset + i] = UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * i)) }
        })
    }
    for wrong in [Double.nan, .signalingNaN, .infinity, -.infinity] {
      #expect(double(wrong, at: 80) == .notFinite)
      #expect(double(wrong, at: 88) == .notFinite)
    }
    for wrong in [Double.nan, -.infinity, -.leastNonzeroMagnitude] {
      #expect(double(wrong, at: 96) == .notFinite)
    }
    for right in [Double.infinity, 0, -0.0, .greatestFiniteMagnitude] {
      #expect(double(right, at: 96) == nil)
    }
    for right in [-Double.greatestFiniteMagnitude, .leastNonzeroMagnitude] {
      #expect(double(right, at: 80) == nil)
      #expect(double(right, at: 88) == nil)
    }
    for point in 0..<8 {
      for wrong in [Float.nan, .infinity, -.infinity] {
        let frame = S.resealed(bytes) {
          for i in 0..<4 {
            $0[144 + 8 * point + i] = UInt8(truncatingIfNeeded: wrong.bitPattern >> UInt32(8 * i))
          }
        }
        #expect(S.refusal(frame) == .notFinite)
      }
    }
  }

  @Test("reserved bytes and unknown flags and reasons are left to later publishers")
  func reserved() {
    let bytes = S.resealed(S.bytes(S.set())) {
      for offset in [23, 30, 31, 106, 107, 110, 111, 105] { $0[offset] = 0xFF }
    }
    guard case .success(let frame) = S.decode(bytes) else {
      Issue.record("refused")
      return
    }
    #expect(frame.reason == 255)
    #expect(frame.ages[0].reserved == 0)
  }

  @Test("every single flipped bit of a frame is refused")
  func bitFlips() {
    let bytes = Array(S.bytes(S.set(tail: [(50_000, 0.5)])))
    for bit in 0..<(CommandFrame.byteCount * 8) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(S.refusal(flipped) != nil, "bit \(bit)")
    }
  }

  @Test("a topic is 1 to 15 bytes, padded with NULs, and no prefix of another")
  func topics() {
    #expect(CommandTopic("") == nil)
    #expect(CommandTopic("0123456789abcdef") == nil)
    #expect(CommandTopic("0123456789abcde")?.text == "0123456789abcde")
    #expect(CommandTopic("a\0") == nil)
    #expect(CommandTopic("x")?.count == 1)
    let brake = CommandTopic("act/brake")
    #expect(brake?.text == "act/brake")
    #expect(brake != CommandTopic("act/brakelight"))
    #expect(brake?.byte(8) == UInt8(ascii: "e"))
    #expect(brake?.byte(9) == 0)
    #expect(brake?.byte(-1) == 0)
    #expect(brake?.byte(16) == 0)
    #expect(CommandTopic(low: 0, high: 0) == nil)
    #expect(CommandTopic(low: 0x61, high: 0)?.text == "a")
    #expect(CommandTopic(low: 0x61, high: 1) == nil)
    #expect(CommandTopic(low: .max, high: .max) == nil)
    #expect(CommandTopic(low: .max, high: .max >> 8)?.count == 15)
  }
}
