import FusionPipeline
import Glibc
import Testing

@testable import DecisionEngine

@Suite("Command endpoints and keys") struct CommandEndpointTests {
  typealias P = PublishSupport

  static func problem(_ settings: CommandPublishSettings) -> String? {
    do throws(CommandSocketFailure) {
      _ = try ZeroMQCommandSink(settings)
      return nil
    } catch {
      return error.message
    }
  }

  @Test("only 127.0.0.0/8 in dotted form, ipc and inproc count as this machine")
  func local() throws {
    for text in ["tcp://127.0.0.1:5560", "tcp://127.255.0.9:*", "ipc:///tmp/x", "ipc://@x", "inproc://x"] {
      #expect(try CommandEndpoint(text).isLocal, "\(text)")
    }
    for text in [
      "tcp://*:5560", "tcp://0.0.0.0:5560", "tcp://192.168.1.2:5560", "tcp://eth0:5560", "tcp://lo:5560",
      "tcp://localhost:5560", "tcp://127.0.0.1.example:5560", "tcp://127.1:5560", "tcp://127.0.0.256:5560",
      "tcp://127.0.0.:5560", "tcp://127.0.0.x:5560", "tcp://1270.0.0.1:1", "tcp://127.0.0.0001:1",
      "tcp://128.0.0.1:1",
    ] {
      #expect(try !CommandEndpoint(text).isLocal, "\(text)")
    }
  }

  @Test("an endpoint that is none is refused with an example")
  func malformed() {
    for text in [
      "", "tcp://", "tcp://127.0.0.1", "tcp://:5560", "tcp://127.0.0.1:", "tcp://127.0.0.1:65536",
      "tcp://127.0.0.1:123456", "tcp://127.0.0.1:5x", "tcp://127.0.0.1:**", "tcp://[::1]:5560",
      "tcp://127.0.0.1;10.0.0.1:5560", "udp://127.0.0.1:5560", "ipc://", "inproc://", "127.0.0.1:5560",
      "ipc://" + String(repeating: "x", count: 108), "ipc://a\0b", "TCP://127.0.0.1:5560",
    ] {
      let error = #expect(throws: CommandSocketFailure.self, "\(text)") { try CommandEndpoint(text) }
      #expect(error?.message.contains("write tcp://127.0.0.1:5560") == true)
    }
    #expect((try? CommandEndpoint("ipc://" + String(repeating: "x", count: 107))) != nil)
    #expect((try? CommandEndpoint("tcp://127.0.0.1:65535")) != nil)
    #expect((try? CommandEndpoint("tcp://127.0.0.1:0")) != nil)
  }

  @Test("other machines are not let in without a key, unless told to")
  func policy() throws {
    for text in ["tcp://*:*", "tcp://0.0.0.0:*", "tcp://lo:*"] {
      let message = Self.problem(CommandPublishSettings(endpoints: ["tcp://127.0.0.1:*", text]))
      #expect(message?.contains("--insecure") == true, "\(text)")
    }
    var insecure = CommandPublishSettings(endpoints: ["tcp://0.0.0.0:*"])
    insecure.insecure = true
    #expect(Self.problem(insecure) == nil)
    #expect(Self.problem(CommandPublishSettings(endpoints: []))?.contains("no endpoint") == true)
    try P.inFolder { folder in
      let keys = try CurveKeyPair.generate()
      _ = P.run("printf '%s\\n' '\(keys.secretKey)' > '\(folder)/key'; chmod 600 '\(folder)/key'")
      var settings = CommandPublishSettings(endpoints: ["tcp://0.0.0.0:*"])
      settings.curveSecretKeyFile = folder + "/key"
      let sink = try ZeroMQCommandSink(settings)
      #expect(sink.publicKey == keys.publicKey)
    }
  }

  @Test("a key file that is missing, readable by others, or no key is refused, saying what to do")
  func keyFiles() throws {
    try P.inFolder { folder in
      let secret = try CurveKeyPair.generate().secretKey
      func problem(_ shell: String) -> String? {
        _ = P.run("cd '\(folder)' && rm -rf key && \(shell)")
        var settings = CommandPublishSettings(endpoints: ["tcp://127.0.0.1:*"])
        settings.curveSecretKeyFile = folder + "/key"
        return Self.problem(settings)
      }
      func file(_ text: String, _ mode: String) -> String { "printf '\(text)' > key && chmod \(mode) key" }
      // Z85 has % and $, which a shell and printf would read.
      let plain = "cat > key <<'END'\n\(secret)\nEND\n"
      #expect(problem(plain + "chmod 600 key") == nil)
      #expect(problem(plain + "chmod 400 key") == nil)
      #expect(problem(plain + "chmod 640 key")?.contains("chmod 600") == true)
      #expect(problem(plain + "chmod 604 key")?.contains("chmod 600") == true)
      #expect(problem("true")?.contains("cannot read") == true)
      #expect(problem("mkdir -m 700 key")?.contains("regular file") == true)
      #expect(problem(file("", "600"))?.contains("40 characters") == true)
      #expect(problem(file("tooshort", "600"))?.contains("40 characters") == true)
      #expect(problem(plain + "echo more >> key; chmod 600 key")?.contains("40 characters") == true)
      let wrong = String(repeating: "~", count: 40)
      #expect(problem(file(wrong, "600"))?.contains("40 characters") == true)
    }
  }

  @Test(
    "an address that another publisher holds is refused, a dead publisher's socket file is not in the way")
  func inUse() throws {
    let first = try ZeroMQCommandSink(CommandPublishSettings(endpoints: ["tcp://127.0.0.1:*"]))
    let tcp = try #require(first.boundEndpoints.first)
    #expect(tcp.hasPrefix("tcp://127.0.0.1:") && !tcp.hasSuffix("*"))
    #expect(Self.problem(CommandPublishSettings(endpoints: [tcp]))?.contains("another process") == true)
    try P.inFolder { folder in
      let settings = CommandPublishSettings(endpoints: ["ipc://\(folder)/commands"])
      do {
        let second = try ZeroMQCommandSink(settings)
        let message = Self.problem(settings)
        #expect(message?.contains("another process") == true)
        #expect(message?.contains("\(folder)/commands") == true)
        second.close(lingerMilliseconds: 0)
      }
      // What a killed publisher leaves: a socket file nobody listens on.
      let leave =
        "python3 -c \"import socket; s=socket.socket(socket.AF_UNIX); s.bind('\(folder)/commands')\""
      _ = P.run("rm -f '\(folder)/commands'; \(leave)")
      #expect(Self.problem(settings) == nil)
      #expect(
        Self.problem(CommandPublishSettings(endpoints: ["ipc://\(folder)/none/commands"]))?
          .contains("create it") == true)
    }
    first.close(lingerMilliseconds: 0)
  }

  @Test("every advice names the endpoint, the error and what to do")
  func advice() {
    for code in [
      EADDRINUSE, EADDRNOTAVAIL, ENODEV, EACCES, EPERM, ENOENT, ENAMETOOLONG, EINVAL, EMFILE, EIO,
      EPROTONOSUPPORT,
    ] {
      let message = CommandSocketFailure.describe(code, "cannot bind", at: "tcp://x").message
      #expect(message.hasPrefix("tcp://x: cannot bind: "))
      #expect(message.contains("; "))
    }
  }
}
