import FusionPipeline
import OwnRobot

Program(registry: .ownRobot, moreCommands: [TwinCommand.self]).run()
