import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Toyota motion") struct ToyotaMotionTests {
  static let drive = "drives/comma2k19-rav4/"
  static let isThere = Recorded.has("drives/comma2k19-rav4/can_raw.log.xz")

  private func column(_ file: String) throws -> [Substring: [Double]] {
    var rows: [Substring: [Double]] = [:]
    for line in try Recorded.lines(Self.drive + file).dropFirst() {
      let parts = line.split(separator: ",")
      rows[parts[0]] = parts.dropFirst().map { Double($0) ?? .nan }
    }
    return rows
  }

  @Test(
    "Wheel speeds, speed and steering angle equal the recording's reference decode",
    .enabled(if: isThere, "\(Recorded.absent)"))
  func matchesReference() throws {
    let wheels = try column("can_wheel_speed.csv.xz")
    let speeds = try column("can_speed.csv.xz")
    let steering = try column("can_steering_angle.csv.xz")
    let decoder = ToyotaMotionDecoder(steeringRatio: 16, bus: 0)
    var compared = (wheels: 0, speeds: 0, steering: 0)
    var worst = 0.0
    var yawRates: [Double] = []
    for recorded in recordedCAN(try Recorded.lines(Self.drive + "can_raw.log.xz")) {
      let bytes = recorded.frame.encoded()
      unsafe decoder.decode(bytes.span.bytes, arrival: recorded.arrival) { _, sample in
        if let row = wheels[recorded.time] {
          let s = decoder.signals
          let ours = [s.frontLeft, s.frontRight, s.rearLeft, s.rearRight]
          for (a, b) in zip(ours, row) { worst = max(worst, abs(a - b)) }
          compared.wheels += 1
        }
        if let row = speeds[recorded.time] {
          worst = max(worst, abs(sample.speed - row[0]))
          compared.speeds += 1
        }
        yawRates.append(sample.yawRate)
        #expect(abs(sample.steeringAngle - decoder.signals.steeringWheelAngle / 16) < 1e-15)
      }
      if recorded.frame.bus == 0, recorded.frame.id == 0x25, let row = steering[recorded.time] {
        worst = max(worst, abs(Pinned.degrees(radians: decoder.signals.steeringWheelAngle) - row[0]))
        compared.steering += 1
      }
    }
    #expect(compared.wheels == 2484 && compared.speeds == 2484 && compared.steering == 2485)
    #expect(worst < 1e-12)
    #expect(decoder.counters.samples == 2484)
    #expect(decoder.counters.invalid == 0)
    #expect(yawRates.allSatisfy { abs($0) < 0.2 })
    #expect(decoder.signals.speedometer > 0)
    print("toyota motion: \(compared) rows, largest difference \(worst)")
  }

  @Test(
    "The yaw rate follows the recording's gyro",
    .enabled(if: isThere, "\(Recorded.absent)"))
  func yawRateFollowsGyro() throws {
    var gyro: [(time: Double, up: Double)] = []
    for line in try Recorded.lines(Self.drive + "imu_gyro_uncalibrated.csv.xz").dropFirst() {
      let parts = line.split(separator: ",").compactMap { Double($0) }
      gyro.append((parts[0], -parts[3]))
    }
    let decoder = ToyotaMotionDecoder(bus: 0)
    var pairs: [(ours: Double, gyro: Double)] = []
    var next = 0
    for recorded in recordedCAN(try Recorded.lines(Self.drive + "can_raw.log.xz")) {
      let bytes = recorded.frame.encoded()
      let time = Double(recorded.arrival.nanoseconds) / 1e9
      while next + 1 < gyro.count, gyro[next + 1].time <= time { next += 1 }
      unsafe decoder.decode(bytes.span.bytes, arrival: recorded.arrival) { _, sample in
        pairs.append((sample.yawRate, gyro[next].up))
      }
    }
    let n = Double(pairs.count)
    let meanOurs = pairs.reduce(0) { $0 + $1.ours } / n
    let meanGyro = pairs.reduce(0) { $0 + $1.gyro } / n
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for pair in pairs {
      let (a, b) = (pair.ours - meanOurs, pair.gyro - meanGyro)
      xy += a * b
      xx += a * a
      yy += b * b
    }
    let correlation = xy / (xx * yy).squareRoot()
    // Left positive on both; a sign error would be near -0.8, an unrelated signal near 0.
    #expect(correlation > 0.75)
    print("toyota yaw rate against gyro: correlation \(correlation)")
  }

  private func wheelFrame(_ raw: [UInt16]) -> [UInt8] {
    CANFrame(id: 0xAA, data: raw.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }).encoded()
  }

  @Test("An unready wheel sensor's zeros are invalid, not minus 68 km/h")
  func unreadySensor() {
    let decoder = ToyotaMotionDecoder()
    var samples: [OdometrySample] = []
    for raw: [UInt16] in [[0, 0, 0, 0], [6767, 6767, 6767, 6767]] {
      let frame = wheelFrame(raw)
      unsafe decoder.decode(frame.span.bytes, arrival: .zero) { samples.append($1) }
    }
    #expect(decoder.counters.invalid == 1)
    #expect(samples.count == 1)
    #expect(abs(samples[0].speed) < 1e-12)
  }

  @Test("A steering angle older than 100 ms is unknown, not the last one")
  func staleSteering() {
    let decoder = ToyotaMotionDecoder(steeringRatio: 15)
    var data: [UInt8] = [0x0F, 0xFF, 0x10, 0, 0x70, 0, 0, 0]
    data[7] = UInt8(truncatingIfNeeded: 0x25 + 8 + data.dropLast().reduce(0) { $0 + UInt32($1) })
    let steering = CANFrame(id: 0x25, data: data).encoded()
    let wheels = wheelFrame([7000, 7000, 7000, 7000])
    var angles: [Double] = []
    unsafe decoder.decode(steering.span.bytes, arrival: .zero) { angles.append($1.steeringAngle) }
    for milliseconds: Int64 in [0, 100, 101] {
      unsafe decoder.decode(wheels.span.bytes, arrival: Stamp(nanoseconds: milliseconds * 1_000_000)) {
        angles.append($1.steeringAngle)
      }
    }
    #expect(angles.count == 3)
    #expect(abs(angles[0] - Pinned.radians(degrees: -0.8) / 15) < 1e-12)
    #expect(angles[1] == angles[0])
    #expect(angles[2].isNaN)
  }

  @Test("Damaged frames never trap the decoder and never give an infinite number")
  func survivesGarbage() {
    var random = SeededBytes(seed: 12)
    let decoder = ToyotaMotionDecoder(steeringRatio: 15)
    let ids: [UInt32] = [0xAA, 0xB4, 0x25, 0x24]
    for round in 0..<100_000 {
      let whole = CANFrame(id: ids[round % 4], data: [26, 111, 26, 111, 26, 111, 26, 111]).encoded()
      let packet = random.damaged(whole)
      unsafe decoder.decode(
        packet.span.bytes, arrival: Stamp(nanoseconds: Int64(truncatingIfNeeded: random.next()))
      ) { _, sample in
        if !sample.speed.isFinite || sample.yawRate.isInfinite || sample.steeringAngle.isInfinite {
          Issue.record("impossible sample in round \(round)")
        }
      }
    }
    #expect(decoder.counters.packets == 100_000)
    #expect(decoder.counters.samples > 100)
  }
}
