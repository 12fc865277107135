import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("Bad configurations") struct BadConfigurationTests {
  static let folder = RegistryKit.configs.appendingPathComponent("bad")
  static let names = RegistryKit.names(folder, ".json")

  @Test("There are configurations to refuse, each with what is said of it") func present() {
    #expect(Self.names.count >= 40)
    let expected = RegistryKit.names(Self.folder, ".expected").map {
      $0.replacingOccurrences(of: ".expected", with: ".json")
    }
    #expect(expected == Self.names)
  }

  @Test("Each is refused at its place, with what to do", arguments: names)
  func refused(_ name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name)))
    let golden = name.replacingOccurrences(of: ".json", with: ".expected")
    let expected = try String(contentsOf: Self.folder.appendingPathComponent(golden), encoding: .utf8)
    #expect(Self.refusal(bytes, name) + "\n" == expected)
  }

  /// What `check` would say: of the text, of the machine built from it, and of its links.
  static func refusal(_ bytes: [UInt8], _ name: String) -> String {
    do {
      let configuration = try MachineConfiguration(text: bytes, file: name, registry: RegistryKit.registry)
      _ = try Machine(configuration, registry: RegistryKit.registry, purpose: .live) {
        (path) throws(SetupProblem) in throw SetupProblem("\(path): no such file (check the path)")
      }
      for sensor in configuration.sensors { _ = try LinkMaker.link(of: sensor) }
      return "accepted"
    } catch let problem as SetupProblem {
      return problem.message
    } catch { return "\(error)" }
  }
}
