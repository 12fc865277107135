/// Builds JSON text member by member, in the order of the calls: reports, schemas, effective configurations.
///
///     var writer = JSONWriter(.pretty)
///     writer.object {
///       $0.member("frames", 12)
///       $0.object("misses") { $0.member("count", 0) }
///       $0.array("ids") { $0.value(7) }
///     }
///
/// Doubles are the shortest text that reads back to the same bits; JSON knows no NaN and no infinity, so
/// those become null. Members are not checked for repeated names. Off the frame's path: it allocates.
public struct JSONWriter: Sendable {
  public enum Style: Sendable {
    /// No space at all, one line.
    case compact
    /// Two spaces a level; an array whose first element is no container stays on one line.
    case pretty
  }

  private enum Layout { case inline, lines }

  private let style: Style
  private var output: [UInt8] = []
  private var layouts: [Layout] = []
  private var isFirst = true
  private var hasKey = false

  public init(_ style: Style = .pretty) { self.style = style }

  /// What was written so far.
  public var text: String { String(decoding: output, as: UTF8.self) }
  /// The same in UTF-8.
  public var bytes: [UInt8] { output }

  // MARK: Values

  public mutating func null() { scalar("null") }

  public mutating func value<T: JSONWritable>(_ value: T) { value.write(to: &self) }

  public mutating func object(_ body: (inout JSONWriter) -> Void) { container("{", "}", body) }

  public mutating func array(_ body: (inout JSONWriter) -> Void) { container("[", "]", body) }

  // MARK: Members of an object

  public mutating func member<T: JSONWritable>(_ name: String, _ value: T) {
    key(name)
    value.write(to: &self)
  }

  public mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
    key(name)
    object(body)
  }

  public mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
    key(name)
    array(body)
  }

  /// Starts a member; exactly one value follows.
  public mutating func key(_ name: String) {
    precondition(!hasKey, "a key without a value")
    separate(isContainer: false)
    quote(name)
    output.append(UInt8(ascii: ":"))
    if style == .pretty { output.append(0x20) }
    hasKey = true
  }

  // MARK: Text

  mutating func scalar(_ text: String) {
    startValue(isContainer: false)
    output.append(contentsOf: text.utf8)
  }

  mutating func string(_ text: String) {
    startValue(isContainer: false)
    quote(text)
  }

  private mutating func container(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ body: (inout JSONWriter) -> Void
  ) {
    startValue(isContainer: true)
    output.append(UInt8(ascii: opening))
    layouts.append(opening == "{" && style == .pretty ? .lines : .inline)
    isFirst = true
    body(&self)
    precondition(!hasKey, "a key without a value")
    let layout = layouts.removeLast()
    if layout == .lines, !isFirst { newLine() }
    output.append(UInt8(ascii: closing))
    isFirst = false
  }

  private mutating func startValue(isContainer: Bool) {
    if hasKey { hasKey = false } else { separate(isContainer: isContainer) }
  }

  private mutating func separate(isContainer: Bool) {
    guard let layout = layouts.last else { return }
    if isFirst, isContainer, style == .pretty { layouts[layouts.count - 1] = .lines }
    if !isFirst {
      output.append(UInt8(ascii: ","))
      if style == .pretty, layout == .inline { output.append(0x20) }
    }
    if layouts.last == .lines { newLine() }
    isFirst = false
  }

  private mutating func newLine() {
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: layouts.count * 2))
  }

  private mutating func quote(_ text: String) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        output.append(UInt8(ascii: "\\"))
        output.append(byte)
      case 0x08: output.append(contentsOf: "\\b".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0C: output.append(contentsOf: "\\f".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0..<0x20:
        output.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8)
        output.append(contentsOf: String(byte, radix: 16).utf8)
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}

/// What `JSONWriter` can write as one value.
public protocol JSONWritable {
  func write(to writer: inout JSONWriter)
}

extension Bool: JSONWritable {
  public func write(to writer: inout JSONWriter) { writer.scalar(self ? "true" : "false") }
}

extension BinaryInteger where Self: JSONWritable {
  public func write(to writer: inout JSONWriter) { writer.scalar(String(self)) }
}
extension Int: JSONWritable {}
extension Int32: JSONWritable {}
extension Int64: JSONWritable {}
extension UInt8: JSONWritable {}
extension UInt16: JSONWritable {}
extension UInt32: JSONWritable {}
extension UInt64: JSONWritable {}

extension Double: JSONWritable {
  public func write(to writer: inout JSONWriter) {
    if isFinite { writer.scalar(description) } else { writer.null() }
  }
}

extension String: JSONWritable {
  public func write(to writer: inout JSONWriter) { writer.string(self) }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
  /// nil is null.
  public func write(to writer: inout JSONWriter) {
    if let wrapped = self { wrapped.write(to: &writer) } else { writer.null() }
  }
}

extension Array: JSONWritable where Element: JSONWritable {
  public func write(to writer: inout JSONWriter) {
    writer.array { for element in self { element.write(to: &$0) } }
  }
}

extension JSONNode: JSONWritable {
  public func write(to writer: inout JSONWriter) {
    switch value {
    case .null: writer.null()
    case .boolean(let flag): writer.value(flag)
    case .integer(let number): writer.value(number)
    case .number(let number): writer.value(number)
    case .string(let text): writer.value(text)
    case .array(let elements): writer.value(elements)
    case .object(let members):
      writer.object { for member in members { $0.member(member.name, member.node) } }
    }
  }

  /// The value as JSON text; positions are not kept.
  public func jsonText(_ style: JSONWriter.Style = .compact) -> String {
    var writer = JSONWriter(style)
    writer.value(self)
    return writer.text
  }
}
