extension Section {
  /// Reads a parsed configuration by this declaration.
  ///
  /// - Throws: every problem at once, one for each mistake.
  public func settings(from root: JSONNode) throws(Problems) -> Settings {
    var reader = SectionReader()
    let settings = reader.object(name, fields, tag: nil, root, SettingPath(), isGiven: true)
    guard let settings, reader.problems.isEmpty else { throw reader.problems }
    return settings
  }

  /// Parses a text, applies `--set` arguments in their order, and reads the result.
  ///
  /// - Parameters:
  ///   - file: what problems call the text.
  ///   - overrides: `path.to.key=value` each.
  /// - Throws: the syntax problem, or all wrong overrides, or every problem of the values.
  public func settings(
    parsing bytes: [UInt8], file: String, overrides: [String] = []
  ) throws(Problems) -> Settings {
    var problems = Problems()
    var root: JSONNode
    do { root = try JSONNode(parsing: bytes, file: file) } catch { throw Problems(error) }
    for text in overrides {
      do throws(ConfigurationProblem) {
        try root.apply(try SettingOverride(text), declaredBy: self)
      } catch {
        problems.add(error)
      }
    }
    // The values would be judged without what the user meant to set.
    if !problems.isEmpty { throw problems }
    return try settings(from: root)
  }

  public func settings(
    parsing text: String, file: String, overrides: [String] = []
  ) throws(Problems) -> Settings {
    try settings(parsing: Array(text.utf8), file: file, overrides: overrides)
  }
}

extension Union {
  /// Reads one object by the variant that its tag names.
  public func settings(from root: JSONNode) throws(Problems) -> Settings {
    var reader = SectionReader()
    let value = reader.read(.union(self), root, SettingPath(), isGiven: true)
    guard case .section(let settings) = value, reader.problems.isEmpty else { throw reader.problems }
    return settings
  }
}
