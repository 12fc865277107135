/// Why a log cannot be read on.
public enum McapFailure: Error, Sendable, Equatable {
  /// The file does not begin as an MCAP file of version 0.
  case notMcap(found: [UInt8])
  /// A chunk is compressed with something that this reader does not know.
  case unsupportedCompression(name: String, chunkOffset: UInt64)
  case storage(StorageFailure)
}

extension McapFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notMcap(let found):
      let bytes = found.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined(separator: " ")
      return "not an MCAP file of version 0: it begins with \(bytes); check that this is the log"
    case .unsupportedCompression(let name, let offset):
      return "the chunk at byte \(offset) is compressed with \"\(name)\", which cannot be read here; "
        + "rewrite the log without compression (mcap compress --compression none)"
    case .storage(let failure): return failure.message
    }
  }
}

/// Something wrong at one place of a log that reading could go past.
public struct McapProblem: Sendable, Equatable, CustomStringConvertible {
  public enum Part: String, Sendable {
    case chunk, attachment
    case dataSection = "data section"
    case summary
  }
  public enum Kind: Sendable, Equatable {
    case checksum(Part, stored: UInt32, computed: UInt32)
    case malformed(String)
    /// Longer than the reader's limit; passed over.
    case tooLong(byteCount: UInt64)
  }
  /// From the start of the file, of the record concerned.
  public var offset: UInt64
  public var kind: Kind

  public var description: String {
    switch kind {
    case .checksum(let part, let stored, let computed):
      return "byte \(offset): the \(part.rawValue)'s checksum is \(computed) where \(stored) was stored"
    case .malformed(let reason): return "byte \(offset): \(reason)"
    case .tooLong(let byteCount): return "byte \(offset): a record of \(byteCount) bytes, passed over"
    }
  }
}

/// How reading a log came to its end.
public enum McapEnding: Sendable, Equatable {
  /// Footer and closing magic are there.
  case complete
  /// The file ends before the log does; `at` is where the first incomplete record begins.
  case truncated(at: UInt64, reason: String)
  /// What follows `at` is no sequence of records.
  case damaged(at: UInt64, reason: String)
}

/// How much is known about the bytes of the record just read.
public enum McapTrust: Sendable, Equatable {
  /// A checksum of their own covers them, and it is right.
  case verified
  /// No checksum of their own: outside a chunk, in a torn one, or the writer computed none.
  case unchecked
  /// Their chunk's checksum is wrong.
  case damaged
}
