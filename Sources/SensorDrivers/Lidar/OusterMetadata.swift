/// What an Ouster says of itself: the layout of its packets and where its beams point.
///
/// Source: Ouster Sensor Documentation, sensor metadata.
public struct OusterMetadata: Sendable, Equatable {
  public var profile = OusterProfile.legacy
  public var columnsPerFrame = 1024
  public var columnsPerPacket = 16
  public var pixelsPerColumn = 64
  /// First and last column sent; the first may be greater, then the window passes column 0.
  public var columnWindow: ClosedWindow = ClosedWindow(first: 0, last: 1023)
  /// Degrees, row 0 first.
  public var beamAltitudeAngles: [Double] = []
  public var beamAzimuthAngles: [Double] = []
  /// Columns that bring each row's pixels above one another in an image; not needed for points.
  public var pixelShiftByRow: [Int] = []
  public var lidarOriginToBeamOriginMillimetres = 0.0
  /// `sensorFromLidar`, row by row, translation in millimetres.
  public var lidarToSensorTransform: [Double] = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 36.18, 0, 0, 0, 1]

  public struct ClosedWindow: Sendable, Equatable {
    public var first: Int
    public var last: Int
    public init(first: Int, last: Int) {
      self.first = first
      self.last = last
    }

    func contains(_ column: Int) -> Bool {
      first <= last ? column >= first && column <= last : column >= first || column <= last
    }
  }

  public init() {}

  /// What is wrong and where, or nil when a decoder can be made of it.
  var problem: String? {
    if !(1...8192).contains(columnsPerFrame) {
      return "columns_per_frame is \(columnsPerFrame); a sensor has 512, 1024, 2048 or 4096"
    }
    if !(1...columnsPerFrame).contains(columnsPerPacket) {
      return "columns_per_packet is \(columnsPerPacket); give 1 to \(columnsPerFrame), usually 16"
    }
    if !(1...512).contains(pixelsPerColumn) {
      return "pixels_per_column is \(pixelsPerColumn); a sensor has 16, 32, 64 or 128"
    }
    let columns = 0..<columnsPerFrame
    if !columns.contains(columnWindow.first) || !columns.contains(columnWindow.last) {
      return
        "column_window [\(columnWindow.first), \(columnWindow.last)] lies outside 0…\(columnsPerFrame - 1)"
    }
    for (name, angles) in [
      ("beam_altitude_angles", beamAltitudeAngles), ("beam_azimuth_angles", beamAzimuthAngles),
    ] {
      if angles.count != pixelsPerColumn {
        return "\(name) has \(angles.count) entries; pixels_per_column asks for \(pixelsPerColumn)"
      }
      if !angles.allSatisfy({ abs($0) <= 360 }) { return "\(name) holds an angle outside ±360°" }
    }
    if lidarToSensorTransform.count != 16 {
      return
        "lidar_to_sensor_transform has \(lidarToSensorTransform.count) entries; give the 16 of a 4x4 matrix"
    }
    if !lidarToSensorTransform.allSatisfy({ abs($0) <= 1e6 })
      || !(abs(lidarOriginToBeamOriginMillimetres) <= 1e6)
    {
      return "lidar_to_sensor_transform or lidar_origin_to_beam_origin_mm is not a finite, sensible length"
    }
    return nil
  }
}

/// A metadata that no decoder can be made of; the message says where and what to do.
public struct OusterMetadataError: Error, Sendable, Equatable {
  public var message: String
}
