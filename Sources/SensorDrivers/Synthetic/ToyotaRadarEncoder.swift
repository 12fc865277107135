import FusionPipeline

/// Writes the CAN frames of Toyota's forward radar: sixteen TRACK_A and sixteen TRACK_B frames a cycle.
///
/// Distances have steps of 0.04 m (forward to 327 m, 40.9 m to either side), the relative speed 0.025 m/s.
/// Thread: any; it has no state. Cost: no allocation.
/// Source: commaai/opendbc toyota_adas.dbc, with the distance as comma2k19's recordings show it.
public struct ToyotaRadarEncoder: Sendable {
  public static let slots = 16
  /// Frames of one cycle, in the order in which they are sent.
  public static let framesPerCycle = 32

  /// One slot's content.
  public struct Track: BitwiseCopyable, Sendable, Equatable {
    /// From the sensor, metres; left and receding are positive.
    public var forwardMetres: Double
    public var leftMetres: Double
    public var rangeRate: Double
    public var isNew: Bool
    /// 0 … 100, grows with the track's age.
    public var score: UInt8

    public init(
      forwardMetres: Double, leftMetres: Double, rangeRate: Double, isNew: Bool = false, score: UInt8 = 100
    ) {
      self.forwardMetres = forwardMetres
      self.leftMetres = leftMetres
      self.rangeRate = rangeRate
      self.isNew = isNew
      self.score = score
    }
  }

  public let bus: UInt8

  public init(bus: UInt8 = 1) { self.bus = bus }

  /// The frame at a place in the cycle: 0…15 are TRACK_A, 16…31 TRACK_B of the same slots.
  /// - Parameter track: nil for an empty slot.
  public func frame(_ place: Int, cycle: UInt8, track: Track?) -> CANFrame {
    place < Self.slots
      ? trackFrame(place, cycle: cycle, track: track)
      : scoreFrame(place % Self.slots, cycle: cycle, track: track)
  }

  private func trackFrame(_ slot: Int, cycle: UInt8, track: Track?) -> CANFrame {
    var frame = CANFrame(id: UInt32(0x210 + max(slot, 0)), bus: bus, length: 8)
    frame.data[0] = cycle
    if let track {
      ToyotaCAN.put((track.forwardMetres / 0.04).rounded(within: 0...8190), start: 15, bits: 13, in: &frame)
      ToyotaCAN.put((-track.leftMetres / 0.04).rounded(within: -1024...1023), start: 31, bits: 11, in: &frame)
      ToyotaCAN.put((track.rangeRate / 0.025).rounded(within: -2048...2047), start: 47, bits: 12, in: &frame)
      ToyotaCAN.put(track.isNew ? 1 : 0, start: 36, bits: 1, in: &frame)
      ToyotaCAN.put(1, start: 48, bits: 1, in: &frame)
    } else {
      // An empty slot says the farthest distance, as the device does.
      ToyotaCAN.put(8191, start: 15, bits: 13, in: &frame)
    }
    ToyotaCAN.seal(&frame)
    return frame
  }

  private func scoreFrame(_ slot: Int, cycle: UInt8, track: Track?) -> CANFrame {
    // The upper eight slots' frames have six bytes.
    var frame = CANFrame(id: UInt32(0x220 + slot), bus: bus, length: slot < 8 ? 8 : 6)
    frame.data[0] = cycle
    frame.data[2] = min(track?.score ?? 0, 100)
    if slot < 8 { frame.data[5] = 4 }
    ToyotaCAN.seal(&frame)
    return frame
  }
}
