import FusionPipeline
import Testing

@testable import SensorDrivers

@Suite("The simulated drive's camera, decoded")
struct DriveCameraTests {
  private func image(
    _ format: CameraFormat, seconds: Double,
    each: (SimulatedDrive, CameraFrame, UnsafeBufferPointer<UInt8>) -> Void
  ) -> DecoderCounters {
    var settings = SimulatedDriveSettings.with([.camera])
    settings.cameraFormat = format
    settings.startNanoseconds = 5_000_000_000
    let drive = SimulatedDrive(settings: settings)
    let pool = PayloadPool<UInt8>(id: 3, slots: 2, capacity: format.imageBytes, zero: 0)
    let decoder = CameraDecoder(CameraDecoderSettings(format), pixels: pool)
    drive.run(until: seconds) { _, time, bytes in
      decoder.decode(bytes, arrival: Stamp(nanoseconds: time)) { timing, frame in
        #expect(timing.device.nanoseconds == 5_000_000_000 + time)
        #expect(timing.flags.contains(.deviceOnPipelineClock))
        #expect(pool.pin(frame.pixels))
        unsafe each(drive, frame, pool.elements(of: frame.pixels))
        pool.unpin(frame.pixels)
      }
    }
    return decoder.counters
  }

  @Test("Sky is above the road, and both lane lines are bright where the geometry puts them")
  func drawsTheLane() throws {
    let format = try #require(CameraFormat(.grey, width: 320, height: 240))
    let counters = unsafe image(format, seconds: 0.1) { drive, _, pixels in
      let sky = unsafe pixels[10 * 320 + 160]
      #expect(sky > 140)
      // Where a camera 1.35 m up sees the ground 8 m ahead of it.
      let focal = 0.9 * 320.0
      let row = Int(120 + focal * 1.35 / 8)
      let column = Int(160 + focal * 1.75 / 8)
      let around = (column - 3...column + 3).map { unsafe pixels[row * 320 + $0] }
      let middle = unsafe pixels[row * 320 + 160]
      #expect((around.max() ?? 0) > middle + 80)
      #expect(middle < 110)
    }
    #expect(counters.samples == 2 && counters.invalid == 0 && counters.missing == 0)
  }

  @Test("The lead is a coloured shape of its size in the middle of a YUYV image")
  func drawsTheLead() throws {
    let format = try #require(CameraFormat(.yuyv, width: 320, height: 240))
    let counters = unsafe image(format, seconds: 0.1) { drive, _, pixels in
      let distance = drive.truth.leadGapMetres + EgoVehicle.frontMetres - 1.8
      let focal = 0.9 * 320.0
      // A point of its body a quarter of the way up.
      let row = Int(120 + focal * (1.35 - 0.5) / distance)
      let isRed = { (column: Int) in unsafe pixels[row * 640 + column / 2 * 4 + 3] > 150 }
      let width = (100..<220).filter(isRed).count
      #expect(abs(Double(width) - focal * 1.8 / distance) <= 3)
      #expect(isRed(160))
    }
    #expect(counters.samples == 2)
  }
}
