/// Follows a driver's 32-bit frame counter and says how many frames are missing before the one at hand.
struct FrameSequence {
  private var last: UInt32?

  /// A step beyond this is a counter that began anew, not a loss: 36 minutes at 30 frames a second.
  static let longestGap: UInt32 = 65_536

  init() { last = nil }

  /// Frames between the previous one and this one. A repeated number or a step back is no gap.
  mutating func missingBefore(_ sequence: UInt32) -> UInt64 {
    defer { last = sequence }
    guard let last else { return 0 }
    let step = sequence &- last
    return step > 1 && step <= Self.longestGap ? UInt64(step &- 1) : 0
  }
}
