import Foundation
import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("PCD writer") struct PCDWriterTests {
  private func path() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("cloud-\(UUID().uuidString).pcd").path
  }

  private func point(_ x: Float, at nanoseconds: UInt32, ring: UInt16) -> LidarPoint {
    LidarPoint(x: x, y: -x, z: x / 2, intensity: 7, timeNanoseconds: nanoseconds, ring: ring)
  }

  @Test("Two sweeps are one cloud with times from the very first point, and the header counts their points")
  func writesSweeps() throws {
    let path = path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var writer = try PCDWriter(path: path)
    let first = (0..<5000).map { point(Float($0), at: UInt32($0) * 1000, ring: UInt16($0 % 16)) }
    let second = [point(9, at: 500, ring: 3)]
    try writer.append(first.span, startNanoseconds: 1_000_000_000)
    try writer.append(second.span, startNanoseconds: 1_100_000_000)
    try writer.finish()

    let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let header = String(decoding: file.prefix(PCDWriter.headerBytes), as: UTF8.self)
    let lines = header.split(separator: "\n")
    #expect(lines.first?.hasPrefix("# .PCD v0.7") == true)
    #expect(lines.contains("FIELDS x y z intensity ring time"))
    #expect(lines.contains("SIZE 4 4 4 4 2 4") && lines.contains("TYPE F F F F U F"))
    #expect(lines.contains("WIDTH 5001") && lines.contains("POINTS 5001"))
    #expect(header.hasSuffix("DATA binary\n"))
    #expect(file.count == PCDWriter.headerBytes + 5001 * PCDWriter.pointBytes)

    func value(_ index: Int, _ offset: Int) -> Float {
      let at = PCDWriter.headerBytes + index * PCDWriter.pointBytes + offset
      return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(file[at + $1]) << (8 * UInt32($1)) })
    }
    #expect((value(4999, 0), value(4999, 4), value(4999, 8), value(4999, 12)) == (4999, -4999, 2499.5, 7))
    #expect(value(4999, 18) == Float(0.004999))
    #expect(value(5000, 18) == Float(0.1000005))
    let ring = PCDWriter.headerBytes + 5000 * PCDWriter.pointBytes + 16
    #expect(file[ring] == 3 && file[ring + 1] == 0)
  }

  @Test("A folder that is not there is an error that names the file and says what to do")
  func saysWhy() {
    do throws(PCDFailure) {
      _ = try PCDWriter(path: "/nowhere/at/all.pcd")
      Issue.record("created a file in a folder that is not there")
    } catch {
      #expect(error.message.contains("/nowhere/at/all.pcd"))
      #expect(error.message.contains("check"))
    }
  }
}
