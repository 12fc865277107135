import FusionPipeline
import Glibc

@testable import SensorDrivers

/// A real device that denies having one layout, so that the way around it runs on the kernel's own frames.
final class WithholdingVideoDevice: VideoDevice {
  private let device = KernelVideoDevice()
  private let withheld: PixelFormat

  init(withholding withheld: PixelFormat) { self.withheld = withheld }

  func negotiate(_ fourCC: UInt32, width: UInt32, height: UInt32) throws(VideoError) -> VideoLayout {
    if fourCC == withheld.rawValue { throw VideoError(EINVAL) }
    return try device.negotiate(fourCC, width: width, height: height)
  }

  func open(_ path: String) throws(VideoError) { try device.open(path) }
  func canCaptureAndStream() throws(VideoError) -> Bool { try device.canCaptureAndStream() }
  func negotiate(_ rate: FrameRate) throws(VideoError) -> FrameRate { try device.negotiate(rate) }
  func set(_ control: CameraControl) throws(VideoError) { try device.set(control) }
  func offeredFormat(at index: UInt32) throws(VideoError) -> UInt32 { try device.offeredFormat(at: index) }
  func offeredSize(_ fourCC: UInt32, at index: UInt32) throws(VideoError) -> VideoSize {
    try device.offeredSize(fourCC, at: index)
  }
  func offeredRate(_ format: CameraFormat, at index: UInt32) throws(VideoError) -> FrameRate {
    try device.offeredRate(format, at: index)
  }
  func mapBuffers(_ count: UInt32) throws(VideoError) -> UInt32 { try device.mapBuffers(count) }
  func bytes(ofBuffer index: UInt32) -> UnsafeRawBufferPointer { unsafe device.bytes(ofBuffer: index) }
  func queue(_ index: UInt32) throws(VideoError) { try device.queue(index) }
  func startStreaming() throws(VideoError) { try device.startStreaming() }
  func wait(_ timeoutNanoseconds: Int64) throws(VideoError) -> VideoReadiness {
    try device.wait(timeoutNanoseconds)
  }
  func dequeue() throws(VideoError) -> FilledBuffer { try device.dequeue() }
  func stopStreaming() throws(VideoError) { try device.stopStreaming() }
  func unmapBuffers() { device.unmapBuffers() }
  func close() { device.close() }
}
