import Foundation
import Testing

@testable import FusionPipeline
@testable import SensorDrivers

@Suite("Shipped configurations") struct ShippedConfigurationTests {
  /// configs/demo.json belongs to the program that has its own registry.
  static let shipped = RegistryKit.names(RegistryKit.configs, ".json").filter { $0 != "demo.json" }

  @Test("There are configurations to check") func present() {
    #expect(Self.shipped.count >= 8)
    #expect(Self.shipped.contains("vehicle.json"))
  }

  /// Ouster metadata of the least kind: what a sensor cannot do without.
  static let metadata = """
    { "lidar_mode": "1024x10", "prod_line": "OS-1-16",
      "beam_altitude_angles": [15, 13, 11, 9, 7, 5, 3, 1, -1, -3, -5, -7, -9, -11, -13, -15],
      "beam_azimuth_angles": [3, 1, -1, -3, 3, 1, -1, -3, 3, 1, -1, -3, 3, 1, -1, -3] }
    """

  @Test(
    "Every shipped configuration is read, and a machine is built from it without a device", arguments: shipped
  )
  func builds(_ name: String) throws {
    let scratch = try ScratchFolder()
    let path = try scratch.write("metadata.json", text: Self.metadata)
    var configuration = try RegistryKit.configuration(name)
    if configuration.sensors.contains(where: { $0.model == "ouster" }) {
      configuration = try RegistryKit.configuration(name, set: ["sensors.lidar.calibration=\(path)"])
    }
    for purpose in [Machine.Purpose.live, .replay] {
      let machine = try RegistryKit.machine(configuration, purpose)
      #expect(machine.sensors.count == configuration.sensors.count)
      // A log of a machine with a calibration carries it.
      #expect(machine.files.count == configuration.sensors.count { $0.model == "ouster" })
    }
  }

  @Test(
    "Every link of the live configurations is made of its settings, unopened",
    arguments: ["vehicle.json", "ouster-robot.json"])
  func makesLinks(_ name: String) throws {
    let configuration = try RegistryKit.configuration(name)
    for sensor in configuration.sensors { #expect(try LinkMaker.link(of: sensor) != nil, "\(sensor.name)") }
    let vehicle = try RegistryKit.configuration("vehicle.json")
    let links = try vehicle.sensors.map { try LinkMaker.link(of: $0) }
    let udp = try #require(links[0] as? UDPLink)
    #expect(udp.options.port == 2368 && udp.options.sender == IPv4Address(192, 168, 1, 201))
    #expect(udp.options.receiveBufferBytes == 8 << 20)
    let camera = try #require(links[1] as? V4L2Link)
    #expect(camera.settings.format.text == "YUYV 640x480" && camera.settings.rate == FrameRate(frames: 30))
    let radar = try #require(links[2] as? CANLink)
    #expect(radar.interface == "can1" && radar.bus == 1 && radar.identifiers.isEmpty)
    let wheels = try #require(links[3] as? CANLink)
    #expect(wheels.bus == 0 && wheels.identifiers.map(\.id) == [0x24, 0x25, 0xAA, 0xB4])
    let imu = try #require(links[4] as? SerialLink)
    #expect(imu.baud == 921_600 && imu.wantsLowLatency)
  }

  @Test("Each model's samples are aligned by its own policy where the configuration says none")
  func policies() throws {
    let vehicle = try RegistryKit.configuration("vehicle.json")
    let policies = Dictionary(uniqueKeysWithValues: vehicle.sensors.map { ($0.name, $0.align.policy) })
    #expect(
      policies == [
        "lidar": .latestBefore, "camera": .latestBefore, "radar": .latestBefore, "wheels": .latestBefore,
        "imu": .batch, "operator": .batch,
      ])
  }

  @Test("A machine has the ports and pools that each model's samples need")
  func pools() throws {
    let machine = try RegistryKit.machine(try RegistryKit.configuration("vehicle.json"), .live)
    let taps = machine.configuration.sensors.enumerated().map { index, sensor in
      machine.sensors[index].makeTap(sensor.align, vehicleFromSensor: sensor.vehicleFromSensor)
    }
    let lidar = try #require(taps[0].pool as? PayloadPool<LidarPoint>)
    // Two returns of 300 000 firings a second, turned a little slowly.
    #expect(lidar.capacity == 66_000 && lidar.slots == 8)
    let images = try #require(taps[1].pool as? PayloadPool<UInt8>)
    #expect(images.capacity == 640 * 480 * 2)
    #expect((taps[2].pool as? PayloadPool<RadarDetection>)?.capacity == 16)
    #expect(taps[3].portObject is SensorPort<OdometrySample> && taps[3].pool == nil)
    #expect(taps[4].portObject is SensorPort<ImuSample>)
    #expect(taps[5].portObject is SensorPort<OperatorInput>)
  }
}

/// Makes a sensor's link without opening it.
enum LinkMaker {
  static func link(
    of sensor: MachineConfiguration.Sensor, provided: [String: any PacketLink] = [:]
  ) throws -> (any PacketLink)? {
    guard let settings = sensor.settings.optionalSection("link") else { return nil }
    let kind = try #require(RegistryKit.registry.links.first { $0.section.name == settings.variant })
    return try kind.make(
      LinkPlan(
        sensorName: sensor.name, settings: settings, sensor: sensor.settings, clock: ManualClock(),
        provided: provided))
  }
}
