import FusionPipeline

extension LinkKind {
  /// Datagrams of a UDP port.
  public static var udp: LinkKind {
    let section = Section(
      "udp", doc: "Datagrams of a UDP port.",
      fields: [
        .integer("port", range: 1...65535, doc: "The port it sends to."),
        .string(
          "address", length: 7...15, default: "0.0.0.0",
          doc: "This machine's address to listen on; 0.0.0.0: all."),
        .string("sender", length: 7...15, doc: "Packets from any other address are refused and counted.")
          .optional,
        .string("multicast_group", length: 7...15, doc: "Group to join.").optional,
        .integer(
          "receive_buffer_kib", unit: "KiB", range: 4...262_144, default: 4096,
          doc: "Asked of the kernel; what it grants is limited by net.core.rmem_max."),
      ])
    return LinkKind(section) { plan in
      let s = plan.settings
      let group = try address("multicast_group", s)
      if let group, !group.isMulticast {
        throw s.problem(
          "multicast_group", "\(group) is no multicast group", hint: "groups are 224.0.0.0 to 239.255.255.255"
        )
      }
      return UDPLink(
        UDPLinkOptions(
          address: try address("address", s) ?? .any, port: UInt16(clamping: s.integer("port")),
          sender: try address("sender", s), multicastGroup: group,
          receiveBufferBytes: s.integer("receive_buffer_kib") << 10), clock: plan.clock)
    }
  }

  /// A serial line.
  public static var serial: LinkKind {
    let section = Section(
      "serial", doc: "A serial line, 8N1.",
      fields: [
        .path(
          "device",
          doc: "As /dev/ttyUSB0, or better a name under /dev/serial/by-id/ that survives replugging."),
        .integer("baud", unit: "Bd", range: 1200...4_000_000, default: 115_200, doc: "The line's rate."),
        .boolean("low_latency", default: true, doc: "Asks the driver to hand on bytes at once."),
      ])
    return LinkKind(section) { plan in
      let baud = plan.settings.integer("baud")
      guard SerialLink.bauds.contains(baud) else {
        let rates = SerialLink.bauds.map(String.init).joined(separator: ", ")
        throw plan.settings.problem("baud", "no serial line has \(baud) baud", hint: "one of \(rates)")
      }
      return SerialLink(
        path: plan.settings.path("device"), baud: baud,
        wantsLowLatency: plan.settings.boolean("low_latency"), clock: plan.clock)
    }
  }

  /// A CAN bus.
  public static var can: LinkKind {
    let section = Section(
      "can", doc: "A CAN bus through SocketCAN; CAN FD where the interface has it.",
      fields: [
        .name("interface", doc: "As can0; `ip link show type can` lists them."),
        .integer(
          "bus", range: 0...255, doc: "The number its records carry; default: the interface's last digits."
        ).optional,
        .list(
          "identifiers", of: .integer(range: 0...0x1FFF_FFFF, unit: nil), count: 0...512,
          doc: "The kernel drops all other frames; none named: all pass. Above 2047 they are extended."),
      ])
    return LinkKind(section) { plan in
      let s = plan.settings
      let interface = s.string("interface")
      return CANLink(
        interface: interface,
        bus: s.optionalInteger("bus").map { UInt8(clamping: $0) } ?? CANBus.number(of: interface) ?? 0,
        identifiers: s.integers("identifiers").map {
          CANIdentifier(UInt32(clamping: $0), isExtended: $0 > 0x7FF)
        },
        clock: plan.clock)
    }
  }

  /// A V4L2 camera, opened in the format of its sensor.
  public static var v4l2: LinkKind {
    let control = Section(
      "control", doc: "A control that is set when the device is opened.",
      fields: [
        .integer("id", range: 0...0x7FFF_FFFF, doc: "As `v4l2-ctl --list-ctrls` shows it, in decimal."),
        .integer("value", range: Int(Int32.min)...Int(Int32.max), doc: "Its value."),
      ])
    let section = Section(
      "v4l2", doc: "A camera through V4L2; format, size and rate are the sensor's.",
      fields: [
        .path(
          "device", doc: "As /dev/video0, or better a name under /dev/v4l/by-id/ that survives replugging."),
        .integer("buffers", range: 2...32, default: 4, doc: "The driver's buffers."),
        .list(
          "controls", of: .section(control), count: 0...64,
          doc: "Exposure, gain: what the camera is not to choose."),
      ])
    return LinkKind(section) { plan in
      guard plan.sensor.variant == "camera" else {
        throw plan.settings.problem(
          "a v4l2 link brings images, but \(plan.sensorName) is a \(plan.sensor.variant)",
          hint: "give it another link, or the model camera")
      }
      let controls = plan.settings.sections("controls").map {
        CameraControl(id: UInt32(clamping: $0.integer("id")), value: Int32(clamping: $0.integer("value")))
      }
      return V4L2Link(
        V4L2LinkSettings(
          path: plan.settings.path("device"), format: try CameraFormat(configured: plan.sensor),
          rate: FrameRate(hertz: plan.sensor.number("rate_hz")), buffers: plan.settings.integer("buffers"),
          controls: controls), clock: plan.clock)
    }
  }

  /// A link that the embedding program made.
  public static var provided: LinkKind {
    let section = Section(
      "provided", doc: "A link that the embedding program made: a simulator's, a demo's.",
      fields: [.name("name", doc: "What that program calls it.")])
    return LinkKind(section) { plan in
      let name = plan.settings.string("name")
      if let link = plan.provided[name] { return link }
      let known = plan.provided.keys.sorted().joined(separator: ", ")
      throw plan.settings.problem(
        "name", "this program provides no link \"\(name)\"",
        hint: known.isEmpty
          ? "it provides none; give the sensor another kind of link" : "it provides: \(known)")
    }
  }

  private static func address(_ key: String, _ s: Settings) throws(ConfigurationProblem) -> IPv4Address? {
    guard let text = s.optionalString(key) else { return nil }
    guard let address = IPv4Address(text) else {
      throw s.problem(key, "\"\(text)\" is no IPv4 address", hint: "as 192.168.1.201")
    }
    return address
  }
}

/// What an interface's name says of its bus.
enum CANBus {
  /// The number at the name's end: can1 is bus 1; nil where there is none of a byte.
  static func number(of interface: String) -> UInt8? {
    let digits = interface.utf8.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return UInt8(String(decoding: digits.reversed(), as: UTF8.self))
  }
}

extension FrameRate {
  /// The nearest rate in thousandths of a frame.
  init(hertz: Double) {
    let whole = hertz.rounded()
    if whole == hertz {
      self.init(frames: UInt32(clamping: Int(min(max(whole, 1), 1e6))))
    } else {
      let thousandths = (min(max(hertz, 0.001), 1e6) * 1000).rounded()
      self.init(frames: UInt32(clamping: Int(thousandths)), seconds: 1000)
    }
  }
}
