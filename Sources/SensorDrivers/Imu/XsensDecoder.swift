import FusionPipeline

/// Xsens MTi: a serial stream of MTData2 messages into inertial samples.
///
/// Packets are the stream's slices, cut anywhere. A message with an acceleration or a rate of turn gives a
/// sample; high-rate items stand in where the ordinary ones are absent. The device stamp is the message's
/// SampleTimeFine (100 µs steps, unwrapped), else its UTC time. The last whole message, GNSS and all, is in
/// `lastMessage`. Thread: one at a time. Cost: no allocation per packet.
public final class XsensDecoder: SensorDecoder {
  public typealias Sample = ImuSample

  /// `packets` counts slices; `ignored` messages of other kinds; `missing` messages, from the packet counter.
  public private(set) var counters = DecoderCounters()
  public private(set) var lastMessage = XsensMessage()
  private var framing = XsensFraming()
  private var fineTicks: Int64?
  private var lastCounter: UInt16?
  /// Samples of the slice at hand, kept until the newest one's time is known.
  private let pending = FixedList<Pending>(capacity: 32, zero: Pending())

  private struct Pending: BitwiseCopyable {
    var device = Stamp.never
    var sample = ImuSample()
  }

  private static let dataMessage: UInt8 = 0x36
  private static let tickNanoseconds: Int64 = 100_000
  /// A step of the packet counter beyond this is a restart, not loss.
  private static let longestLoss: UInt16 = 10_000

  public init() {}

  public func reset() {
    framing.forget()
    fineTicks = nil
    lastCounter = nil
    pending.removeAll()
  }

  public func decode(_ bytes: RawSpan, arrival: Stamp, emit: (SampleTiming, ImuSample) -> Void) {
    decode(bytes, arrival: arrival, message: { _ in }, emit: emit)
  }

  /// As `decode`, and hands every whole message on first.
  public func decode(
    _ bytes: RawSpan, arrival: Stamp, message: (XsensMessage) -> Void,
    emit: (SampleTiming, ImuSample) -> Void
  ) {
    counters.packets &+= 1
    // Taken out for the call, so that the closure may touch the rest of the state.
    var framing = XsensFraming.empty
    swap(&framing, &self.framing)
    let damagedBefore = framing.damaged
    framing.feed(bytes) { identifier, data in
      guard identifier == Self.dataMessage else {
        counters.ignored &+= 1
        return
      }
      guard let decoded = XsensMessage(data: data) else {
        counters.invalid &+= 1
        return
      }
      lastMessage = decoded
      note(decoded, emit: emit)
      message(decoded)
    }
    counters.invalid &+= framing.damaged &- damagedBefore
    swap(&framing, &self.framing)
    flush(emit: emit)
  }

  private func note(_ message: XsensMessage, emit: (SampleTiming, ImuSample) -> Void) {
    if message.items.contains(.packetCounter) {
      if let lastCounter {
        let step = message.packetCounter &- lastCounter
        if step > 1, step <= Self.longestLoss { counters.missing &+= UInt64(step &- 1) }
      }
      lastCounter = message.packetCounter
    }
    let device = device(of: message)
    guard
      !message.items.isDisjoint(with: [
        .acceleration, .accelerationHighRate, .rateOfTurn, .rateOfTurnHighRate,
      ])
    else { return }
    let acceleration =
      message.items.contains(.acceleration) ? message.acceleration : message.accelerationHighRate
    let rate = message.items.contains(.rateOfTurn) ? message.rateOfTurn : message.rateOfTurnHighRate
    let sample = ImuSample(
      accelerationX: acceleration.x, accelerationY: acceleration.y, accelerationZ: acceleration.z,
      rateX: rate.x, rateY: rate.y, rateZ: rate.z, orientationW: message.quaternion.w,
      orientationX: message.quaternion.x, orientationY: message.quaternion.y,
      orientationZ: message.quaternion.z)
    if pending.count == pending.capacity { flush(emit: emit) }
    pending.append(Pending(device: device, sample: sample))
  }

  private func device(of message: XsensMessage) -> Stamp {
    if message.items.contains(.sampleTimeFine) {
      let last = fineTicks ?? Int64(message.sampleTimeFine)
      // The nearest instant with this low word: the counter wraps every five days.
      let step = Int32(truncatingIfNeeded: Int64(message.sampleTimeFine) &- last)
      let ticks = last &+ Int64(step)
      fineTicks = ticks
      return Stamp(nanoseconds: ticks &* Self.tickNanoseconds)
    }
    if message.items.contains(.utcTime), let utc = message.utcTime.nanosecondsSince1970 {
      return Stamp(nanoseconds: utc)
    }
    return .never
  }

  private func flush(emit: (SampleTiming, ImuSample) -> Void) {
    guard !pending.isEmpty else { return }
    let newest = pending[pending.count - 1].device
    for index in pending.indices {
      let entry = pending[index]
      let isTimed = entry.device > .never && newest > .never
      counters.samples &+= 1
      emit(
        SampleTiming(
          device: entry.device, beforePacketNanoseconds: isTimed ? max(newest - entry.device, 0) : 0),
        entry.sample)
    }
    pending.removeAll()
  }
}
