import Synchronization

/// One stage in a chain's order.
public struct StageSlot {
  public var name: String
  public var stage: any Stage
  public var budgetNanoseconds: Int64
  /// What the stage takes in virtual time where no recorded duration is known.
  public var modelledNanoseconds: Int64

  public init(name: String, stage: any Stage, budgetNanoseconds: Int64, modelledNanoseconds: Int64) {
    self.name = name
    self.stage = stage
    self.budgetNanoseconds = budgetNanoseconds
    self.modelledNanoseconds = modelledNanoseconds
  }
}

/// How a frame ended.
public struct FrameOutcome: BitwiseCopyable, Sendable {
  public var release: FrameRelease
  /// The slot whose published commands the limits were measured against; `UInt64.max` for none.
  public var basisSlot: UInt64 = .max
  /// A stage gave no answer: its state was undone, and the slot left to the guard unless the operator's word
  /// answers it. Else 0.
  public var failure: UInt8 = 0
  /// There is something to submit: a plan, or what the operator's word alone says.
  public var hasCommands = false
  /// The commands came before the slot's cutoff.
  public var isSubmitted = false
  public var marks = FrameMarks()
  public var set = CommandSet()
}

/// Runs one chain's frames: bundle → stages → limits → submission → commit.
///
/// The same code runs live, in virtual time and in a faithful replay; they differ in who fills the ports
/// and where marks come from.
/// Thread: the chain's frame thread. Cost: no allocation.
public final class ChainRunner {
  public let name: String
  public let number: UInt16
  public let taps: [any SensorTap]
  public let stages: [StageSlot]
  public let state: StateStore
  public let frame: Frame
  private let actuatorCount: Int
  private let validForMicroseconds: UInt32
  private let periodNanoseconds: Int64
  private let slotGuard: any SlotGuard
  private let operators: [SensorPort<OperatorInput>]
  private let arming: StateValue<UInt8>
  private let previousInstant: StateValue<Int64>
  private let ageSources: [any SensorTap]
  /// The index of the stage that runs now, −1 between frames: how others see which one hangs.
  let runningStage = Atomic<Int>(-1)
  /// Per tap, the highest sequence that a published frame has used.
  private let highestUsed: FixedList<UInt64>

  public init(
    name: String, number: UInt16, taps: [any SensorTap], stages: [StageSlot], state: StateStore,
    frame: Frame, actuatorCount: Int, validForMicroseconds: UInt32, periodNanoseconds: Int64,
    slotGuard: any SlotGuard, autoEngage: Bool
  ) {
    self.name = name
    self.number = number
    self.taps = taps
    self.stages = stages
    self.state = state
    self.frame = frame
    self.actuatorCount = actuatorCount
    self.validForMicroseconds = validForMicroseconds
    self.periodNanoseconds = periodNanoseconds
    self.slotGuard = slotGuard
    operators = taps.compactMap { $0.portObject as? SensorPort<OperatorInput> }
    // Four ages fit on the wire: the first four sensors that are not the operator.
    ageSources = Array(taps.filter { !($0.portObject is SensorPort<OperatorInput>) }.prefix(4))
    highestUsed = FixedList(capacity: max(taps.count, 1), zero: 0)
    for _ in taps { highestUsed.append(0) }
    arming = state.value(
      named: "arming", initial: (autoEngage ? Arming.engaged : Arming.disengaged).rawValue)
    previousInstant = state.value(named: "previous instant", initial: Stamp.never.nanoseconds)
    state.seal()
  }

  /// Fills the ports from the lanes for a release.
  public func align(_ release: FrameRelease) {
    for tap in taps { tap.pick(at: release.instant) }
  }

  /// Runs the stages on the filled ports and leaves the planned commands in the frame.
  public func execute(_ release: FrameRelease, timer: some FrameTimer, outcome: inout FrameOutcome) {
    outcome.release = release
    outcome.failure = 0
    outcome.hasCommands = true
    outcome.isSubmitted = false
    outcome.marks.start = release.release
    outcome.marks.due = release.due
    outcome.marks.deadline = release.deadline
    let isTriggered = release.trigger.sequence > 0
    outcome.marks.capture = isTriggered ? release.trigger.capture : release.instant
    outcome.marks.arrival = isTriggered ? release.trigger.arrival : release.instant
    outcome.marks.ready = isTriggered ? release.trigger.ready : release.instant
    outcome.marks.aligned = timer.aligned()
    outcome.marks.stageCount = 0
    noteFirstUses(&outcome.marks)
    begin(release)
    defer { runningStage.store(-1, ordering: .relaxed) }
    for index in stages.indices {
      runningStage.store(index, ordering: .relaxed)
      do throws(StageFailure) {
        try stages[index].stage.run(frame)
      } catch {
        outcome.failure = error.reason.rawValue
      }
      outcome.marks.stageEnds[index] = timer.stageEnded(index).nanoseconds
      outcome.marks.stageCount = Int32(truncatingIfNeeded: index + 1)
      if outcome.failure != 0 { return answerWithoutPlan(&outcome) }
    }
    arm()
  }

