// The words a section is declared with. A field without default is required; `.optional` lets it be missing.

extension Field {
  public static func boolean(_ key: String, default standard: Bool? = nil, doc: String) -> Field {
    Field(key, .boolean, standard: standard.map(JSONNode.Value.boolean), doc: doc)
  }

  public static func integer(
    _ key: String, unit: String? = nil, range: ClosedRange<Int> = .min ... .max,
    default standard: Int? = nil, doc: String
  ) -> Field {
    Field(
      key, .integer(range: range, unit: unit), standard: standard.map { .integer(Int64($0)) }, doc: doc)
  }

  /// A bound may be infinite: `0 ... .infinity`.
  public static func number(
    _ key: String, unit: String? = nil, range: ClosedRange<Double> = -.infinity ... .infinity,
    default standard: Double? = nil, doc: String
  ) -> Field {
    Field(key, .number(range: range, unit: unit), standard: standard.map(number), doc: doc)
  }

  /// `length` counts Unicode scalars.
  public static func string(
    _ key: String, length: ClosedRange<Int> = 0...4096, default standard: String? = nil, doc: String
  ) -> Field {
    Field(key, .string(length: length), standard: standard.map(JSONNode.Value.string), doc: doc)
  }

  /// What other parts of the configuration, `--set` and reports call this thing: letters, digits, `_`, `-`.
  public static func name(_ key: String = "name", doc: String) -> Field {
    Field(key, .name, standard: nil, doc: doc)
  }

  public static func path(_ key: String, default standard: String? = nil, doc: String) -> Field {
    Field(key, .path, standard: standard.map(JSONNode.Value.string), doc: doc)
  }

  public static func choice(
    _ key: String, _ choices: [String], default standard: String? = nil, doc: String
  ) -> Field {
    Field(key, .choice(choices), standard: standard.map(JSONNode.Value.string), doc: doc)
  }

  /// One of an enumeration's raw values; read it with `settings.choice(key, as: Choice.self)`.
  public static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: Choice.Type, default standard: Choice? = nil, doc: String
  ) -> Field {
    choice(key, type.allCases.map(\.rawValue), default: standard?.rawValue, doc: doc)
  }

  /// Exactly `count` numbers, as `[x, y, z]`.
  public static func vector(
    _ key: String, _ count: Int, unit: String? = nil,
    range: ClosedRange<Double> = -.infinity ... .infinity, default standard: [Double]? = nil, doc: String
  ) -> Field {
    Field(
      key, .vector(count: count, range: range, unit: unit),
      standard: standard.map { .array($0.map { JSONNode(number($0)) }) }, doc: doc)
  }

  /// A nested object. It may be missing when nothing in it is required: then all its defaults hold.
  public static func section(_ key: String, _ section: Section) -> Field {
    let shape = Shape.section(section)
    return Field(key, shape, standard: shape.emptyStandard, doc: section.doc)
  }

  /// A nested object whose tag picks its section.
  public static func union(_ key: String, _ union: Union) -> Field {
    Field(key, .union(union), standard: nil, doc: union.doc)
  }

  /// It may be missing when `count` allows none. `uniqueKey` is a key whose values must differ, as "name".
  public static func list(
    _ key: String, of element: Shape, count: ClosedRange<Int> = 0...4096, uniqueKey: String? = nil,
    doc: String
  ) -> Field {
    let shape = Shape.list(of: element, count: count, uniqueKey: uniqueKey)
    return Field(key, shape, standard: shape.emptyStandard, doc: doc)
  }

  /// An object whose keys the user chooses. It may be missing when `count` allows none.
  public static func dictionary(
    _ key: String, of element: Shape, count: ClosedRange<Int> = 0...4096, doc: String
  ) -> Field {
    let shape = Shape.dictionary(of: element, count: count)
    return Field(key, shape, standard: shape.emptyStandard, doc: doc)
  }

  private static func number(_ number: Double) -> JSONNode.Value {
    .number(number)
  }
}
