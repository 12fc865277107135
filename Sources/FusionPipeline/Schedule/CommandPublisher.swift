import Crypto

/// Encodes a decided slot, sends it, records it, and keeps the digest of everything that left.
///
/// Thread: the output thread. Cost: one encoding, one send and one hash update an actuator; no allocation of
/// ours (a socket's own is the sink's matter).
@safe public final class CommandPublisher {
  public let actuators: [ActuatorDescription]
  public let session: UInt64
  public let sourceID: UInt16
  private let sink: (any CommandSink)?
  private let tap: RecordTap
  private var counters: [UInt32]
  private var digest = SHA256()
  private let bytes: UnsafeMutableRawPointer
  public private(set) var published: UInt64 = 0
  public private(set) var sendFailures: UInt64 = 0
  public private(set) var lastFailure: String?
  /// Sees every complete frame, for verification.
  public var observer: ((_ actuator: Int, _ frame: RawSpan) -> Void)?

  public init(
    actuators: [ActuatorDescription], session: UInt64, sourceID: UInt16 = 1, sink: (any CommandSink)?,
    tap: RecordTap
  ) {
    self.actuators = actuators
    self.session = session
    self.sourceID = sourceID
    self.sink = sink
    self.tap = tap
    counters = [UInt32](repeating: 0, count: actuators.count)
    unsafe bytes = .allocate(byteCount: CommandFrame.byteCount, alignment: 8)
  }

  deinit { unsafe bytes.deallocate() }

  /// Sends all actuators' frames of one slot; the number of sends that failed.
  public func publish(_ set: CommandSet, at stamp: Stamp) -> UInt8 {
    var failures: UInt8 = 0
    for index in actuators.indices {
      counters[index] &+= 1
      guard encode(set, index) else {
        failures &+= 1
        continue
      }
      let frame = unsafe UnsafeRawBufferPointer(start: bytes, count: CommandFrame.byteCount)
      if let sink {
        do throws(CommandSinkFailure) {
          unsafe try sink.publish(frame.bytes)
        } catch {
          failures &+= 1
          lastFailure = error.message
        }
      }
      published &+= 1
      unsafe digest.update(bufferPointer: frame)
      unsafe tap.push(TopicNumber.firstCommand + UInt32(index), at: stamp, frame)
      unsafe observer?(index, frame.bytes)
    }
    sendFailures &+= UInt64(failures)
    return failures
  }

  /// Tells the sink that the slot's commands have left and been timed.
  func endSlot() { sink?.endSlot() }

  /// Continues the counters of a session that was published up to here by somebody else: a replay that begins
  /// in the middle.
  func resume(after counters: [UInt32]) {
    for index in self.counters.indices where index < counters.count { self.counters[index] = counters[index] }
  }

  /// SHA-256 over all complete frames so far, in (slot, actuator) order, as lower-case hexadecimal.
  public var decisionDigest: String {
    let value = digest
    var text = ""
    for byte in value.finalize() {
      text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
    return text
  }

  private func encode(_ set: CommandSet, _ index: Int) -> Bool {
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: CommandFrame.byteCount)
    var span = unsafe buffer.mutableBytes
    do throws(CommandEncodingProblem) {
      try CommandFrame.encode(
        set: set, actuatorIndex: index, description: actuators[index], session: session,
        counter: counters[index], sourceID: sourceID, into: &span)
      return true
    } catch {
      lastFailure = error.message
      return false
    }
  }
}
