import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Xsens") struct XsensTests {
  static let folder = "imu-gnss/xsens-mtdata2/"
  static let isThere = Recorded.has("imu-gnss/xsens-mtdata2/1/output.bin")

  private func messages(_ slices: [[UInt8]]) -> (
    messages: [XsensMessage], samples: [ImuSample], decoder: XsensDecoder
  ) {
    let decoder = XsensDecoder()
    var messages: [XsensMessage] = []
    var samples: [ImuSample] = []
    for slice in slices {
      unsafe decoder.decode(
        slice.span.bytes, arrival: .zero, message: { messages.append($0) }, emit: { samples.append($1) })
    }
    return (messages, samples, decoder)
  }

  /// A message in the reference's words: item, then its parts in order.
  private func described(_ m: XsensMessage) -> [String: [(String, Double)]] {
    var said: [String: [(String, Double)]] = [:]
    func name(_ item: String, _ format: XsensFormat, axes: Bool = false) -> String {
      let precision =
        switch format.precision {
        case .float32: "Float32"
        case .fixed1220: "FP1220"
        case .fixed1632: "FP1632"
        case .float64: "Float64"
        }
      let frame = format.axes == .eastNorthUp ? "EastNorthUp," : "other,"
      return "\(item)(\(axes ? frame : "")\(precision))"
    }
    func vector(_ item: String, _ v: XsensVector, axes: Bool = false) {
      said[name(item, v.format, axes: axes)] = [("X", v.x), ("Y", v.y), ("Z", v.z)]
    }
    if m.items.contains(.packetCounter) { said["PacketCounter"] = [("", Double(m.packetCounter))] }
    if m.items.contains(.sampleTimeFine) { said["SampleTimeFine"] = [("", Double(m.sampleTimeFine))] }
    if m.items.contains(.utcTime) {
      said["UTCTime"] = [("", Double(m.utcTime.nanosecondsSince1970 ?? 0))]
    }
    if m.items.contains(.statusByte) { said["StatusByte"] = [("", Double(m.statusByte))] }
    if m.items.contains(.statusWord) { said["StatusWord"] = [("", Double(m.statusWord))] }
    if m.items.contains(.eulerAngles) { vector("EulerAngles", m.eulerAnglesDegrees, axes: true) }
    if m.items.contains(.acceleration) { vector("Acceleration", m.acceleration) }
    if m.items.contains(.deltaV) { vector("DeltaV", m.deltaV) }
    if m.items.contains(.rateOfTurn) { vector("RateOfTurn", m.rateOfTurn) }
    if m.items.contains(.velocity) { vector("VelocityXYZ", m.velocity, axes: true) }
    if m.items.contains(.deltaQ) {
      said[name("DeltaQ", m.deltaQ.format)] = [
        ("Q0", m.deltaQ.w), ("Q1", m.deltaQ.x), ("Q2", m.deltaQ.y), ("Q3", m.deltaQ.z),
      ]
    }
    if m.items.contains(.latitudeLongitude) {
      let v = m.latitudeLongitudeDegrees
      said[name("LatLon", v.format)] = [("Lat", v.x), ("Lon", v.y)]
    }
    if m.items.contains(.altitudeEllipsoid) {
      said[name("AltitudeEllipsoid", m.altitudeEllipsoidMetres.format)] = [("", m.altitudeEllipsoidMetres.x)]
    }
    if m.items.contains(.gnss) {
      let g = m.gnss
      said["GNSSPVTData"] = [
        ("ITOW", Double(g.itowMilliseconds)), ("Year", Double(g.year)), ("Month", Double(g.month)),
        ("Day", Double(g.day)), ("Hour", Double(g.hour)), ("Min", Double(g.minute)),
        ("Sec", Double(g.second)),
        ("Valid", Double(g.valid)), ("TAcc", Double(g.timeAccuracyNanoseconds)),
        ("Nano", Double(g.nanosecond)),
        ("FixType", Double(g.fixType)), ("Flags", Double(g.flags)), ("NumSV", Double(g.satellites)),
        ("Reserved1", Double(g.reserved)), ("Lon", Double(g.longitude)), ("Lat", Double(g.latitude)),
        ("Height", Double(g.heightMillimetres)), ("HMSL", Double(g.heightAboveSeaMillimetres)),
        ("HAcc", Double(g.horizontalAccuracyMillimetres)), ("VAcc", Double(g.verticalAccuracyMillimetres)),
        ("VelN", Double(g.velocityNorth)), ("VelE", Double(g.velocityEast)), ("VelD", Double(g.velocityDown)),
        ("GSpeed", Double(g.groundSpeed)), ("HeadMot", Double(g.headingOfMotion)),
        ("SAcc", Double(g.speedAccuracy)), ("HeadAcc", Double(g.headingAccuracy)),
        ("HeadVeh", Double(g.headingOfVehicle)), ("GDOP", Double(g.dilutions[0])),
        ("PDOP", Double(g.dilutions[1])), ("TDOP", Double(g.dilutions[2])), ("VDOP", Double(g.dilutions[3])),
        ("HDOP", Double(g.dilutions[4])), ("NDOP", Double(g.dilutions[5])), ("EDOP", Double(g.dilutions[6])),
      ]
    }
    return said
  }

  /// The reference's text of one message, read into the same form.
  private func reference(_ block: Substring) throws -> [String: [(String, Double)]] {
    var said: [String: [(String, Double)]] = [:]
    var item = ""
    for line in block.split(separator: "\n") {
      if !line.hasPrefix(" ") {
        item = String(line.dropLast())
        said[item] = []
        continue
      }
      let text = line.drop(while: { $0 == " " })
      let value: (String, Double)
      if item == "UTCTime" {
        value = ("", try nanoseconds(String(text)))
      } else if item.hasPrefix("Status") {
        value = ("", Double(try #require(UInt32(text, radix: 2))))
      } else if let colon = text.firstIndex(of: ":") {
        value = (String(text[..<colon]), try #require(Double(text[text.index(after: colon)...])))
      } else {
        value = ("", try #require(Double(text)))
      }
      said[item, default: []].append(value)
    }
    return said
  }

  private func nanoseconds(_ text: String) throws -> Double {
    let parts = text.dropLast().split(separator: ".")
    let seconds = try #require(ISO8601DateFormatter().date(from: parts[0] + "Z")).timeIntervalSince1970
    guard parts.count > 1 else { return seconds * 1e9 }
    let padded = parts[1].padding(toLength: 9, withPad: "0", startingAt: 0)
    return Double(Int64(seconds) * 1_000_000_000 + (try #require(Int64(padded))))
  }

  @Test(
    "All hundred messages of each reference decode say the same, number for number",
    .enabled(if: isThere, "\(Recorded.absent)"), arguments: ["1", "2", "3"])
  func matchesGoldens(_ recording: String) throws {
    let stream = try Recorded.bytes(Self.folder + recording + "/output.bin")
    let text = String(decoding: try Recorded.bytes(Self.folder + recording + "/output.golden"), as: UTF8.self)
    let blocks = text.split(separator: "\n\n")
    // One slice a prime number of bytes long: message borders fall everywhere.
    let slices = stride(from: 0, to: stream.count, by: 61).map {
      Array(stream[$0..<min($0 + 61, stream.count)])
    }
    let (messages, samples, decoder) = messages(slices)
    #expect(blocks.count == 100)
    #expect(messages.count == 100)
    #expect(decoder.counters.invalid == 0)
    #expect(decoder.counters.missing == 0)
    var numbers = 0
    for (message, block) in zip(messages, blocks) {
      let theirs = try reference(block)
      let ours = described(message)
      #expect(Set(ours.keys) == Set(theirs.keys))
      for (item, values) in theirs {
        let mine = try #require(ours[item])
        #expect(mine.map(\.0) == values.map(\.0), "\(item)")
        #expect(mine.map(\.1) == values.map(\.1), "\(item) of message \(message.packetCounter)")
        numbers += values.count
      }
    }
    #expect(samples.count == messages.count { $0.items.contains(.acceleration) })
    print(
      "xsens \(recording): \(messages.count) messages, \(numbers) numbers equal, \(samples.count) samples")
  }
}
