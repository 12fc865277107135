import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("The simulated drive's inertial sensor, wheel speeds and radar, decoded")
struct DriveMotionTests {
  @Test("Inertial messages say specific force and rate of turn to float32, and none is damaged")
  func inertial() {
    let drive = SimulatedDrive(settings: .with([.imu], noise: false))
    let driver = PerfectDriver()
    let decoder = XsensDecoder()
    var samples = 0
    drive.run(until: 20, driver: driver) { _, time, bytes in
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { timing, sample in
        samples += 1
        let ego = drive.scene.ego
        #expect(abs(sample.accelerationX - ego.acceleration) < 1e-5)
        #expect(abs(sample.accelerationY - ego.speed * ego.yawRate) < 1e-5)
        #expect(abs(sample.accelerationZ - 9.80665) < 1e-5)
        #expect(abs(sample.rateZ - ego.yawRate) < 1e-7)
        let heading = 2 * Pinned.atan2(sample.orientationZ, sample.orientationW)
        #expect(abs(heading - ego.headingRadians) < 1e-6)
        #expect(timing.device.nanoseconds == 77_700_000_000 + time)
      }
    }
    #expect(samples == 4000)
    #expect(decoder.counters.invalid == 0 && decoder.counters.missing == 0)
  }

  @Test("Any float32 content of an Xsens message comes back bit for bit, over the counter's wrap")
  func inertialRoundTrip() {
    var random = RandomSource(seed: 11)
    var encoder = XsensEncoder(packetCounter: 65_530)
    let decoder = XsensDecoder()
    var packet = [UInt8](repeating: 0, count: XsensEncoder.byteCount)
    for tick in 0..<200 {
      func draw() -> Double { Double(Float(random.normal(deviation: 50))) }
      let sample = ImuSample(
        accelerationX: draw(), accelerationY: draw(), accelerationZ: draw(), rateX: draw(), rateY: draw(),
        rateZ: draw(), orientationW: draw(), orientationX: draw(), orientationY: draw(), orientationZ: draw())
      #expect(encoder.encode(into: &packet, fineTicks: UInt32(tick) * 50, sample: sample))
      var decoded: ImuSample?
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { _, sample in decoded = sample }
      #expect(decoded == sample)
    }
    #expect(decoder.counters.missing == 0 && decoder.counters.invalid == 0)
  }

