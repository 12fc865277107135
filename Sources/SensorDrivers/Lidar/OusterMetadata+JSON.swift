import FusionPipeline

extension OusterMetadata {
  /// Reads a sensor's metadata, of firmware that nests it in sections as of older ones that keep it flat.
  ///
  /// What older firmware leaves out is filled in: the layout from `lidar_mode`, the beams' distance from the
  /// lidar's origin by product line. Throws the first problem with its place in the file.
  /// Source: Ouster Sensor Documentation, "Sensor Metadata".
  public init(json root: JSONNode) throws(ConfigurationProblem) {
    let reader = Reader(root: root)
    self.init()
    beamAltitudeAngles = try reader.numbers("beam_altitude_angles") ?? []
    beamAzimuthAngles = try reader.numbers("beam_azimuth_angles") ?? []
    let mode = try reader.columnsOfMode()
    columnsPerFrame = try reader.integer("columns_per_frame") ?? mode ?? columnsPerFrame
    columnsPerPacket = try reader.integer("columns_per_packet") ?? 16
    pixelsPerColumn = try reader.integer("pixels_per_column") ?? beamAltitudeAngles.count
    pixelShiftByRow = try reader.integers("pixel_shift_by_row") ?? []
    columnWindow = ClosedWindow(first: 0, last: columnsPerFrame &- 1)
    if let window = try reader.integers("column_window") {
      guard window.count == 2 else {
        throw reader.problem("column_window", "has \(window.count) entries", "give the first and last column")
      }
      columnWindow = ClosedWindow(first: window[0], last: window[1])
    }
    if let name = reader.node("udp_profile_lidar") {
      guard let known = name.text.flatMap(OusterProfile.init(rawValue:)) else {
        let all = OusterProfile.allCases.map(\.rawValue).joined(separator: ", ")
        throw reader.problem(
          "udp_profile_lidar", "is not a profile we read", "set the sensor to one of \(all)")
      }
      profile = known
    }
    let line = reader.node("prod_line")?.text ?? ""
    lidarOriginToBeamOriginMillimetres =
      try reader.number("lidar_origin_to_beam_origin_mm") ?? Self.usualBeamOriginMillimetres(line)
    if let transform = try reader.numbers("lidar_to_sensor_transform") { lidarToSensorTransform = transform }
    if let problem {
      throw ConfigurationProblem(
        at: root.position, keyPath: "", message: problem, hint: "save the metadata from the sensor again")
    }
  }

  private static func usualBeamOriginMillimetres(_ productLine: String) -> Double {
    if productLine.hasPrefix("OS-0-") { return 27.67 }
    if productLine.hasPrefix("OS-1-") { return 15.806 }
    if productLine.hasPrefix("OS-2-") { return 13.762 }
    return 12.163
  }
}

/// Finds a value by name, at the top or in the section where newer firmware keeps it.
private struct Reader {
  let root: JSONNode

  private static let sections = [
    "beam_intrinsics", "lidar_intrinsics", "lidar_data_format", "data_format", "config_params", "sensor_info",
  ]

  func node(_ name: String) -> JSONNode? {
    if let node = root[name] { return node }
    for section in Self.sections {
      if let node = root[section]?[name] { return node }
    }
    return nil
  }

  func problem(_ name: String, _ message: String, _ hint: String) -> ConfigurationProblem {
    ConfigurationProblem(
      at: node(name)?.position ?? root.position, keyPath: name, message: message, hint: hint)
  }

  private func number(_ node: JSONNode) -> Double? {
    switch node.value {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  func number(_ name: String) throws(ConfigurationProblem) -> Double? {
    guard let node = node(name) else { return nil }
    guard let value = number(node) else { throw problem(name, "is not a number", "write one") }
    return value
  }

  func integer(_ name: String) throws(ConfigurationProblem) -> Int? {
    guard let value = try number(name) else { return nil }
    guard let whole = Int(exactly: value) else { throw problem(name, "is not a whole number", "write one") }
    return whole
  }

  func numbers(_ name: String) throws(ConfigurationProblem) -> [Double]? {
    guard let node = node(name) else { return nil }
    guard case .array(let elements) = node.value else { throw problem(name, "is not a list", "write [ … ]") }
    var values: [Double] = []
    for element in elements {
      guard let value = number(element) else {
        throw ConfigurationProblem(
          at: element.position, keyPath: name, message: "holds something that is no number", hint: "write one"
        )
      }
      values.append(value)
    }
    return values
  }

  func integers(_ name: String) throws(ConfigurationProblem) -> [Int]? {
    guard let values = try numbers(name) else { return nil }
    var whole: [Int] = []
    for value in values {
      guard let integer = Int(exactly: value) else {
        throw problem(name, "holds \(value), which is no whole number", "write whole numbers")
      }
      whole.append(integer)
    }
    return whole
  }

  /// `lidar_mode` is columns by rate, as in 1024x10.
  func columnsOfMode() throws(ConfigurationProblem) -> Int? {
    guard let mode = node("lidar_mode")?.text else { return nil }
    guard let columns = mode.split(separator: "x").first.flatMap({ Int($0) }) else {
      throw problem("lidar_mode", "is \(mode)", "a mode reads like 1024x10")
    }
    return columns
  }
}
