import DecisionEngine
import FusionPipeline
import SensorDrivers

extension Registry {
  /// What this robot's configuration can name: our parts beside those of the framework that it uses.
  public static var ownRobot: Registry {
    var registry = Registry()
    registry.sensors = [.sonarRing, .wheelEncoders, .operatorInput]
    registry.links = [.udp, .serial]
    registry.stages = [.clearance, .wander]
    registry.makeGuard = { SpreaderGuard(actuators: $0) }
    registry.sink = .zeroMQ
    // Change it with every change of the decisions: logs carry it, and a replay tells by it.
    registry.decisionVersion = "own-robot-1"
    return registry
  }
}
