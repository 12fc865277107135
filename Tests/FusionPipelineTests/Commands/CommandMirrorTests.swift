import Testing

@testable import FusionPipeline

@Suite("Command mirror and memory sink") struct CommandMirrorTests {
  @Test("the mirror is its topic, one NUL and a JSON object with every field by name")
  func golden() throws {
    let bytes = try CommandFrameTests.encode(CommandFrameTests.goldenSet()).get()
    let frame = try CommandSamples.decode(bytes).get()
    var mirror = CommandMirror()
    for _ in 0..<2 { mirror.write(frame) }
    #expect(
      String(decoding: mirror.bytes, as: UTF8.self)
        == "json/act/steering\0{\"topic\":\"act/steering\",\"session\":\"0123456789abcdef\","
        + "\"counter\":4294967294,\"source\":48879,\"data_id\":4660,\"frame\":1000,\"slot\":2000,"
        + "\"sensed_at_ns\":-5,\"decided_at_ns\":6000000007,\"valid_for_us\":100000,"
        + "\"mode\":\"safe_stop\",\"reason\":\"collision_ahead\",\"from_guard\":true,\"limited\":true,"
        + "\"final\":false,\"value\":-0.25,\"second_value\":1.5,\"rate_limit\":null,"
        + "\"ages_us\":{\"1\":33000,\"2\":5000,\"65535\":4294967295},"
        + "\"tail\":[[50000,0.5],[100000,-0.125],[4294967295,0.0010000000474974513]]}")
  }

  @Test("an unknown reason shows as its number, a topic that would break the text as question marks")
  func oddities() throws {
    let bytes = CommandSamples.resealed(CommandSamples.bytes(CommandSamples.set())) {
      $0[105] = 200
      $0[1] = UInt8(ascii: "\"")
      $0[2] = UInt8(ascii: "\\")
      $0[3] = 0x1F
      $0[4] = 0x7F
      $0[5] = 0xC3
    }
    var mirror = CommandMirror()
    mirror.write(try CommandSamples.decode(bytes).get())
    let text = String(decoding: mirror.bytes, as: UTF8.self)
    #expect(text.contains("\"reason\":\"200\""))
    #expect(text.contains("{\"topic\":\"a?????eering\""))
    #expect(text.contains("\"ages_us\":{},\"tail\":[]}"))
  }

  @Test("the memory sink keeps frames in order and refuses them after close")
  func memorySink() throws {
    let sink = MemoryCommandSink()
    let frames = (UInt32(1)...3).map { CommandSamples.bytes(CommandSamples.set(), counter: $0) }
    for frame in frames { try Self.publish(frame, to: sink) }
    #expect(sink.frames == frames)
    #expect(sink.count == 3)
    #expect(sink.closedWithLingerMilliseconds == nil)
    sink.close(lingerMilliseconds: 200)
    #expect(sink.closedWithLingerMilliseconds == 200)
    #expect(throws: CommandSinkFailure.self) { try Self.publish(frames[0], to: sink) }
    #expect(sink.count == 3)
    let counting = MemoryCommandSink(keepsFrames: false)
    try Self.publish(frames[0], to: counting)
    #expect(counting.frames.isEmpty)
    #expect(counting.count == 1)
  }

  private static func publish(_ frame: [UInt8], to sink: MemoryCommandSink) throws {
    try unsafe sink.publish(frame.span.bytes)
  }
}
