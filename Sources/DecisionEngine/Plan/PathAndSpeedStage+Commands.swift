import FusionPipeline

extension PathAndSpeedStage {
  /// When the eight tail points lie, µs: two of the plan, then the way to standstill.
  private static let tailTimes: InlineArray<8, UInt32> = [
    100_000, 200_000, 300_000, 500_000, 800_000, 1_300_000, 2_000_000, 3_000_000,
  ]
  private static let planTailPoints = 2

  /// Writes what the plan says now, and the tail that stops the machine if nothing newer comes.
  func command(_ commands: inout CommandSet, stopping start: PathRollout) {
    commands.count = Int32(truncatingIfNeeded: actuatorCount)
    commands.mode = CommandMode.auto.rawValue
    commands.reason = CommandReason.none.rawValue
    var steering = ActuatorCommand(value: plan[0].steering, rateLimit: .infinity)
    var throttle = ActuatorCommand(value: throttleShare(plan[0].acceleration))
    var brake = ActuatorCommand(value: brakeShare(plan[0].acceleration))
    for point in 0..<Self.planTailPoints {
      let ahead = plan[point + 1]
      let time = Self.tailTimes[point]
      steering.tail[point] = TailPoint(afterMicroseconds: time, value: Float(ahead.steering))
      throttle.tail[point] = TailPoint(
        afterMicroseconds: time, value: Float(throttleShare(ahead.acceleration)))
      brake.tail[point] = TailPoint(afterMicroseconds: time, value: Float(brakeShare(ahead.acceleration)))
    }
    addStop(start, &steering, &throttle, &brake)
    commands.commands[steeringIndex] = steering
    commands.commands[throttleIndex] = throttle
    commands.commands[brakeIndex] = brake
  }

  /// From the plan's last tail point on: throttle shut, brake ramping up, wheel along the path.
  private func addStop(
    _ start: PathRollout, _ steering: inout ActuatorCommand, _ throttle: inout ActuatorCommand,
    _ brake: inout ActuatorCommand
  ) {
    var rollout = start
    var acceleration = plan[Self.planTailPoints].acceleration
    var elapsed: UInt32 = Self.tailTimes[Self.planTailPoints - 1]
    for point in Self.planTailPoints..<ActuatorCommand.tailPoints {
      let time = Self.tailTimes[point]
      while elapsed < time {
        // A harder braking that was under way goes on.
        let target = min(-settings.stopDeceleration, plan[Self.planTailPoints].acceleration)
        acceleration = max(acceleration - settings.jerkDown * Self.stepSeconds, target)
        if rollout.speed > 0 {
          rollout.move(acceleration: acceleration, seconds: Self.stepSeconds)
          rollout.steer(seconds: Self.stepSeconds)
        }
        elapsed &+= 100_000
      }
      steering.tail[point] = TailPoint(afterMicroseconds: time, value: Float(rollout.steering))
      throttle.tail[point] = TailPoint(afterMicroseconds: time, value: 0)
      brake.tail[point] = TailPoint(afterMicroseconds: time, value: Float(brakeShare(acceleration)))
    }
  }

  private func throttleShare(_ acceleration: Double) -> Double {
    min(max(acceleration / vehicle.fullThrottleAcceleration, 0), 1)
  }

  private func brakeShare(_ acceleration: Double) -> Double {
    min(max(-acceleration / vehicle.fullBrakeDeceleration, 0), 1)
  }
}
