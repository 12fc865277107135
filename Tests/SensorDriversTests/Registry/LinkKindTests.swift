import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Link kinds") struct LinkKindTests {
  private func link(_ text: String, provided: [String: any PacketLink] = [:]) throws -> (any PacketLink)? {
    let sensor = #"{ "name": "s", "model": "ouster-imu", "link": \#(text) }"#
    return try LinkMaker.link(
      of: try RegistryKit.text(RegistryKit.around(sensor)).sensors[0], provided: provided)
  }

  @Test("A provided link is the one that the program gave, and an absent one is named with those there are")
  func provided() throws {
    let memory = MemoryLink(clock: ManualClock())
    let text = #"{ "kind": "provided", "name": "sim" }"#
    #expect(try link(text, provided: ["sim": memory]) === memory)
    #expect {
      try link(text, provided: ["other": memory])
    } throws: { error in
      let problem = error as? ConfigurationProblem
      return problem?.message.contains("\"sim\"") == true && problem?.hint.contains("other") == true
    }
  }

  @Test("A bus has the number at its interface's end unless the configuration says another")
  func buses() throws {
    for (text, bus) in [
      (#"{ "kind": "can", "interface": "can3" }"#, UInt8(3)),
      (#"{ "kind": "can", "interface": "can12" }"#, 12),
      (#"{ "kind": "can", "interface": "can999" }"#, 0), (#"{ "kind": "can", "interface": "vehicle" }"#, 0),
      (#"{ "kind": "can", "interface": "can3", "bus": 7 }"#, 7),
    ] {
      let can = try #require(try link(text) as? CANLink)
      #expect(can.bus == bus)
    }
  }

  @Test("Identifiers above 11 bits are extended")
  func identifiers() throws {
    let can = try #require(
      try link(#"{ "kind": "can", "interface": "can0", "identifiers": [2047, 2048] }"#) as? CANLink)
    #expect(can.identifiers == [CANIdentifier(2047), CANIdentifier(2048, isExtended: true)])
  }

  @Test("A rate is asked of a camera in whole frames or in thousandths")
  func rates() {
    #expect(FrameRate(hertz: 30) == FrameRate(frames: 30))
    #expect(FrameRate(hertz: 29.97) == FrameRate(frames: 29_970, seconds: 1000))
    #expect(FrameRate(hertz: 0.5) == FrameRate(frames: 500, seconds: 1000))
  }
}
