import FusionPipeline

/// The 64 bytes before every image: what the driver said of it, little-endian, ours to define.
///
/// ```
///  0 u32 magic "FCAM"     16 u32 height       32 u32 V4L2 buffer flags   40 i64 device stamp, ns
///  4 u16 version (1)      20 u32 strideBytes  36 u8  clock               48 u64 zero
///  6 u16 header bytes     24 u32 imageBytes   37 u8  stamp source        56 u64 zero
///  8 u32 four-character   28 u32 driver       38 u16 zero
/// 12 u32 width               sequence
/// ```
/// Header and image are what is recorded and what a replay decodes again. A later version may use the zero
/// bytes; a reader of this version refuses a version it does not know.
public struct CameraPacketHeader: BitwiseCopyable, Sendable, Equatable {
  public static let byteCount = 64
  /// "FCAM" in the order of the bytes.
  public static let magic: UInt32 = 0x4D41_4346
  public static let version: UInt16 = 1

  /// Which clock the device stamp is of; V4L2_BUF_FLAG_TIMESTAMP_*.
  public enum Clock: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case unknown = 0
    case monotonic = 1
    /// Copied from a program's output buffer; the clock is that program's affair.
    case copy = 2
  }

  /// Which instant the device stamp names; V4L2_BUF_FLAG_TSTAMP_SRC_*.
  public enum StampSource: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case endOfFrame = 0
    case startOfExposure = 1
  }

  public var fourCC: UInt32
  public var width: UInt32
  public var height: UInt32
  public var strideBytes: UInt32
  /// Bytes of the image behind the header.
  public var imageBytes: UInt32
  /// The driver's frame counter; wraps at 2^32.
  public var driverSequence: UInt32
  /// `v4l2_buffer.flags` as the driver gave them.
  public var driverFlags: UInt32
  public var clock: Clock
  public var stampSource: StampSource
  public var deviceNanoseconds: Int64

  /// V4L2_BUF_FLAG_ERROR: the driver thinks that the image is damaged.
  public static let errorFlag: UInt32 = 0x40

  public init(
    format: CameraFormat, driverSequence: UInt32, driverFlags: UInt32 = 0, clock: Clock,
    stampSource: StampSource, deviceNanoseconds: Int64
  ) {
    fourCC = format.pixels.rawValue
    width = format.width
    height = format.height
    strideBytes = UInt32(format.strideBytes)
    imageBytes = UInt32(format.imageBytes)
    self.driverSequence = driverSequence
    self.driverFlags = driverFlags
    self.clock = clock
    self.stampSource = stampSource
    self.deviceNanoseconds = deviceNanoseconds
  }

  /// Whether the bytes are long enough and begin with the magic; the rest may still be wrong.
  public static func begins(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= byteCount && bytes.littleEndian(0, as: UInt32.self) == magic
  }

  /// Nil for another version, an unknown clock or stamp source, or a reserved byte that is not zero.
  public init?(_ bytes: RawSpan) {
    guard Self.begins(bytes),
      bytes.littleEndian(4, as: UInt16.self) == Self.version,
      bytes.littleEndian(6, as: UInt16.self) == UInt16(Self.byteCount),
      let clock = Clock(rawValue: bytes.byte(36)),
      let source = StampSource(rawValue: bytes.byte(37)),
      bytes.littleEndian(38, as: UInt16.self) == 0,
      bytes.littleEndian(48, as: UInt64.self) == 0,
      bytes.littleEndian(56, as: UInt64.self) == 0
    else { return nil }
    fourCC = bytes.littleEndian(8)
    width = bytes.littleEndian(12)
    height = bytes.littleEndian(16)
    strideBytes = bytes.littleEndian(20)
    imageBytes = bytes.littleEndian(24)
    driverSequence = bytes.littleEndian(28)
    driverFlags = bytes.littleEndian(32)
    self.clock = clock
    stampSource = source
    deviceNanoseconds = bytes.littleEndian(40)
  }

  /// Writes the 64 bytes; false, and nothing written, where the buffer is shorter.
  @discardableResult public func write(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard buffer.count >= Self.byteCount else { return false }
    func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
      unsafe buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }
    put(Self.magic, at: 0)
    put(Self.version, at: 4)
    put(UInt16(Self.byteCount), at: 6)
    put(fourCC, at: 8)
    put(width, at: 12)
    put(height, at: 16)
    put(strideBytes, at: 20)
    put(imageBytes, at: 24)
    put(driverSequence, at: 28)
    put(driverFlags, at: 32)
    put(clock.rawValue, at: 36)
    put(stampSource.rawValue, at: 37)
    put(UInt16(0), at: 38)
    put(deviceNanoseconds, at: 40)
    put(UInt64(0), at: 48)
    put(UInt64(0), at: 56)
    return true
  }

  /// Whether this is an image of exactly that layout and size, with packed rows.
  public func describes(_ format: CameraFormat) -> Bool {
    fourCC == format.pixels.rawValue && width == format.width && height == format.height
      && Int(strideBytes) == format.strideBytes && Int(imageBytes) == format.imageBytes
  }
}
