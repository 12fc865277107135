import FusionPipeline

/// Reads a CSV file row by row: an instant and the wanted numbers.
///
/// Fields are parted by commas and may stand in double quotes; an empty field or one that is no number is NaN.
/// Empty lines and lines that begin with `#` are passed over; the first other line is the heading.
/// Thread: one. Memory: a line.
final class CSVRows {
  struct Row {
    var nanoseconds: Int64
    /// In the order of the table's columns, scaled.
    var numbers: [Double]
  }

  let path: String
  private let file: CaptureBytes
  private let table: RecordImportSettings.Table
  private var time = 0
  private var places: [Int] = []
  private var line = 0
  private var last: Int64 = .min
  static let longestLine = 1 << 16

  init(_ path: String, _ table: RecordImportSettings.Table) throws(ReplayFailure) {
    self.path = path
    self.table = table
    do throws(CaptureFailure) {
      file = try CaptureBytes(path: path)
    } catch { throw ReplayFailure(error.message) }
    guard let heading = try nextFields() else {
      throw ReplayFailure("\(path): has no heading; give a CSV file with one")
    }
    time = try Self.place(of: table.timeColumn, in: heading, path)
    places = []
    for column in table.columns { places.append(try Self.place(of: column.name, in: heading, path)) }
  }

  private static func place(of name: String, in heading: [String], _ path: String) throws(ReplayFailure)
    -> Int
  {
    if let place = heading.firstIndex(of: name) { return place }
    throw ReplayFailure("\(path): has no column \"\(name)\"; its columns: \(heading.joined(separator: ", "))")
  }

  func next() throws(ReplayFailure) -> Row? {
    guard let fields = try nextFields() else { return nil }
    guard time < fields.count, let instant = nanoseconds(fields[time]) else {
      throw ReplayFailure(
        "\(path):\(line): column \"\(table.timeColumn)\" holds no instant; remove or correct the line")
    }
    guard instant >= last else {
      throw ReplayFailure(
        "\(path):\(line): lies before the line above it; sort the file by \"\(table.timeColumn)\"")
    }
    last = instant
    var numbers: [Double] = []
    numbers.reserveCapacity(places.count)
    for (index, place) in places.enumerated() {
      let raw = place < fields.count ? Double(fields[place]) ?? .nan : .nan
      let number = raw * table.columns[index].scale + table.columns[index].offset
      numbers.append(number.isFinite ? number : .nan)
    }
    return Row(nanoseconds: instant, numbers: numbers)
  }

  /// Whole numbers are kept exact: nanoseconds since 1970 do not fit a double.
  private func nanoseconds(_ text: String) -> Int64? {
    if let whole = Int64(text) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: Int64(table.nanosecondsPerUnit))
      return overflow ? nil : product
    }
    guard let number = Double(text) else { return nil }
    let product = (number * table.nanosecondsPerUnit).rounded()
    return abs(product) < 9e18 ? Int64(product) : nil
  }

  private func nextFields() throws(ReplayFailure) -> [String]? {
    while let text = try nextLine() {
      if text.isEmpty || text.first == UInt8(ascii: "#") { continue }
      return Self.fields(text)
    }
    return nil
  }

  private func nextLine() throws(ReplayFailure) -> [UInt8]? {
    do throws(CaptureFailure) {
      let size = min(try file.available(Self.longestLine), Self.longestLine)
      if size == 0 { return nil }
      line += 1
      var length = 0
      while length < size, file.byte(length) != UInt8(ascii: "\n") { length += 1 }
      guard length < Self.longestLine else {
        throw CaptureFailure(
          kind: .damaged, path: path, byteOffset: file.offset, packetsBefore: 0, line: line,
          message: "\(path):\(line): longer than \(Self.longestLine) bytes; this is no CSV file")
      }
      let bytes = file.copy(0..<length)
      file.skip(length + 1)
      return bytes.last == UInt8(ascii: "\r") ? Array(bytes.dropLast()) : bytes
    } catch { throw ReplayFailure(error.message) }
  }

  private static func fields(_ line: [UInt8]) -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    for byte in line {
      if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ","), !isQuoted {
        fields.append(trimmed(field))
        field.removeAll(keepingCapacity: true)
      } else {
        field.append(byte)
      }
    }
    fields.append(trimmed(field))
    return fields
  }

  private static func trimmed(_ bytes: [UInt8]) -> String {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let rest = bytes.drop(while: isBlank)
    let end = rest.lastIndex { !isBlank($0) }
    return end.map { String(decoding: rest[...$0], as: UTF8.self) } ?? ""
  }
}

/// A table behind the first one, looked up at instants that never go back.
///
/// Memory: two rows.
struct CSVLookup {
  let table: RecordImportSettings.Table
  private let rows: CSVRows
  private var before: CSVRows.Row?
  private var after: CSVRows.Row?

  init(_ path: String, _ table: RecordImportSettings.Table) throws(ReplayFailure) {
    self.table = table
    rows = try CSVRows(path, table)
    after = try rows.next()
  }

  /// The numbers at an instant, or nil where no row is near enough.
  mutating func numbers(at instant: Int64) throws(ReplayFailure) -> [Double]? {
    while let next = after, next.nanoseconds <= instant {
      before = next
      after = try rows.next()
    }
    let gapBefore = before.map { instant &- $0.nanoseconds } ?? .max
    let gapAfter = after.map { $0.nanoseconds &- instant } ?? .max
    let nearest = min(gapBefore, gapAfter)
    guard nearest <= table.toleranceNanoseconds else { return nil }
    if gapBefore == 0 { return before?.numbers }
    let (widest, overflow) = table.toleranceNanoseconds.multipliedReportingOverflow(by: 4)
    let isBridged = gapBefore != .max && gapAfter != .max && (overflow || gapBefore &+ gapAfter <= widest)
    if table.interpolates, isBridged, let before, let after {
      let share = Double(gapBefore) / Double(gapBefore &+ gapAfter)
      return zip(before.numbers, after.numbers).map { $0 + ($1 - $0) * share }
    }
    return gapBefore <= gapAfter ? before?.numbers : after?.numbers
  }
}