  @Test("Wheel speeds, steering and yaw rate come back to half a step of their numbers")
  func motion() {
    let drive = SimulatedDrive(settings: .with([.motion]))
    let driver = PerfectDriver()
    let decoder = ToyotaMotionDecoder(steeringRatio: drive.settings.steeringRatio)
    var samples = 0
    var expected = EgoVehicle(speed: 0)
    drive.run(until: 30, driver: driver) { _, time, bytes in
      if time % 12_000_000 == 0 { expected = drive.scene.ego }
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { _, sample in
        samples += 1
        let step = 0.01 / 3.6
        #expect(
          abs(decoder.signals.rearLeft + decoder.signals.rearRight - 2 * expected.speed) <= step * 1.001)
        #expect(abs(sample.speed - expected.speed) < step + 1e-3 * expected.speed)
        let angleStep = Pinned.radians(degrees: 0.1) / 14.3
        #expect(abs(sample.steeringAngle - expected.steeringRadians) <= angleStep * 0.501)
        #expect(abs(sample.yawRate - expected.yawRate) <= Pinned.radians(degrees: 0.244) * 0.501)
      }
    }
    #expect(samples == 2500)
    #expect(decoder.counters.invalid == 0 && decoder.counters.ignored == 0)
    #expect(abs(decoder.signals.speedometer - expected.speed) < 0.1)
  }

  @Test("Any steering-wheel angle within the wheel's turns comes back to a tenth of a degree")
  func steeringRoundTrip() {
    let encoder = ToyotaMotionEncoder()
    let decoder = ToyotaMotionDecoder(steeringRatio: 1)
    var packet = [UInt8](repeating: 0, count: 16)
    for tenths in stride(from: -5400, through: 5400, by: 7) {
      let angle = Pinned.radians(degrees: Double(tenths) / 10)
      encoder.steering(wheelRadians: angle, degreesPerSecond: -3).write(into: &packet)
      unsafe decoder.decode(packet.span.bytes, arrival: .zero) { _, _ in }
      #expect(abs(decoder.signals.steeringWheelAngle - angle) < 1e-9)
    }
    #expect(decoder.counters.invalid == 0)
  }

  private func pool() -> PayloadPool<RadarDetection> {
    PayloadPool(id: 2, slots: 2, capacity: 16, zero: RadarDetection(x: 0, y: 0, rangeRate: 0, trackID: 0))
  }

  @Test("The radar's first track ahead is the lead, to the steps of its numbers, at 20 Hz")
  func radar() {
    let drive = SimulatedDrive(settings: .with([.radar], noise: false))
    let driver = PerfectDriver()
    let pool = pool()
    let decoder = ToyotaRadarDecoder(pool: pool)
    var scans = 0
    var withLead = 0
    var gap = 0.0
    var closing = 0.0
    drive.run(until: 5, driver: driver) { _, time, bytes in
      if time % 50_000_000 == 0 {
        gap = drive.truth.leadGapMetres
        closing = drive.truth.leadSpeed - drive.truth.speed
      }
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { timing, scan in
        scans += 1
        #expect(timing.spanNanoseconds == 15 * 250_000)
        #expect(pool.pin(scan.detections))
        for track in unsafe Array(pool.elements(of: scan.detections)) {
          guard abs(track.y) < 0.3, abs(Double(track.x) - gap) < 0.2 else { continue }
          withLead += 1
          #expect(abs(Double(track.x) - gap) < 0.1)
          #expect(abs(Double(track.rangeRate) - closing) < 0.05)
        }
        pool.unpin(scan.detections)
      }
    }
    #expect(scans == 100)
    #expect(withLead >= 95)
    #expect(decoder.counters.invalid == 0 && decoder.counters.missing == 0)
  }

  @Test("The radar also sees things that stand still, a track keeps its slot, and new ones say that they are")
  func radarClutter() {
    let drive = SimulatedDrive(settings: .with([.radar]))
    let driver = PerfectDriver()
    let pool = pool()
    let decoder = ToyotaRadarDecoder(pool: pool)
    var (standing, new, scans) = (0, 0, 0)
    var leadSlots: Set<UInt16> = []
    var speed = 0.0
    var gap = 0.0
    drive.run(until: 3, driver: driver) { _, time, bytes in
      if time % 50_000_000 == 0 { (speed, gap) = (drive.truth.speed, drive.truth.leadGapMetres) }
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { _, scan in
        scans += 1
        #expect(pool.pin(scan.detections))
        for track in unsafe Array(pool.elements(of: scan.detections)) {
          if abs(Double(track.rangeRate) + speed) < 1.5 { standing += 1 }
          if track.flags & RadarDetection.isNew != 0 { new += 1 }
          if abs(Double(track.x) - gap) < 0.7, abs(track.y) < 0.7 { leadSlots.insert(track.trackID) }
        }
        pool.unpin(scan.detections)
      }
    }
    #expect(standing > 2 * scans && standing < 12 * scans)
    #expect(new >= 3 && new < scans * 3)
    #expect(leadSlots.count == 1)
  }

  @Test("Inertial noise is of the size it says, about a bias that stays")
  func inertialNoise() {
    let drive = SimulatedDrive(settings: .with([.imu]))
    let decoder = XsensDecoder()
    var rates: [Double] = []
    drive.run(until: 10) { _, time, bytes in
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { _, sample in rates.append(sample.rateX) }
    }
    let mean = rates.reduce(0, +) / Double(rates.count)
    let spread = (rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rates.count)).squareRoot()
    #expect(abs(spread - 0.002) < 0.0002)
    #expect(mean != 0 && abs(mean) < 0.004)
  }

  @Test("Any radar track comes back to half a step in its own slot; an empty slot gives none")
  func radarRoundTrip() {
    var random = RandomSource(seed: 5)
    let encoder = ToyotaRadarEncoder()
    let pool = pool()
    let decoder = ToyotaRadarDecoder(pool: pool, bus: 1)
    var packet = [UInt8](repeating: 0, count: 16)
    var scans = 0
    for cycle in 0..<300 {
      var tracks: [ToyotaRadarEncoder.Track?] = []
      for _ in 0..<16 {
        tracks.append(
          random.chance(0.3)
            ? nil
            : ToyotaRadarEncoder.Track(
              forwardMetres: random.uniform(0, 327), leftMetres: random.uniform(-40, 40),
              rangeRate: random.uniform(-51, 51), isNew: random.chance(0.2), score: 60))
      }
      for place in 0..<32 {
        encoder.frame(place, cycle: UInt8(truncatingIfNeeded: cycle), track: tracks[place % 16])
          .write(into: &packet)
        unsafe decoder.decode(packet.span.bytes, arrival: .zero) { _, scan in
          scans += 1
          #expect(pool.pin(scan.detections))
          let found = unsafe pool.elements(of: scan.detections)
          let count = found.count
          #expect(count == tracks.count { $0 != nil })
          for index in 0..<count {
            let detection = unsafe found[index]
            guard let track = tracks[Int(detection.trackID)] else {
              Issue.record("an empty slot gave a detection")
              continue
            }
            #expect(abs(Double(detection.x) - track.forwardMetres) < 0.0201)
            #expect(abs(Double(detection.y) - track.leftMetres) < 0.0201)
            #expect(abs(Double(detection.rangeRate) - track.rangeRate) < 0.01251)
            #expect((detection.flags & RadarDetection.isNew != 0) == track.isNew)
          }
          pool.unpin(scan.detections)
        }
      }
    }
    #expect(scans == 300)
    #expect(decoder.counters.invalid == 0)
  }
}
