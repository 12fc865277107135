import FusionPipeline

/// What one MTData2 message says; SI but for what the device gives in degrees (Euler angles, latitude,
/// longitude) and its own units (GNSS).
///
/// Source: Xsens MT Low-Level Communication Protocol, section 4.3 (MTData2).
public struct XsensMessage: BitwiseCopyable, Sendable {
  public var items: XsensItems = []
  /// Items of an identifier that this reader does not know, skipped by their length.
  public var unknownItems: UInt16 = 0
  public var packetCounter: UInt16 = 0
  /// Steps of 100 µs.
  public var sampleTimeFine: UInt32 = 0
  /// Seconds.
  public var sampleTimeCoarse: UInt32 = 0
  public var utcTime = XsensUTC()
  public var statusByte: UInt8 = 0
  public var statusWord: UInt32 = 0
  public var temperatureCelsius = XsensVector()
  public var pressurePascal: UInt32 = 0
  public var quaternion = XsensQuaternion()
  public var rotationMatrix = InlineArray<9, Double>(repeating: .nan)
  public var eulerAnglesDegrees = XsensVector()
  public var deltaV = XsensVector()
  public var acceleration = XsensVector()
  public var freeAcceleration = XsensVector()
  public var accelerationHighRate = XsensVector()
  public var altitudeEllipsoidMetres = XsensVector()
  public var positionECEFMetres = XsensVector()
  public var latitudeLongitudeDegrees = XsensVector()
  public var gnss = XsensGNSS()
  public var rateOfTurn = XsensVector()
  public var deltaQ = XsensQuaternion()
  public var rateOfTurnHighRate = XsensVector()
  /// In units of the field where the unit was calibrated.
  public var magneticField = XsensVector()
  public var velocity = XsensVector()

  public init() {}

  /// Reads a message's data; nil where an item's length does not fit its kind, passes the end, or a number is
  /// not finite.
  public init?(data: RawSpan) {
    self.init()
    var at = 0
    while at < data.byteCount {
      guard data.byteCount &- at >= 3 else { return nil }
      let identifier: UInt16 = data.bigEndian(at)
      let length = Int(data.byte(at &+ 2))
      guard data.byteCount &- at &- 3 >= length else { return nil }
      let content = data.extracting((at &+ 3)..<(at &+ 3 &+ length))
      guard read(identifier, content) else { return nil }
      at &+= 3 &+ length
    }
  }

  /// False where the content does not fit the identifier.
  private mutating func read(_ identifier: UInt16, _ content: RawSpan) -> Bool {
    let format = XsensFormat(rawValue: UInt8(truncatingIfNeeded: identifier & 0xF))
    // Bits 8 to 10 of a group's identifier are not used.
    switch identifier & 0xF8F0 {
    case 0x0810:
      return Self.keep(XsensVector(content, format, count: 1), in: &temperatureCelsius, .temperature, &items)
    case 0x1010: return readUTC(content)
    case 0x1020: return Self.keep(Self.integer(content), in: &packetCounter, .packetCounter, &items)
    case 0x1060: return Self.keep(Self.integer(content), in: &sampleTimeFine, .sampleTimeFine, &items)
    case 0x1070: return Self.keep(Self.integer(content), in: &sampleTimeCoarse, .sampleTimeCoarse, &items)
    case 0x2010: return Self.keep(XsensQuaternion(content, format), in: &quaternion, .quaternion, &items)
    case 0x2020: return readMatrix(content, format)
    case 0x2030:
      return Self.keep(XsensVector(content, format, count: 3), in: &eulerAnglesDegrees, .eulerAngles, &items)
    case 0x3010: return Self.keep(Self.integer(content), in: &pressurePascal, .pressure, &items)
    case 0x4010: return Self.keep(XsensVector(content, format, count: 3), in: &deltaV, .deltaV, &items)
    case 0x4020:
      return Self.keep(XsensVector(content, format, count: 3), in: &acceleration, .acceleration, &items)
    case 0x4030:
      return Self.keep(
        XsensVector(content, format, count: 3), in: &freeAcceleration, .freeAcceleration, &items)
    case 0x4040:
      return Self.keep(
        XsensVector(content, format, count: 3), in: &accelerationHighRate, .accelerationHighRate, &items)
    case 0x5020:
      return Self.keep(
        XsensVector(content, format, count: 1), in: &altitudeEllipsoidMetres, .altitudeEllipsoid, &items)
    case 0x5030:
      return Self.keep(XsensVector(content, format, count: 3), in: &positionECEFMetres, .positionECEF, &items)
    case 0x5040:
      return Self.keep(
        XsensVector(content, format, count: 2), in: &latitudeLongitudeDegrees, .latitudeLongitude, &items)
    case 0x7010: return readGNSS(content)
    case 0x8020:
      return Self.keep(XsensVector(content, format, count: 3), in: &rateOfTurn, .rateOfTurn, &items)
    case 0x8030: return Self.keep(XsensQuaternion(content, format), in: &deltaQ, .deltaQ, &items)
    case 0x8040:
      return Self.keep(
        XsensVector(content, format, count: 3), in: &rateOfTurnHighRate, .rateOfTurnHighRate, &items)
    case 0xC020:
      return Self.keep(XsensVector(content, format, count: 3), in: &magneticField, .magneticField, &items)
    case 0xD010: return Self.keep(XsensVector(content, format, count: 3), in: &velocity, .velocity, &items)
    case 0xE010: return Self.keep(Self.integer(content), in: &statusByte, .statusByte, &items)
    case 0xE020: return Self.keep(Self.integer(content), in: &statusWord, .statusWord, &items)
    default:
      unknownItems &+= 1
      return true
    }
  }
}

