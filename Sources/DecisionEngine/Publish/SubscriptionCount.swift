import FusionPipeline

/// Who listens to which actuator, from the subscription messages of an XPUB socket.
struct SubscriptionCount {
  private(set) var total = 0
  private let topics: [CommandTopic?]
  private var counts: [Int]

  init(topics: [CommandTopic?]) {
    self.topics = topics
    counts = [Int](repeating: 0, count: topics.count)
  }

  func count(of index: Int) -> Int { counts.indices.contains(index) ? counts[index] : 0 }

  /// One message: 1 or 0 for a subscription or its end, then the prefix. A message that did not fit whole has
  /// a prefix longer than any topic.
  mutating func notice(_ message: RawSpan, isWhole: Bool) {
    guard message.byteCount >= 1 else { return }
    let kind = unsafe message.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    // Anything else is a message that a peer sends upwards; it says nothing to us.
    guard kind <= 1 else { return }
    let step = kind == 1 ? 1 : -1
    total = max(0, total + step)
    guard isWhole else { return }
    for index in topics.indices {
      guard let topic = topics[index], Self.matches(topic, message) else { continue }
      // A peer that repeats itself must not make the count negative.
      counts[index] = max(0, counts[index] + step)
    }
  }

  /// Whether the prefix after the first byte matches the topic's 16 bytes.
  private static func matches(_ topic: CommandTopic, _ message: RawSpan) -> Bool {
    guard message.byteCount - 1 <= CommandTopic.byteCount else { return false }
    for offset in 1..<message.byteCount
    where unsafe message.unsafeLoad(fromByteOffset: offset, as: UInt8.self) != topic.byte(offset - 1) {
      return false
    }
    return true
  }
}
