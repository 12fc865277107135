import Foundation
import Synchronization
import Testing

/// One short demonstration drive, recorded once for all tests that look into a log.
struct Demo {
  static let shared = Result { try Demo() }

  let scratch: Scratch
  let outcome: Fusiond.Outcome
  var log: String { scratch.path("drive.mcap") }
  var report: String { scratch.path("drive.json") }

  private init() throws {
    scratch = try Scratch()
    outcome = try Fusiond.run([
      "demo", "--duration", "4", "--headless", "--record", scratch.path("drive.mcap"), "--report",
      scratch.path("drive.json"), "--endpoint", "ipc://\(scratch.path("commands"))",
    ])
    // Nobody else owns the folder when the tests end.
    Self.folder.withLock { $0 = scratch.url }
    atexit { Demo.folder.withLock { if let url = $0 { try? FileManager.default.removeItem(at: url) } } }
  }

  private static let folder = Mutex<URL?>(nil)
}

/// A machine whose devices are not there.
enum Machines {
  static func withoutDevices(publishingTo endpoint: String) -> String {
    """
    { "name": "nothing-there",
      "sensors": [
        { "name": "imu", "model": "xsens-mti", "rate_hz": 100,
          "link": { "kind": "serial", "device": "/dev/no-such-imu", "baud": 115200 } },
        { "name": "wheels", "model": "toyota-motion", "rate_hz": 83, "steering_ratio": 14,
          "link": { "kind": "can", "interface": "can97" } } ],
      "actuators": [
        { "name": "brake", "topic": "act/brake", "data_id": 1, "minimum": 0, "maximum": 1, "safe_value": 1 } ],
      "chains": [
        { "name": "drive", "trigger": { "kind": "period" },
          "stages": [ { "kind": "ego-motion", "budget_ms": 2, "modelled_ms": 0.1 } ] } ],
      "publish": { "endpoints": ["\(endpoint)"] },
      "realtime": { "priority": 0, "lock_memory": false } }
    """
  }

  /// A machine that listens on the loop-back, where nobody speaks.
  static func silent(publishingTo endpoint: String) -> String {
    """
    { "name": "silent",
      "sensors": [
        { "name": "lidar", "model": "velodyne-vlp16", "rate_hz": 10,
          "link": { "kind": "udp", "address": "127.0.0.1", "port": 29368 } } ],
      "actuators": [
        { "name": "brake", "topic": "act/brake", "data_id": 1, "minimum": 0, "maximum": 1, "safe_value": 1 } ],
      "chains": [
        { "name": "drive", "trigger": { "kind": "sensor", "sensor": "lidar" },
          "stages": [ { "kind": "lidar-obstacles", "budget_ms": 20, "modelled_ms": 4 } ] } ],
      "publish": { "endpoints": ["\(endpoint)"] },
      "realtime": { "priority": 0, "lock_memory": false } }
    """
  }
}
