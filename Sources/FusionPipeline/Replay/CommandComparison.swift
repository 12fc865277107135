/// Holds the commands that a replay makes against those that the log has, frame by frame.
///
/// Thread: one.
public final class CommandComparison {
  private let recorded: [[[UInt8]?]]
  private let names: [String]
  private var positions: [Int]
  /// The first difference, in words: which slot, frame, actuator and field, and both values.
  public private(set) var firstDivergence: String?
  public private(set) var compared: UInt64 = 0
  public private(set) var divergent: UInt64 = 0
  /// Commands that the replay gave and the log has lost: neither equal nor divergent.
  public private(set) var missing: UInt64 = 0
  public private(set) var firstMissing: String?

  /// - Parameter recorded: the complete frames of each actuator, in the order of the log; nil where it lost one.
  public init(recorded: [[[UInt8]?]], names: [String]) {
    self.recorded = recorded
    self.names = names
    positions = recorded.map { _ in 0 }
  }

  /// Leaves out the first commands of each actuator: a replay that begins in the middle.
  func skip(_ counts: [Int]) {
    for index in positions.indices where index < counts.count { positions[index] = counts[index] }
  }

  public func compare(actuator: Int, frame: RawSpan) {
    guard actuator < recorded.count else { return }
    let position = positions[actuator]
    positions[actuator] += 1
    guard position < recorded[actuator].count, let expected = recorded[actuator][position] else {
      missing += 1
      firstMissing = firstMissing ?? "the log lacks command \(position + 1) of actuator \(names[actuator])"
      return
    }
    compared += 1
    var isEqual = expected.count == frame.byteCount
    if isEqual {
      for index in expected.indices where expected[index] != frame.byte(index) { isEqual = false }
    }
    guard !isEqual else { return }
    diverge(describe(expected, frame, actuator: actuator))
  }

  /// Commands that the log has and the replay did not give.
  public func finish() {
    for index in recorded.indices where positions[index] < recorded[index].count {
      diverge(
        "actuator \(names[index]): the log has \(recorded[index].count) commands, the replay gave \(positions[index])"
      )
    }
  }

  private func diverge(_ text: String) {
    divergent += 1
    firstDivergence = firstDivergence ?? text
  }

  private func describe(_ expected: [UInt8], _ frame: RawSpan, actuator: Int) -> String {
    var place = "actuator \(names[actuator])"
    do throws(CommandRefusal) {
      let b = try CommandFrame(decoding: frame)
      place = "slot \(b.slot), frame \(b.frame), actuator \(names[actuator])"
      let a = unsafe try CommandFrame(decoding: expected.span.bytes)
      // The log's own numbers, where its command can be read.
      place = "slot \(a.slot), frame \(a.frame), actuator \(names[actuator])"
      for field in CommandFrame.comparedFields(a, b) where field.recorded != field.replayed {
        return "\(place): \(field.name) was \(field.recorded), is \(field.replayed)"
      }
      return "\(place): bytes differ"
    } catch {
      return "\(place): the recorded command is damaged (\(error))"
    }
  }
}

extension CommandFrame {
  struct ComparedField {
    var name: String
    var recorded: String
    var replayed: String
  }

  /// Every field of two frames as text, in the order of the wire.
  static func comparedFields(_ a: CommandFrame, _ b: CommandFrame) -> [ComparedField] {
    func field(_ name: String, _ value: (CommandFrame) -> String) -> ComparedField {
      ComparedField(name: name, recorded: value(a), replayed: value(b))
    }
    var fields = [
      field("flags") { "\($0.flags.rawValue)" }, field("source") { "\($0.source)" },
      field("data id") { "\($0.dataID)" }, field("session") { "\($0.session)" },
      field("counter") { "\($0.counter)" }, field("valid for") { "\($0.validForMicroseconds) µs" },
      field("frame") { "\($0.frame)" }, field("slot") { "\($0.slot)" },
      field("sensed at") { "\($0.sensedAt.nanoseconds) ns" },
      field("decided at") { "\($0.decidedAt.nanoseconds) ns" }, field("value") { "\($0.command.value)" },
      field("second value") { "\($0.command.secondValue)" },
      field("rate limit") { "\($0.command.rateLimit)" },
      field("mode") { "\($0.mode)" }, field("reason") { "\($0.reason)" },
    ]
    for index in a.ages.indices {
      fields.append(
        field("age \(index)") { "\($0.ages[index].source): \($0.ages[index].ageMicroseconds) µs" })
    }
    for index in a.command.tail.indices {
      fields.append(
        field("stop tail point \(index)") {
          "\($0.command.tail[index].afterMicroseconds) µs, \($0.command.tail[index].value)"
        })
    }
    return fields
  }
}
