import FusionPipeline

extension Importer {
  /// CSV files to sensors of the models imu-record and odometry-record, whose `import` names files and columns.
  ///
  /// The source is a folder of CSV files, or one file: then the sensors whose first table it is are imported,
  /// and their other tables are read from beside it.
  public static var csv: Importer {
    Importer(
      "csv",
      accepts: { source in
        if let entries = ImportSource.entries(of: source) {
          return entries.contains { ImportSource.hasSuffix($0, [".csv"]) }
        }
        return ImportSource.hasSuffix(source, [".csv"])
      },
      open: { source, sensors in
        let packets = try CSVPackets(source, sensors)
        return ImportedPackets(packets: packets, remarks: { packets.remarks })
      })
  }
}

/// The samples of CSV files as records, of all sensors in the order of their instants.
final class CSVPackets: PacketSource {
  private struct Stream {
    var sensor: UInt16
    var name: String
    var kind: UInt16
    var fieldCount: Int
    var primary: CSVRows
    var columns: [RecordImportSettings.Column]
    var lookups: [CSVLookup]
    var row: CSVRows.Row?
    var unmatched = 0
  }

  private var streams: [Stream] = []

  init(_ source: String, _ sensors: [ImportTarget]) throws {
    let isFolder = ImportSource.entries(of: source) != nil
    let folder = isFolder ? source + "/" : String(ImportSource.folder(of: source))
    var known: [String] = []
    for sensor in sensors {
      guard let (kind, fields) = Self.record(sensor.model) else { continue }
      guard let section = sensor.settings.optionalSection("import") else { continue }
      let settings = RecordImportSettings(section, fields: fields)
      known += settings.tables.map(\.file)
      guard isFolder || settings.tables[0].file == ImportSource.lastComponent(source) else { continue }
      var lookups: [CSVLookup] = []
      for table in settings.tables.dropFirst() { lookups.append(try CSVLookup(folder + table.file, table)) }
      let primary = try CSVRows(folder + settings.tables[0].file, settings.tables[0])
      streams.append(
        Stream(
          sensor: sensor.number, name: sensor.name, kind: kind, fieldCount: fields.count, primary: primary,
          columns: settings.tables[0].columns, lookups: lookups, row: try primary.next()))
    }
    guard !streams.isEmpty else {
      throw ReplayFailure(
        known.isEmpty
          ? "\(source): no sensor of model imu-record or odometry-record has an \"import\" that names columns"
          : "\(source): is no sensor's first table; the configuration names \(known.joined(separator: ", "))")
    }
  }

  private static func record(_ model: String) -> (kind: UInt16, fields: [String])? {
    switch model {
    case "imu-record": (ImuSample.recordKind, ImuSample.recordFields)
    case "odometry-record": (OdometrySample.recordKind, OdometrySample.recordFields)
    default: nil
    }
  }

  var remarks: [String] {
    streams.filter { $0.unmatched > 0 }.map {
      "\($0.unmatched) samples of \($0.name) lack the numbers of a table that has no row near enough"
    }
  }

  func next() throws(ReplayFailure) -> RecordedPacket? {
    var earliest: Int?
    for index in streams.indices {
      guard let row = streams[index].row else { continue }
      if let best = earliest, let other = streams[best].row, other.nanoseconds <= row.nanoseconds { continue }
      earliest = index
    }
    guard let index = earliest, let row = streams[index].row else { return nil }
    var numbers = [Double](repeating: .nan, count: streams[index].fieldCount)
    for (column, number) in zip(streams[index].columns, row.numbers) { numbers[column.field] = number }
    var isMatched = true
    for place in streams[index].lookups.indices {
      guard let found = try streams[index].lookups[place].numbers(at: row.nanoseconds) else {
        isMatched = false
        continue
      }
      for (column, number) in zip(streams[index].lookups[place].table.columns, found) {
        numbers[column.field] = number
      }
    }
    if !isMatched { streams[index].unmatched += 1 }
    streams[index].row = try streams[index].primary.next()
    let instant = Stamp(nanoseconds: row.nanoseconds)
    return RecordedPacket(
      sensor: streams[index].sensor, arrival: instant,
      bytes: SampleRecord.encoded(kind: streams[index].kind, device: instant, numbers: numbers))
  }
}
