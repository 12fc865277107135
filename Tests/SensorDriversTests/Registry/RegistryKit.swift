import DecisionEngine
import Foundation
import Testing

@testable import FusionPipeline
@testable import SensorDrivers

/// The program as shipped.
enum RegistryKit {
  static var registry: Registry {
    var registry = Registry()
    registry.addSensorDrivers()
    registry.addDecisionEngine()
    return registry
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let configs = root.appendingPathComponent("configs")

  /// Names of the files in a folder of configs with an ending.
  static func names(_ folder: URL, _ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.sorted()
  }

  static func configuration(_ name: String, set overrides: [String] = []) throws -> MachineConfiguration {
    let file = configs.appendingPathComponent(name)
    return try MachineConfiguration(
      text: [UInt8](try Data(contentsOf: file)), file: file.path, overrides: overrides, registry: registry)
  }

  static func text(_ text: String, set overrides: [String] = []) throws -> MachineConfiguration {
    try MachineConfiguration(
      text: Array(text.utf8), file: "test.json", overrides: overrides, registry: registry)
  }

  static func machine(_ configuration: MachineConfiguration, _ purpose: Machine.Purpose = .replay) throws
    -> Machine
  {
    try Machine(configuration, registry: registry, purpose: purpose) { (path) throws(SetupProblem) in
      do {
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      } catch { throw SetupProblem("\(path): cannot be read") }
    }
  }

  static func targets(_ configuration: MachineConfiguration) -> [ImportTarget] {
    configuration.sensors.map {
      ImportTarget(name: $0.name, number: $0.number, model: $0.model, settings: $0.settings)
    }
  }

  /// Everything that a source gives, by the first importer that accepts it.
  static func imported(
    _ source: String, _ configuration: MachineConfiguration
  ) throws -> (importer: String, packets: [RecordedPacket], remarks: [String]) {
    let importer = try #require(registry.importers.first { $0.accepts(source) }, "nobody takes \(source)")
    let opened = try importer.open(source, targets(configuration))
    var packets: [RecordedPacket] = []
    while let packet = try opened.packets.next() { packets.append(packet) }
    return (importer.name, packets, opened.remarks())
  }

  /// A configuration of one chain around some sensors' objects.
  static func around(_ sensors: String) -> String {
    """
    { "name": "test", "sensors": [\(sensors)],
      "actuators": [{ "name": "brake", "topic": "b", "data_id": 1, "minimum": 0, "maximum": 1, "safe_value": 1 }],
      "chains": [{ "name": "c", "trigger": { "kind": "period" }, "stages": [{ "kind": "ego-motion", "assumed_speed_m_s": 0 }] }] }
    """
  }
}

/// A folder that is removed with the test.
final class ScratchFolder {
  let url: URL
  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  @discardableResult func write(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  @discardableResult func write(_ name: String, text: String) throws -> String { try write(name, text.utf8) }

  /// A recording that is kept compressed, unpacked under its name.
  func unpack(_ recording: String) throws -> String {
    let name = String(try #require(recording.split(separator: "/").last).dropLast(3))
    return try write(name, text: Recorded.lines(recording).joined(separator: "\n") + "\n")
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
}
