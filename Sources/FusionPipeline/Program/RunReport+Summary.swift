extension RunReport {
  /// The summary a person reads at the end of a run.
  public var summary: String {
    var lines: [String] = []
    lines.append(
      "\(kind) run of \"\(configurationName)\": \(Format.fixed(seconds, 1)) s, \(frames) frames, \(slots) slots, \(commandsPublished) commands (\(Format.count(actuators, "actuator")), \(slotVerdict))"
    )
    // A faithful replay schedules and aligns nothing: those books stay empty, and zeros would mislead.
    let keepsBooks = kind != "faithful"
    if keepsBooks { lines.append("slots: \(slotLine)") }
    if books.reaction.count > 0 {
      lines.append(
        "capture → sent: p50 \(Format.milliseconds(books.reaction.quantile(0.5))) ms, p99 \(Format.milliseconds(books.reaction.quantile(0.99))) ms, max \(Format.milliseconds(books.reaction.maximum)) ms"
      )
    }
    if keepsBooks {
      lines += sensorTable + ledgerTable + missLines
      lines.append("real time: asked \(realtimeRequested); granted \(realtimeGranted)")
    } else {
      lines += missLines.map { $0 + " in the recorded run" }
    }
    if host.cpus > 0 {
      lines.append(
        "host: \(host.cpus) CPUs, load \(Format.fixed(host.loadAverage, 2)), \(host.stalls) stall(s) over 5 ms, longest gap \(Format.milliseconds(host.longestGapNanoseconds)) ms"
      )
    }
    if recordedMessages > 0 {
      lines.append("recorded: \(recordedMessages) messages, \(recordingRefused) refused by full queues")
    }
    if let recordingFailure { lines.append("NOT recorded whole: \(recordingFailure)") }
    for fault in faults { lines.append("injected: \(fault)") }
    for line in hung { lines.append("HUNG: \(line)") }
    for remark in remarks { lines.append("note: \(remark)") }
    lines.append("decision digest: \(decisionDigest)")
    return lines.joined(separator: "\n")
  }

  /// Whether each slot had exactly one command per actuator.
  private var slotVerdict: String {
    commandsPublished == slots * UInt64(actuators) ? "one each in every slot" : "NOT one each in every slot"
  }

  private var slotLine: String {
    var parts = ["\(books.byFrame) by frames"]
    for (reason, count) in books.byGuard.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where count > 0 {
      parts.append("\(count) by the guard (\(reason.name))")
    }
    parts.append("\(books.late) late" + (books.late > 0 ? " (\(books.lateUnexplained) unexplained)" : ""))
    let modes = CommandMode.allCases.compactMap { mode in
      (books.modes[mode] ?? 0) > 0 ? "\(mode.name) \(books.modes[mode] ?? 0)" : nil
    }
    return parts.joined(separator: ", ") + "; modes: " + modes.joined(separator: ", ")
  }

  private var sensorTable: [String] {
    var lines = [
      "  " + Format.left("sensor", 14) + Self.heads(Self.fateHeads(kind), 10)
        + Self.heads(["reaction p50", "p99", "max ms"], 13)
    ]
    for sensor in sensors {
      let counts = sensor.counts
      var line = "  " + Format.left(sensor.name, 14)
      let fates = [counts.received, counts[.used], counts.reused, counts.dropped, counts.inFlight]
      for number in fates.prefix(Self.fateHeads(kind).count) {
        line += Format.padded("\(number)", 10)
      }
      if sensor.reaction.count > 0 {
        for value in [sensor.reaction.quantile(0.5), sensor.reaction.quantile(0.99), sensor.reaction.maximum]
        {
          line += Format.padded(Format.milliseconds(value), 13)
        }
      }
      let reasons = SampleFate.allCases.filter { $0 != .used && counts[$0] > 0 }.map {
        "\($0.name) \(counts[$0])"
      }
      lines.append(line + (reasons.isEmpty ? "" : "   " + reasons.joined(separator: ", ")))
    }
    return lines
  }

  /// A faithful replay takes the samples that were used from the log, and decides nobody's fate.
  private static func fateHeads(_ kind: String) -> [String] {
    kind == "faithful" ? [] : ["in", "used", "reused", "dropped", "in flight"]
  }

  private static func heads(_ names: [String], _ width: Int) -> String {
    names.map { Format.padded($0, width) }.joined()
  }

  /// Mean and greatest share of each part, and the stages with their quantiles.
  private var ledgerTable: [String] {
    guard books.latency.count > 0 else { return [] }
    let count = Int64(clamping: books.latency.count)
    var lines = ["  " + Format.left("ledger part", 26) + Self.heads(["mean ms", "max ms"], 10)]
    for part in LedgerPart.allCases where part != .stage {
      lines.append(
        "  " + Format.left(part.rawValue, 26)
          + Format.padded(Format.fixed(Double((books.partSums[part] ?? 0) / count) / 1e6, 3), 10)
          + Format.padded(Format.fixed(Double(books.partMaxima[part] ?? 0) / 1e6, 3), 10))
    }
    lines.append("  " + Format.left("stage", 26) + Self.heads(["p50 ms", "p99 ms", "max ms"], 10))
    for (index, name) in books.stageNames.enumerated() {
      let times = books.stageTimes[index]
      lines.append(
        "  " + Format.left(name, 26)
          + [times.quantile(0.5), times.quantile(0.99), times.maximum]
          .map { Format.padded(Format.fixed(Double($0) / 1e6, 3), 10) }.joined())
    }
    lines.append(
      "ledger: greatest error \(books.maximumLedgerError) ns, unattributed \(Format.fixed(books.unattributedFraction * 100, 3)) %"
    )
    return lines
  }

  private var missLines: [String] {
    guard books.missCount > 0 else { return ["misses: none"] }
    let causes = missesByCause().map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    return ["misses: \(books.missCount) (\(causes))"]
  }
}
