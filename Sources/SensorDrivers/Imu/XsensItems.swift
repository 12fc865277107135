import FusionPipeline

/// Which items a message carried.
public struct XsensItems: OptionSet, BitwiseCopyable, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let temperature = XsensItems(rawValue: 1 << 0)
  public static let utcTime = XsensItems(rawValue: 1 << 1)
  public static let packetCounter = XsensItems(rawValue: 1 << 2)
  public static let sampleTimeFine = XsensItems(rawValue: 1 << 3)
  public static let sampleTimeCoarse = XsensItems(rawValue: 1 << 4)
  public static let quaternion = XsensItems(rawValue: 1 << 5)
  public static let rotationMatrix = XsensItems(rawValue: 1 << 6)
  public static let eulerAngles = XsensItems(rawValue: 1 << 7)
  public static let pressure = XsensItems(rawValue: 1 << 8)
  public static let deltaV = XsensItems(rawValue: 1 << 9)
  public static let acceleration = XsensItems(rawValue: 1 << 10)
  public static let freeAcceleration = XsensItems(rawValue: 1 << 11)
  public static let accelerationHighRate = XsensItems(rawValue: 1 << 12)
  public static let altitudeEllipsoid = XsensItems(rawValue: 1 << 13)
  public static let positionECEF = XsensItems(rawValue: 1 << 14)
  public static let latitudeLongitude = XsensItems(rawValue: 1 << 15)
  public static let gnss = XsensItems(rawValue: 1 << 16)
  public static let rateOfTurn = XsensItems(rawValue: 1 << 17)
  public static let deltaQ = XsensItems(rawValue: 1 << 18)
  public static let rateOfTurnHighRate = XsensItems(rawValue: 1 << 19)
  public static let magneticField = XsensItems(rawValue: 1 << 20)
  public static let velocity = XsensItems(rawValue: 1 << 21)
  public static let statusByte = XsensItems(rawValue: 1 << 22)
  public static let statusWord = XsensItems(rawValue: 1 << 23)
}

/// The lowest four bits of an item's identifier: how its numbers are written and in which axes.
public struct XsensFormat: BitwiseCopyable, Sendable, Equatable {
  public enum Precision: UInt8, Sendable {
    case float32 = 0
    /// 12 bits whole, 20 bits fraction.
    case fixed1220 = 1
    /// 16 bits whole, 32 bits fraction; the fraction comes first.
    case fixed1632 = 2
    case float64 = 3
  }
  public enum Axes: UInt8, Sendable {
    case eastNorthUp = 0
    case northEastDown = 1
    case northWestUp = 2
  }

  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue & 0xF }

  public var precision: Precision { Precision(rawValue: rawValue & 3) ?? .float32 }
  /// Nil for the one code that has no meaning.
  public var axes: Axes? { Axes(rawValue: rawValue >> 2) }

  var bytes: Int {
    switch precision {
    case .float32, .fixed1220: 4
    case .fixed1632: 6
    case .float64: 8
    }
  }

  func number(_ bytes: RawSpan, at offset: Int) -> Double {
    switch precision {
    case .float32: return Double(Float(bitPattern: bytes.bigEndian(offset, as: UInt32.self)))
    case .fixed1220: return Double(bytes.bigEndian(offset, as: Int32.self)) / 1_048_576
    case .fixed1632:
      let fraction = Int64(bytes.bigEndian(offset, as: UInt32.self))
      let whole = Int64(bytes.bigEndian(offset &+ 4, as: Int16.self))
      return Double(whole << 32 | fraction) / 4_294_967_296
    case .float64: return Double(bitPattern: bytes.bigEndian(offset, as: UInt64.self))
    }
  }
}

/// Up to three numbers of one item and how they were written; NaN where the item has fewer or did not come.
public struct XsensVector: BitwiseCopyable, Sendable {
  public var x = Double.nan
  public var y = Double.nan
  public var z = Double.nan
  public var format = XsensFormat(rawValue: 0)
  public init() {}

