import DecisionEngine
import FusionPipeline
import SensorDrivers
import Synchronization

/// The simulated car on the other side of the wires: its sensors send packets, its actuators obey ZeroMQ.
///
/// Two threads, as in a car: one makes the world pass and the sensors speak, one is the reference subscriber
/// that stands for the actuators. Nothing but packets and commands crosses to the pipeline.
final class DemoVehicle: @unchecked Sendable {
  struct Actuation: Sendable {
    var steering = 0.0
    var throttle = 0.0
    var brake = 0.0
    var mode: UInt8 = 0
  }

  /// What the drive was like, for the summary and the plot.
  struct Moment: Sendable {
    var seconds: Double
    var speed: Double
    var gap: Double
    var laneOffset: Double
    var mode: UInt8
    var brake: Double
  }

  /// From the building of the drive to its first packet: the pipeline is built meanwhile.
  static let startDelayNanoseconds: Int64 = 300_000_000

  private let drive: SimulatedDrive
  private let began: Stamp
  private let links: DemoLinks
  private let clock: any PipelineClock
  private let subscriber: ZeroMQCommandSubscriber
  private let engageAfter: Int64
  private let actuation = Mutex(Actuation())
  private let isStopping = Atomic<Bool>(false)
  private var threads: [RealtimeThread] = []
  private var moments: [Moment] = []
  /// Packets that left more than 5 ms after their time: the simulation could not keep up.
  private(set) var latePackets = 0
  private(set) var packets = 0

  init(
    drive: SimulatedDrive, began: Stamp, links: DemoLinks, clock: any PipelineClock,
    subscriber: ZeroMQCommandSubscriber,
    engageAfterSeconds: Double
  ) {
    self.drive = drive
    self.began = began
    self.links = links
    self.clock = clock
    self.subscriber = subscriber
    engageAfter = .seconds(engageAfterSeconds)
    moments.reserveCapacity(100_000)
  }

  /// - Parameter priority: below the pipeline's, above ordinary load; 0 for none.
  func start(priority: Int32) {
    threads = [
      RealtimeThread(name: "demo-world", priority: priority, cpus: []) { [self] in runWorld() },
      RealtimeThread(name: "demo-actuators", priority: priority, cpus: []) { [self] in runActuators() },
    ]
    for thread in threads { _ = thread.start() }
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    for thread in threads { thread.join() }
    threads = []
  }

  var truth: DriveTruth { drive.truth }
  var history: [Moment] { moments }
  var receiverCounters: [CommandReceiverCounters] { subscriber.receivers.map(\.counters) }

  private func runWorld() {
    var hasEngaged = false
    var nextMoment: Int64 = 0
    while !isStopping.load(ordering: .relaxed) {
      let time = drive.nextPacketTime
      let due = began + time
      let now = clock.now()
      if due > now { Pause.until(due, clock) }
      if now - due > 5_000_000 { latePackets += 1 }
      let told = actuation.withLock { $0 }
      drive.actuate(
        steeringRadians: told.steering, throttle: told.throttle, brake: told.brake, mode: told.mode)
      drive.step { source, _, bytes in links.send(source, bytes) }
      packets += 1
      if !hasEngaged, time > engageAfter {
        hasEngaged = true
        links.request(.engage)
      }
      if time >= nextMoment {
        nextMoment += 50_000_000
        let truth = drive.truth
        moments.append(
          Moment(
            seconds: Double(time) / 1e9, speed: truth.speed, gap: truth.leadGapMetres,
            laneOffset: truth.laneOffsetMetres, mode: told.mode, brake: told.brake))
      }
    }
  }

  private func runActuators() {
    while !isStopping.load(ordering: .relaxed) {
      subscriber.poll(timeoutMilliseconds: 5) { clock.now() }
      let now = clock.now()
      var told = Actuation()
      guard let steering = subscriber.output(of: 0, at: now),
        let throttle = subscriber.output(of: 1, at: now),
        let brake = subscriber.output(of: 2, at: now)
      else { continue }
      told.mode = steering.mode.rawValue
      // While inhibited the car rolls on as its driver left it.
      if steering.drives { told.steering = steering.value }
      if throttle.drives { told.throttle = throttle.value }
      if brake.drives { told.brake = brake.value }
      actuation.withLock { $0 = told }
    }
  }
}

/// Sleeping in the demonstration's own threads.
enum Pause {
  static func until(_ instant: Stamp, _ clock: any PipelineClock) {
    // A bell that nobody rings: a wait with a deadline.
    let bell = Doorbell()
    while clock.now() < instant { bell.wait(seen: bell.count, until: instant) }
  }
}
