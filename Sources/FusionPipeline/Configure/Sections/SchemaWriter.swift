/// Writes a section's declaration as a JSON Schema (draft 2020-12), for editors and other programs.
///
/// It accepts what the reader accepts but for what no schema can say: values of a `uniqueKey` that repeat,
/// and keys that repeat within an object. Units are in "x-unit". Nested sections stand in "$defs" under
/// their names.
public struct SchemaWriter {
  private var definitions: [(name: String, shape: Shape, schema: JSONNode)] = []

  /// - Parameter identifier: the schema's "$id", a URI.
  public static func schema(of section: Section, identifier: String? = nil) -> JSONNode {
    var writer = SchemaWriter()
    var members: [(String, JSONNode)] = [
      ("$schema", text("https://json-schema.org/draft/2020-12/schema"))
    ]
    if let identifier { members.append(("$id", text(identifier))) }
    members.append(("title", text(section.name)))
    members += writer.object(section, tag: nil)
    if !writer.definitions.isEmpty {
      members.append(("$defs", object(writer.definitions.map { ($0.name, $0.schema) })))
    }
    return object(members)
  }

  private mutating func object(_ section: Section, tag: String?) -> [(String, JSONNode)] {
    var properties: [(String, JSONNode)] = []
    var required: [JSONNode] = []
    if let tag {
      properties.append((tag, Self.object([("const", Self.text(section.name))])))
      required.append(Self.text(tag))
    }
    for field in section.fields {
      var members = schema(field.shape)
      if !field.doc.isEmpty {
        members.removeAll { $0.0 == "description" }
        members.insert(("description", Self.text(field.doc)), at: 0)
      }
      switch field.presence {
      case .required: required.append(Self.text(field.key))
      case .optional: break
      case .standard(let standard): members.append(("default", Self.plainNumbers(standard)))
      }
      properties.append((field.key, Self.object(members)))
    }
    properties.append((SectionReader.commentKey, Self.comment))
    return [
      ("description", Self.text(section.doc)), ("type", Self.text("object")),
      ("properties", Self.object(properties)), ("required", JSONNode(.array(required))),
      ("additionalProperties", JSONNode(.boolean(false))),
    ]
  }

  private mutating func schema(_ shape: Shape) -> [(String, JSONNode)] {
    switch shape {
    case .boolean: return [("type", Self.text("boolean"))]
    case .integer(let range, let unit):
      return [
        ("type", Self.text("integer")), ("minimum", Self.integer(range.lowerBound)),
        ("maximum", Self.integer(range.upperBound)),
      ] + Self.unit(unit)
    case .number(let range, let unit): return Self.number(range, unit)
    case .string(let length):
      return [
        ("type", Self.text("string")), ("minLength", Self.integer(length.lowerBound)),
        ("maxLength", Self.integer(length.upperBound)),
      ]
    case .name: return [("type", Self.text("string")), ("pattern", Self.text(Shape.namePattern))]
    case .path:
      return [("type", Self.text("string")), ("pattern", Self.text("^[^\\u0000]+$"))]
    case .choice(let choices): return [("enum", JSONNode(.array(choices.map(Self.text))))]
    case .vector(let count, let range, let unit):
      return [
        ("type", Self.text("array")), ("items", Self.object(Self.number(range, nil))),
        ("minItems", Self.integer(count)), ("maxItems", Self.integer(count)),
      ] + Self.unit(unit)
    case .section(let section): return reference(section.name, shape)
    case .union(let union): return reference(union.name, shape)
    case .list(let element, let count, _):
      return [
        ("type", Self.text("array")), ("items", Self.object(schema(element))),
        ("minItems", Self.integer(count.lowerBound)), ("maxItems", Self.integer(count.upperBound)),
      ]
    case .dictionary(let element, let count): return dictionary(element, count)
    }
  }

  private mutating func dictionary(
    _ element: Shape, _ count: ClosedRange<Int>
  ) -> [(String, JSONNode)] {
    // The comment is no entry, so an object with one may have one property more.
    let entries = Self.object([
      ("minProperties", Self.integer(count.lowerBound)),
      ("maxProperties", Self.integer(count.upperBound)),
    ])
    let withComment = Self.object([
      ("required", JSONNode(.array([Self.text(SectionReader.commentKey)]))),
      ("minProperties", Self.integer(count.lowerBound &+ 1)),
      ("maxProperties", Self.integer(count.upperBound == .max ? .max : count.upperBound + 1)),
    ])
    let isCommented = Self.object([
      ("required", JSONNode(.array([Self.text(SectionReader.commentKey)])))
    ])
    return [
      ("type", Self.text("object")),
      ("properties", Self.object([(SectionReader.commentKey, Self.comment)])),
      ("propertyNames", Self.object([("pattern", Self.text(Shape.namePattern))])),
      ("additionalProperties", Self.object(schema(element))),
      ("if", isCommented), ("then", withComment), ("else", entries),
    ]
  }

  /// Defines a nested section once and refers to it.
  private mutating func reference(_ wanted: String, _ shape: Shape) -> [(String, JSONNode)] {
    if let known = definitions.first(where: { $0.shape == shape }) {
      return [("$ref", Self.text("#/$defs/\(known.name)"))]
    }
    let schema: JSONNode
    switch shape {
    case .section(let section): schema = Self.object(object(section, tag: nil))
    case .union(let union):
      let variants = union.variants.map { Self.object(object(union.complete($0), tag: union.tag)) }
      schema = Self.object([
        ("description", Self.text(union.doc)), ("type", Self.text("object")),
        ("required", JSONNode(.array([Self.text(union.tag)]))), ("oneOf", JSONNode(.array(variants))),
      ])
    default: preconditionFailure("only sections and unions are defined by name")
    }
    let base = String(decoding: wanted.utf8.map { $0.isNameByte ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    var name = base
    var number = 2
    while definitions.contains(where: { $0.name == name }) {
      name = "\(base)-\(number)"
      number += 1
    }
    definitions.append((name, shape, schema))
    return [("$ref", Self.text("#/$defs/\(name)"))]
  }

  // MARK: Pieces

  private static let comment = object([
    ("description", text("For people; ignored.")), ("type", text("string")),
  ])

  private static func text(_ text: String) -> JSONNode { JSONNode(.string(text)) }
  private static func integer(_ number: Int) -> JSONNode { JSONNode(.integer(Int64(number))) }
  private static func unit(_ unit: String?) -> [(String, JSONNode)] {
    unit.map { [("x-unit", text($0))] } ?? []
  }

  private static func number(
    _ range: ClosedRange<Double>, _ unit: String?
  ) -> [(String, JSONNode)] {
    var members = [("type", text("number"))]
    if range.lowerBound.isFinite {
      members.append(("minimum", plainNumbers(JSONNode(.number(range.lowerBound)))))
    }
    if range.upperBound.isFinite {
      members.append(("maximum", plainNumbers(JSONNode(.number(range.upperBound)))))
    }
    return members + Self.unit(unit)
  }

  private static func object(_ members: [(String, JSONNode)]) -> JSONNode {
    JSONNode(.object(members.map { JSONMember($0.0, $0.1) }))
  }

  /// Whole doubles as integers: 50 rather than 50.0.
  private static func plainNumbers(_ node: JSONNode) -> JSONNode {
    switch node.value {
    case .number(let number):
      guard abs(number) < 1e15, let integer = Int64(exactly: number) else { return node }
      return JSONNode(.integer(integer))
    case .array(let elements): return JSONNode(.array(elements.map(plainNumbers)))
    default: return node
    }
  }
}
