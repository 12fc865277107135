import ArgumentParser
import Glibc

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

/// What goes to stderr: text for people, or one JSON object a line.
public enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json }

extension Program {
  /// Reads and checks a configuration file.
  func configuration(_ path: String, overrides: [String]) throws -> MachineConfiguration {
    do {
      let file = try SourceFile(reading: path)
      return try MachineConfiguration(text: file.bytes, file: path, overrides: overrides, registry: registry)
    } catch { throw ProgramStop.from(error) }
  }

  func machine(
    _ configuration: MachineConfiguration, _ purpose: Machine.Purpose,
    files: [(name: String, bytes: [UInt8])] = []
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
    } catch { throw ProgramStop(ProgramStop.storage, error.message) }
  }

  /// Finds out before the work, and not after it, whether its result can be written.
  public func checkOutput(_ path: String?) throws {
    guard let path, path != "-" else { return }
    do throws(StorageFailure) { try FileSink(path: path, existing: .replace).discard() } catch {
      throw ProgramStop(ProgramStop.storage, error.message)
    }
  }

  /// Whether what a command reads is there at all.
  func checkInput(_ path: String) throws {
    guard unsafe access(path, F_OK) != 0 else { return }
    throw ProgramStop(ProgramStop.noInput, "\(path): no such file or folder (check the path)")
  }

  /// Where a live run is recorded: in place, so that a crash leaves what there is.
  public func logSink(_ path: String?) throws -> (any ByteSink)? {
    guard let path else { return nil }
    do throws(StorageFailure) { return try FileSink(path: path, existing: .replace) } catch {
      throw ProgramStop(ProgramStop.storage, error.message)
    }
  }

  func session(_ path: String) throws -> SessionReader {
    let source: FileSource
    do throws(StorageFailure) { source = try FileSource(path: path) } catch { throw ProgramStop.from(error) }
    try Self.refuseEmpty(source, path)
    do throws(ReplayFailure) { return try SessionReader(source) } catch {
      throw ProgramStop(ProgramStop.badData, "\(path): \(error.message)")
    }
  }
}

extension Program {
  /// A file without a byte is no torn log: nothing was ever recorded into it.
  static func refuseEmpty(_ source: FileSource, _ path: String) throws {
    guard source.byteCount == 0 else { return }
    throw ProgramStop(
      ProgramStop.badData, "\(path) is empty: nothing was recorded into it, or copying it failed")
  }
}

extension FileSink {
  /// Establishes a small file with these bytes, or leaves nothing behind.
  func writeAll(_ bytes: [UInt8]) throws(StorageFailure) {
    do throws(StorageFailure) {
      unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StorageFailure) in unsafe try write(bytes)
      }
      try establish()
      try close()
    } catch {
      discard()
      throw error
    }
  }
}
