import FusionPipeline

// Captures of lidars to clouds: every point of the input in the sensor's frame.

@Sendable func exportVelodyneVLP16(_ plan: ExportPlan) throws -> ExportResult {
  let pool = exportPool(capacity: 132_000)
  var settings = VelodyneVLP16Decoder.Settings()
  // As reference decoders have it, so that clouds compare; live, the last group's azimuth goes on as the
  // mirror does (docs/decisions has the measurement).
  settings.advancesLastAzimuth = false
  let decoder = VelodyneVLP16Decoder(pool: pool, settings: settings)
  return try exportSweeps(plan, pool, what: "a VLP-16's", decode: decoder.decode, finish: decoder.finish) {
    decoder.counters
  }
}

@Sendable func exportOuster(_ plan: ExportPlan) throws -> ExportResult {
  guard let path = plan.calibration else {
    throw SetupProblem("an Ouster's packets need its metadata: give --calibration METADATA.json")
  }
  let file: SourceFile
  do {
    file = try SourceFile(reading: path)
  } catch { throw SetupProblem("\(error)") }
  do {
    let metadata = try OusterMetadata(json: JSONNode(parsing: file.bytes, file: path))
    let pool = exportPool(capacity: metadata.pointsPerSweep)
    let decoder = try OusterDecoder(metadata: metadata, pool: pool)
    return try exportSweeps(plan, pool, what: "this Ouster's", decode: decoder.decode, finish: decoder.finish)
    {
      decoder.counters
    }
  } catch let problem as ConfigurationProblem {
    throw SetupProblem(problem.description)
  } catch let problem as OusterMetadataError {
    throw SetupProblem("\(path): \(problem.message)")
  }
}

private func exportPool(capacity: Int) -> PayloadPool<LidarPoint> {
  PayloadPool(
    id: 1, slots: 2, capacity: max(capacity, 1),
    zero: LidarPoint(x: 0, y: 0, z: 0, intensity: 0, timeNanoseconds: 0, ring: 0))
}

private func exportSweeps(
  _ plan: ExportPlan, _ pool: PayloadPool<LidarPoint>, what: String,
  decode: (RawSpan, Stamp, (SampleTiming, LidarSweep) -> Void) -> Void,
  finish: ((SampleTiming, LidarSweep) -> Void) -> Void, counters: () -> DecoderCounters
) throws -> ExportResult {
  try ExportFile.write(plan.output) { temporary in
    let reader = DatagramReader(try CaptureFile.open(plan.input))
    var cloud = try PCDWriter(path: temporary)
    // Sweeps wait for the end of the call that made them: a closure cannot throw through a decoder.
    var sweeps: [(timing: SampleTiming, sweep: LidarSweep)] = []
    var count = 0
    func drain() throws(PCDFailure) {
      for taken in sweeps { try cloud.append(taken.sweep, taken.timing, from: pool) }
      count += sweeps.count
      sweeps.removeAll(keepingCapacity: true)
    }
    while let datagram = try reader.next() {
      unsafe decode(datagram.payload.span.bytes, Stamp(nanoseconds: datagram.realtimeNanoseconds)) {
        sweeps.append(($0, $1))
      }
      try drain()
    }
    finish { sweeps.append(($0, $1)) }
    try drain()
    let seen = counters()
    guard cloud.pointCount > 0 else {
      throw SetupProblem(
        "\(plan.input): none of its \(seen.packets) datagrams is \(what); check the model, and the calibration"
      )
    }
    try cloud.finish()
    let used = seen.packets - seen.ignored - seen.invalid
    return ExportResult(
      summary: """
        \(cloud.pointCount) points of \(count) sweeps from \(used) packets; \(seen.ignored) ignored, \
        \(seen.invalid) invalid, \(seen.missing) missing
        """)
  }
}
