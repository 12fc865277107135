// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 mode, all warnings are errors, each unsafe expression is marked.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .strictMemorySafety(),
]

let package = Package(
  name: "fusion",
  products: [
    .library(name: "FusionPipeline", targets: ["FusionPipeline"]),
    .library(name: "SensorDrivers", targets: ["SensorDrivers"]),
    .library(name: "DecisionEngine", targets: ["DecisionEngine"]),
    .executable(name: "fusiond", targets: ["fusiond"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // Kernel interfaces that Swift cannot import by itself: futex, scheduling, SocketCAN, cmsg macros.
    .systemLibrary(name: "CLinux", path: "Sources/FusionPipeline/CLinux"),
    .systemLibrary(name: "CV4L", providers: [.apt(["libv4l-dev"])]),
    .systemLibrary(name: "CZMQ", providers: [.apt(["libzmq3-dev"])]),
    .target(
      name: "FusionPipeline",
      dependencies: [
        "CLinux", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], exclude: ["CLinux"], swiftSettings: strict),
    .target(
      name: "SensorDrivers", dependencies: ["FusionPipeline", "CV4L", "CLinux"],
      swiftSettings: strict),
    .target(
      name: "DecisionEngine", dependencies: ["FusionPipeline", "CZMQ"], swiftSettings: strict),
    .executableTarget(
      name: "fusiond",
      dependencies: [
        "FusionPipeline", "SensorDrivers", "DecisionEngine",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FusionPipelineTests", dependencies: ["FusionPipeline"], swiftSettings: strict),
    .testTarget(
      name: "SensorDriversTests", dependencies: ["SensorDrivers", "DecisionEngine"], swiftSettings: strict),
    .testTarget(
      name: "DecisionEngineTests", dependencies: ["DecisionEngine"], swiftSettings: strict),
    .testTarget(
      name: "FusiondTests", dependencies: ["FusionPipeline", "SensorDrivers", "DecisionEngine", "fusiond"],
      swiftSettings: strict),
  ]
)
