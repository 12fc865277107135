import Testing

@testable import DecisionEngine
