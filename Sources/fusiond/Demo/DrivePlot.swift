import FusionPipeline

/// The drive as a picture: speed, gap and brake over time, and where the milliseconds went (SVG).
enum DrivePlot {
  private static let width = 900.0
  private static let panelHeight = 150.0

  static func write(_ history: [DemoVehicle.Moment], _ report: RunReport, to path: String, _ program: Program) throws {
    let end = max(history.last?.seconds ?? 1, 1)
    var svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(width))\" height=\"560\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    svg += panel(0, "speed (m/s) and brake (0…1, red)", history, end, top: 20) { $0.speed }
    svg += curve(0, history, end, top: 1, colour: "#c0392b") { $0.brake }
    svg += panel(1, "gap to the one ahead (m)", history, end, top: 80) { min($0.gap, 80) }
    svg += ledger(report)
    svg += "</svg>\n"
    try program.writeText(svg, to: path)
  }

  private static func panel(
    _ index: Int, _ title: String, _ history: [DemoVehicle.Moment], _ end: Double, top: Double,
    _ value: (DemoVehicle.Moment) -> Double
  ) -> String {
    let y = 20 + Double(index) * (panelHeight + 40)
    var svg = "<text x=\"60\" y=\"\(Format.fixed(y - 4, 1))\">\(title)</text>\n"
    for step in 0...4 {
      let line = y + panelHeight * Double(step) / 4
      svg += "<line x1=\"60\" x2=\"880\" y1=\"\(Format.fixed(line, 1))\" y2=\"\(Format.fixed(line, 1))\" stroke=\"#ddd\"/>\n"
      svg += "<text x=\"54\" y=\"\(Format.fixed(line + 4, 1))\" text-anchor=\"end\">\(Format.fixed(top * Double(4 - step) / 4, 0))</text>\n"
    }
    for second in stride(from: 0.0, through: end, by: max((end / 10).rounded(), 1)) {
      svg += "<text x=\"\(Format.fixed(60 + 820 * second / end, 1))\" y=\"\(Format.fixed(y + panelHeight + 14, 1))\" text-anchor=\"middle\">\(Int(second)) s</text>\n"
    }
    return svg + curve(index, history, end, top: top, colour: "#2471a3", value)
  }

  private static func curve(
    _ index: Int, _ history: [DemoVehicle.Moment], _ end: Double, top: Double, colour: String,
    _ value: (DemoVehicle.Moment) -> Double
  ) -> String {
    let y = 20 + Double(index) * (panelHeight + 40)
    let points = history.map { moment in
      let share = min(max(value(moment) / top, 0), 1)
      return "\(Format.fixed(60 + 820 * moment.seconds / end, 1)),\(Format.fixed(y + panelHeight * (1 - share), 1))"
    }
    return "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" points=\"\(points.joined(separator: " "))\"/>\n"
  }

  /// The mean ledger as one bar from capture to the last send.
  private static func ledger(_ report: RunReport) -> String {
    let count = Double(max(report.books.latency.count, 1))
    var parts = LedgerPart.allCases.filter { $0 != .stage && $0 != .unattributed }.map {
      ($0.rawValue, Double(report.books.partSums[$0] ?? 0) / count)
    }
    let stages = (report.books.stageNames.enumerated().map { index, name in
      (name, Double(report.books.stageTimes[index].quantile(0.5)))
    })
    parts.insert(contentsOf: stages, at: min(5, parts.count))
    let total = max(parts.reduce(0) { $0 + $1.1 }, 1)
    var svg = "<text x=\"60\" y=\"410\">where the time from capture to the last send goes (mean, total \(Format.fixed(total / 1e6, 2)) ms of 50)</text>\n"
    let colours = ["#1b4f72", "#2874a6", "#5dade2", "#aed6f1", "#7d6608", "#b7950b", "#f4d03f", "#145a32", "#229954", "#7dcea0", "#641e16", "#c0392b", "#e6b0aa", "#4a235a"]
    var x = 60.0
    for (index, part) in parts.enumerated() {
      let size = 820 * part.1 / total
      let colour = colours[index % colours.count]
      svg += "<rect x=\"\(Format.fixed(x, 1))\" y=\"420\" width=\"\(Format.fixed(size, 1))\" height=\"30\" fill=\"\(colour)\"/>\n"
      let column = Double(index % 4) * 210 + 60
      let row = 475 + Double(index / 4) * 20
      svg += "<rect x=\"\(Format.fixed(column, 1))\" y=\"\(Format.fixed(row - 10, 1))\" width=\"10\" height=\"10\" fill=\"\(colour)\"/><text x=\"\(Format.fixed(column + 15, 1))\" y=\"\(Format.fixed(row, 1))\">\(part.0) \(Format.fixed(part.1 / 1e6, 3)) ms</text>\n"
      x += size
    }
    return svg
  }
}
