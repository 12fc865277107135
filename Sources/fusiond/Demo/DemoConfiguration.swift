import FusionPipeline
import SensorDrivers

/// The configuration that the demonstration runs, as a file would say it.
enum DemoConfiguration {
  /// - Parameters:
  ///   - path: the lane's centre line in the odometry frame, metres.
  ///   - serial: where the inertial unit's pseudo-terminal is.
  static func text(path: [(x: Double, y: Double)], lidarPort: UInt16, serial: String, endpoint: String)
    -> String
  {
    let points = thinned(path).map { "[\(Format.fixed($0.x, 3)), \(Format.fixed($0.y, 3))]" }
    return """
      {
        "name": "demo",
        "vehicle": { "wheelbase_m": 2.7, "width_m": 1.85, "front_overhang_m": 3.6, "rear_overhang_m": 0.9 },
        "sensors": [
          { "name": "front_lidar", "model": "velodyne-vlp16", "rate_hz": 20, "max_age_ms": 150, "min_delay_us": 0,
            "link": { "kind": "udp", "address": "127.0.0.1", "port": \(lidarPort) },
            "mounting": { "position_m": [1.3, 0, 1.9] }, "ring_slots": 8 },
          { "name": "front_radar", "model": "toyota-radar", "rate_hz": 20, "max_age_ms": 150,
            "link": { "kind": "provided", "name": "radar" }, "mounting": { "position_m": [3.6, 0, 0.5] } },
          { "name": "front_camera", "model": "camera", "rate_hz": 20, "max_age_ms": 150,
            "format": "YUYV", "width": 320, "height": 240,
            "link": { "kind": "provided", "name": "camera" }, "mounting": { "position_m": [1.8, 0, 1.35] },
            "ring_slots": 8 },
          { "name": "imu", "model": "xsens-mti", "rate_hz": 200, "max_age_ms": 100, "ring_slots": 128,
            "link": { "kind": "serial", "device": "\(serial)", "baud": 921600 } },
          { "name": "wheels", "model": "toyota-motion", "rate_hz": 83, "max_age_ms": 200, "steering_ratio": 14.3,
            "link": { "kind": "provided", "name": "motion" } },
          { "name": "operator", "model": "operator", "rate_hz": 10, "max_age_ms": 1000,
            "link": { "kind": "provided", "name": "operator" } }
        ],
        "actuators": [
          { "name": "steering", "topic": "act/steering", "data_id": 1, "minimum": -0.6, "maximum": 0.6,
            "rate_limit": 0.8, "safe_value": 0 },
          { "name": "throttle", "topic": "act/throttle", "data_id": 2, "minimum": 0, "maximum": 1,
            "rate_limit": 4, "safe_value": 0 },
          { "name": "brake", "topic": "act/brake", "data_id": 3, "minimum": 0, "maximum": 1,
            "rate_limit": 20, "safe_value": 0.3 }
        ],
        "chains": [
          { "name": "drive", "trigger": { "kind": "sensor", "sensor": "front_lidar" },
            "period_ms": 50, "deadline_ms": 50, "valid_for_ms": 150,
            "stages": [
              { "kind": "ego-motion", "budget_ms": 1, "modelled_ms": 0.05 },
              { "kind": "lidar-obstacles", "budget_ms": 20, "modelled_ms": 4 },
              { "kind": "object-tracker", "budget_ms": 6, "modelled_ms": 0.5 },
              { "kind": "constant-velocity-prediction", "budget_ms": 1, "modelled_ms": 0.05 },
              { "kind": "path-and-speed", "budget_ms": 4, "modelled_ms": 0.3, "path": "polyline",
                "cruise_speed_m_s": 14, "points_m": [\(points.joined(separator: ", "))] },
              { "kind": "emergency-brake", "budget_ms": 2, "modelled_ms": 0.1 }
            ] }
        ],
        "publish": { "endpoints": ["\(endpoint)"], "json_mirror": true },
        "realtime": { "priority": 60 }
      }
      """
  }

  /// A point every five metres is enough for a road, and keeps the text readable.
  private static func thinned(_ path: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    var kept: [(x: Double, y: Double)] = []
    for point in path {
      if let last = kept.last {
        let dx = point.x - last.x
        let dy = point.y - last.y
        if dx * dx + dy * dy < 25 { continue }
      }
      kept.append(point)
    }
    return kept
  }
}
