/// A recorded session, opened for replay, inspection and export.
///
/// Thread: one at a time.
public final class SessionReader {
  public let index: McapIndex
  public let header: SessionHeader

  /// Opens a log; the failure says whether it is no log at all, torn, or somebody else's.
  public init(_ source: any ByteSource) throws(ReplayFailure) {
    let index: McapIndex
    do throws(McapFailure) { index = try McapIndex(source) } catch { throw ReplayFailure(error.description) }
    self.index = index
    var configuration: [UInt8]?
    var attachments: [(name: String, bytes: [UInt8])] = []
    var metadata: McapMetadata?
    do throws(McapFailure) {
      for entry in index.attachments {
        guard let attachment = try index.attachment(entry) else { continue }
        if attachment.name == SessionHeader.configurationAttachment {
          configuration = attachment.data
        } else {
          attachments.append((attachment.name, attachment.data))
        }
      }
      for entry in index.metadata where entry.name == SessionHeader.metadataName {
        metadata = try index.metadata(entry)
      }
    } catch { throw ReplayFailure(error.description) }
    guard let metadata, let configuration,
      let header = SessionHeader(metadata, configuration: configuration, attachments: attachments)
    else {
      throw ReplayFailure(
        "this MCAP file was not recorded by fusiond (it lacks the \"\(SessionHeader.metadataName)\" metadata or its configuration): bring other recordings in with `fusiond import`"
      )
    }
    self.header = header
  }

  /// All messages of one topic, in the order of the log.
  public func messages(_ topic: String) throws(ReplayFailure) -> [[UInt8]] {
    var found: [[UInt8]] = []
    do throws(McapFailure) {
      let messages = McapMessages(index, topics: [topic])
      while let message = try messages.next() { found.append(message.payload) }
    } catch { throw ReplayFailure(error.description) }
    return found
  }

  /// All messages of one topic at the places they were recorded at; nil where the log has lost one.
  public func numbered(_ topic: String) throws(ReplayFailure) -> [[UInt8]?] {
    var found: [[UInt8]?] = []
    do throws(McapFailure) {
      let messages = McapMessages(index, topics: [topic])
      while let message = try messages.next() {
        // Numbers count from 1. One from a damaged file must not ask for all memory.
        let place = Int(message.sequence) - 1
        if place > found.count, place - found.count <= Self.mostLost {
          found.append(contentsOf: repeatElement(nil, count: place - found.count))
        }
        found.append(message.payload)
      }
    } catch { throw ReplayFailure(error.description) }
    return found
  }

  private static let mostLost = 1_000_000

  /// What keeps this log from being whole, for people; nil where nothing does.
  public var damage: String? {
    var parts: [String] = []
    switch index.ending {
    case .truncated(let at, let reason), .damaged(let at, let reason):
      parts.append("at byte \(at): \(reason)")
    case .complete, nil: break
    }
    parts += index.problems.prefix(3).map(\.description)
    if index.isFromScan, parts.isEmpty { parts.append("its summary is missing") }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// The raw packets of the given sensors, in the order of their arrival.
  /// - Parameter threads: with 2, another thread reads the log ahead.
  public func packets(of sensors: [(number: UInt16, name: String)], threads: Int = 1) -> any PacketSource {
    let packets = LoggedPackets(self, sensors)
    return threads > 1 ? PrefetchedPackets(packets) : packets
  }

  /// The first and last message's instants on the pipeline clock; nil for an empty log.
  public var span: (first: Stamp, last: Stamp)? {
    guard let statistics = index.statistics, statistics.messageCount > 0 else { return nil }
    let offset = header.realtimeOffsetNanoseconds
    return (
      Stamp(nanoseconds: Int64(clamping: statistics.messageStartTime)) - offset,
      Stamp(nanoseconds: Int64(clamping: statistics.messageEndTime)) - offset
    )
  }

  /// Whether the log holds a scheduler's choices, so that it can be replayed faithfully.
  public var hasChoices: Bool {
    index.channelIDs(topic: SlotRecord.topic).contains { id in
      index.statistics?.channelMessageCounts.contains { $0.channelID == id && $0.value > 0 } ?? true
    }
  }
}

/// Raw packets straight from a log.
final class LoggedPackets: PacketSource {
  private let messages: McapMessages
  /// By channel, the last message's number.
  private var lastNumbers: [UInt16: UInt32] = [:]
  private var sensorOfChannel: [UInt16: UInt16] = [:]
  private let offset: Int64

  init(_ session: SessionReader, _ sensors: [(number: UInt16, name: String)]) {
    var topics: Set<String> = []
    for sensor in sensors {
      let topic = SessionTopics.rawTopic(sensor.name)
      topics.insert(topic)
      for channel in session.index.channelIDs(topic: topic) { sensorOfChannel[channel] = sensor.number }
    }
    messages = McapMessages(session.index, topics: topics)
    offset = session.header.realtimeOffsetNanoseconds
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    do throws(McapFailure) {
      while let message = try messages.next() {
        guard let sensor = sensorOfChannel[message.channelID] else { continue }
        let bytes = message.payload
        guard bytes.count >= RawPacket.headBytes else { continue }
        var reader = TopicReader(Array(bytes[..<RawPacket.headBytes]))
        let flags = SampleFlags(rawValue: reader.next())
        let firstSequence = reader.next(UInt64.self)
        var packet = RecordedPacket(
          sensor: sensor, arrival: Stamp(nanoseconds: Int64(clamping: message.logTime)) - offset,
          flags: flags,
          bytes: Array(bytes[RawPacket.headBytes...]), firstSequence: firstSequence)
        let last = lastNumbers.updateValue(message.sequence, forKey: message.channelID) ?? 0
        packet.isAfterLoss = message.sequence != 0 && message.sequence != last &+ 1
        return packet
      }
      return nil
    } catch { throw ReplayFailure(error.description) }
  }
}
