import FusionPipeline

extension Registry {
  /// Adds every sensor model, link kind and importer of this module.
  ///
  /// A program that wants fewer appends the ones it wants: `registry.sensors.append(.velodyneVLP16)`.
  public mutating func addSensorDrivers() {
    sensors += [
      .velodyneVLP16, .ouster, .ousterImu, .toyotaRadar, .toyotaMotion, .xsensMTi, .camera, .operatorInput,
      .imuRecord, .odometryRecord,
    ]
    links += [.udp, .serial, .can, .v4l2, .provided]
    // The first that accepts a source reads it: those that look for one kind of content come first.
    importers += [.imageFolder, .csv, .serialStream, .networkCapture, .candump]
  }
}
