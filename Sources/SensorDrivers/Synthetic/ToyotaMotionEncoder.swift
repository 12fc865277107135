import FusionPipeline

/// Writes the CAN frames from which a Toyota's own motion is read.
///
/// Wheel speeds have steps of 0.01 km/h, the steering wheel's angle 0.1°, the yaw rate 0.244°/s.
/// Thread: any; it has no state. Cost: no allocation.
/// Source: commaai/opendbc toyota_new_mc_pt_generated.dbc; constant fields as comma2k19's recordings have them.
public struct ToyotaMotionEncoder: Sendable {
  public let bus: UInt8

  public init(bus: UInt8 = 0) { self.bus = bus }

  /// 0x0AA; metres a second.
  public func wheels(frontLeft: Double, frontRight: Double, rearLeft: Double, rearRight: Double) -> CANFrame {
    var frame = CANFrame(id: 0x0AA, bus: bus, length: 8)
    ToyotaCAN.put(Self.wheel(frontRight), start: 7, bits: 16, in: &frame)
    ToyotaCAN.put(Self.wheel(frontLeft), start: 23, bits: 16, in: &frame)
    ToyotaCAN.put(Self.wheel(rearRight), start: 39, bits: 16, in: &frame)
    ToyotaCAN.put(Self.wheel(rearLeft), start: 55, bits: 16, in: &frame)
    return frame
  }

  /// 0x0B4, the speed that the instrument shows; metres a second.
  public func speedometer(_ speed: Double, pulses: UInt8) -> CANFrame {
    var frame = CANFrame(id: 0x0B4, bus: bus, length: 8)
    frame.data[4] = pulses
    ToyotaCAN.put((speed * 360).rounded(within: 0...65_535), start: 47, bits: 16, in: &frame)
    ToyotaCAN.seal(&frame)
    return frame
  }

  /// 0x025; radians at the steering wheel, left positive, and degrees a second of its turning.
  public func steering(wheelRadians: Double, degreesPerSecond: Double) -> CANFrame {
    var frame = CANFrame(id: 0x025, bus: bus, length: 8)
    // Coarse steps of 1.5° and a signed fraction of −0.7…0.7°.
    let tenths = (Pinned.degrees(radians: wheelRadians) * 10).rounded(within: -30_000...30_000)
    let coarse = (Double(tenths) / 15).rounded(within: -2000...2000)
    ToyotaCAN.put(coarse, start: 3, bits: 12, in: &frame)
    ToyotaCAN.put(tenths - coarse * 15, start: 39, bits: 4, in: &frame)
    ToyotaCAN.put(degreesPerSecond.rounded(within: -2000...2000), start: 35, bits: 12, in: &frame)
    frame.data[2] = 0x10
    ToyotaCAN.seal(&frame)
    return frame
  }

  /// 0x024, the stability control's sensor; rad/s, left positive, and m/s² to the left.
  public func inertia(yawRate: Double, lateralAcceleration: Double) -> CANFrame {
    var frame = CANFrame(id: 0x024, bus: bus, length: 8)
    let rate = ((Pinned.degrees(radians: yawRate) + 125) / 0.244).rounded(within: 0...1023)
    ToyotaCAN.put(rate, start: 1, bits: 10, in: &frame)
    ToyotaCAN.put(512, start: 17, bits: 10, in: &frame)
    let lateral = ((lateralAcceleration + 18.375) / 0.03589).rounded(within: 0...1023)
    ToyotaCAN.put(lateral, start: 33, bits: 10, in: &frame)
    frame.data[4] |= 0x40
    frame.data[6] = 0x80
    ToyotaCAN.seal(&frame)
    return frame
  }

  private static func wheel(_ speed: Double) -> Int {
    ((speed * 3.6 + 67.67) * 100).rounded(within: 0...65_535)
  }
}
