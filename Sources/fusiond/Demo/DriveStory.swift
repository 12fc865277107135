import FusionPipeline
import Glibc
import SensorDrivers

/// The drive in a few sentences.
enum DriveStory {
  static func text(_ vehicle: DemoVehicle, _ live: RunReport) -> String {
    let truth = vehicle.truth
    let stops = zip(vehicle.history, vehicle.history.dropFirst()).count { $0.speed > 0.3 && $1.speed <= 0.3 }
    let offsets = vehicle.history.filter { $0.mode != 0 }.map { abs($0.laneOffset) }
    var lines = [
      "the drive: \(Format.fixed(truth.distanceDrivenMetres, 0)) m, closest to the one ahead \(Format.fixed(truth.minimumGapMetres, 1)) m, \(stops) stop(s), greatest lane offset \(Format.fixed(offsets.max() ?? 0, 2)) m, \(truth.collisions == 0 ? "nothing touched" : "\(truth.collisions) TOUCHED")"
    ]
    let counters = vehicle.receiverCounters
    lines.append(
      "the actuators: \(counters.map { "\($0.accepted)" }.joined(separator: " + ")) commands accepted, \(counters.reduce(0) { $0 + $1.lost }) lost on the way, \(counters.reduce(0) { $0 + $1.timeouts }) time-outs"
    )
    if vehicle.latePackets > 0 {
      lines.append(
        "the simulation: \(vehicle.latePackets) of \(vehicle.packets) packets left more than 5 ms late (this machine is busy)"
      )
    }
    return lines.joined(separator: "\n")
  }
}

/// What the demonstration needs of the file system.
enum Files {
  static var temporaryFolder: String {
    guard let folder = unsafe getenv("TMPDIR") else { return "/tmp" }
    return unsafe String(cString: folder)
  }
  static var processID: Int32 { getpid() }
  static func remove(_ path: String) { unsafe _ = unlink(path) }
}
