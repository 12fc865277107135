/// Where something stands in a text that a person wrote: a configuration file or a `--set` argument.
///
/// Lines and columns count from 1; a column is one Unicode scalar, so "é" typed as one code point is one.
public struct SourcePosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The path as given on the command line, or `--set` with the key path that was set.
  public var file: String
  public var line: Int
  public var column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Of values that no one wrote: defaults and nodes made in code.
  public static let nowhere = SourcePosition(file: "", line: 0, column: 0)

  public static func < (a: SourcePosition, b: SourcePosition) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }

  public var description: String { "\(file):\(line):\(column)" }
}
