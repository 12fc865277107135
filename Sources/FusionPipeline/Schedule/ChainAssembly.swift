/// One chain with everything it needs, ready to be driven live or in virtual time.
public struct ChainAssembly {
  public var runner: ChainRunner
  public var timing: ChainTiming
  /// The tap whose samples release frames; nil for a periodic chain.
  public var triggerTap: Int?
  public var slotGuard: any SlotGuard

  public init(runner: ChainRunner, timing: ChainTiming, triggerTap: Int?, slotGuard: any SlotGuard) {
    self.runner = runner
    self.timing = timing
    self.triggerTap = triggerTap
    self.slotGuard = slotGuard
  }

  public var budgets: [Int64] { runner.stages.map(\.budgetNanoseconds) }

  /// Moves new samples into the lanes and tells the scheduler of triggers.
  func drain(into scheduler: ChainScheduler) {
    for index in runner.taps.indices {
      if index == triggerTap {
        runner.taps[index].drain { header in
          // A damaged sample must not release a frame.
          if !header.flags.contains(.damaged) { scheduler.triggered(by: header) }
        }
      } else if runner.taps[index].alignSettings.takesEverything {
        runner.taps[index].drain { scheduler.requested(at: $0.ready) }
      } else {
        runner.taps[index].drain { _ in }
      }
    }
  }

  func isSettled(at instant: Stamp, now: Stamp) -> Bool {
    for tap in runner.taps where !tap.isSettled(at: instant, now: now) { return false }
    return true
  }

  /// What the frame's own thread knows of a frame that did not get its slot.
  func lost(_ outcome: FrameOutcome, evidence: FrameEvidence) -> LostFrame {
    LostFrame(miss: miss(of: outcome, evidence: evidence), marks: outcome.marks)
  }

  private func miss(of outcome: FrameOutcome, evidence: FrameEvidence) -> Miss {
    let finished = outcome.failure == 0 ? outcome.marks.guarded : outcome.marks.lastStageEnd
    var marks = outcome.marks
    marks.guarded = finished
    var entry = LedgerEntry(set: outcome.set, marks: marks, woken: finished, sent: finished)
    entry.frame = outcome.release.frame
    entry.slot = outcome.release.slot
    var miss = MissClassifier(budgets: budgets, timing: timing).miss(
      entry, deadline: outcome.release.deadline, finished: finished, evidence: evidence)
    if outcome.failure != 0 {
      miss.cause = MissCause.stageFailed.rawValue
      miss.culpritStage = outcome.marks.stageCount - 1
    }
    miss.published = SlotWinner.guardFill.rawValue
    miss.triggerSequence = outcome.release.trigger.sequence
    return miss
  }
}

/// A frame that ended without getting its slot, on its way to the books.
public struct LostFrame: BitwiseCopyable, Sendable {
  public var miss = Miss()
  public var marks = FrameMarks()
  public init() {}
  init(miss: Miss, marks: FrameMarks) {
    self.miss = miss
    self.marks = marks
  }
}
