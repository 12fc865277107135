import FusionPipeline
import OwnRobot
import Testing

private let open = [UInt16?](repeating: nil, count: 8)

/// Beams 0 to 7 from ahead to the left all around, in millimetres.
private func drive(_ ranges: [UInt16?], rolling speed: Double = 0.5, seconds: Double = 2) throws
  -> VirtualRobot.Drive
{
  var robot = VirtualRobot()
  robot.engage(at: 0)
  robot.roll(metresPerSecond: speed, from: 0, to: seconds)
  robot.see(ranges, from: 0, to: seconds)
  return try robot.drive()
}

/// The last command that a frame decided: the very last is the shutdown's.
private func settled(_ commands: [CommandFrame]) throws -> CommandFrame {
  try #require(commands.last { $0.mode == .auto })
}

@Suite struct DriveTests {
  @Test("In the open it drives straight on at its cruise speed and spreads")
  func cruise() throws {
    let drive = try drive(open)
    #expect(try settled(drive.left).command.value == 0.6)
    #expect(try settled(drive.right).command.value == 0.6)
    #expect(try settled(drive.gate).command.value == 1)
  }

  @Test("Before a wall it stands or turns on the spot, its gate shut")
  func wall() throws {
    // 0.2 m ring radius: the wall is 0.4 m away, nearer than stop_m.
    let drive = try drive([200, 366, nil, nil, nil, nil, nil, 366], rolling: 0)
    let (left, right) = (try settled(drive.left).command.value, try settled(drive.right).command.value)
    #expect(abs(left + right) < 1e-9)
    #expect(abs(right - left) > 0.1)
    #expect(try settled(drive.gate).command.value == 0)
  }

  @Test("It turns to the freer side", arguments: [true, false])
  func side(leftIsFree: Bool) throws {
    let (near, far): (UInt16?, UInt16?) = (500, 3000)
    let (left, right) = leftIsFree ? (far, near) : (near, far)
    let drive = try drive([600, left, left, left, far, right, right, right])
    let turn = try settled(drive.right).command.value - settled(drive.left).command.value
    #expect(leftIsFree ? turn > 0.05 : turn < -0.05)
  }

  @Test("What it drove since a beam's ping is taken off: 30 ms for the first of a turn")
  func motion() throws {
    let ranges: [UInt16?] = [600, nil, nil, nil, nil, nil, nil, nil]
    for (speed, ahead) in [(0.0, 0.8), (1.0, 0.77)] {
      let drive = try drive(ranges, rolling: speed)
      let mean = try (settled(drive.left).command.value + settled(drive.right).command.value) / 2
      // v² = 2 a s, to stop_m.
      #expect(abs(mean - (2 * 0.5 * (ahead - 0.45)).squareRoot()) < 1e-6)
    }
  }

  @Test("Without odometry it has no answer, and stays where it is")
  func noOdometry() throws {
    var robot = VirtualRobot()
    robot.engage(at: 0)
    robot.see(open, from: 0, to: 1)
    let drive = try robot.drive()
    #expect(drive.left.count > 15)
    #expect(drive.left.allSatisfy { $0.mode == .inhibit && $0.command.value == 0 })
    #expect(drive.left.contains { $0.reason == CommandReason.inputMissing.rawValue })
  }

  @Test("One false echo in a turn does not stop it")
  func crosstalk() throws {
    var robot = VirtualRobot()
    robot.engage(at: 0)
    robot.roll(metresPerSecond: 0.6, from: 0, to: 2)
    robot.see(open, from: 0, to: 1.5)
    robot.see([100, nil, nil, nil, nil, nil, nil, nil], from: 1.5, to: 1.55)
    robot.see(open, from: 1.55, to: 2)
    let values = try robot.drive().left.filter { $0.mode == .auto }.map(\.command.value)
    #expect(values.suffix(12).allSatisfy { $0 == 0.6 })
  }

  @Test("Nobody engaged it: every slot says inhibit")
  func disengaged() throws {
    var robot = VirtualRobot()
    robot.roll(metresPerSecond: 0, from: 0, to: 1)
    robot.see(open, from: 0, to: 1)
    let drive = try robot.drive()
    #expect(drive.left.count > 15)
    #expect((drive.left + drive.right + drive.gate).allSatisfy { $0.mode == .inhibit })
  }

  @Test("The same packets give the same commands, byte for byte")
  func repeatable() throws {
    let ranges: [UInt16?] = [900, 1500, 3000, nil, nil, 800, 700, 650]
    #expect(try drive(ranges).digest == drive(ranges).digest)
    #expect(try drive(ranges).digest != drive(open).digest)
  }
}

@Suite struct GuardTests {
  @Test("Without its sonar it brakes at its limit, shuts the gate at once, and stays")
  func blind() throws {
    var robot = VirtualRobot()
    robot.engage(at: 0)
    robot.roll(metresPerSecond: 0.6, from: 0, to: 3)
    robot.see(open, from: 0, to: 1.5)
    let drive = try robot.drive()
    let first = try #require(drive.left.firstIndex { $0.mode == .safeStop })
    #expect(drive.left[first - 1].command.value == 0.6)
    #expect(drive.gate[first - 1].command.value == 1)
    #expect(drive.gate[first...].allSatisfy { $0.command.value == 0 })
    #expect(drive.left[first...].allSatisfy { $0.flags.contains(.fromGuard) })
    let values = drive.left[first...].map(\.command.value)
    // 2 m/s² bring 0.6 m/s to rest in 0.3 s: six slots, and one where the first comes early.
    #expect(values.dropFirst(7).allSatisfy { $0 == 0 })
    #expect(values.count > 20)
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test("No wheel is ever told to change faster than its limit")
  func rate() throws {
    let drive = try drive([200, 366, nil, nil, nil, nil, nil, 366], rolling: 0)
    for wheel in [drive.left, drive.right] {
      for (before, after) in zip(wheel, wheel.dropFirst()) where after.mode == .auto {
        let from = before.mode == .inhibit ? 0 : before.command.value
        #expect(abs(after.command.value - from) <= 2 * 0.05 + 1e-9)
      }
    }
  }

  @Test("Every command carries its own way to a stop, for the case that it was the last")
  func tails() throws {
    for command in try drive(open).left where command.mode == .auto {
      let valid = command.validForMicroseconds
      #expect(command.command.value(afterMicroseconds: valid) == Double(Float(command.command.value)))
      #expect(command.command.value(afterMicroseconds: valid + 400_000) == 0)
    }
  }
}
