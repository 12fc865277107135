import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("The simulated drive's scene")
struct DriveSceneTests {
  @Test(
    "A driver who sees everything comes through 60 s without a collision, whatever the seed",
    arguments: [1, 2, 3, 4] as [UInt64])
  func isDrivable(seed: UInt64) {
    let drive = SimulatedDrive(settings: .with([.imu], seed: seed))
    let driver = PerfectDriver()
    var widest = 0.0
    var stood = false
    drive.run(
      until: 60,
      act: {
        driver.drive(drive)
        let truth = drive.truth
        widest = max(widest, abs(truth.laneOffsetMetres))
        if truth.timeNanoseconds > .seconds(8), truth.speed < 1 { stood = true }
      })
    let truth = drive.truth
    #expect(truth.collisions == 0)
    #expect(widest < 0.3)
    #expect(truth.minimumGapMetres > 1)
    #expect(truth.distanceDrivenMetres > 400)
    #expect(stood, "the lead's stop makes the ego stop")
  }

  @Test("An ego that never brakes collides", arguments: [1, 2, 3, 4] as [UInt64])
  func isNotHarmless(seed: UInt64) {
    let drive = SimulatedDrive(settings: .with([.imu], seed: seed))
    var driver = PerfectDriver()
    driver.brakes = false
    drive.run(until: 15, act: { driver.drive(drive) })
    #expect(drive.truth.collisions >= 1)
  }

  @Test("In each cycle another vehicle cuts in closely ahead of a normal driver")
  func cutsIn() {
    let drive = SimulatedDrive(settings: .with([.imu]))
    let driver = PerfectDriver()
    var cutIns: [Double] = []
    var was = false
    drive.run(
      until: 90,
      act: {
        driver.drive(drive)
        let agent = drive.scene.traffic.agents[1]
        let isAhead = abs(agent.offset) < 1.7 && agent.arcLength > drive.truth.arcLengthMetres
        if isAhead, !was { cutIns.append(drive.truth.leadGapMetres) }
        was = isAhead
      })
    #expect(cutIns.count == 3)
    for gap in cutIns { #expect(gap > 3 && gap < 20) }
    #expect(drive.truth.collisions == 0)
  }

  @Test("No road user ever stands in another or in what stands along the road")
  func keepsRoadUsersApart() {
    let drive = SimulatedDrive(settings: .with([.motion], seed: 5))
    let driver = PerfectDriver()
    var overlaps = 0
    drive.run(
      until: 90,
      act: {
        driver.drive(drive)
        let boxes = drive.scene.boxes
        for first in 0..<Traffic.agentCount {
          for second in (first + 1)..<boxes.count where boxes[first].overlaps(boxes[second]) {
            overlaps += 1
          }
        }
      })
    #expect(overlaps == 0)
  }

  @Test("An ego at standstill still has its lead in reach after two minutes")
  func leadWaits() {
    var settings = SimulatedDriveSettings.with([.imu])
    settings.initialSpeed = 0
    let drive = SimulatedDrive(settings: settings)
    drive.run(until: 120)
    #expect(drive.truth.leadGapMetres < 120)
    #expect(drive.truth.collisions == 0)
  }

  @Test("Commands that are no numbers or out of range neither trap nor pass the car's limits")
  func refusesNonsense() {
    let drive = SimulatedDrive(settings: .with([.imu]))
    let values: [Double] = [.nan, .infinity, -.infinity, 1e308, -1e308, 0]
    var index = 0
    drive.run(
      until: 4,
      act: {
        drive.actuate(
          steeringRadians: values[index % 6], throttle: values[(index + 1) % 6],
          brake: values[(index + 2) % 6],
          mode: UInt8(index % 7))
        index += 1
      })
    let truth = drive.truth
    #expect(truth.x.isFinite && truth.speed.isFinite && truth.speed >= 0)
    #expect(abs(truth.steeringRadians) <= EgoVehicle.greatestSteeringRadians)
  }

  @Test("Full brake reaches its deceleration with a lag, and the car stays at a standstill")
  func brakes() {
    let drive = SimulatedDrive(settings: .with([.imu]))
    var hardest = 0.0
    drive.run(
      until: 3,
      act: {
        drive.actuate(steeringRadians: 0, throttle: 0, brake: 1, mode: CommandMode.emergency.rawValue)
        hardest = min(hardest, drive.truth.acceleration)
      })
    #expect(hardest < -8.5 && hardest > -9.5)
    #expect(drive.truth.speed == 0)
    // v²/2a is 10.9 m; the lag of 0.12 s adds about 1.7 m.
    #expect(drive.truth.distanceDrivenMetres > 11 && drive.truth.distanceDrivenMetres < 13.5)
  }

  @Test("The reference path is the road the lane offset is measured from")
  func referencePathIsTheLane() {
    let drive = SimulatedDrive(settings: .with([.imu]))
    let path = drive.referencePath
    #expect(path[0].x == 0 && path[0].y == 0)
    for (a, b) in zip(path, path.dropFirst()) {
      let step = Vector2(b.x - a.x, b.y - a.y).length
      #expect(abs(step - 2) < 1e-3)
    }
    for index in stride(from: 0, to: path.count, by: 7) {
      let place = drive.scene.road.project(
        x: path[index].x, y: path[index].y, near: Double(index) * 2 + 3)
      #expect(abs(place.offset) < 1e-6)
      #expect(abs(place.arcLength - Double(index) * 2) < 1e-3)
    }
  }
}
