import FusionPipeline

extension Importer {
  /// A raw stream of an Xsens, as `cat /dev/ttyUSB0 > run.bin` leaves it, to an `xsens-mti`.
  ///
  /// A packet is one message with what lies before it; its arrival is the message's own sample time counted
  /// from the first one's, so a recording begins at 0. Messages without a time follow at the sensor's rate.
  public static var serialStream: Importer {
    Importer(
      "serial", accepts: { ImportSource.hasSuffix($0, [".bin"]) && ImportSource.entries(of: $0) == nil },
      open: { source, sensors in
        let units = sensors.filter { $0.model == "xsens-mti" }
        guard let unit = units.first, units.count == 1 else {
          throw ReplayFailure(
            "\(source): a raw stream needs exactly one sensor of model xsens-mti, the configuration has \(units.count)"
          )
        }
        let packets = try XsensStreamPackets(source, unit)
        return ImportedPackets(packets: packets, remarks: { packets.remarks })
      })
  }
}

/// Cuts an Xsens stream behind every whole message.
final class XsensStreamPackets: PacketSource {
  private let sensor: UInt16
  private let file: CaptureBytes
  private let decoder = XsensDecoder()
  private let periodNanoseconds: Int64
  private var firstDevice: Stamp?
  private var last = Stamp.zero
  private var order = ArrivalOrder()
  private var messages = 0
  private var bytesBehind = 0

  /// Without a whole message a packet is cut here.
  static let longestPacket = 4096

  init(_ source: String, _ unit: ImportTarget) throws(ReplayFailure) {
    sensor = unit.number
    periodNanoseconds = .seconds(1 / unit.settings.number("rate_hz"))
    do throws(CaptureFailure) {
      file = try CaptureBytes(path: source)
    } catch { throw ReplayFailure(error.message) }
  }

  var remarks: [String] {
    var remarks = order.remarks
    if messages == 0 { remarks.append("no whole message was found; is it a stream of an Xsens MTi?") }
    if decoder.counters.invalid > 0 { remarks.append("\(decoder.counters.invalid) messages are damaged") }
    if decoder.counters.ignored > 0 {
      remarks.append("\(decoder.counters.ignored) messages are of other kinds than MTData2")
    }
    if bytesBehind > 0 { remarks.append("\(bytesBehind) bytes at the end are no whole message") }
    return remarks
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    var bytes: [UInt8] = []
    var found = false
    do throws(CaptureFailure) {
      while !found, bytes.count < Self.longestPacket, try file.available(1) > 0 {
        let byte = file.byte(0)
        file.skip(1)
        bytes.append(byte)
        found = feed(byte)
      }
    } catch { throw ReplayFailure(error.message) }
    if bytes.isEmpty { return nil }
    if found { messages += 1 } else { bytesBehind += bytes.count }
    return RecordedPacket(sensor: sensor, arrival: order.stamp(last.nanoseconds), bytes: bytes)
  }

  /// True when the byte ends a message.
  private func feed(_ byte: UInt8) -> Bool {
    let othersBefore = decoder.counters.ignored
    var found = false
    var device = Stamp.never
    let slice: InlineArray<1, UInt8> = [byte]
    unsafe decoder.decode(
      slice.span.bytes, arrival: .zero, message: { _ in found = true },
      emit: { timing, _ in device = timing.device })
    if device != .never {
      let first = firstDevice ?? device
      firstDevice = first
      last = Stamp(nanoseconds: device - first)
    } else if found, messages > 0 {
      last = last + periodNanoseconds
    }
    return found || decoder.counters.ignored != othersBefore
  }
}
