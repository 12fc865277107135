import FusionPipeline

/// What a simulated drive is made of; the defaults are the demo's.
public struct SimulatedDriveSettings: Sendable {
  /// Decides every random number: noise, what varies in the script, what stands along the road.
  public var seed: UInt64 = 1
  /// The pipeline clock at the drive's start; camera stamps are on it.
  public var startNanoseconds: Int64 = 0
  /// The ego's speed at the start, 0…70 m/s.
  public var initialSpeed = 14.0

  /// Which sources there are; one that is left out costs nothing.
  public var sources: Set<SimulatedDrive.Source> = Set(SimulatedDrive.Source.allCases)

  /// 300…1200 for a VLP-16; 1200 are 20 sweeps a second.
  public var lidarTurnsPerMinute = 1200.0
  /// The lidar's clock at the start.
  public var lidarMicrosecondsPastHour: UInt32 = 1_234_567_890
  public var imuPeriodNanoseconds: Int64 = 5_000_000
  /// The inertial sensor's clock at the start, in steps of 100 µs.
  public var imuFineTicks: UInt32 = 777_000
  public var radarPeriodNanoseconds: Int64 = 50_000_000
  public var cameraPeriodNanoseconds: Int64 = 50_000_000
  /// Wheel-speed, steering and yaw-rate frames; the speedometer's come at half the rate.
  public var motionPeriodNanoseconds: Int64 = 12_000_000
  public var cameraFormat: CameraFormat? = CameraFormat(.yuyv, width: 320, height: 240)
  public var motionBus: UInt8 = 0
  public var radarBus: UInt8 = 1
  /// Steering-wheel angle over road-wheel angle.
  public var steeringRatio = 14.3

  /// Mountings; the vehicle's frame is at the middle of the rear axle on the ground, x forward, y left, z up.
  public var vehicleFromLidar = Transform3(translation: Vector3(1.3, 0, 1.9))
  public var vehicleFromRadar = Transform3(translation: Vector3(3.6, 0, 0.5))
  public var vehicleFromCamera = Transform3(translation: Vector3(1.8, 0, 1.35))

  /// False makes every sensor exact but for the steps of its numbers, without drop-outs, ghosts and biases.
  public var hasNoise = true
  /// How far `SimulatedDrive.referencePath` reaches.
  public var referencePathMetres = 3000.0

  public init() {}
}
