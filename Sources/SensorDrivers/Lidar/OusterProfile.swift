import FusionPipeline

/// How an Ouster lays a lidar packet out. Source: Ouster Sensor Documentation, "Lidar Data Packet Format".
public enum OusterProfile: String, Sendable, CaseIterable {
  case legacy = "LEGACY"
  case single = "RNG19_RFL8_SIG16_NIR16"
  case dual = "RNG19_RFL8_SIG16_NIR16_DUAL"
  case lowBandwidth = "RNG15_RFL8_NIR8"

  var isLegacy: Bool { self == .legacy }
  var packetHeaderBytes: Int { isLegacy ? 0 : 32 }
  var packetFooterBytes: Int { isLegacy ? 0 : 32 }
  var columnHeaderBytes: Int { isLegacy ? 16 : 12 }
  var columnFooterBytes: Int { isLegacy ? 4 : 0 }
  var returns: Int { self == .dual ? 2 : 1 }

  var pixelBytes: Int {
    switch self {
    case .legacy, .single: 12
    case .dual: 16
    case .lowBandwidth: 4
    }
  }

  /// Where a field lies in a pixel, or nil where the profile does not carry it.
  public func placement(of field: OusterField) -> OusterFieldPlacement? {
    switch (self, field) {
    case (.legacy, .range): .init(offset: 0, bytes: 4, mask: 0xF_FFFF)
    case (.legacy, .flags): .init(offset: 3, bytes: 1, mask: 0xF0, shift: 4)
    case (.legacy, .reflectivity), (.single, .reflectivity): .init(offset: 4, bytes: 1)
    case (.legacy, .signal), (.single, .signal): .init(offset: 6, bytes: 2)
    case (.legacy, .nearInfrared), (.single, .nearInfrared): .init(offset: 8, bytes: 2)
    case (.single, .range), (.dual, .range): .init(offset: 0, bytes: 4, mask: 0x7_FFFF)
    case (.single, .flags), (.dual, .flags): .init(offset: 2, bytes: 1, mask: 0xF8, shift: 3)
    case (.dual, .reflectivity): .init(offset: 3, bytes: 1)
    case (.dual, .range2): .init(offset: 4, bytes: 4, mask: 0x7_FFFF)
    case (.dual, .flags2): .init(offset: 6, bytes: 1, mask: 0xF8, shift: 3)
    case (.dual, .reflectivity2): .init(offset: 7, bytes: 1)
    case (.dual, .signal): .init(offset: 8, bytes: 2)
    case (.dual, .signal2): .init(offset: 10, bytes: 2)
    case (.dual, .nearInfrared): .init(offset: 12, bytes: 2)
    // The low-bandwidth range counts 8 mm, its infrared sixteenths of the full scale.
    case (.lowBandwidth, .range): .init(offset: 0, bytes: 2, mask: 0x7FFF, shift: -3)
    case (.lowBandwidth, .flags): .init(offset: 1, bytes: 1, mask: 0x80, shift: 7)
    case (.lowBandwidth, .reflectivity): .init(offset: 2, bytes: 1)
    case (.lowBandwidth, .nearInfrared): .init(offset: 3, bytes: 1, shift: -4)
    default: nil
    }
  }
}

/// What a pixel says.
public enum OusterField: String, Sendable, CaseIterable {
  /// Millimetres, 0 for no return.
  case range = "RANGE"
  case range2 = "RANGE2"
  case signal = "SIGNAL"
  case signal2 = "SIGNAL2"
  case reflectivity = "REFLECTIVITY"
  case reflectivity2 = "REFLECTIVITY2"
  case nearInfrared = "NEAR_IR"
  case flags = "FLAGS"
  case flags2 = "FLAGS2"
}

/// A field's bytes in a pixel: little-endian, then masked, then shifted right (left where negative).
public struct OusterFieldPlacement: Sendable, Equatable {
  public var offset: Int
  public var bytes: Int
  public var mask: UInt32
  public var shift: Int

  init(offset: Int, bytes: Int, mask: UInt32 = .max, shift: Int = 0) {
    self.offset = offset
    self.bytes = bytes
    self.mask = mask
    self.shift = shift
  }

  /// The value in the pixel that starts at `pixel`; the caller has checked the packet's length.
  @inline(__always) func value(in packet: RawSpan, pixel: Int) -> UInt32 {
    let at = pixel &+ offset
    let raw: UInt32
    switch bytes {
    case 1: raw = UInt32(packet.byte(at))
    case 2: raw = UInt32(packet.littleEndian(at, as: UInt16.self))
    default: raw = packet.littleEndian(at, as: UInt32.self)
    }
    return shift < 0 ? (raw & mask) << UInt32(-shift) : (raw & mask) >> UInt32(shift)
  }
}
