import FusionPipeline

/// The drive as a picture: speed, gap and brake over time, and where the milliseconds went (SVG).
struct DrivePlot {
  private static let width = 960.0
  private static let left = 64.0
  private static let right = 940.0
  private static let panelHeight = 110.0
  private static let panelPitch = 160.0
  private static let firstPanel = 66.0
  private static let blue = "#1f5f99"
  private static let red = "#b03a2e"

  /// At most 2000 moments: a screen has no more columns.
  private let moments: [DemoVehicle.Moment]
  private let end: Double

  static func write(_ history: [DemoVehicle.Moment], _ report: RunReport, to path: String, _ program: Program)
    throws
  {
    try program.writeText(DrivePlot(history).picture(report), to: path)
  }

  private init(_ history: [DemoVehicle.Moment]) {
    let step = max(history.count / 2000, 1)
    moments = stride(from: 0, to: history.count, by: step).map { history[$0] }
    end = max(history.last?.seconds ?? 1, 1)
  }

  private func picture(_ report: RunReport) -> String {
    let reaction = report.books.reaction
    let title =
      "\(Format.fixed(report.seconds, 0)) s, \(report.frames) frames, \(report.commandsPublished) commands; capture to last send: "
      + "p50 \(Format.milliseconds(reaction.quantile(0.5))) ms, p99 \(Format.milliseconds(reaction.quantile(0.99))) ms, max \(Format.milliseconds(reaction.maximum)) ms"
    let ledger = ledger(report)
    let height = Self.firstPanel + 3 * Self.panelPitch + ledger.height
    var svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.n(Self.width)) \(Self.n(height))\" width=\"\(Self.n(Self.width))\" height=\"\(Self.n(height))\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
    svg += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    svg += Self.text(Self.left, 24, title, weight: "bold")
    svg += panel(0, "speed, m/s", top: 20, steps: 4)
    svg += curve(0, top: 20, colour: Self.blue) { $0.speed }
    svg += panel(1, "gap to the vehicle ahead, m (no line: none within 80 m)", top: 80, steps: 4)
    svg += curve(1, top: 80, colour: Self.blue) { $0.gap <= 80 ? $0.gap : nil }
    svg += panel(2, "brake, 0 to 1", top: 1, steps: 2)
    svg += curve(2, top: 1, colour: Self.red) { $0.brake }
    return svg + ledger.svg + "</svg>\n"
  }

  // MARK: - Panels over time

  private func x(_ seconds: Double) -> Double { Self.left + (Self.right - Self.left) * seconds / end }
  private func top(_ index: Int) -> Double { Self.firstPanel + Double(index) * Self.panelPitch }

  private func panel(_ index: Int, _ title: String, top value: Double, steps: Int) -> String {
    let y = top(index)
    var svg = bands(index) + Self.text(Self.left, y - 8, title)
    for step in 0...steps {
      let line = y + Self.panelHeight * Double(step) / Double(steps)
      svg +=
        "<line x1=\"\(Self.n(Self.left))\" x2=\"\(Self.n(Self.right))\" y1=\"\(Self.n(line))\" y2=\"\(Self.n(line))\" stroke=\"#ccc\"/>\n"
      let label = value * Double(steps - step) / Double(steps)
      svg += Self.text(
        Self.left - 8, line + 4, Format.fixed(label, label == label.rounded() ? 0 : 1), anchor: "end")
    }
    let pitch = [1.0, 2, 5, 10, 20, 60, 120, 300, 600, 3600].first { end / $0 <= 12 } ?? 7200
    for second in stride(from: 0.0, through: end, by: pitch) {
      svg += Self.text(x(second), y + Self.panelHeight + 18, "\(Int(second)) s", anchor: "middle")
    }
    return svg
  }

  /// Where the mode was not `auto`: grey while inhibited, red in an emergency, yellow else.
  private func bands(_ index: Int) -> String {
    var svg = ""
    var start = 0
    for position in moments.indices.dropFirst() + [moments.count] {
      guard position == moments.count || moments[position].mode != moments[start].mode else { continue }
      let until = position < moments.count ? moments[position].seconds : end
      if let mode = CommandMode(rawValue: moments[start].mode), mode != .auto {
        let colour = mode == .inhibit ? "#ececec" : mode == .emergency ? "#f9dedb" : "#fbf2cf"
        let from = x(moments[start].seconds)
        svg +=
          "<rect x=\"\(Self.n(from))\" y=\"\(Self.n(top(index)))\" width=\"\(Self.n(x(until) - from))\" height=\"\(Self.n(Self.panelHeight))\" fill=\"\(colour)\"><title>\(mode.name)</title></rect>\n"
        if index == 0, x(until) - from > 60 {
          svg += Self.text(from + 5, top(0) + 15, mode.name, colour: "#777")
        }
      }
      start = position
      if position == moments.count { break }
    }
    return svg
  }

  private func curve(
    _ index: Int, top value: Double, colour: String, _ height: (DemoVehicle.Moment) -> Double?
  ) -> String {
    var svg = ""
    var points: [String] = []
    func close() {
      if points.count > 1 {
        svg +=
          "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\"\(points.joined(separator: " "))\"/>\n"
      }
      points.removeAll()
    }
    for moment in moments {
      guard let found = height(moment), found.isFinite else {
        close()
        continue
      }
      let share = min(max(found / value, 0), 1)
      points.append("\(Self.n(x(moment.seconds))),\(Self.n(top(index) + Self.panelHeight * (1 - share)))")
    }
    close()
    return svg
  }

  // MARK: - The ledger

  /// The parts from capture to the last send as one bar: means, single stages their medians.
  private func ledger(_ report: RunReport) -> (svg: String, height: Double) {
    let books = report.books
    let count = Double(max(books.latency.count, 1))
    var parts: [(name: String, nanoseconds: Double)] = []
    for part in LedgerPart.allCases where part != .unattributed {
      if part == .stage {
        for (index, name) in books.stageNames.enumerated() {
          parts.append((name, Double(books.stageTimes[index].quantile(0.5))))
        }
      } else {
        parts.append((part.rawValue, Double(books.partSums[part] ?? 0) / count))
      }
    }
    parts.removeAll { $0.nanoseconds < 500 }
    let sum = max(parts.reduce(0) { $0 + $1.nanoseconds }, 1)
    let y = top(3)
    let mean = Double(books.attributedTotal) / count / 1e6
    var svg = Self.text(
      Self.left, y - 8,
      "from capture to the return of the last send: \(Format.fixed(mean, 2)) ms in the mean; single stages: medians"
    )
    let colours = [
      "#1b4f72", "#2e86c1", "#85c1e9", "#d4e6f1", "#5d6d7e", "#7d6608", "#d4ac0d", "#f7dc6f", "#145a32",
      "#27ae60",
      "#a9dfbf", "#78281f", "#cd6155", "#f2d7d5", "#4a235a", "#a569bd",
    ]
    var from = Self.left
    for (index, part) in parts.enumerated() {
      let colour = colours[index % colours.count]
      let size = (Self.right - Self.left) * part.nanoseconds / sum
      svg +=
        "<rect x=\"\(Self.n(from))\" y=\"\(Self.n(y))\" width=\"\(Self.n(size))\" height=\"28\" fill=\"\(colour)\"/>\n"
      from += size
      let column = Self.left + Double(index % 3) * 292
      let row = y + 52 + Double(index / 3) * 21
      svg +=
        "<rect x=\"\(Self.n(column))\" y=\"\(Self.n(row - 10))\" width=\"11\" height=\"11\" fill=\"\(colour)\"/>\n"
      svg += Self.text(column + 18, row, "\(part.name) \(Format.fixed(part.nanoseconds / 1e6, 3)) ms")
    }
    return (svg, 60 + Double((parts.count + 2) / 3) * 21)
  }

  // MARK: - Pieces

  private static func n(_ value: Double) -> String {
    value == value.rounded() ? Format.fixed(value, 0) : Format.fixed(value, 1)
  }

  private static func text(
    _ x: Double, _ y: Double, _ text: String, anchor: String = "start", weight: String = "normal",
    colour: String = "#222"
  ) -> String {
    "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\" font-weight=\"\(weight)\" fill=\"\(colour)\">\(text)</text>\n"
  }
}
