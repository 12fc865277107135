import CLinux
import FusionPipeline
import Glibc
import Synchronization

/// A bounded link inside the process: simulators, the demo and tests send on one side what a device would.
///
/// Thread: any thread sends, one receives. Cost: a copy, and a system call only when the receiver sleeps; no
/// allocation after `init`. When full, the newest packet is dropped and counted as lost before us.
@safe public final class MemoryLink: PacketLink, @unchecked Sendable {
  public let maximumPacketBytes: Int
  public let capacity: Int
  private let clock: any PipelineClock
  private let storage: UnsafeMutableRawPointer
  private let slots: UnsafeMutablePointer<ReceivedPacket>
  private let wakeWord: UnsafeMutablePointer<Atomic<UInt32>>
  private let isWaiting = Atomic<Bool>(false)
  private let isConnected = Atomic<Bool>(true)
  /// Packets ever sent and ever received; their difference is what waits.
  private let sent = Atomic<UInt64>(0)
  private let taken = Atomic<UInt64>(0)
  private let lost = Atomic<UInt64>(0)
  private let truncated = Atomic<UInt64>(0)
  private let bytes = Atomic<UInt64>(0)
  /// Orders the senders among themselves; the receiver never takes it.
  private let sending = Mutex(())

  public init(maximumPacketBytes: Int = 65_507, capacity: Int = 64, clock: any PipelineClock) {
    self.maximumPacketBytes = max(1, maximumPacketBytes)
    self.capacity = max(1, capacity)
    self.clock = clock
    let size = self.maximumPacketBytes * self.capacity
    unsafe storage = .allocate(byteCount: size, alignment: 16)
    // Touched now, so that the first packets meet no page fault.
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    unsafe slots = .allocate(capacity: self.capacity)
    unsafe slots.initialize(
      repeating: ReceivedPacket(byteCount: 0, arrival: .zero), count: self.capacity)
    unsafe wakeWord = .allocate(capacity: 1)
    unsafe wakeWord.initialize(to: Atomic(0))
  }

  deinit {
    unsafe storage.deallocate()
    unsafe slots.deallocate()
    unsafe wakeWord.deinitialize(count: 1)
    unsafe wakeWord.deallocate()
  }

  /// Hands a packet to the receiver; false when it was too long or the link full, which is counted.
  ///
  /// `arrival` is the time of the call unless one is given, as a simulator does.
  @discardableResult
  public func send(_ packet: RawSpan, arrival: Stamp? = nil, flags: SampleFlags = []) -> Bool {
    guard packet.byteCount <= maximumPacketBytes else {
      truncated.add(1, ordering: .relaxed)
      return false
    }
    let accepted = sending.withLock { _ in
      // Acquiring, so that the chain of publications is whole without the lock (the thread sanitizer cannot
      // see into it).
      let number = sent.load(ordering: .acquiring)
      guard number &- taken.load(ordering: .acquiring) < UInt64(capacity) else { return false }
      let index = Int(number % UInt64(capacity))
      unsafe packet.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        unsafe (storage + index * maximumPacketBytes).copyMemory(from: start, byteCount: source.count)
      }
      unsafe slots[index] = ReceivedPacket(
        byteCount: packet.byteCount, arrival: arrival ?? clock.now(), flags: flags)
      sent.store(number &+ 1, ordering: .sequentiallyConsistent)
      return true
    }
    guard accepted else {
      lost.add(1, ordering: .relaxed)
      return false
    }
    wake()
    return true
  }

  /// What pulling the plug does: what was sent is still received, then `receive` says `gone`.
  public func disconnect() {
    isConnected.store(false, ordering: .sequentiallyConsistent)
    wake()
  }

  /// Undoes `disconnect`; the receiver still has to `open` again.
  public func connect() { isConnected.store(true, ordering: .releasing) }

  public func open() throws(LinkFailure) {
    guard isConnected.load(ordering: .acquiring) else {
      throw LinkFailure(.absent, "memory link: disconnected; its sender has to connect it")
    }
  }

  /// Nothing to give back; packets under way stay, so that a sender may come before `open`.
  public func close() {}

  public func receive(
    into buffer: UnsafeMutableRawBufferPointer, timeoutNanoseconds: Int64
  ) throws(LinkFailure) -> ReceivedPacket? {
    if let packet = unsafe take(into: buffer) { return packet }
    guard isConnected.load(ordering: .acquiring) else {
      // Sent between the look and the disconnection.
      if let packet = unsafe take(into: buffer) { return packet }
      throw LinkFailure(.gone, "memory link: disconnected by its sender")
    }
    guard timeoutNanoseconds > 0 else { return nil }
    let seen = unsafe wakeWord.pointee.load(ordering: .acquiring)
    isWaiting.store(true, ordering: .sequentiallyConsistent)
    // Looked at again: a sender that saw nobody waiting has published before this.
    if sent.load(ordering: .sequentiallyConsistent) == taken.load(ordering: .relaxed),
      isConnected.load(ordering: .sequentiallyConsistent)
    {
      var timeout = timespec(nanoseconds: timeoutNanoseconds)
      _ = unsafe fusion_futex_wait_for(
        UnsafeMutableRawPointer(wakeWord).assumingMemoryBound(to: UInt32.self), seen, &timeout)
    }
    isWaiting.store(false, ordering: .relaxed)
    return unsafe take(into: buffer)
  }

  public var counters: LinkCounters {
    var counters = LinkCounters()
    counters.received = taken.load(ordering: .relaxed)
    counters.bytes = bytes.load(ordering: .relaxed)
    counters.lostBefore = lost.load(ordering: .relaxed)
    counters.truncated = truncated.load(ordering: .relaxed)
    return counters
  }

  private func take(into buffer: UnsafeMutableRawBufferPointer) -> ReceivedPacket? {
    let number = taken.load(ordering: .relaxed)
    guard sent.load(ordering: .acquiring) != number else { return nil }
    let index = Int(number % UInt64(capacity))
    let packet = unsafe slots[index]
    precondition(packet.byteCount <= buffer.count, "the buffer is shorter than maximumPacketBytes")
    if let start = buffer.baseAddress {
      unsafe start.copyMemory(from: storage + index * maximumPacketBytes, byteCount: packet.byteCount)
    }
    bytes.add(UInt64(packet.byteCount), ordering: .relaxed)
    taken.store(number &+ 1, ordering: .releasing)
    return packet
  }

  private func wake() {
    // Ordered after the publication and before the look at `isWaiting`; see `receive`.
    unsafe wakeWord.pointee.add(1, ordering: .sequentiallyConsistent)
    guard isWaiting.load(ordering: .sequentiallyConsistent) else { return }
    _ = unsafe fusion_futex_wake(UnsafeMutableRawPointer(wakeWord).assumingMemoryBound(to: UInt32.self), 1)
  }
}
