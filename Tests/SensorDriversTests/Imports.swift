import Testing

@testable import SensorDrivers
