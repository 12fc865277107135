// swift-tools-version: 6.2
import PackageDescription

// The framework's own strictness, which a robot deserves too; none of it is required.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .strictMemorySafety(),
]

let package = Package(
  name: "OwnRobot",
  dependencies: [
    // Your own robot says .package(url: …) here.
    .package(name: "fusion", path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // Everything that makes this robot this one: sensors, stages, guard, and the world of its twin.
    .target(
      name: "OwnRobot",
      dependencies: [
        .product(name: "FusionPipeline", package: "fusion"),
        .product(name: "SensorDrivers", package: "fusion"),
        .product(name: "DecisionEngine", package: "fusion"),
      ], swiftSettings: strict),
    // The daemon: `Program(registry: .ownRobot)` with one command more, the twin.
    .executableTarget(
      name: "own-robot",
      dependencies: ["OwnRobot", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: strict),
    .testTarget(name: "OwnRobotTests", dependencies: ["OwnRobot"], swiftSettings: strict),
  ]
)
