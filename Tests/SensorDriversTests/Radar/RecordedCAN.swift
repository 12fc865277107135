import Foundation
import FusionPipeline

@testable import SensorDrivers

/// One frame of a candump log.
struct RecordedCANFrame {
  /// As written, to find the same instant in another file.
  var time: Substring
  var arrival: Stamp
  var frame: CANFrame
}

/// Reads `(seconds) canN ID#DATA` lines; the bus is the interface's number.
func recordedCAN(_ lines: [Substring]) -> [RecordedCANFrame] {
  lines.compactMap { line in
    let parts = line.split(separator: " ")
    guard parts.count == 3, let hash = parts[2].firstIndex(of: "#") else { return nil }
    let time = parts[0].dropFirst().dropLast()
    let seconds = time.split(separator: ".")
    guard let whole = Int64(seconds[0]), let fraction = Int64(seconds[1]), seconds[1].count == 9,
      let bus = UInt8(parts[1].dropFirst(3)), let id = UInt32(parts[2][..<hash], radix: 16)
    else { return nil }
    let digits = Array(parts[2][parts[2].index(after: hash)...])
    let data = stride(from: 0, to: digits.count - 1, by: 2).compactMap { at in
      UInt8(String(digits[at...(at + 1)]), radix: 16)
    }
    return RecordedCANFrame(
      time: time, arrival: Stamp(nanoseconds: whole * 1_000_000_000 + fraction),
      frame: CANFrame(id: id, bus: bus, data: data))
  }
}
