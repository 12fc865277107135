import FusionPipeline

extension Importer {
  /// pcap and pcapng: datagrams to sensors with a `udp` link, SocketCAN frames to those with a `can` link.
  ///
  /// A datagram goes to every sensor whose link has its destination port, and its sender where one is named.
  public static var networkCapture: Importer {
    Importer(
      "pcap", accepts: { accepts($0) },
      open: { source, sensors in
        let packets = try NetworkCapturePackets(source, sensors)
        return ImportedPackets(packets: packets, remarks: { packets.remarks }, cutAt: { packets.cutAt })
      })
  }

  private static func accepts(_ source: String) -> Bool {
    if ImportSource.hasSuffix(source, [".pcap", ".pcapng", ".cap"]) { return true }
    // A compressed file is taken only to be refused with the command that unpacks it.
    if ImportSource.unpackTool(source) != nil { return true }
    let first = ImportSource.firstBytes(source)
    guard first.count >= 4 else { return false }
    let magic = first.u32(0, bigEndian: false)
    return magic == PcapngReader.sectionHeader || PcapReader.format(magic: magic) != nil
  }
}

/// Hands on a capture's network packets and keeps its CAN frames aside, in their order.
final class CANSeparation: CaptureReader {
  private let capture: any CaptureReader
  private(set) var frames: [CapturedPacket] = []
  private var given = 0
  /// Frames kept while no datagram comes; more are given up and counted.
  static let mostKept = 65_536
  private(set) var givenUp = 0

  init(_ capture: any CaptureReader) { self.capture = capture }
  var counters: CaptureCounters { capture.counters }

  func next() throws(CaptureFailure) -> CapturedPacket? {
    while let packet = try capture.next() {
      guard packet.link == .socketCAN else { return packet }
      if frames.count < Self.mostKept { frames.append(packet) } else { givenUp += 1 }
    }
    return nil
  }

  func takeFrame() -> CapturedPacket? {
    guard given < frames.count else {
      frames.removeAll(keepingCapacity: true)
      given = 0
      return nil
    }
    given += 1
    return frames[given - 1]
  }
}

/// A network capture's packets for the configured sensors.
///
/// Memory: a datagram, and the fragments of those that are incomplete.
final class NetworkCapturePackets: PacketSource {
  private struct UDPTarget {
    var sensor: UInt16
    var port: UInt16
    var sender: IPv4Address?
  }
  private struct CANTarget {
    var sensor: UInt16
    var bus: UInt8?
  }

  private let direct: (any CaptureReader)?
  private let separation: CANSeparation
  private let datagrams: DatagramReader
  private var udp: [UDPTarget] = []
  private var can: [CANTarget] = []
  private var pending: [RecordedPacket] = []
  private var waiting: UDPDatagram?
  private var order = ArrivalOrder()
  private var unfitting = UnfittingCount()
  private(set) var cutAt: String?
  private var isOver = false

  init(_ source: String, _ sensors: [ImportTarget]) throws {
    do throws(CaptureFailure) {
      let first = try CaptureFile.open(source)
      let isCAN = try first.next()?.link == .socketCAN
      // Without networks in between, frames need not be kept aside.
      direct = isCAN && first is PcapReader ? try CaptureFile.open(source) : nil
      separation = CANSeparation(try CaptureFile.open(source))
    } catch { throw ReplayFailure(error.message) }
    datagrams = DatagramReader(separation)
    for sensor in sensors {
      if let link = sensor.link("udp") {
        let sender = link.optionalString("sender")
        let address = sender.flatMap(IPv4Address.init)
        if let sender, address == nil {
          throw link.problem("sender", "\"\(sender)\" is no IPv4 address", hint: "as 192.168.1.201")
        }
        udp.append(
          UDPTarget(sensor: sensor.number, port: UInt16(clamping: link.integer("port")), sender: address))
      } else if let link = sensor.link("can") {
        can.append(CANTarget(sensor: sensor.number, bus: CANBus.number(of: link.string("interface"))))
      }
    }
    // One bus only: its capture needs no interface numbers to be told apart.
    if Set(can.map(\.bus)).count == 1 { for index in can.indices { can[index].bus = nil } }
  }

  var remarks: [String] {
    var remarks = unfitting.remarks + order.remarks
    let counters = datagrams.counters
    for (count, what) in [
      (counters.cut, "packets were kept only in part by the capture"),
      (counters.damagedIP + counters.damagedTransport + counters.damagedLink, "packets were damaged"),
      (counters.incompleteDatagrams, "datagrams lacked fragments"),
      (counters.ipv6, "packets are IPv6, which no sensor here uses"),
      (UInt64(separation.givenUp), "CAN frames among network packets were too many to keep"),
    ] where count > 0 { remarks.append("\(count) \(what)") }
    if let cutAt { remarks.append(cutAt) }
    return remarks
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    while true {
      if let packet = pending.popLast() { return packet }
      if isOver { return nil }
      do throws(CaptureFailure) {
        try advance()
      } catch {
        guard error.kind == .truncated else { throw ReplayFailure(error.message) }
        // A capture that was interrupted ends like this; what is whole is still handed on.
        cutAt = error.message
        if direct != nil { isOver = true }
      }
    }
  }

  private func advance() throws(CaptureFailure) {
    if let direct {
      guard let packet = try direct.next() else {
        isOver = true
        return
      }
      route(frame: packet)
      return
    }
    if let frame = separation.takeFrame() {
      route(frame: frame)
      return
    }
    if let datagram = waiting {
      waiting = nil
      route(datagram)
      return
    }
    if cutAt == nil { waiting = try datagrams.next() }
    if waiting == nil, separation.frames.isEmpty { isOver = true }
  }

  private func route(_ datagram: UDPDatagram) {
    let arrival = order.stamp(datagram.realtimeNanoseconds)
    for target in udp.reversed() where target.port == datagram.destinationPort {
      if let sender = target.sender, sender != datagram.source { continue }
      pending.append(RecordedPacket(sensor: target.sensor, arrival: arrival, bytes: datagram.payload))
    }
    if pending.isEmpty {
      let isKnown = udp.contains { $0.port == datagram.destinationPort }
      let from = isKnown ? " from \(datagram.source)" : ""
      unfitting.add("datagrams to port \(datagram.destinationPort)\(from)")
    }
  }

  private func route(frame packet: CapturedPacket) {
    let bus = UInt8(clamping: packet.interface)
    let arrival = order.stamp(packet.realtimeNanoseconds)
    let frame =
      packet.link == .canRecord ? nil : unsafe CANFrame(socketCANCapture: packet.bytes.span.bytes, bus: bus)
    guard let frame else {
      unfitting.add("damaged CAN frames")
      return
    }
    for target in can.reversed() where target.bus == nil || target.bus == bus {
      pending.append(RecordedPacket(sensor: target.sensor, arrival: arrival, bytes: frame.encoded()))
    }
    if pending.isEmpty { unfitting.add("CAN frames of interface \(packet.interface)") }
  }
}
