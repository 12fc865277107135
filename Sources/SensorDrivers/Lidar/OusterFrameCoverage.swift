/// Which packets of a frame have come, and to which frame a packet belongs.
struct OusterFrameCoverage {
  enum Place: Equatable {
    case same
    /// Of another frame; whole frames in between held that many packets.
    case new(lostPackets: Int)
    /// Of a frame already closed.
    case late
  }

  /// Valid columns of the window seen in this frame.
  var columns = 0
  /// The frame began before its first packet that we saw: nothing says whether the others were sent.
  private(set) var startsInside = false

  private let isExpected: [Bool]
  private let expectedCount: Int
  private let firstExpected: Int
  private let lastExpected: Int
  private let windowColumns: Int
  private let columnsPerPacket: Int
  private var seen: [Bool]
  private var firstCounted = 0
  private var frame: UInt16?
  private var isClosed = false

  /// A step of the frame number beyond this is a restart, not loss.
  private static let longestLoss: UInt16 = 100
  /// Reordering on a wire reaches no further back.
  private static let lateFrames: UInt16 = 8

  init(_ metadata: OusterMetadata) {
    columnsPerPacket = metadata.columnsPerPacket
    let packets = (metadata.columnsPerFrame + columnsPerPacket - 1) / columnsPerPacket
    var expected = [Bool](repeating: false, count: packets)
    var columns = 0
    for column in 0..<metadata.columnsPerFrame where metadata.columnWindow.contains(column) {
      expected[column / metadata.columnsPerPacket] = true
      columns += 1
    }
    isExpected = expected
    windowColumns = columns
    expectedCount = expected.count { $0 }
    firstExpected = expected.firstIndex(of: true) ?? 0
    lastExpected = expected.lastIndex(of: true) ?? 0
    seen = [Bool](repeating: false, count: packets)
  }

  mutating func forget() {
    frame = nil
    isClosed = false
  }

  func place(frame number: UInt16, packet: Int) -> Place {
    guard let frame else { return .new(lostPackets: 0) }
    if number == frame {
      if isClosed { return .late }
      return packet < seen.count && seen[packet] ? .late : .same
    }
    let ahead = number &- frame
    if ahead > UInt16.max &- Self.lateFrames { return .late }
    return .new(lostPackets: ahead <= Self.longestLoss ? (Int(ahead) - 1) * expectedCount : 0)
  }

  mutating func begin(frame number: UInt16, packet: Int) {
    // Only the very first frame may have begun before us; later ones lost their first packets.
    startsInside = frame == nil && packet > firstExpected
    firstCounted = startsInside ? packet : firstExpected
    frame = number
    isClosed = false
    columns = 0
    for index in seen.indices { seen[index] = false }
  }

  mutating func close() { isClosed = true }

  /// Notes a packet; true when it is the frame's last.
  mutating func note(packet: Int) -> Bool {
    if packet < seen.count { seen[packet] = true }
    return packet == lastExpected
  }

  var missingPackets: Int {
    var missing = 0
    for index in seen.indices where index >= firstCounted && isExpected[index] && !seen[index] {
      missing &+= 1
    }
    return missing
  }

  /// Columns of the window that were not measured, those before a start included.
  var missingColumns: Int { max(windowColumns &- columns, 0) }
}
