import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("The simulated drive's packets")
struct DriveDigestTests {
  private func digest(seed: UInt64, seconds: Double, brakes: Bool = true) -> UInt64 {
    let drive = SimulatedDrive(settings: .with(Set(SimulatedDrive.Source.allCases), seed: seed))
    var driver = PerfectDriver()
    driver.brakes = brakes
    var digest = ByteDigest()
    drive.run(until: seconds, driver: driver) { source, time, bytes in
      digest.add(source.rawValue)
      digest.add(time)
      digest.add(bytes)
    }
    return digest.value
  }

  @Test("The same seed gives the same bytes over five seconds, on every machine and build")
  func isDeterministic() {
    #expect(digest(seed: 1, seconds: 5) == 12_410_528_369_676_351_760)
  }

  @Test("Another seed or another command gives other bytes")
  func dependsOnSeedAndCommands() {
    let one = digest(seed: 1, seconds: 0.6)
    #expect(digest(seed: 1, seconds: 0.6) == one)
    #expect(digest(seed: 2, seconds: 0.6) != one)
    #expect(digest(seed: 1, seconds: 0.6, brakes: false) != one)
  }

  @Test("Every source keeps its rate, times never go back, and every packet has its device's length")
  func keepsRates() {
    let drive = SimulatedDrive(settings: .with(Set(SimulatedDrive.Source.allCases)))
    var counts: [SimulatedDrive.Source: Int] = [:]
    var last = Int64.min
    var lastBySource: [SimulatedDrive.Source: Int64] = [:]
    var lidarSteps: Set<Int64> = []
    var imuSteps: Set<Int64> = []
    drive.run(until: 2) { source, time, bytes in
      #expect(time >= last)
      last = time
      let step = time - (lastBySource[source] ?? time)
      if lastBySource[source] != nil {
        if source == .lidar { lidarSteps.insert(step) }
        if source == .imu { imuSteps.insert(step) }
      }
      lastBySource[source] = time
      counts[source, default: 0] += 1
      switch source {
      case .lidar: #expect(bytes.byteCount == 1206)
      case .imu: #expect(bytes.byteCount == 73)
      case .radar, .motion: #expect(bytes.byteCount == 16)
      case .camera: #expect(bytes.byteCount == 64 + 320 * 240 * 2)
      }
    }
    #expect(lidarSteps == [1_327_104])
    #expect(imuSteps == [5_000_000])
    #expect(counts[.lidar] == 1507)
    #expect(counts[.imu] == 400)
    #expect(counts[.radar] == 40 * 32)
    #expect(counts[.camera] == 40)
    #expect(counts[.motion] == 167 * 3 + 84)
  }

  @Test("Packets of one time come in the order lidar, inertial, radar, camera, motion")
  func ordersTies() {
    let drive = SimulatedDrive(settings: .with([.imu, .radar, .camera, .motion]))
    var order: [SimulatedDrive.Source] = []
    for _ in 0..<4 { drive.step { source, time, _ in if time == 0 { order.append(source) } } }
    #expect(order == [.imu, .radar, .camera, .motion])
  }

  @Test("A drive without sources has no next packet and a step does nothing")
  func canBeEmpty() {
    let drive = SimulatedDrive(settings: .with([]))
    #expect(drive.nextPacketTime == .max)
    drive.step { _, _, _ in Issue.record("there is no packet") }
  }
}
