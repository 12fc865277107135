import ArgumentParser

struct LogCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Looks into a log: info, cat, recover.")
  @Argument(help: "info, cat or recover.") var action: String
  @Argument(help: "The log (MCAP).") var log: String
  @Option(help: "The file to write (recover).") var output: String?
  @Option(help: "Only this topic (cat); repeatable.") var topic: [String] = []
  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    guard ["info", "cat", "recover"].contains(action) else {
      throw ValidationError("log takes info, cat or recover")
    }
    if action == "recover", output == nil { throw ValidationError("log recover LOG --output FILE") }
  }

  func execute(_ program: Program) throws -> Int32 {
    let source: FileSource
    do throws(StorageFailure) { source = try FileSource(path: log) } catch { throw ProgramStop.from(error) }
    try Program.refuseEmpty(source, log)
    switch action {
    case "recover": return try recover(source, program)
    case "cat": return try cat(source)
    default: return try info(source)
    }
  }

  private func open(_ source: FileSource) throws -> McapIndex {
    do throws(McapFailure) { return try McapIndex(source) } catch {
      throw ProgramStop(ProgramStop.badData, "\(log): \(error.description)")
    }
  }

  private func info(_ source: FileSource) throws -> Int32 {
    let index = try open(source)
    print(
      "\(log): \(source.byteCount) bytes, profile \"\(index.header.profile)\", library \"\(index.header.library)\""
    )
    if index.isFromScan {
      print("no summary: the log is torn; this was read by a scan (`fusiond log recover` makes it whole)")
    }
    for problem in index.problems { print("damaged: \(problem.description)") }
    if let session = try? SessionReader(source) {
      let header = session.header
      print(
        "\(header.kind) session \(header.session) of \"\(header.configurationName)\", decided by \(header.decisionVersion), build \(header.buildVersion)"
      )
      if !header.overrides.isEmpty { print("overrides: \(header.overrides.joined(separator: ", "))") }
      if !header.realtimeRequested.isEmpty { print("real time asked: \(header.realtimeRequested)") }
    }
    if let statistics = index.statistics {
      let seconds =
        Double(Int64(clamping: statistics.messageEndTime) - Int64(clamping: statistics.messageStartTime))
        / 1e9
      print(
        "\(statistics.messageCount) messages in \(Format.fixed(seconds, 2)) s, \(statistics.chunkCount) chunks, \(statistics.attachmentCount) attachments"
      )
    }
    let counts = Dictionary(
      index.statistics?.channelMessageCounts.map { ($0.channelID, $0.value) } ?? [],
      uniquingKeysWith: { first, _ in first })
    for channel in index.channels.values.sorted(by: { $0.topic < $1.topic }) {
      print(
        "  \(Format.left(channel.topic, 36)) \(Format.padded("\(counts[channel.id] ?? 0)", 10))  \(index.schemas[channel.schemaID]?.name ?? "")"
      )
    }
    return 0
  }

  private func cat(_ source: FileSource) throws -> Int32 {
    let index = try open(source)
    let messages = McapMessages(index, topics: topic.isEmpty ? nil : Set(topic))
    do throws(McapFailure) {
      while let message = try messages.next() {
        var line = "\(message.logTime) \(index.channels[message.channelID]?.topic ?? "?") "
        message.withPayload { bytes in
          for offset in 0..<min(bytes.byteCount, 64) {
            let byte = bytes.byte(offset)
            line += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
          }
          if bytes.byteCount > 64 { line += "… (\(bytes.byteCount) bytes)" }
        }
        print(line)
      }
    } catch { throw ProgramStop(ProgramStop.badData, "\(log): \(error.description)") }
    return 0
  }
}

extension LogCommand {
  /// Writes every complete, intact message into a new log.
  private func recover(_ source: FileSource, _ program: Program) throws -> Int32 {
    guard let output else { return ProgramStop.usage }
    let file = try OutputLog(path: output, existing: .refuse)
    do {
      let report = try McapRecovery.recover(from: source, to: file.sink)
      try file.establish()
      print(
        "\(output): \(report.messages) messages, \(report.attachments) attachments, \(report.metadata) metadata records"
      )
      if report.wasComplete { print("the log was whole") }
      for loss in report.lost { print("lost: \(loss.byteCount) bytes at \(loss.offset): \(loss.reason)") }
      if report.damagedMessages > 0 { print("left out as damaged: \(report.damagedMessages) messages") }
      if report.uncheckedMessages > 0 {
        print("\(report.uncheckedMessages) messages had no checksum to prove them (a torn last chunk)")
      }
      if !report.doubtfulTopics.isEmpty {
        print("doubtful: \(report.doubtfulTopics.joined(separator: ", "))")
      }
      return 0
    } catch {
      file.discard()
      switch error {
      case McapFailure.storage(let failure): throw ProgramStop(ProgramStop.storage, failure.message)
      case let failure as McapFailure:
        throw ProgramStop(ProgramStop.badData, "\(log): \(failure.description)")
      default: throw ProgramStop.from(error)
      }
    }
  }
}
