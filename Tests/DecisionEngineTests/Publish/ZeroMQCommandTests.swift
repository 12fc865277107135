import CZMQ
import FusionPipeline
import Glibc
import Testing

@testable import DecisionEngine

/// The last hop over real sockets.
@Suite("Commands over ZeroMQ", .serialized) struct ZeroMQCommandTests {
  typealias P = PublishSupport

  /// Publishes counters from `start` until the condition holds; the last counter.
  static func publish(
    on sink: ZeroMQCommandSink, from start: UInt32 = 1, topics: [(String, UInt16)] = [("act/steering", 1)],
    until condition: () -> Bool
  ) throws -> UInt32 {
    var counter = start - 1
    let reached = try P.until {
      if condition() { return true }
      counter += 1
      for (topic, dataID) in topics {
        try P.publish(try P.frame(counter, topic: topic, dataID: dataID), on: sink)
      }
      return false
    }
    #expect(reached)
    return counter
  }

  @Test("commands arrive over tcp, ipc and inproc of one sink, and the sink knows who listens")
  func transports() throws {
    try P.inFolder { folder in
      let context = try ZeroMQContext()
      let settings = CommandPublishSettings(
        endpoints: ["tcp://127.0.0.1:*", "ipc://\(folder)/c", "inproc://commands"],
        topics: ["act/steering", "act/brake"])
      let sink = try ZeroMQCommandSink(settings, context: context)
      #expect(sink.boundEndpoints.count == 3)
      #expect(sink.subscribers(toTopic: 0) == 0)
      var subscribers: [ZeroMQCommandSubscriber] = []
      for endpoint in sink.boundEndpoints {
        subscribers.append(
          try ZeroMQCommandSubscriber(
            endpoint: endpoint, actuators: [try P.settings()], context: context))
      }
      let last = try Self.publish(on: sink) {
        for subscriber in subscribers { subscriber.poll(timeoutMilliseconds: 0, now: P.now) }
        return subscribers.allSatisfy { $0.receivers[0].counters.accepted >= 5 }
      }
      #expect(sink.published == UInt64(last))
      #expect(sink.refused == 0)
      for subscriber in subscribers {
        #expect(subscriber.receivers[0].counters.allRefused == 0)
        #expect(subscriber.output(of: 0, at: P.now())?.mode != .inhibit)
        #expect(subscriber.output(of: 1, at: P.now()) == nil)
        #expect(subscriber.output(of: -1, at: P.now()) == nil)
      }
      #expect(sink.subscribers(toTopic: 0) == 3)
      #expect(sink.subscribers(toTopic: 1) == 0)
      #expect(sink.subscribers(toTopic: 2) == 0)
      #expect(sink.subscriptionTotal == 3)
      subscribers.removeAll()
      #expect(
        P.until {
          sink.noticeSubscriptions()
          return sink.subscribers(toTopic: 0) == 0
        })
      sink.close(lingerMilliseconds: 0)
      sink.close(lingerMilliseconds: 0)
      #expect(throws: CommandSinkFailure.self) { try P.publish(try P.frame(1), on: sink) }
      #expect(sink.refused == 1)
    }
  }

  @Test("act/brake does not receive act/brakelight")
  func prefixTrap() throws {
    try P.inFolder { folder in
      let sink = try ZeroMQCommandSink(
        CommandPublishSettings(endpoints: ["ipc://\(folder)/c"], topics: ["act/brake", "act/brakelight"]))
      let subscriber = try ZeroMQCommandSubscriber(
        endpoint: sink.boundEndpoints[0],
        actuators: [try P.settings("act/brake", dataID: 3), try P.settings("act/brakelight", dataID: 4)])
      _ = try Self.publish(on: sink, topics: [("act/brake", 3), ("act/brakelight", 4)]) {
        subscriber.poll(timeoutMilliseconds: 0, now: P.now)
        return subscriber.receivers.allSatisfy { $0.counters.accepted >= 20 }
      }
      for receiver in subscriber.receivers { #expect(receiver.counters.allRefused == 0) }
      #expect(sink.subscribers(toTopic: 0) == 1)
      #expect(sink.subscribers(toTopic: 1) == 1)
    }
  }

  @Test("a reader that pauses, or joins late, gets the newest command and not the oldest")
  func newest() throws {
    try P.inFolder { folder in
      let sink = try ZeroMQCommandSink(CommandPublishSettings(endpoints: ["ipc://\(folder)/c"]))
      for counter in UInt32(1)...50 { try P.publish(try P.frame(counter), on: sink) }
      let subscriber = try ZeroMQCommandSubscriber(
        endpoint: sink.boundEndpoints[0], actuators: [try P.settings()])
      let joined = try Self.publish(on: sink, from: 51) {
        subscriber.poll(timeoutMilliseconds: 0, now: P.now)
        return subscriber.receivers[0].counters.accepted > 0
      }
      #expect((subscriber.receivers[0].newest?.counter ?? 0) > 50)
      let before = subscriber.receivers[0].counters
      // The reader pauses.
      let last = joined + 400
      for counter in (joined + 1)...last {
        try P.publish(try P.frame(counter), on: sink)
        usleep(500)
      }
      #expect(
        P.until {
          subscriber.poll(timeoutMilliseconds: 0, now: P.now)
          return subscriber.receivers[0].newest?.counter == last
        })
      let after = subscriber.receivers[0].counters
      #expect(after.accepted - before.accepted < 200, "the queue was not read one by one")
      #expect(after.lost - before.lost > 200)
      #expect(after.allRefused == 0)
    }
  }

  @Test("a stuck subscriber neither blocks the publisher nor takes anything from a live one")
  func stuck() throws {
    try P.inFolder { folder in
      let sink = try ZeroMQCommandSink(
        CommandPublishSettings(endpoints: ["ipc://\(folder)/c"], topics: ["act/steering"]))
      let context = try ZeroMQContext()
      var stuck: [ZeroMQSocket] = []
      for _ in 0..<10 {
        let socket = try ZeroMQSocket(type: ZMQ_SUB, context: context)
        try socket.set(ZMQ_RCVHWM, to: Int32(1), "RCVHWM")
        try socket.set(ZMQ_SUBSCRIBE, to: [], "SUBSCRIBE")
        try socket.connect(sink.boundEndpoints[0])
        stuck.append(socket)
      }
      let live = try ZeroMQCommandSubscriber(
        endpoint: sink.boundEndpoints[0], actuators: [try P.settings()])
      var counter = try Self.publish(on: sink) { sink.subscribers(toTopic: 0) == 11 }
      for _ in 0..<20_000 {
        counter += 1
        try P.publish(try P.frame(counter), on: sink)
      }
      #expect(sink.published == UInt64(counter))
      #expect(sink.refused == 0)
      let accepted = live.receivers[0].counters.accepted
      _ = try Self.publish(on: sink, from: counter + 1) {
        live.poll(timeoutMilliseconds: 0, now: P.now)
        return live.receivers[0].counters.accepted >= accepted + 20
      }
      for socket in stuck { socket.close(lingerMilliseconds: 0) }
    }
  }

  @Test("the final command leaves though the sink closes at once")
  func final() throws {
    try P.inFolder { folder in
      let sink = try ZeroMQCommandSink(CommandPublishSettings(endpoints: ["ipc://\(folder)/c"]))
      let subscriber = try ZeroMQCommandSubscriber(
        endpoint: sink.boundEndpoints[0], actuators: [try P.settings()])
      let last = try Self.publish(on: sink) {
        subscriber.poll(timeoutMilliseconds: 0, now: P.now)
        return subscriber.receivers[0].counters.accepted > 0
      }
      try P.publish(try P.frame(last + 1), on: sink)
      sink.close(lingerMilliseconds: 200)
      #expect(
        P.until {
          subscriber.poll(timeoutMilliseconds: 0, now: P.now)
          return subscriber.receivers[0].newest?.counter == last + 1
        })
    }
  }

  @Test("the mirror publishes each command as text beside it, on a topic that no actuator subscribes to")
  func mirror() throws {
    try P.inFolder { folder in
      var settings = CommandPublishSettings(endpoints: ["ipc://\(folder)/c"], topics: ["act/steering"])
      settings.mirrorsJSON = true
      let sink = try ZeroMQCommandSink(settings)
      let context = try ZeroMQContext()
      let people = try ZeroMQSocket(type: ZMQ_SUB, context: context)
      try people.set(ZMQ_SUBSCRIBE, to: Array("json/".utf8), "SUBSCRIBE")
      try people.connect(sink.boundEndpoints[0])
      var text = ""
      var buffer = [UInt8](repeating: 0, count: 4096)
      _ = try Self.publish(on: sink) {
        // Mirrors leave when all of a slot's commands have.
        sink.endSlot()
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe people.receive(into: $0) }
        if let count { text = String(decoding: buffer[..<min(count, buffer.count)], as: UTF8.self) }
        return !text.isEmpty
      }
      #expect(text.hasPrefix("json/act/steering\0{\"topic\":\"act/steering\","))
      #expect(text.hasSuffix("]}"))
      sink.noticeSubscriptions()
      #expect(sink.subscribers(toTopic: 0) == 0)
      #expect(sink.subscriptionTotal == 1)
      // What is no command frame is sent as it is, and has no mirror.
      let sent = sink.published
      try P.publish([1, 2, 3], on: sink)
      #expect(sink.published == sent + 1)
      people.close(lingerMilliseconds: 0)
    }
  }

  @Test("with CURVE only the subscriber with the publisher's key gets commands: no key, a wrong one, none")
  func curve() throws {
    try P.inFolder { folder in
      let keys = try CurveKeyPair.generate()
      let write = "cat > '\(folder)/key' <<'END'\n\(keys.secretKey)\nEND\nchmod 600 '\(folder)/key'"
      _ = P.run("( \(write)\n)")
      var settings = CommandPublishSettings(endpoints: ["tcp://127.0.0.1:*"], topics: ["act/steering"])
      settings.curveSecretKeyFile = folder + "/key"
      let sink = try ZeroMQCommandSink(settings)
      let publicKey = try #require(sink.publicKey)
      #expect(publicKey == keys.publicKey)
      let endpoint = sink.boundEndpoints[0]
      let right = try ZeroMQCommandSubscriber(
        endpoint: endpoint, actuators: [try P.settings()], serverKey: publicKey)
      let wrong = try ZeroMQCommandSubscriber(
        endpoint: endpoint, actuators: [try P.settings()],
        serverKey: try CurveKeyPair.generate().publicKey)
      let none = try ZeroMQCommandSubscriber(endpoint: endpoint, actuators: [try P.settings()])
      var outsiders = 0
      _ = try Self.publish(on: sink) {
        right.poll(timeoutMilliseconds: 0, now: P.now)
        outsiders += wrong.poll(timeoutMilliseconds: 0, now: P.now)
        outsiders += none.poll(timeoutMilliseconds: 0, now: P.now)
        return right.receivers[0].counters.accepted >= 100
      }
      #expect(outsiders == 0)
      #expect(sink.subscribers(toTopic: 0) == 1)
      #expect(throws: CommandSocketFailure.self) {
        try ZeroMQCommandSubscriber(endpoint: endpoint, actuators: [try P.settings()], serverKey: "short")
      }
    }
  }

  @Test("subscribers that come and go leave no descriptor and no count behind")
  func comingAndGoing() throws {
    try P.inFolder { folder in
      let sink = try ZeroMQCommandSink(
        CommandPublishSettings(endpoints: ["ipc://\(folder)/c"], topics: ["act/steering"]))
      let context = try ZeroMQContext()
      func cycle(_ times: Int) throws {
        for _ in 0..<times {
          let subscriber = try ZeroMQCommandSubscriber(
            endpoint: sink.boundEndpoints[0], actuators: [try P.settings()], context: context)
          #expect(
            P.until {
              sink.noticeSubscriptions()
              return sink.subscribers(toTopic: 0) == 1
            })
          withExtendedLifetime(subscriber) {}
        }
      }
      // The first ones make libzmq's threads and pools.
      func settle() throws -> Int {
        #expect(
          P.until {
            sink.noticeSubscriptions()
            return sink.subscribers(toTopic: 0) == 0
          })
        return Self.descriptors(of: folder)
      }
      for _ in 0..<3 {
        try cycle(1)
        _ = try settle()
      }
      let before = try settle()
      for _ in 0..<100 {
        try cycle(1)
        _ = try settle()
      }
      #expect(P.until { Self.descriptors(of: folder) <= before })
      #expect(sink.subscriptionTotal == 0)
    }
  }

  /// Open connections to sockets in a folder, from the kernel's table.
  static func descriptors(of folder: String) -> Int {
    P.read("/proc/net/unix").split(separator: "\n").filter { $0.contains(folder) }.count
  }

  @Test("subscriptions are counted by prefix, never below zero, whatever a peer sends")
  func subscriptionCount() {
    var count = SubscriptionCount(topics: [CommandTopic("act/brake"), CommandTopic("act/brakelight"), nil])
    func notice(_ kind: UInt8?, _ prefix: [UInt8], isWhole: Bool = true) {
      let bytes = (kind.map { [$0] } ?? []) + prefix
      unsafe count.notice(bytes.span.bytes, isWhole: isWhole)
    }
    func counts() -> [Int] { [count.count(of: 0), count.count(of: 1), count.count(of: 2), count.total] }
    notice(1, Array("act/brake\0".utf8))
    #expect(counts() == [1, 0, 0, 1])
    notice(1, Array("act/brake".utf8))
    #expect(counts() == [2, 1, 0, 2])
    notice(1, [])
    #expect(counts() == [3, 2, 0, 3])
    notice(1, Array("json/".utf8))
    #expect(counts() == [3, 2, 0, 4])
    notice(1, Array("act/brake".utf8) + [UInt8](repeating: 0, count: 8))
    #expect(counts() == [3, 2, 0, 5], "longer than a topic")
    notice(1, Array("act/brake".utf8) + [UInt8](repeating: 0, count: 7))
    #expect(counts() == [4, 2, 0, 6])
    notice(1, Array("act/".utf8), isWhole: false)
    #expect(counts() == [4, 2, 0, 7])
    notice(nil, [])
    notice(2, [])
    #expect(counts() == [4, 2, 0, 7])
    for _ in 0..<9 { notice(0, []) }
    #expect(counts() == [0, 0, 0, 0])
    notice(1, [])
    #expect(counts() == [1, 1, 0, 1])
    #expect(count.count(of: 3) == 0 && count.count(of: -1) == 0)
  }
}
