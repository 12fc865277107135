/// What a run did, counted and measured: the summary people read and the object that `--report` writes.
public struct RunReport {
  public struct SensorBooks {
    public var name: String
    public var counts: FateCounts
    public var reaction: Histogram
    public var reactionOldest: Histogram
  }

  public var configurationName = ""
  /// "live", "virtual" or "faithful".
  public var kind = ""
  public var frames: UInt64 = 0
  public var slots: UInt64 = 0
  public var commandsPublished: UInt64 = 0
  public var actuators = 0
  public var books: SlotBooks
  public var sensors: [SensorBooks] = []
  public var releases = ReleaseCounts()
  public var realtimeRequested = "nothing"
  public var realtimeGranted = "nothing"
  public var host = HostBooks()
  public var faults: [String] = []
  public var decisionDigest = ""
  public var seconds = 0.0
  public var wallSeconds = 0.0
  public var recordedMessages: UInt64 = 0
  public var recordingRefused: UInt64 = 0
  /// Why the recording is incomplete or absent; nil where it is whole, or none was asked for.
  public var recordingFailure: String?
  public var sendFailures: UInt64 = 0
  public var remarks: [String] = []
  /// What did not come back when the run was stopped, in words; the run then counts as an internal fault.
  public var hung: [String] = []

  public init(books: SlotBooks) { self.books = books }

  public var missCount: UInt64 { books.missCount }

  func missesByStage() -> [(String, UInt64)] {
    let all = zip(books.stageNames, books.missesByStage).filter { $0.1 > 0 }
    return all.sorted { $0.0 < $1.0 }
  }

  func missesByCause() -> [(String, UInt64)] {
    var counts: [(String, UInt64)] = []
    for (cause, count) in books.missesByCause.enumerated() where count > 0 {
      counts.append(
        (MissCause(rawValue: UInt8(truncatingIfNeeded: cause))?.name ?? "unknown \(cause)", count))
    }
    return counts.sorted { $0.0 < $1.0 }
  }
}

/// What the sentinel saw of the host.
public struct HostBooks: Sendable, Equatable {
  /// Gaps over 5 ms, and the longest.
  public var stalls: UInt64 = 0
  public var longestGapNanoseconds: Int64 = 0
  public var loadAverage = 0.0
  public var cpus = 0
  public init() {}
}

extension Histogram: JSONWritable {
  /// `{p50, p90, p99, p999, max, count}`, nanoseconds.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("p50", quantile(0.5))
      writer.member("p90", quantile(0.9))
      writer.member("p99", quantile(0.99))
      writer.member("p999", quantile(0.999))
      writer.member("max", maximum)
      writer.member("count", Int64(clamping: count))
    }
  }
}

