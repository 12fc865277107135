/// The one source of time: what every part that needs "now" is given, so that tests and replays can own it.
///
/// Thread: any. Only the files beside this one read a clock of the operating system.
public protocol PipelineClock: AnyObject, Sendable {
  func now() -> Stamp
  /// The instant on the pipeline clock of a kernel's CLOCK_REALTIME receive stamp.
  ///
  /// Nil when the mapping cannot be trusted: the realtime clock moved by more than 1 ms, or the stamp lies
  /// before that move or in the future. The caller then uses the time of its own receive call and flags the
  /// packet `arrivalFromCall`.
  func stamp(fromRealtimeNanoseconds realtime: Int64) -> Stamp?
}
