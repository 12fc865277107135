import ArgumentParser
import Glibc
import Synchronization

/// The daemon's body: command line, configuration, live runs, recording, replay, for any registry.
///
/// A user's own executable is `Program(registry: mine).run()` and has everything `fusiond` has.
public struct Program {
  public var registry: Registry
  /// Commands that only this program has, such as a demonstration.
  public var moreCommands: [any ProgramCommand.Type]

  public init(registry: Registry, moreCommands: [any ProgramCommand.Type] = []) {
    self.registry = registry
    self.moreCommands = moreCommands
  }

  /// Parses the process's arguments, runs the command, and exits with its code.
  public func run() -> Never {
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// The same with given arguments; the exit code.
  public func run(_ arguments: [String]) -> Int32 {
    RootCommand.more.withLock { $0 = moreCommands }
    do {
      let command = try RootCommand.parseAsRoot(arguments)
      guard let command = command as? any ProgramCommand else {
        // The bare name, or help: ArgumentParser prints it.
        var plain = command
        try plain.run()
        return 0
      }
      return try command.execute(self)
    } catch let stop as ProgramStop {
      Self.console(arguments).fail(stop.message)
      return stop.code
    } catch {
      return Self.report(error, Self.console(arguments))
    }
  }

  /// Before the command line is understood, machines must be answered in their format all the same.
  private static func console(_ arguments: [String]) -> Console {
    let follows = zip(arguments, arguments.dropFirst()).contains { $0 == "--log-format" && $1 == "json" }
    return Console(json: follows || arguments.contains("--log-format=json"))
  }

  /// ArgumentParser's own errors and messages: usage goes to stderr with 64, asked-for help to stdout with 0.
  private static func report(_ error: any Error, _ console: Console) -> Int32 {
    let code = RootCommand.exitCode(for: error).rawValue
    let text = RootCommand.fullMessage(for: error)
    if code == 0 {
      if !text.isEmpty { print(text) }
      return 0
    }
    console.fail(text)
    return code == ExitCode.validationFailure.rawValue ? ProgramStop.usage : ProgramStop.internalFault
  }
}

/// A command of the program: parses like any, and is run with the program it belongs to.
public protocol ProgramCommand: ParsableCommand {
  /// The exit code; anything else that goes wrong is a `ProgramStop`.
  func execute(_ program: Program) throws -> Int32
}

extension ProgramCommand {
  public mutating func run() throws {
    throw ValidationError("this command runs inside a Program")
  }
}

/// Ends a command with a documented exit code and a message that says where, what, and what to do.
public struct ProgramStop: Error, Sendable, Equatable {
  public var code: Int32
  public var message: String

  public init(_ code: Int32, _ message: String) {
    self.code = code
    self.message = message
  }

  public static let no: Int32 = 1
  public static let usage: Int32 = 64
  public static let badData: Int32 = 65
  public static let noInput: Int32 = 66
  public static let deviceGone: Int32 = 69
  public static let internalFault: Int32 = 70
  public static let storage: Int32 = 74
  public static let configuration: Int32 = 78

  /// The code and words for whatever a maker, a link or a file threw.
  public static func from(_ error: any Error) -> ProgramStop {
    switch error {
    case let stop as ProgramStop: stop
    case let problems as Problems: ProgramStop(configuration, problems.description)
    case let problem as ConfigurationProblem: ProgramStop(configuration, problem.description)
    case let problem as SetupProblem: ProgramStop(configuration, problem.message)
    case let failure as LinkFailure: ProgramStop(deviceGone, failure.message)
    case let failure as StorageFailure:
      ProgramStop(failure.kind == .absent ? noInput : storage, failure.message)
    case let failure as ReplayFailure: ProgramStop(badData, failure.message)
    case let failure as McapFailure: ProgramStop(badData, failure.description)
    case let failure as FileUnreadable: ProgramStop(noInput, failure.description)
    default: ProgramStop(internalFault, "\(error)")
    }
  }
}

struct RootCommand: ParsableCommand {
  static let more = Mutex<[any ProgramCommand.Type]>([])
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "fusiond",
      abstract: "Real-time sensor fusion: deadlines from capture, every drive replays bit for bit.",
      version: "0.1.0",
      subcommands: [
        RunCommand.self, ReplayCommand.self, ImportCommand.self, DecodeCommand.self, CheckCommand.self,
        SchemaCommand.self, LogCommand.self, MissCommand.self,
      ] + more.withLock { $0.map { $0 as any ParsableCommand.Type } })
  }
}

/// Speaks to people on stderr; stdout is for what a command was asked for.
public struct Console: Sendable {
  public let isJSON: Bool
  private let showsProgress: Bool
  private let isTerminal: Bool

  public init(json: Bool, showsProgress: Bool = true) {
    isJSON = json
    self.showsProgress = showsProgress
    isTerminal = isatty(2) == 1
  }

  public func say(_ text: String) { write(text, level: "info") }
  public func fail(_ text: String) { write(text, level: "error") }

  /// A line that the next one replaces, where there is a terminal; else nothing but every tenth.
  public func progress(_ text: String, every number: Int) {
    if isJSON || !showsProgress { return }
    if isTerminal {
      put("\r\u{1B}[K" + text)
    } else if number % 10 == 0 {
      put(text + "\n")
    }
  }

  public func endProgress() { if isTerminal, showsProgress, !isJSON { put("\r\u{1B}[K") } }

  private func write(_ text: String, level: String) {
    guard isJSON else { return put(text.hasSuffix("\n") ? text : text + "\n") }
    var writer = JSONWriter(.compact)
    writer.object { writer in
      writer.member("level", level)
      writer.member("message", text)
    }
    put(writer.text + "\n")
  }

  private func put(_ text: String) {
    unsafe _ = Array(text.utf8).withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
