import FusionPipeline
import Glibc
import Testing

@testable import DecisionEngine

/// The examples that users copy, run against the real sink.
@Suite("Subscriber examples over ZeroMQ", .serialized) struct SubscriberExamplesTests {
  typealias P = PublishSupport

  static let hasPythonZeroMQ = P.run("python3 -c 'import zmq'").code == 0
  static let hasCompiler = P.run("cc --version").code == 0

  /// Publishes until the example has ended or shown enough commands, falls silent, and gives its whole output.
  static func watch(
    _ command: String, folder: String, sink: ZeroMQCommandSink, shown enough: Int = 5
  ) throws -> String {
    let output = folder + "/output"
    P.start(command, output: output)
    var counter: UInt32 = 0
    let shown = try P.until {
      counter += 1
      try P.publish(try P.frame(counter, validForMicroseconds: 100_000), on: sink)
      usleep(3000)
      let text = P.read(output)
      return text.contains("exit ")
        || text.split(separator: "\n").filter { $0.hasPrefix("ok") }.count >= enough
    }
    #expect(shown)
    // Something foreign on the same topic, then silence.
    try P.publish(try P.frame(counter + 1, dataID: 9), on: sink)
    #expect(P.until { P.read(output).contains("exit ") })
    return P.read(output)
  }

  @Test(
    "the Python subscriber receives N commands, and says so when they cease",
    .enabled(if: hasPythonZeroMQ, "python3 with pyzmq is not installed"))
  func python() throws {
    try P.inFolder { folder in
      let sink = try ZeroMQCommandSink(CommandPublishSettings(endpoints: ["ipc://\(folder)/c"]))
      let script = "PYTHONDONTWRITEBYTECODE=1 python3 '\(P.root)Examples/subscriber/python/subscribe.py'"
      let line = "\(script) --endpoint 'ipc://\(folder)/c' --topic act/steering --data-id 1 --shares-clock"
      let counted = try Self.watch(line + " --count 20", folder: folder, sink: sink, shown: .max)
      #expect(counted.contains("no data: waiting for act/steering"), "\(counted)")
      #expect(counted.contains("auto (none) value +0.250000"), "\(counted)")
      #expect(counted.contains("ages: source 2 12.3 ms"))
      let silent = try Self.watch(line + " --seconds 3", folder: folder, sink: sink)
      #expect(silent.contains("refused: data id"), "\(silent)")
      #expect(silent.contains("stop tail: safe_stop value"), "\(silent)")
      #expect(silent.contains("safe: safe_stop value +0.000000"), "\(silent)")
      #expect(silent.contains("exit 0"))
      sink.close(lingerMilliseconds: 0)
      let nobody = P.run(line + " --seconds 0.2")
      #expect(nobody.code == 1)
      #expect(nobody.output.contains("accepted 0"))
    }
  }

  @Test(
    "the C subscriber receives commands, and goes to the stop tail and the safe value when they cease",
    .enabled(if: hasCompiler, "no C compiler `cc` on this machine"))
  func c() throws {
    try P.inFolder { folder in
      let source = P.root + "Examples/subscriber/c/main.c"
      let compiled = P.run(
        "cc -std=c99 -Wall -Wextra -Werror -o '\(folder)/subscribe' '\(source)' -lzmq -lm")
      #expect(compiled.code == 0, "\(compiled.output)")
      let sink = try ZeroMQCommandSink(CommandPublishSettings(endpoints: ["ipc://\(folder)/c"]))
      let line = "'\(folder)/subscribe' 'ipc://\(folder)/c' act/steering 1 1 -1 1 0 3"
      let text = try Self.watch(line, folder: folder, sink: sink)
      #expect(text.contains("ok auto 0.250000"), "\(text)")
      #expect(text.contains("refused: data id"), "\(text)")
      #expect(text.contains("stop tail safe_stop"), "\(text)")
      #expect(text.contains("safe safe_stop 0.000000"), "\(text)")
      #expect(text.contains("exit 0"))
    }
  }
}
