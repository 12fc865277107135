import FusionPipeline

/// The upper triangle of a 4×4 covariance over x, y, vx, vy; SI. Symmetric by construction.
public struct PlanarCovariance: BitwiseCopyable, Sendable, Equatable {
  public var xx = 0.0
  public var xy = 0.0
  public var xvx = 0.0
  public var xvy = 0.0
  public var yy = 0.0
  public var yvx = 0.0
  public var yvy = 0.0
  public var vxvx = 0.0
  public var vxvy = 0.0
  public var vyvy = 0.0
  public init() {}
}

/// A Kalman filter on position and velocity in the plane, constant velocity with white acceleration.
///
/// Measurements come one scalar at a time, so no matrix is inverted, and only the upper triangle is kept, so
/// that the covariance cannot lose its symmetry. Cost: tens of nanoseconds a scalar, no allocation.
struct PlanarFilter: BitwiseCopyable, Sendable, Equatable {
  var x: Double
  var y: Double
  var vx: Double
  var vy: Double
  var p: PlanarCovariance

  init(x: Double, y: Double, vx: Double = 0, vy: Double = 0, p: PlanarCovariance = PlanarCovariance()) {
    self.x = x
    self.y = y
    self.vx = vx
    self.vy = vy
    self.p = p
  }

  /// - Parameter density: of the white acceleration, m²/s³: variance of the velocity gained in a second.
  mutating func predict(seconds t: Double, density: Double) {
    guard t > 0 else { return }
    x += vx * t
    y += vy * t
    p.xx += 2 * t * p.xvx + t * t * p.vxvx
    p.xy += t * (p.xvy + p.yvx) + t * t * p.vxvy
    p.yy += 2 * t * p.yvy + t * t * p.vyvy
    p.xvx += t * p.vxvx
    p.xvy += t * p.vxvy
    p.yvx += t * p.vxvy
    p.yvy += t * p.vyvy
    let square = density * t * t / 2
    let cube = density * t * t * t / 3
    p.xx += cube
    p.yy += cube
    p.xvx += square
    p.yvy += square
    p.vxvx += density * t
    p.vyvy += density * t
  }

  /// One scalar measurement `z = h·state + noise`; gives residual²/S, the share of the Mahalanobis distance.
  @discardableResult
  mutating func update(
    row h: (x: Double, y: Double, vx: Double, vy: Double), residual: Double, variance: Double
  ) -> Double {
    let a = p.xx * h.x + p.xy * h.y + p.xvx * h.vx + p.xvy * h.vy
    let b = p.xy * h.x + p.yy * h.y + p.yvx * h.vx + p.yvy * h.vy
    let c = p.xvx * h.x + p.yvx * h.y + p.vxvx * h.vx + p.vxvy * h.vy
    let d = p.xvy * h.x + p.yvy * h.y + p.vxvy * h.vx + p.vyvy * h.vy
    let s = h.x * a + h.y * b + h.vx * c + h.vy * d + variance
    guard s > 0 else { return .infinity }
    let gain = residual / s
    x += a * gain
    y += b * gain
    vx += c * gain
    vy += d * gain
    p.xx = max(p.xx - a * a / s, 1e-9)
    p.xy -= a * b / s
    p.xvx -= a * c / s
    p.xvy -= a * d / s
    p.yy = max(p.yy - b * b / s, 1e-9)
    p.yvx -= b * c / s
    p.yvy -= b * d / s
    p.vxvx = max(p.vxvx - c * c / s, 1e-9)
    p.vxvy -= c * d / s
    p.vyvy = max(p.vyvy - d * d / s, 1e-9)
    return residual * residual / s
  }

  /// A position with the same variance in every direction; gives the Mahalanobis distance squared.
  @discardableResult
  mutating func updatePosition(x measuredX: Double, y measuredY: Double, variance: Double) -> Double {
    let first = update(row: (1, 0, 0, 0), residual: measuredX - x, variance: variance)
    return first + update(row: (0, 1, 0, 0), residual: measuredY - y, variance: variance)
  }

  /// The same state in another frame of the plane.
  func moved(by t: Transform2) -> PlanarFilter {
    let position = t * Vector2(x, y)
    let velocity = t.rotate(Vector2(vx, vy))
    let (c, s) = (t.cosYaw, t.sinYaw)
    var q = PlanarCovariance()
    (q.xx, q.xy, q.yy) = Self.turned(p.xx, p.xy, p.yy, c, s)
    (q.vxvx, q.vxvy, q.vyvy) = Self.turned(p.vxvx, p.vxvy, p.vyvy, c, s)
    // The block between position and velocity is not symmetric: R·B·Rᵀ in full.
    let (m00, m01) = (c * p.xvx - s * p.yvx, c * p.xvy - s * p.yvy)
    let (m10, m11) = (s * p.xvx + c * p.yvx, s * p.xvy + c * p.yvy)
    (q.xvx, q.xvy) = (m00 * c - m01 * s, m00 * s + m01 * c)
    (q.yvx, q.yvy) = (m10 * c - m11 * s, m10 * s + m11 * c)
    return PlanarFilter(x: position.x, y: position.y, vx: velocity.x, vy: velocity.y, p: q)
  }

  var isFinite: Bool {
    x.isFinite && y.isFinite && vx.isFinite && vy.isFinite && p.xx.isFinite && p.yy.isFinite
      && p.vxvx.isFinite && p.vyvy.isFinite
  }

  static func turned(
    _ xx: Double, _ xy: Double, _ yy: Double, _ c: Double, _ s: Double
  ) -> (Double, Double, Double) {
    (
      c * c * xx - 2 * c * s * xy + s * s * yy, c * s * (xx - yy) + (c * c - s * s) * xy,
      s * s * xx + 2 * c * s * xy + c * c * yy
    )
  }
}
