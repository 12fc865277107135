/// One field of a record in the log: fixed width, little-endian.
public struct RecordField: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case u8, u16, u32, u64, i32, i64, f64
    /// The rest of the record as bytes.
    case bytes
    /// The rest of the record: as many repetitions of `RecordLayout.repeated` as the count before says.
    case repeated

    var size: Int {
      switch self {
      case .u8: 1
      case .u16: 2
      case .u32, .i32: 4
      case .u64, .i64, .f64: 8
      case .bytes, .repeated: 0
      }
    }
  }
  public var name: String
  public var kind: Kind
  public var unit: String

  public init(_ name: String, _ kind: Kind, unit: String = "") {
    self.name = name
    self.kind = kind
    self.unit = unit
  }
}

/// The one table a topic's schema text is generated from; fields are only ever appended.
public struct RecordLayout: Sendable, Equatable {
  public var name: String
  public var version: Int
  public var fields: [RecordField]
  /// The fields of each repetition of a `repeated` tail.
  public var repeated: [RecordField]

  public init(_ name: String, version: Int, _ fields: [RecordField], repeated: [RecordField] = []) {
    self.name = name
    self.version = version
    self.fields = fields
    self.repeated = repeated
  }

  /// Bytes of the fixed part, and of one repetition.
  public var fixedSize: Int { fields.reduce(0) { $0 + $1.kind.size } }
  public var repeatedSize: Int { repeated.reduce(0) { $0 + $1.kind.size } }

  /// The encoding's name in the log's schema record.
  public static let encoding = "fusion-layout"

  /// One line a field: offset, type, name, unit.
  public var schemaText: String {
    var text = "# \(name) v\(version), little-endian, packed: offset type name [unit]\n"
    text += Self.lines(fields, indent: "")
    if !repeated.isEmpty { text += "repeated\n" + Self.lines(repeated, indent: "  ") }
    return text
  }

  private static func lines(_ fields: [RecordField], indent: String) -> String {
    var text = ""
    var offset = 0
    for field in fields {
      let unit = field.unit.isEmpty ? "" : " [\(field.unit)]"
      text += "\(indent)\(offset) \(field.kind.rawValue) \(field.name)\(unit)\n"
      offset += field.kind.size
    }
    return text
  }
}

/// Builds one record in memory that was allocated before; what does not fit is refused as a whole.
@safe public final class TopicBuffer {
  private let bytes: UnsafeMutableRawPointer
  private let capacity: Int
  private var length = 0
  /// What was appended did not fit: there is no record.
  public private(set) var hasOverflowed = false

  public init(capacity: Int) {
    self.capacity = capacity
    unsafe bytes = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { unsafe bytes.deallocate() }

  public func clear() {
    length = 0
    hasOverflowed = false
  }

  public func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    let size = MemoryLayout<T>.size
    guard length + size <= capacity else {
      hasOverflowed = true
      return
    }
    unsafe bytes.storeBytes(of: value.littleEndian, toByteOffset: length, as: T.self)
    length += size
  }

  public func append(_ value: Double) { append(value.bitPattern) }
  public func append(_ stamp: Stamp) { append(stamp.nanoseconds) }

  public func append(_ source: UnsafeRawBufferPointer) {
    guard let base = source.baseAddress else { return }
    guard length + source.count <= capacity else {
      hasOverflowed = true
      return
    }
    unsafe (bytes + length).copyMemory(from: base, byteCount: source.count)
    length += source.count
  }

  /// The record, or nothing when it did not fit.
  public var contents: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: bytes, count: hasOverflowed ? 0 : length)
  }
}

/// Reads a record front to back; after the end every read gives zero and `isShort` says so.
public struct TopicReader {
  public let bytes: [UInt8]
  public private(set) var position = 0
  public private(set) var isShort = false

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public mutating func next<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) -> T {
    let size = MemoryLayout<T>.size
    guard position <= bytes.count - size else {
      isShort = true
      return 0
    }
    defer { position += size }
    return unsafe bytes.span.bytes.littleEndian(position, as: T.self)
  }

  public mutating func nextDouble() -> Double { Double(bitPattern: next(UInt64.self)) }
  public mutating func nextStamp() -> Stamp { Stamp(nanoseconds: next(Int64.self)) }
  public var remaining: Int { bytes.count - position }
}
