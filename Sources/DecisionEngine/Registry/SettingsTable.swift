import FusionPipeline

/// Ties the numbers of a settings struct to configuration keys: declared once, with the struct's own
/// defaults, for reading and for the schema.
struct SettingsTable<Target: Sendable>: Sendable {
  enum Row: Sendable {
    case number(String, String?, ClosedRange<Double>, WritableKeyPath<Target, Double> & Sendable, String)
    case integer(String, ClosedRange<Int>, WritableKeyPath<Target, Int> & Sendable, String)
    case boolean(String, WritableKeyPath<Target, Bool> & Sendable, String)
  }
  let standard: Target
  let rows: [Row]

  var fields: [Field] {
    rows.map { row in
      switch row {
      case .number(let key, let unit, let range, let path, let doc):
        .number(key, unit: unit, range: range, default: standard[keyPath: path], doc: doc)
      case .integer(let key, let range, let path, let doc):
        .integer(key, range: range, default: standard[keyPath: path], doc: doc)
      case .boolean(let key, let path, let doc): .boolean(key, default: standard[keyPath: path], doc: doc)
      }
    }
  }

  func read(_ settings: Settings) -> Target {
    var target = standard
    for row in rows {
      switch row {
      case .number(let key, _, _, let path, _): target[keyPath: path] = settings.number(key)
      case .integer(let key, _, let path, _): target[keyPath: path] = settings.integer(key)
      case .boolean(let key, let path, _): target[keyPath: path] = settings.boolean(key)
      }
    }
    return target
  }
}