extension XsensMessage {
  private static func keep<T>(
    _ value: T?, in place: inout T, _ item: XsensItems, _ items: inout XsensItems
  ) -> Bool {
    guard let value else { return false }
    place = value
    items.insert(item)
    return true
  }

  private static func integer<T: FixedWidthInteger & BitwiseCopyable>(_ content: RawSpan) -> T? {
    content.byteCount == T.bitWidth / 8 ? content.bigEndian(0) : nil
  }

  private mutating func readMatrix(_ content: RawSpan, _ format: XsensFormat) -> Bool {
    guard content.byteCount == 9 &* format.bytes, format.axes != nil else { return false }
    for index in 0..<9 {
      let value = format.number(content, at: index &* format.bytes)
      guard value.isFinite else { return false }
      rotationMatrix[index] = value
    }
    items.insert(.rotationMatrix)
    return true
  }

  private mutating func readUTC(_ content: RawSpan) -> Bool {
    guard content.byteCount == 12 else { return false }
    utcTime.nanosecond = content.bigEndian(0)
    utcTime.year = content.bigEndian(4)
    utcTime.month = content.byte(6)
    utcTime.day = content.byte(7)
    utcTime.hour = content.byte(8)
    utcTime.minute = content.byte(9)
    utcTime.second = content.byte(10)
    utcTime.flags = content.byte(11)
    items.insert(.utcTime)
    return true
  }

  private mutating func readGNSS(_ content: RawSpan) -> Bool {
    guard content.byteCount == 94 else { return false }
    gnss.itowMilliseconds = content.bigEndian(0)
    gnss.year = content.bigEndian(4)
    gnss.month = content.byte(6)
    gnss.day = content.byte(7)
    gnss.hour = content.byte(8)
    gnss.minute = content.byte(9)
    gnss.second = content.byte(10)
    gnss.valid = content.byte(11)
    gnss.timeAccuracyNanoseconds = content.bigEndian(12)
    gnss.nanosecond = content.bigEndian(16)
    gnss.fixType = content.byte(20)
    gnss.flags = content.byte(21)
    gnss.satellites = content.byte(22)
    gnss.reserved = content.byte(23)
    gnss.longitude = content.bigEndian(24)
    gnss.latitude = content.bigEndian(28)
    gnss.heightMillimetres = content.bigEndian(32)
    gnss.heightAboveSeaMillimetres = content.bigEndian(36)
    gnss.horizontalAccuracyMillimetres = content.bigEndian(40)
    gnss.verticalAccuracyMillimetres = content.bigEndian(44)
    gnss.velocityNorth = content.bigEndian(48)
    gnss.velocityEast = content.bigEndian(52)
    gnss.velocityDown = content.bigEndian(56)
    gnss.groundSpeed = content.bigEndian(60)
    gnss.headingOfMotion = content.bigEndian(64)
    gnss.speedAccuracy = content.bigEndian(68)
    gnss.headingAccuracy = content.bigEndian(72)
    gnss.headingOfVehicle = content.bigEndian(76)
    for index in 0..<7 { gnss.dilutions[index] = content.bigEndian(80 &+ 2 &* index) }
    items.insert(.gnss)
    return true
  }
}
