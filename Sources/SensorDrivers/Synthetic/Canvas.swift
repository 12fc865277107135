import FusionPipeline

/// A picture under construction: filled convex polygons over a background.
struct Canvas {
  let width: Int
  let height: Int
  private(set) var pixels: [PixelColour]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = Array(repeating: PixelColour(luma: 0), count: width * height)
  }

  /// A corner in pixels; the first pixel's middle is at (0.5, 0.5).
  struct Corner: BitwiseCopyable {
    var x = 0.0
    var y = 0.0
  }

  /// A convex polygon of up to eight corners, without allocation.
  struct Polygon {
    var corners = InlineArray<8, Corner>(repeating: Corner())
    var count = 0

    mutating func append(_ corner: Corner) {
      guard count < 8 else { return }
      corners[count] = corner
      count += 1
    }
  }

  mutating func fill(row: Int, _ colour: PixelColour) {
    for index in (row * width)..<((row + 1) * width) { pixels[index] = colour }
  }

  mutating func fill(_ polygon: Polygon, _ colour: PixelColour) {
    guard polygon.count >= 3 else { return }
    var (top, bottom) = (Double.infinity, -Double.infinity)
    for index in 0..<polygon.count {
      top = min(top, polygon.corners[index].y)
      bottom = max(bottom, polygon.corners[index].y)
    }
    let firstRow = (top - 0.5).rounded(.up).rounded(within: 0...height)
    let lastRow = (bottom - 0.5).rounded(.down).rounded(within: -1...(height - 1))
    guard firstRow <= lastRow else { return }
    for row in firstRow...lastRow {
      let y = Double(row) + 0.5
      var (left, right) = (Double.infinity, -Double.infinity)
      for index in 0..<polygon.count {
        let a = polygon.corners[index]
        let b = polygon.corners[index + 1 == polygon.count ? 0 : index + 1]
        guard (a.y <= y) != (b.y <= y) else { continue }
        let x = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)
        left = min(left, x)
        right = max(right, x)
      }
      let first = (left - 0.5).rounded(.up).rounded(within: 0...width)
      let last = (right - 0.5).rounded(.down).rounded(within: -1...(width - 1))
      guard first <= last else { continue }
      for column in first...last { pixels[row * width + column] = colour }
    }
  }
}
