import FusionPipeline
import Glibc
import Testing

@testable import SensorDrivers

/// A pseudo-terminal: the test holds one end, the link opens the other.
final class Terminal {
  private(set) var master: Int32
  let path: String

  init() throws {
    // As posix_openpt, unlockpt and ptsname do, which Swift's Glibc module lacks.
    master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(master >= 0)
    var locked: Int32 = 0
    var number: Int32 = 0
    let setLock: UInt = 0x4004_5431
    let getNumber: UInt = 0x8004_5430
    try #require(unsafe ioctl(master, setLock, &locked) == 0 && ioctl(master, getNumber, &number) == 0)
    path = "/dev/pts/\(number)"
  }
  deinit { hangUp() }

  func write(_ bytes: [UInt8]) { #expect(unsafe Glibc.write(master, bytes, bytes.count) == bytes.count) }
  func hangUp() {
    if master >= 0 { Glibc.close(master) }
    master = -1
  }
}

@Suite struct SerialLinkTests {
  let clock = ManualClock(now: Stamp(nanoseconds: 1234))
  let inbox = Inbox()

  @Test("every byte value comes through unchanged, stamped with the time of the read")
  func rawBytes() throws {
    let terminal = try Terminal()
    let link = SerialLink(path: terminal.path, baud: 921_600, clock: clock)
    try link.open()
    let sent = (0...255).map { UInt8($0) }
    terminal.write(sent)
    var got: [UInt8] = []
    while got.count < sent.count {
      let (bytes, packet) = try #require(try inbox.receive(link))
      #expect(packet.arrival == Stamp(nanoseconds: 1234))
      got += bytes
    }
    #expect(got == sent)
    #expect(link.counters.bytes == 256)
    #expect(try inbox.receive(link, timeoutNanoseconds: 1_000_000) == nil)
  }

  @Test("a stream longer than a packet is handed on in pieces of at most the maximum")
  func pieces() throws {
    let terminal = try Terminal()
    let link = SerialLink(path: terminal.path, baud: 115_200, maximumPacketBytes: 100, clock: clock)
    try link.open()
    terminal.write([UInt8](repeating: 3, count: 950))
    var total = 0
    while total < 950 {
      let bytes = try #require(try inbox.receive(link)).bytes
      #expect(bytes.count <= 100)
      total += bytes.count
    }
    #expect(link.counters.received >= 10)
  }

  @Test("a hang-up is reported as gone, and the link opens again afterwards")
  func hangUp() throws {
    let terminal = try Terminal()
    let link = SerialLink(path: terminal.path, baud: 9600, clock: clock)
    try link.open()
    terminal.hangUp()
    let gone = try #require(inbox.failure(link))
    #expect(gone.kind == .gone)
    #expect(gone.message.contains(terminal.path))
    let next = try Terminal()
    let again = SerialLink(path: next.path, baud: 9600, clock: clock)
    try again.open()
    next.write([1, 2])
    #expect(try inbox.receive(again)?.bytes == [1, 2])
  }

  @Test("all standard rates are set", arguments: SerialLink.bauds)
  func standardRates(baud: Int) throws {
    let terminal = try Terminal()
    let link = SerialLink(path: terminal.path, baud: baud, clock: clock)
    try link.open()
    var line = termios()
    #expect(unsafe tcgetattr(terminal.master, &line) == 0)
    #expect(unsafe Int(cfgetospeed(&line)) == SerialLink.code(ofBaud: baud).map { Int($0) })
    link.close()
  }

  @Test("a rate that is no standard rate is refused, with the list of those that are")
  func oddRate() throws {
    let terminal = try Terminal()
    let link = SerialLink(path: terminal.path, baud: 100_000, clock: clock)
    let refused = try #require(openFailure(link))
    #expect(refused.kind == .refused)
    #expect(refused.message.contains("100000") && refused.message.contains("115200"))
  }

  @Test("a missing device is absent, a file that is no line is refused")
  func noLine() throws {
    let missing = SerialLink(path: "/dev/ttyNONE7", baud: 9600, clock: clock)
    #expect(openFailure(missing)?.kind == .absent)
    let null = SerialLink(path: "/dev/null", baud: 9600, clock: clock)
    let refused = try #require(openFailure(null))
    #expect(refused.kind == .refused)
    #expect(refused.message.contains("not a serial line"))
  }

  @Test(
    "bytes sent over a real UART come through, and overruns can be asked for",
    .enabled(
      if: unsafe access("/dev/ttyS2", R_OK) == 0 && SerialLinkTests.hasWiredUARTs,
      "needs /dev/ttyS1 wired to /dev/ttyS2"))
  func realUART() throws {
    let link = SerialLink(path: "/dev/ttyS1", baud: 115_200, clock: clock)
    let other = SerialLink(path: "/dev/ttyS2", baud: 115_200, clock: clock)
    try link.open()
    try other.open()
    #expect(link.countsOverruns)
    let writer = unsafe open("/dev/ttyS2", O_WRONLY | O_NOCTTY)
    try #require(writer >= 0)
    let sent = (0...255).map { UInt8($0) }
    #expect(unsafe write(writer, sent, sent.count) == sent.count)
    var got: [UInt8] = []
    while got.count < sent.count, let (bytes, _) = try inbox.receive(link) { got += bytes }
    #expect(got == sent)
    close(writer)
  }

  /// A machine's ordinary ttyS1 and ttyS2 lead elsewhere; only a test machine says that they are wired.
  static let hasWiredUARTs = unsafe getenv("FUSION_WIRED_UARTS") != nil
}
