import DecisionEngine
import FusionPipeline
import SensorDrivers

extension Registry {
  /// Everything that this project ships.
  static var shipped: Registry {
    var registry = Registry()
    registry.addSensorDrivers()
    registry.addDecisionEngine()
    return registry
  }
}

Program(registry: .shipped, moreCommands: [DemoCommand.self]).run()
