/// A frame rate as drivers count it: so many frames in so many seconds, without rounding (30000 in 1001).
public struct FrameRate: BitwiseCopyable, Sendable, Hashable {
  public var frames: UInt32
  public var seconds: UInt32

  public init(frames: UInt32, seconds: UInt32 = 1) {
    self.frames = frames
    self.seconds = seconds
  }

  /// Whether two rates lie within a thousandth of each other; drivers round.
  public func isNearly(_ other: FrameRate) -> Bool {
    guard seconds > 0, other.seconds > 0 else { return false }
    let left = UInt64(frames) * UInt64(other.seconds)
    let right = UInt64(other.frames) * UInt64(seconds)
    let apart = left > right ? left - right : right - left
    return apart <= max(left, right) / 1000
  }

  /// As people write it: `30/s`, `30000/1001 s`.
  public var text: String { seconds == 1 ? "\(frames)/s" : "\(frames)/\(seconds) s" }
}

/// A V4L2 control (`v4l2-ctl --list-ctrls`) and the value it gets when the device is opened.
public struct CameraControl: BitwiseCopyable, Sendable, Hashable {
  public var id: UInt32
  public var value: Int32

  public init(id: UInt32, value: Int32) {
    self.id = id
    self.value = value
  }
}

/// What a V4L2 device is opened as.
public struct V4L2LinkSettings: Sendable {
  /// The node, like `/dev/video0`, or better a name under `/dev/v4l/by-id/` that survives replugging.
  public var path: String
  public var format: CameraFormat
  /// Nil leaves the driver's own rate.
  public var rate: FrameRate?
  /// Driver buffers: fewer lose frames when the reader is late, more only delay the loss. 2 … 32.
  public var buffers: Int
  /// Set in order, after the format: exposure, gain, and what else the camera should not choose itself.
  public var controls: [CameraControl]

  public init(
    path: String, format: CameraFormat, rate: FrameRate? = nil, buffers: Int = 4,
    controls: [CameraControl] = []
  ) {
    self.path = path
    self.format = format
    self.rate = rate
    self.buffers = min(max(buffers, 2), 32)
    self.controls = controls
  }
}