  /// Disengaged or stopped by the operator a frame needs no plan: a stage that fails must not keep the
  /// operator's word from the actuators.
  private func answerWithoutPlan(_ outcome: inout FrameOutcome) {
    outcome.hasCommands = frame.arming != .engaged
    guard outcome.hasCommands else { return }
    // Its commands used none of the samples.
    for index in outcome.marks.newCaptures.indices { outcome.marks.newCaptures[index] = .min }
    arm()
  }

  /// Limits what was planned against what the last decided slot carried.
  public func limit(previous: CommandSet?, timer: some FrameTimer, outcome: inout FrameOutcome) {
    slotGuard.limit(&frame.commands, previous: previous, periodNanoseconds: periodNanoseconds)
    outcome.basisSlot = previous?.slot ?? .max
    outcome.set = frame.commands
    outcome.marks.guarded = timer.guarded()
  }

  /// Ends the frame: its state holds from now on, or is undone when a stage failed.
  public func conclude(_ outcome: FrameOutcome) {
    if outcome.failure != 0 {
      state.rollback()
      // What a person asked for holds all the same: this frame has consumed the request.
      readOperators()
    }
    state.commit()
    guard outcome.isSubmitted, outcome.failure == 0 else { return }
    for index in taps.indices {
      taps[index].forEachPick { header, _, _ in highestUsed[index] = max(highestUsed[index], header.sequence)
      }
    }
  }

  private func noteFirstUses(_ marks: inout FrameMarks) {
    for index in taps.indices where index < FrameMarks.maximumTaps {
      var newest = Int64.min
      var oldest = Int64.min
      taps[index].forEachPick { header, _, _ in
        guard header.sequence > highestUsed[index], header.capture.nanoseconds > newest else { return }
        newest = header.capture.nanoseconds
        oldest = (header.capture - header.spanNanoseconds).nanoseconds
      }
      marks.newCaptures[index] = newest
      marks.newOldest[index] = oldest
    }
  }

  private func begin(_ release: FrameRelease) {
    frame.number = release.frame
    frame.slot = release.slot
    frame.instant = release.instant
    frame.release = release.release
    let previous = Stamp(nanoseconds: previousInstant.value)
    frame.stepNanoseconds = previous == .never ? 0 : release.instant - previous
    previousInstant.value = release.instant.nanoseconds
    readOperators()
    frame.arming = Arming(rawValue: arming.value) ?? .disengaged
    var set = CommandSet(count: actuatorCount)
    set.slot = release.slot
    set.frame = release.frame
    set.sensedAt = release.instant
    set.decidedAt = release.release
    set.validForMicroseconds = validForMicroseconds
    for index in ageSources.indices {
      ageSources[index].forEachPick { header, _, _ in
        // The last one is the newest.
        let age = max(release.release - header.capture, 0) / 1000
        set.ages[index] = SourceAge(
          source: ageSources[index].number, ageMicroseconds: UInt32(clamping: age))
      }
    }
    frame.commands = set
  }

  /// Engage works only from disengaged: after an emergency stop a person must disengage first.
  private func readOperators() {
    for port in operators {
      for index in port.picks.indices {
        let current = Arming(rawValue: arming.value) ?? .disengaged
        switch OperatorRequest(rawValue: port.picks[index].sample.request) {
        case .engage: if current == .disengaged { arming.value = Arming.engaged.rawValue }
        case .disengage: arming.value = Arming.disengaged.rawValue
        case .emergencyStop: arming.value = Arming.stopped.rawValue
        case nil: break
        }
      }
    }
  }

  /// Which stage does not come back, for people.
  var hungDescription: String {
    let index = runningStage.load(ordering: .relaxed)
    guard stages.indices.contains(index) else { return "chain \(name): its frame does not come back" }
    return "stage \(stages[index].name) of chain \(name) does not come back: its frame never ended"
  }

  /// The operator's word stands above every stage's.
  private func arm() {
    switch frame.arming {
    case .engaged: return
    case .disengaged:
      frame.commands.mode = CommandMode.inhibit.rawValue
      frame.commands.reason = CommandReason.notEngaged.rawValue
    case .stopped:
      frame.commands.mode = CommandMode.emergency.rawValue
      frame.commands.reason = CommandReason.operatorStop.rawValue
    }
    let stopped = slotGuard.safeSet(count: actuatorCount)
    for index in 0..<actuatorCount {
      frame.commands.commands[index] =
        frame.arming == .stopped ? stopped.commands[index] : ActuatorCommand()
    }
  }
}
