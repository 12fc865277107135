import FusionPipeline

/// One CAN frame of a text capture.
public struct CapturedFrame: Sendable, Equatable {
  /// Of the capturing machine, or since whatever the file counts from.
  public var realtimeNanoseconds: Int64
  public var frame: CANFrame
}

/// Reads candump text: the log form and the screen form, line by line.
///
/// Empty lines and lines that begin with `#` are skipped. A malformed line is a failure with its number; the
/// call after it reads on behind that line. Source: the files that candump and canplayer of can-utils exchange.
public final class CandumpReader: CaptureReader {
  public private(set) var counters = CaptureCounters()
  /// The interfaces met so far and their bus numbers.
  ///
  /// The number at the name's end (can1 is bus 1), or the lowest one free where there is none or it is taken.
  public private(set) var buses: [(name: String, bus: UInt8)] = []
  private let file: CaptureBytes
  private var line = 0
  private var lastStamp: Int64 = 0
  private var lastBus = 0

  init(_ file: CaptureBytes) { self.file = file }

  public func next() throws(CaptureFailure) -> CapturedPacket? {
    guard let captured = try nextFrame() else { return nil }
    return CapturedPacket(
      realtimeNanoseconds: captured.realtimeNanoseconds, link: .canRecord,
      interface: Int(captured.frame.bus), bytes: captured.frame.encoded())
  }

  /// The next frame without the detour over its record.
  public func nextFrame() throws(CaptureFailure) -> CapturedFrame? {
    while let text = try nextLine() {
      guard let first = text.bytes.first(where: { $0 != UInt8(ascii: " ") }), first != UInt8(ascii: "#")
      else { continue }
      return try frame(text.bytes, at: text.offset)
    }
    return nil
  }

  private func frame(_ text: ArraySlice<UInt8>, at offset: Int) throws(CaptureFailure) -> CapturedFrame {
    let parsed: CandumpLine
    do throws(CandumpLine.Complaint) {
      parsed = try CandumpLine(parsing: text)
    } catch {
      throw fail(error.text, at: offset)
    }
    guard let bus = bus(of: parsed.interface) else {
      throw fail("more interfaces than the 256 that have a bus number", at: offset)
    }
    var frame = parsed.frame
    frame.bus = bus
    if let stamp = parsed.realtimeNanoseconds {
      lastStamp = stamp
    } else {
      counters.withoutStamp += 1
    }
    counters.packets += 1
    return CapturedFrame(realtimeNanoseconds: lastStamp, frame: frame)
  }

  /// The next line without its end; nil at the end of the file.
  private func nextLine() throws(CaptureFailure) -> (bytes: ArraySlice<UInt8>, offset: Int)? {
    let offset = file.offset
    let size = min(try file.available(CandumpLine.longestBytes), CandumpLine.longestBytes)
    if size == 0 { return nil }
    line += 1
    var length = 0
    while length < size, file.byte(length) != UInt8(ascii: "\n") { length += 1 }
    let bytes = file.copy(0..<length)[...]
    file.skip(length)
    if length == CandumpLine.longestBytes {
      try skipLine()
      throw fail("the line is longer than \(CandumpLine.longestBytes) characters", at: offset)
    }
    file.skip(1)
    return (bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, offset)
  }

  private func skipLine() throws(CaptureFailure) {
    while try file.available(1) > 0 {
      let isEnd = file.byte(0) == UInt8(ascii: "\n")
      file.skip(1)
      if isEnd { return }
    }
  }

  private func bus(of name: ArraySlice<UInt8>) -> UInt8? {
    if lastBus < buses.count, buses[lastBus].name.utf8.elementsEqual(name) { return buses[lastBus].bus }
    if let known = buses.firstIndex(where: { $0.name.utf8.elementsEqual(name) }) {
      lastBus = known
      return buses[known].bus
    }
    let text = String(decoding: name, as: UTF8.self)
    let digits = text.suffix(while: { $0.isASCII && $0.isNumber })
    let isFree = { (bus: UInt8) in !self.buses.contains { $0.bus == bus } }
    let wanted = UInt8(digits).flatMap { isFree($0) ? $0 : nil }
    guard let bus = wanted ?? (0...UInt8.max).first(where: isFree) else { return nil }
    lastBus = buses.count
    buses.append((text, bus))
    return bus
  }

  private func fail(_ text: String, at offset: Int) -> CaptureFailure {
    CaptureFailure(
      kind: .damaged, path: file.path, byteOffset: offset, packetsBefore: counters.packets, line: line,
      message: "\(file.path):\(line): \(text)")
  }
}

extension String {
  /// The longest end of the text whose characters all satisfy the condition.
  fileprivate func suffix(while condition: (Character) -> Bool) -> Substring {
    var start = endIndex
    while start > startIndex, condition(self[index(before: start)]) { start = index(before: start) }
    return self[start...]
  }
}
