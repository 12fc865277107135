import ArgumentParser

/// Options that several commands share.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a configuration value; repeatable.", valueName: "path.to.key=value"))
  var overrides: [String] = []
  @Option(name: .customLong("log-format"), help: "text for people, json for machines (stderr).")
  var logFormat: LogFormat = .text

  var console: Console { Console(json: logFormat == .json) }
}

enum LogFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

extension Program {
  /// Reads and checks a configuration file.
  func configuration(_ path: String, overrides: [String]) throws -> MachineConfiguration {
    do {
      let file = try SourceFile(reading: path)
      return try MachineConfiguration(text: file.bytes, file: path, overrides: overrides, registry: registry)
    } catch { throw ProgramStop.from(error) }
  }

  func machine(
    _ configuration: MachineConfiguration, _ purpose: Machine.Purpose, files: [(name: String, bytes: [UInt8])] = []
  ) throws -> Machine {
    do {
      return try Machine(configuration, registry: registry, purpose: purpose) { (path) throws(SetupProblem) in
        // A log carries what its configuration names, so that a replay needs nothing else.
        if let file = files.first(where: { $0.name == path }) { return file.bytes }
        do throws(FileUnreadable) {
          return try SourceFile(reading: path).bytes
        } catch { throw SetupProblem(error.description) }
      }
    } catch { throw ProgramStop.from(error) }
  }

  /// Writes a report where it was asked for; a path of - is stdout.
  public func write(_ report: RunReport, to path: String?) throws {
    guard let path else { return }
    var writer = JSONWriter(.pretty)
    writer.value(report)
    try writeText(writer.text + "\n", to: path)
  }

  public func writeText(_ text: String, to path: String) throws {
    if path == "-" {
      print(text, terminator: "")
      return
    }
    do throws(StorageFailure) {
      let sink = try FileSink(path: path, existing: .replace)
      try sink.writeAll(Array(text.utf8))
    } catch { throw ProgramStop.from(error) }
  }

  /// A log file that must not exist yet unless it may be replaced.
  func logSink(_ path: String?) throws -> (any ByteSink)? {
    guard let path else { return nil }
    do throws(StorageFailure) { return try FileSink(path: path, existing: .replace) } catch { throw ProgramStop.from(error) }
  }

  func session(_ path: String) throws -> SessionReader {
    let source: FileSource
    do throws(StorageFailure) { source = try FileSource(path: path) } catch { throw ProgramStop.from(error) }
    do throws(ReplayFailure) { return try SessionReader(source) } catch {
      throw ProgramStop(ProgramStop.badData, "\(path): \(error.message)")
    }
  }
}

extension FileSink {
  /// Establishes a small file with these bytes, or leaves nothing behind.
  func writeAll(_ bytes: [UInt8]) throws(StorageFailure) {
    do throws(StorageFailure) {
      unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StorageFailure) in unsafe try write(bytes) }
      try establish()
      try close()
    } catch {
      discard()
      throw error
    }
  }
}
