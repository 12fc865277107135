/// The way from a configuration's root to one of its values: `sensors.front_lidar.rate_hz`.
///
/// Problems print it and `--set` reads it. A list's element is named by its own "name" or by its index from
/// 0: `chains[0].period_ms`, which may also be written `chains.0.period_ms`. A key with other characters
/// than letters, digits, `_` and `-` stands in brackets: `topics["a.b"]`.
public struct SettingPath: Hashable, Sendable, CustomStringConvertible {
  public enum Part: Hashable, Sendable {
    case key(String)
    case index(Int)
  }

  public var parts: [Part]

  public init(_ parts: [Part] = []) { self.parts = parts }

  public func appending(_ key: String) -> SettingPath { SettingPath(parts + [.key(key)]) }
  public func appending(_ index: Int) -> SettingPath { SettingPath(parts + [.index(index)]) }

  public var description: String {
    var text = ""
    for part in parts {
      switch part {
      case .index(let index): text += "[\(index)]"
      case .key(let key) where Self.isPlain(key): text += text.isEmpty ? key : ".\(key)"
      case .key(let key): text += "[\(quoted(key))]"
      }
    }
    return text
  }

  static func isPlain(_ key: String) -> Bool {
    !key.isEmpty && key.utf8.count <= 64 && key.utf8.allSatisfy(\.isNameByte)
  }
}

extension UInt8 {
  /// ASCII letters, digits, `_` and `-`.
  var isNameByte: Bool { isLetter || isDigit || self == UInt8(ascii: "_") || self == UInt8(ascii: "-") }
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  var isLetter: Bool {
    let lowered = self | 0x20
    return lowered >= UInt8(ascii: "a") && lowered <= UInt8(ascii: "z")
  }
}

/// A text in JSON's quotes for a problem's message, cut after 60 characters.
///
/// Control and format characters are escaped, so that a hostile text cannot steer or reorder a terminal.
func quoted(_ text: String) -> String {
  let shown = text.unicodeScalars.prefix(60)
  let isCut = shown.endIndex != text.unicodeScalars.endIndex
  var writer = JSONWriter(.compact)
  writer.value(String(shown) + (isCut ? "…" : ""))
  var safe = ""
  for scalar in writer.text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        safe += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      }
    default: safe.unicodeScalars.append(scalar)
    }
  }
  return safe
}
