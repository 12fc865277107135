import FusionPipeline
import Glibc

/// Writes decoded clouds into one binary PCD file: `x y z intensity ring time`.
///
/// Metres in the sensor's frame; time in float32 seconds from the file's first point. Points of many sweeps go
/// into one file: the header is written again on closing, when their number is known, and until then says 0.
/// Thread: one at a time; not for the frame's path, it writes to a file.
/// Source: the PCD file format of the Point Cloud Library, version 0.7.
public struct PCDWriter: ~Copyable {
  public private(set) var pointCount = 0
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8]
  private var used = 0
  private var originNanoseconds: Int64?

  static let pointBytes = 22
  private static let bufferPoints = 4096
  /// Room for the header at its longest; the comment is padded to it.
  static let headerBytes = 320

  /// Creates the file, or empties one that is there.
  public init(path: String) throws(PCDFailure) {
    self.path = path
    buffer = [UInt8](repeating: 0, count: Self.bufferPoints * Self.pointBytes)
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw PCDFailure(path: path, doing: "create") }
    try Self.write(Self.header(points: 0), to: descriptor, path: path)
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
  }

  /// Adds one sweep, whose first point was taken at `startNanoseconds` by the device's clock.
  public mutating func append(_ points: Span<LidarPoint>, startNanoseconds: Int64) throws(PCDFailure) {
    let origin = originNanoseconds ?? startNanoseconds
    originNanoseconds = origin
    let start = Double(startNanoseconds &- origin)
    for index in points.indices {
      if used == buffer.count { try flush() }
      let point = points[index]
      let seconds = Float((start + Double(point.timeNanoseconds)) / 1e9)
      put(point.x.bitPattern)
      put(point.y.bitPattern)
      put(point.z.bitPattern)
      put(point.intensity.bitPattern)
      put(point.ring)
      put(seconds.bitPattern)
      pointCount += 1
    }
  }

  /// Adds a sweep as its decoder handed it on; false when its slot has been reused since.
  @discardableResult public mutating func append(
    _ sweep: LidarSweep, _ timing: SampleTiming, from pool: PayloadPool<LidarPoint>
  ) throws(PCDFailure) -> Bool {
    guard pool.pin(sweep.points) else { return false }
    defer { pool.unpin(sweep.points) }
    try unsafe append(
      pool.elements(of: sweep.points).span,
      startNanoseconds: timing.device.nanoseconds &- timing.spanNanoseconds)
    return true
  }

  /// Writes what is left and the header with the number of points.
  public mutating func finish() throws(PCDFailure) {
    try flush()
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw PCDFailure(path: path, doing: "seek in") }
    try Self.write(Self.header(points: pointCount), to: descriptor, path: path)
    guard lseek(descriptor, 0, SEEK_END) >= 0 else { throw PCDFailure(path: path, doing: "seek in") }
  }

  private mutating func put<T: FixedWidthInteger>(_ value: T) {
    for byte in 0..<(T.bitWidth / 8) {
      buffer[used] = UInt8(truncatingIfNeeded: value >> T(8 * byte))
      used += 1
    }
  }

  private mutating func flush() throws(PCDFailure) {
    try Self.write(buffer[..<used], to: descriptor, path: path)
    used = 0
  }

  private static func write(
    _ bytes: ArraySlice<UInt8>, to descriptor: Int32, path: String
  ) throws(PCDFailure) {
    var at = bytes.startIndex
    while at < bytes.endIndex {
      let written = unsafe bytes[at...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw PCDFailure(path: path, doing: "write to") }
      at += written
    }
  }

  private static func header(points: Int) -> ArraySlice<UInt8> {
    let first = "# .PCD v0.7 - Point Cloud Data file format"
    let rest = """
      VERSION 0.7
      FIELDS x y z intensity ring time
      SIZE 4 4 4 4 2 4
      TYPE F F F F U F
      COUNT 1 1 1 1 1 1
      WIDTH \(points)
      HEIGHT 1
      VIEWPOINT 0 0 0 1 0 0 0
      POINTS \(points)
      DATA binary

      """
    let padding = max(headerBytes - first.utf8.count - 1 - rest.utf8.count, 0)
    return Array((first + String(repeating: " ", count: padding) + "\n" + rest).utf8)[...]
  }
}

/// A PCD file that could not be written; the message says which, why and what to do.
public struct PCDFailure: Error, Sendable, Equatable {
  public var message: String

  init(path: String, doing what: String) {
    let reason = SystemError(result: 0 &- errno)
    message = "cannot \(what) \(path): \(reason); check the folder's rights and the disk's space"
  }
}
