/// The declaration of a JSON object: which keys it may have and what each must be.
///
/// One declaration drives reading, checking, defaults and the JSON Schema. It is a value, so a driver brings
/// its own and a registry collects them:
///
///     public static let section = Section(
///       "velodyne-vlp16", doc: "Velodyne VLP-16 over UDP.",
///       fields: [
///         .integer("port", range: 1...65535, default: 2368, doc: "UDP port it sends to."),
///         .number("rate_hz", unit: "Hz", range: 5...20, default: 10, doc: "Rotations per second."),
///       ])
///
/// and after reading asks `settings.integer("port")`. Every object may have a "comment" string, which is
/// ignored; any other key that is not declared is a problem.
public struct Section: Hashable, Sendable {
  /// In the schema and in messages; as a union's variant, the value of the union's tag.
  public let name: String
  /// A sentence or two for people; becomes the schema's description.
  public let doc: String
  public let fields: [Field]

  /// Traps when two fields have the same key: a mistake in the program.
  public init(_ name: String, doc: String, fields: [Field]) {
    precondition(!name.isEmpty)
    precondition(Set(fields.map(\.key)).count == fields.count, "section \(name) declares a key twice")
    self.name = name
    self.doc = doc
    self.fields = fields
  }
}

/// The declaration of an object whose tag, a key such as "model" or "kind", picks the section it is read by.
public struct Union: Hashable, Sendable {
  public let name: String
  public let doc: String
  /// The key that names the variant.
  public let tag: String
  /// Fields of every variant, but those a variant declares anew, as for another default.
  public let common: [Field]
  public let variants: [Section]

  /// Traps on no variant, two of the same name, or a field called like the tag: mistakes in the program.
  public init(_ name: String, tag: String, doc: String, common: [Field] = [], variants: [Section]) {
    precondition(SettingPath.isPlain(tag) && tag != SectionReader.commentKey, "union \(name)'s tag is no key")
    precondition(!variants.isEmpty, "union \(name) has no variant")
    precondition(
      Set(variants.map(\.name)).count == variants.count, "union \(name) has two variants of one name")
    let keys = common.map(\.key) + variants.flatMap { $0.fields.map(\.key) }
    precondition(!keys.contains(tag), "union \(name) has a field called like its tag")
    self.name = name
    self.doc = doc
    self.tag = tag
    self.common = common
    self.variants = variants
  }

  /// A variant with the common fields before its own.
  func complete(_ variant: Section) -> Section {
    let own = Set(variant.fields.map(\.key))
    return Section(
      variant.name, doc: variant.doc, fields: common.filter { !own.contains($0.key) } + variant.fields)
  }

  /// The common fields that mean the same in every variant.
  var invariable: [Field] {
    let own = Set(variants.flatMap { $0.fields.map(\.key) })
    return common.filter { !own.contains($0.key) }
  }
}

/// One key of a section.
public struct Field: Hashable, Sendable {
  enum Presence: Hashable, Sendable {
    case required
    case optional
    /// Read in place of a missing value, by the same rules.
    case standard(JSONNode)
  }

  public let key: String
  public let doc: String
  let shape: Shape
  var presence: Presence

  /// Traps on a reserved key or a default that its own declaration refuses: mistakes in the program.
  init(_ key: String, _ shape: Shape, standard: JSONNode.Value?, doc: String) {
    precondition(SettingPath.isPlain(key), "a key is made of letters, digits, _ and -")
    precondition(key != SectionReader.commentKey, "every object has a \"comment\" already")
    self.key = key
    self.shape = shape
    self.doc = doc
    presence = .required
    guard let standard else { return }
    let node = JSONNode(standard)
    var reader = SectionReader()
    _ = reader.read(shape, node, SettingPath().appending(key), isGiven: false)
    precondition(reader.problems.isEmpty, "the default is refused: \(reader.problems)")
    presence = .standard(node)
  }

  /// The same field, which may be missing: read it with the `optional…` functions of `Settings`.
  public var optional: Field {
    var field = self
    field.presence = .optional
    return field
  }
}