  /// Nil where the length does not fit or a number is not finite.
  init?(_ content: RawSpan, _ format: XsensFormat, count: Int) {
    guard content.byteCount == count &* format.bytes, format.axes != nil else { return nil }
    self.format = format
    x = format.number(content, at: 0)
    if count > 1 { y = format.number(content, at: format.bytes) }
    if count > 2 { z = format.number(content, at: 2 &* format.bytes) }
    guard x.isFinite, count < 2 || y.isFinite, count < 3 || z.isFinite else { return nil }
  }
}

/// A quaternion, real part first.
public struct XsensQuaternion: BitwiseCopyable, Sendable {
  public var w = Double.nan
  public var x = Double.nan
  public var y = Double.nan
  public var z = Double.nan
  public var format = XsensFormat(rawValue: 0)
  public init() {}

  /// Nil where the length does not fit or a number is not finite.
  init?(_ content: RawSpan, _ format: XsensFormat) {
    guard content.byteCount == 4 &* format.bytes, format.axes != nil else { return nil }
    self.format = format
    w = format.number(content, at: 0)
    x = format.number(content, at: format.bytes)
    y = format.number(content, at: 2 &* format.bytes)
    z = format.number(content, at: 3 &* format.bytes)
    guard w.isFinite, x.isFinite, y.isFinite, z.isFinite else { return nil }
  }
}

/// Coordinated universal time of a sample.
public struct XsensUTC: BitwiseCopyable, Sendable, Equatable {
  public var nanosecond: UInt32 = 0
  public var year: UInt16 = 0
  public var month: UInt8 = 0
  public var day: UInt8 = 0
  public var hour: UInt8 = 0
  public var minute: UInt8 = 0
  public var second: UInt8 = 0
  /// Bit 0 the date is valid, bit 1 the time of day, bit 2 fully resolved.
  public var flags: UInt8 = 0
  public init() {}

  /// Nanoseconds since 1970, leap seconds not counted; nil where the device does not vouch for it.
  public var nanosecondsSince1970: Int64? {
    guard flags & 3 == 3, (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(day),
      hour < 24, minute < 60, second <= 60, nanosecond < 1_000_000_000
    else { return nil }
    // Days of the civil calendar, counted from years that begin in March so that the leap day comes last.
    let y = Int64(year) - (month <= 2 ? 1 : 0)
    let era = y / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * ((Int64(month) + 9) % 12) + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let seconds = ((days * 24 + Int64(hour)) * 60 + Int64(minute)) * 60 + Int64(second)
    return seconds * 1_000_000_000 + Int64(nanosecond)
  }
}

/// The receiver's solution as a u-blox gives it (its NAV-PVT), in its own integer units.
public struct XsensGNSS: BitwiseCopyable, Sendable, Equatable {
  public var itowMilliseconds: UInt32 = 0
  public var year: UInt16 = 0
  public var month: UInt8 = 0
  public var day: UInt8 = 0
  public var hour: UInt8 = 0
  public var minute: UInt8 = 0
  public var second: UInt8 = 0
  public var valid: UInt8 = 0
  public var timeAccuracyNanoseconds: UInt32 = 0
  public var nanosecond: Int32 = 0
  public var fixType: UInt8 = 0
  public var flags: UInt8 = 0
  public var satellites: UInt8 = 0
  public var reserved: UInt8 = 0
  /// 1e-7 degrees.
  public var longitude: Int32 = 0
  public var latitude: Int32 = 0
  public var heightMillimetres: Int32 = 0
  public var heightAboveSeaMillimetres: Int32 = 0
  public var horizontalAccuracyMillimetres: UInt32 = 0
  public var verticalAccuracyMillimetres: UInt32 = 0
  /// Millimetres a second.
  public var velocityNorth: Int32 = 0
  public var velocityEast: Int32 = 0
  public var velocityDown: Int32 = 0
  public var groundSpeed: Int32 = 0
  /// 1e-5 degrees.
  public var headingOfMotion: Int32 = 0
  public var speedAccuracy: UInt32 = 0
  public var headingAccuracy: UInt32 = 0
  public var headingOfVehicle: Int32 = 0
  /// Dilutions of precision in hundredths: geometric, position, time, vertical, horizontal, north, east.
  public var dilutions = SIMD8<UInt16>()
  public init() {}
}
