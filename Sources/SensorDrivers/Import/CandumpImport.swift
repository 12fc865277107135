import FusionPipeline

extension Importer {
  /// candump text: frames to the sensors whose `can` link names their interface.
  public static var candump: Importer {
    Importer(
      "candump", accepts: { accepts($0) },
      open: { source, sensors in
        let packets = try CandumpPackets(source, sensors)
        return ImportedPackets(packets: packets, remarks: { packets.remarks })
      })
  }

  private static func accepts(_ source: String) -> Bool {
    if ImportSource.hasSuffix(source, [".log", ".candump"]) { return true }
    guard ImportSource.entries(of: source) == nil, let reader = try? CaptureFile.open(source) else {
      return false
    }
    return reader is CandumpReader && (try? reader.next()) != nil
  }
}

/// A candump log's frames for the configured sensors, as `CANFrame` records.
final class CandumpPackets: PacketSource {
  private let reader: CandumpReader
  private let targets: [(sensor: UInt16, interface: String)]
  private var pending: [RecordedPacket] = []
  private var order = ArrivalOrder()
  private var unfitting = UnfittingCount()
  private var damagedLines = 0
  private var firstDamage: String?
  /// The sensors of each bus, looked up once a bus.
  private var routes: [UInt8: (sensors: [UInt16], interface: String)] = [:]

  init(_ source: String, _ sensors: [ImportTarget]) throws {
    do {
      guard let reader = try CaptureFile.open(source) as? CandumpReader else {
        throw ReplayFailure("\(source): is no candump text; give what `candump -l` wrote")
      }
      self.reader = reader
    } catch let failure as CaptureFailure {
      throw ReplayFailure(failure.message)
    }
    targets = sensors.compactMap { sensor in
      sensor.link("can").map { (sensor.number, $0.string("interface")) }
    }
  }

  var remarks: [String] {
    var remarks = unfitting.remarks + order.remarks
    if let firstDamage { remarks.append("\(damagedLines) lines were passed over; the first: \(firstDamage)") }
    if reader.counters.withoutStamp > 0 {
      remarks.append("\(reader.counters.withoutStamp) frames had no stamp and were given their predecessor's")
    }
    return remarks
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    while true {
      if let packet = pending.popLast() { return packet }
      do throws(CaptureFailure) {
        guard let captured = try reader.nextFrame() else { return nil }
        route(captured)
      } catch {
        // A failure without a line is the file's, not a line's.
        guard error.line != nil else { throw ReplayFailure(error.message) }
        damagedLines += 1
        if firstDamage == nil { firstDamage = error.message }
      }
    }
  }

  private func route(_ captured: CapturedFrame) {
    let arrival = order.stamp(captured.realtimeNanoseconds)
    let bus = captured.frame.bus
    let route = route(of: bus)
    guard !route.sensors.isEmpty else {
      unfitting.add("frames of \(route.interface)")
      return
    }
    let bytes = captured.frame.encoded()
    for sensor in route.sensors.reversed() {
      pending.append(RecordedPacket(sensor: sensor, arrival: arrival, bytes: bytes))
    }
  }

  private func route(of bus: UInt8) -> (sensors: [UInt16], interface: String) {
    if let known = routes[bus] { return known }
    let interface = reader.buses.first { $0.bus == bus }?.name ?? "bus \(bus)"
    let route = (targets.filter { $0.interface == interface }.map(\.sensor), interface)
    routes[bus] = route
    return route
  }
}
