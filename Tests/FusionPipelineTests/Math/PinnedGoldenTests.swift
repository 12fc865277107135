import FusionPipeline
import Testing

struct PinnedGoldenTests {
  /// Digests of 100 000 results each. They change only in a commit that means to change a function, and with
  /// them every recorded log's replay.
  static let digests: [PinnedFunction: UInt64] = [
    .sin: 0x9dea_b366_a985_cd40, .cos: 0x8571_bb42_aa9a_836a, .tan: 0xd2ca_3bda_f406_7e92,
    .wrapAngle: 0xf739_5139_9de5_7066, .atan: 0x19ce_2d37_48a9_a81c, .atan2: 0xd165_c9bd_b1b4_8035,
    .asin: 0x14e7_2880_6d49_2ee9, .acos: 0x75ec_cef2_3d65_1b26, .exp: 0xd141_2798_d38b_4723,
    .log: 0x8201_c30e_acf6_b771, .pow: 0xde40_38b7_f340_3658, .hypot: 0x6376_bc58_cdec_9a35,
  ]

  @Test(
    "100 000 results of every pinned function are the committed bits on any processor",
    arguments: PinnedFunction.allCases)
  func golden(_ function: PinnedFunction) {
    var random = RandomSource(seed: 2024)
    var digest = BitDigest()
    for index in 0..<100_000 {
      let (x, y) = function.arguments(&random, index)
      digest.add(function.pinned(x, y))
    }
    let value = digest.value
    #expect(Self.digests[function] == value, "\(function): 0x\(String(value, radix: 16))")
  }
}
