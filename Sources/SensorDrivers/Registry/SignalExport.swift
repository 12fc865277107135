import FusionPipeline

// Captures of radars and inertial units to CSV, units in the heading.

/// candump text to one line a detection.
@Sendable func exportToyotaRadar(_ plan: ExportPlan) throws -> ExportResult {
  try ExportFile.write(plan.output) { temporary in
    guard let bus = try radarBus(plan.input) else {
      throw SetupProblem("\(plan.input): holds no frame 210 … 21F of a Toyota's radar; check the model")
    }
    let pool = PayloadPool(
      id: 1, slots: 2, capacity: 16, zero: RadarDetection(x: 0, y: 0, rangeRate: 0, trackID: 0))
    let decoder = ToyotaRadarDecoder(pool: pool, bus: bus)
    var text = try ExportText(
      path: temporary, heading: "time_s,track,x_m,y_m,range_rate_m_s,new,quality_percent")
    var scans: [(time: Stamp, scan: RadarScan)] = []
    var count = 0
    func drain() throws(SetupProblem) {
      for taken in scans where pool.pin(taken.scan.detections) {
        defer { pool.unpin(taken.scan.detections) }
        let time = ExportText.seconds(taken.time)
        for index in 0..<Int(taken.scan.detections.count) {
          let d = unsafe pool.elements(of: taken.scan.detections)[index]
          let isNew = d.flags & RadarDetection.isNew != 0 ? 1 : 0
          try text.append("\(time),\(d.trackID),\(d.x),\(d.y),\(d.rangeRate),\(isNew),\(d.quality)")
        }
      }
      count += scans.count
      scans.removeAll(keepingCapacity: true)
    }
    let frames = try candump(plan.input)
    var last = Stamp.zero
    while let captured = try frames.nextFrame() {
      last = Stamp(nanoseconds: captured.realtimeNanoseconds)
      let record = captured.frame.encoded()
      unsafe decoder.decode(record.span.bytes, arrival: last) { timing, scan in
        scans.append((last - timing.beforePacketNanoseconds, scan))
      }
      try drain()
    }
    decoder.finish { timing, scan in scans.append((last - timing.beforePacketNanoseconds, scan)) }
    try drain()
    try text.finish()
    return ExportResult(
      summary: """
        \(text.lines) detections of \(count) cycles from bus \(bus); \(decoder.counters.invalid) frames invalid, \
        \(decoder.counters.missing) missing
        """)
  }
}

private func candump(_ path: String) throws -> CandumpReader {
  guard let reader = try CaptureFile.open(path) as? CandumpReader else {
    throw SetupProblem("\(path): is no candump text; give what `candump -l` wrote")
  }
  return reader
}

/// The bus with the most track frames: other buses use their identifiers for other things.
private func radarBus(_ path: String) throws -> UInt8? {
  let frames = try candump(path)
  var counts = [Int](repeating: 0, count: 256)
  while let captured = try frames.nextFrame() {
    if !captured.frame.isExtended, (0x210...0x21F).contains(captured.frame.id) {
      counts[Int(captured.frame.bus)] += 1
    }
  }
  guard let most = counts.max(), most > 0 else { return nil }
  return counts.firstIndex(of: most).map { UInt8(clamping: $0) }
}

/// A raw stream to one line a sample.
@Sendable func exportXsens(_ plan: ExportPlan) throws -> ExportResult {
  try ExportFile.write(plan.output) { temporary in
    let file = try CaptureBytes(path: plan.input)
    let decoder = XsensDecoder()
    let heading = (["time_s"] + ImuSample.recordFields).joined(separator: ",")
    var text = try ExportText(path: temporary, heading: heading)
    var samples: [(time: Stamp, sample: ImuSample)] = []
    while true {
      let size = min(try file.available(1024), 1024)
      if size == 0 { break }
      let slice = file.copy(0..<size)
      file.skip(size)
      unsafe decoder.decode(slice.span.bytes, arrival: .zero) { samples.append(($0.device, $1)) }
      for (time, s) in samples {
        let numbers = [
          s.accelerationX, s.accelerationY, s.accelerationZ, s.rateX, s.rateY, s.rateZ, s.orientationW,
          s.orientationX, s.orientationY, s.orientationZ,
        ]
        try text.append(([ExportText.seconds(time)] + numbers.map(ExportText.number)).joined(separator: ","))
      }
      samples.removeAll(keepingCapacity: true)
    }
    guard text.lines > 0 else {
      throw SetupProblem(
        "\(plan.input): holds no MTData2 message with an acceleration or a rate; check the model")
    }
    try text.finish()
    return ExportResult(
      summary: """
        \(text.lines) samples; \(decoder.counters.invalid) messages invalid, \(decoder.counters.ignored) of other \
        kinds, \(decoder.counters.missing) missing
        """)
  }
}
