extension LedgerEntry {
  public static let topic = "/fusion/ledger"
  public static let layout = RecordLayout(
    "fusion.Ledger", version: 1,
    [
      RecordField("frame", .u64), RecordField("slot", .u64), RecordField("total", .i64, unit: "ns"),
      RecordField("transport", .i64, unit: "ns"), RecordField("decode", .i64, unit: "ns"),
      RecordField("hold", .i64, unit: "ns"), RecordField("release", .i64, unit: "ns"),
      RecordField("align", .i64, unit: "ns"), RecordField("guard", .i64, unit: "ns"),
      RecordField("handover", .i64, unit: "ns"), RecordField("publish", .i64, unit: "ns"),
      RecordField("unattributed", .i64, unit: "ns"), RecordField("stage_count", .u32),
      RecordField("stages", .repeated),
    ], repeated: [RecordField("stage", .i64, unit: "ns")])

  func encode(into buffer: TopicBuffer) {
    buffer.clear()
    buffer.append(frame)
    buffer.append(slot)
    buffer.append(total)
    buffer.append(transport)
    buffer.append(decode)
    buffer.append(hold)
    buffer.append(release)
    buffer.append(align)
    buffer.append(guardPart)
    buffer.append(handover)
    buffer.append(publish)
    buffer.append(unattributed)
    buffer.append(UInt32(truncatingIfNeeded: stageCount))
    for index in 0..<Int(stageCount) { buffer.append(stages[index]) }
  }

  public init?(decoding bytes: [UInt8]) {
    self.init(set: CommandSet(), marks: FrameMarks(), woken: .zero, sent: .zero)
    var reader = TopicReader(bytes)
    frame = reader.next()
    slot = reader.next()
    total = reader.next()
    transport = reader.next()
    decode = reader.next()
    hold = reader.next()
    release = reader.next()
    align = reader.next()
    guardPart = reader.next()
    handover = reader.next()
    publish = reader.next()
    unattributed = reader.next()
    let count = reader.next(UInt32.self)
    guard !reader.isShort, Int(count) <= FrameMarks.maximumStages else { return nil }
    stageCount = Int32(count)
    for index in 0..<Int(count) { stages[index] = reader.next() }
    guard !reader.isShort else { return nil }
  }
}
