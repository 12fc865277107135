// The linker needs all of them beside the binary that is run.
import DecisionEngine
import FusionPipeline
import SensorDrivers
