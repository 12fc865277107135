import Testing

@testable import FusionPipeline
