import FusionPipeline

/// Which columns of which CSV files are a record sensor's numbers.
///
///     "import": { "tables": [
///       { "file": "imu_accelerometer.csv", "time": "t", "columns": [
///         { "field": "acceleration_x_m_s2", "column": "fwd" },
///         { "field": "acceleration_y_m_s2", "column": "right", "scale": -1 } ] } ] }
///
/// Every row of the first table becomes a sample; the others are looked up at its instant.
struct RecordImportSettings {
  struct Column {
    var field: Int
    var name: String
    var scale: Double
    var offset: Double
  }
  struct Table {
    var file: String
    var timeColumn: String
    var nanosecondsPerUnit: Double
    var interpolates: Bool
    var toleranceNanoseconds: Int64
    var columns: [Column]
  }
  var tables: [Table]

  static func section(fields: [String]) -> Section {
    let column = Section(
      "column", doc: "One number of the record.",
      fields: [
        .choice("field", fields, doc: "Which number."),
        .string("column", length: 1...128, doc: "The file's column, by its heading."),
        .number("scale", default: 1, doc: "Multiplies the file's number: −1 turns an axis."),
        .number("offset", default: 0, doc: "Added after scaling, in the field's unit."),
      ])
    let table = Section(
      "table", doc: "A CSV file with a heading.",
      fields: [
        .string("file", length: 1...255, doc: "Its name in the folder that is imported."),
        .string(
          "time", length: 1...128, default: "t", doc: "The column of the instants; they never go back."),
        .choice("time_unit", ["s", "ms", "us", "ns"], default: "s", doc: "Their unit."),
        .choice(
          "join", ["nearest", "interpolate"], default: "interpolate",
          doc: "How a table behind the first is looked up at the first one's instants."),
        .number(
          "tolerance_ms", unit: "ms", range: 0...10_000, default: 5,
          doc: "A nearest row further away is none; rows four times as far apart are not interpolated."),
        .list("columns", of: .section(column), count: 1...16, uniqueKey: "field", doc: "The numbers it has."),
      ])
    return Section(
      "import", doc: "Which columns of which CSV files are this sensor's numbers.",
      fields: [
        .list(
          "tables", of: .section(table), count: 1...8, uniqueKey: "file",
          doc: "Every row of the first becomes a sample; the others are looked up at its instant.")
      ])
  }

  /// - Parameter fields: the record's, in its order.
  init(_ settings: Settings, fields: [String]) {
    tables = settings.sections("tables").map { table in
      let unit: Double =
        switch table.string("time_unit") {
        case "ns": 1
        case "us": 1e3
        case "ms": 1e6
        default: 1e9
        }
      return Table(
        file: table.string("file"), timeColumn: table.string("time"), nanosecondsPerUnit: unit,
        interpolates: table.string("join") == "interpolate",
        toleranceNanoseconds: .milliseconds(table.number("tolerance_ms")),
        columns: table.sections("columns").map { column in
          Column(
            field: fields.firstIndex(of: column.string("field")) ?? 0, name: column.string("column"),
            scale: column.number("scale"), offset: column.number("offset"))
        })
    }
  }
}
