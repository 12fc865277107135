import Testing

@testable import SensorDrivers

@Suite struct CandumpTests {
  func frames(_ text: String) -> (frames: [CapturedFrame], failures: [CaptureFailure], buses: [String]) {
    let reader = CandumpReader(CaptureBytes(Array(text.utf8), name: "drive.log"))
    var frames: [CapturedFrame] = []
    var failures: [CaptureFailure] = []
    while true {
      do {
        guard let frame = try reader.nextFrame() else { break }
        frames.append(frame)
      } catch {
        failures.append(error)
      }
    }
    return (frames, failures, reader.buses.map { "\($0.name)=\($0.bus)" })
  }

  func one(_ line: String) -> CANFrame? {
    let (frames, failures, _) = frames(line)
    return failures.isEmpty && frames.count == 1 ? frames[0].frame : nil
  }

  @Test("the log form is read: standard, extended, FD, remote, error, empty, length codes")
  func logForm() {
    #expect(
      frames("(1234.567890) can0 123#DEADBEEF\n").frames == [
        CapturedFrame(
          realtimeNanoseconds: 1_234_567_890_000,
          frame: CANFrame(id: 0x123, data: [0xDE, 0xAD, 0xBE, 0xEF]))
      ])
    #expect(one("(0.000000001) can0 1ABCDEF0#00") == CANFrame(id: 0x1ABC_DEF0, isExtended: true, data: [0]))
    #expect(one("(1.5) can0 00000123#") == CANFrame(id: 0x123, isExtended: true))
    #expect(one("(1.5) can0 123#11.22.33 T") == CANFrame(id: 0x123, data: [0x11, 0x22, 0x33]))
    #expect(one("(1.5) can0 123#1122334455667788_E")?.length == 8)
    var remote = CANFrame(id: 0x7FF)
    remote.isRemoteRequest = true
    #expect(one("(1.5) can0 7ff#R") == remote)
    remote.length = 5
    #expect(one("(1.5) can0 7FF#R5") == remote)
    var fd = CANFrame(id: 0x12, isFD: true, data: [UInt8](repeating: 0xAB, count: 64))
    fd.hasBitRateSwitch = true
    #expect(one("(1.5) can0 012##1" + String(repeating: "ab", count: 64)) == fd)
    #expect(one("(1.5) can0 20000080#0000000000000000")?.isError == true)
  }

  @Test("the screen form is read, with and without stamps")
  func screenForm() {
    #expect(one("  can0  123   [4]  DE AD BE EF") == CANFrame(id: 0x123, data: [0xDE, 0xAD, 0xBE, 0xEF]))
    #expect(one(" (9.25)  can0  1ABCDEF0   [2]  01 02   '..'")?.isExtended == true)
    #expect(one("  can0  123   [0]  remote request")?.isRemoteRequest == true)
    let fd = one("  can0  TX B -  123  [12]  01 02 03 04 05 06 07 08 09 0A 0B 0C")
    #expect(fd == nil)
    #expect(one("  can0  123  [12]  01 02 03 04 05 06 07 08 09 0A 0B 0C")?.isFD == true)
    let (all, _, _) = frames(" (9.25) can0 1ff [1] 01\n can0 1ff [1] 02\n")
    #expect(all.map(\.realtimeNanoseconds) == [9_250_000_000, 9_250_000_000])
  }

  @Test("bus numbers come from the interfaces' names, distinct ones for distinct names")
  func buses() {
    let (all, _, buses) = frames(
      """
      (1.0) can1 123#
      (1.0) can128 123#
      (1.0) vcan1 123#
      (1.0) slcan 123#
      (1.0) can1 124#\r
      # a remark

      (1.0) can999 123#
      """)
    #expect(buses == ["can1=1", "can128=128", "vcan1=0", "slcan=2", "can999=3"])
    #expect(all.map(\.frame.bus) == [1, 128, 0, 2, 1, 3])
  }

  @Test(
    "a malformed line is a failure that names it, and reading goes on behind it",
    arguments: [
      "(1.0 can0 123#11", "(1.0) can0", "(1.0) can0 12#11", "(1.0) can0 800#11", "(1.0) can0 12345678901#11",
      "(1.0) can0 FFFFFFFF#11", "(1.0) can0 123#1", "(1.0) can0 123#GG", "(1.0) can0 123#112233445566778899",
      "(1.0) can0 123##", "(1.0) can0 123##G11", "(1.0) can0 123#R99", "(1.0) can0 123#RX",
      "(x.0) can0 123#11",
      "(1.1234567890) can0 123#11", "(99999999999999999999.0) can0 123#11", "() can0 123#", "rubbish",
      "can0 123 [9] 1 2 3", "can0 123 [2] 01", "can0 123 [65] 01", "can0 123 [] 01", "can0 123 [2 01 02",
    ])
  func malformed(line: String) {
    let (all, failures, _) = frames("(1.0) can0 123#01\n\(line)\n(2.0) can0 123#02\n")
    #expect(all.map(\.frame.data[0]) == [1, 2])
    #expect(failures.count == 1)
    #expect(failures.first?.line == 2)
    #expect(failures.first?.byteOffset == 18)
    #expect(failures.first?.message.contains("drive.log:2:") == true)
  }

  @Test("an endless line is one failure, not memory")
  func endlessLine() {
    let long = String(repeating: "1", count: 1_000_000)
    let (all, failures, _) = frames("(1.0) can0 123#01\n(1.0) can0 123#\(long)\n(2.0) can0 123#02")
    #expect(all.count == 2)
    #expect(failures.map(\.line) == [2])
  }

  @Test("as a capture, every frame is a record")
  func asCapture() throws {
    let reader = try CaptureFile.open(bytes: Array("(1.5) can3 123#AA\n".utf8))
    let packet = try #require(try reader.next())
    #expect(packet.link == .canRecord && packet.interface == 3)
    #expect(unsafe CANFrame(decoding: packet.bytes.span.bytes) == CANFrame(id: 0x123, bus: 3, data: [0xAA]))
    #expect(try reader.next() == nil)
  }
}