extension RunReport: JSONWritable {
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("version", 1)
      writer.member("configuration", configurationName)
      writer.member("kind", kind)
      writer.member("seconds", seconds)
      writer.member("wall_seconds", wallSeconds)
      writer.member("frames", Int64(clamping: frames))
      writer.member("slots", Int64(clamping: slots))
      writer.member("commands_published", Int64(clamping: commandsPublished))
      writer.object("slots_by") { writer in
        writer.member("frame", Int64(clamping: books.byFrame))
        for (reason, count) in books.byGuard.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where count > 0
        {
          writer.member("guard_\(reason.name)", Int64(clamping: count))
        }
        writer.member("late", Int64(clamping: books.late))
        writer.member("late_unexplained", Int64(clamping: books.lateUnexplained))
      }
      writer.object("misses") { writer in
        writer.member("count", Int64(clamping: books.missCount))
        writer.object("by_stage") {
          for (name, count) in missesByStage() { $0.member(name, Int64(clamping: count)) }
        }
        writer.object("by_cause") {
          for (name, count) in missesByCause() { $0.member(name, Int64(clamping: count)) }
        }
      }
      writer.object("releases") { writer in
        writer.member("overrun_skip", Int64(clamping: releases.overrunSkips))
        writer.member("slot_skip", Int64(clamping: releases.slotSkips))
        writer.member("stale_skip", Int64(clamping: releases.staleSkips))
        writer.member("hold_expired", Int64(clamping: releases.holdsExpired))
      }
      writer.member("latency_ns", books.latency)
      writer.object("reaction_ns") { for sensor in sensors { $0.member(sensor.name, sensor.reaction) } }
      writer.object("reaction_oldest_ns") {
        for sensor in sensors { $0.member(sensor.name, sensor.reactionOldest) }
      }
      writer.object("stage_ns") { writer in
        for (index, name) in books.stageNames.enumerated() { writer.member(name, books.stageTimes[index]) }
      }
      writer.object("ledger") { writer in
        writer.member("max_error_ns", books.maximumLedgerError)
        writer.member("unattributed_fraction", books.unattributedFraction)
        writer.object("mean_ns") { writer in
          for part in LedgerPart.allCases {
            let count = max(Int64(clamping: books.latency.count), 1)
            writer.member(part.rawValue, (books.partSums[part] ?? 0) / count)
          }
        }
        writer.object("max_ns") { writer in
          for part in LedgerPart.allCases { writer.member(part.rawValue, books.partMaxima[part] ?? 0) }
        }
      }
      writer.object("samples") { writer in
        for sensor in sensors { writer.object(sensor.name) { Self.write(sensor.counts, to: &$0) } }
      }
      writer.object("modes") { writer in
        for mode in CommandMode.allCases { writer.member(mode.name, Int64(clamping: books.modes[mode] ?? 0)) }
      }
      writer.object("realtime") { writer in
        writer.member("requested", realtimeRequested)
        writer.member("granted", realtimeGranted)
      }
      writer.object("host") { writer in
        writer.member("stalls", Int64(clamping: host.stalls))
        writer.member("longest_gap_ns", host.longestGapNanoseconds)
        writer.member("load_average_1min", host.loadAverage)
        writer.member("cpus", host.cpus)
      }
      writer.object("recording") { writer in
        writer.member("messages", Int64(clamping: recordedMessages))
        writer.member("refused", Int64(clamping: recordingRefused))
        if let recordingFailure { writer.member("failure", recordingFailure) }
      }
      writer.array("hung") { for line in hung { $0.value(line) } }
      writer.array("faults") { for fault in faults { $0.value(fault) } }
      writer.member("decision_digest", decisionDigest)
    }
  }

  private static func write(_ counts: FateCounts, to writer: inout JSONWriter) {
    writer.member("in", Int64(clamping: counts.received))
    writer.member("used", Int64(clamping: counts[.used]))
    writer.member("reused", Int64(clamping: counts.reused))
    writer.member("in_flight", Int64(clamping: counts.inFlight))
    writer.object("dropped") { writer in
      for fate in SampleFate.allCases where fate != .used {
        writer.member(fate.name, Int64(clamping: counts[fate]))
      }
    }
  }
}

extension CommandMode {
  public var name: String {
    switch self {
    case .inhibit: "inhibit"
    case .auto: "auto"
    case .degraded: "degraded"
    case .safeStop: "safe_stop"
    case .emergency: "emergency"
    }
  }
}

extension CommandReason {
  public var name: String {
    switch self {
    case .none: "none"
    case .notEngaged: "not_engaged"
    case .noPlanYet: "no_plan_yet"
    case .noTrigger: "no_trigger"
    case .frameLate: "frame_late"
    case .stageHung: "stage_hung"
    case .stageFailed: "stage_failed"
    case .inputMissing: "input_missing"
    case .operatorStop: "operator_stop"
    case .collisionAhead: "collision_ahead"
    case .limitExceeded: "limit_exceeded"
    case .shutdown: "shutdown"
    case .overrunSkip: "overrun_skip"
    }
  }
}
