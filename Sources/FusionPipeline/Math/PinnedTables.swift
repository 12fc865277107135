// Written by scripts/pinned-math-tables.py; change that, not this.

/// Constants of `Pinned`: tables and polynomials in doubles.
enum PinnedTables {
  // π/2 in four parts, the first three short enough that a 21-bit multiple is exact.
  static let halfPiPart1 = 0x1.921fb544p0
  static let halfPiPart2 = 0x1.0b4611a8p-34
  static let halfPiPart3 = -0x1.d9ccebap-66
  static let halfPiPart4 = -0x1.fc8f8cbb5bf6cp-97

  // π/2 and π as sums of two doubles.
  static let halfPiHigh = 0x1.921fb54442d18p0
  static let halfPiLow = 0x1.1a62633145c07p-54
  static let piHigh = 0x1.921fb54442d18p1
  static let piLow = 0x1.1a62633145c07p-53
  static let twoOverPi = 0x1.45f306dc9c883p-1

  // sin r = r + r³·S(r²), cos r = 1 − r²/2 + r⁴·C(r²), |r| ≤ π/4.
  static let sine0 = -0x1.5555555555555p-3
  static let sine1 = 0x1.111111111111p-7
  static let sine2 = -0x1.a01a01a019938p-13
  static let sine3 = 0x1.71de3a546095p-19
  static let sine4 = -0x1.ae645412c439p-26
  static let sine5 = 0x1.61217f0a95ad6p-33
  static let sine6 = -0x1.ab17d37ab5989p-41
  static let cosine0 = 0x1.5555555555555p-5
  static let cosine1 = -0x1.6c16c16c16c16p-10
  static let cosine2 = 0x1.a01a01a019d0ap-16
  static let cosine3 = -0x1.27e4fb7712d6p-22
  static let cosine4 = 0x1.1eed8deb9725fp-29
  static let cosine5 = -0x1.9394ba0c066f6p-37
  static let cosine6 = 0x1.ab785a85cd5f2p-45

  // atan t = t + t³·A(t²), |t| ≤ 1/8.
  static let arcTangent0 = -0x1.5555555555555p-2
  static let arcTangent1 = 0x1.999999999983ap-3
  static let arcTangent2 = -0x1.249249243a5acp-3
  static let arcTangent3 = 0x1.c71c70beeee43p-4
  static let arcTangent4 = -0x1.745c5a1714aap-4
  static let arcTangent5 = 0x1.3ace00bb6092bp-4
  static let arcTangent6 = -0x1.0445c632520d8p-4

  // asin x = x + x³·B(x²), |x| ≤ 1/2.
  static let arcSine0 = 0x1.5555555555556p-3
  static let arcSine1 = 0x1.3333333332ecap-4
  static let arcSine2 = 0x1.6db6db6e31f13p-5
  static let arcSine3 = 0x1.f1c71c1db0623p-6
  static let arcSine4 = 0x1.6e8bb1c8209a2p-6
  static let arcSine5 = 0x1.1c4d35cf95421p-6
  static let arcSine6 = 0x1.c9cf07674736ap-7
  static let arcSine7 = 0x1.782651caa6547p-7
  static let arcSine8 = 0x1.52420b04b37bep-7
  static let arcSine9 = 0x1.65a9c4dfcf8b2p-8
  static let arcSine10 = 0x1.1d189408314eep-6
  static let arcSine11 = -0x1.e6aaa8a0a04ccp-7
  static let arcSine12 = 0x1.d72b2bc8155f8p-6

  // exp r = 1 + r + r²·E(r), |r| ≤ ln2/256.
  static let exponential0 = 0x1.fffffffffff57p-2
  static let exponential1 = 0x1.5555555555525p-3
  static let exponential2 = 0x1.55555acf7d28ep-5
  static let exponential3 = 0x1.111114324c64p-7
  static let exponentialStepInverse = 0x1.71547652b82fep7
  static let exponentialStepHigh = 0x1.62e42fefcp-8
  static let exponentialStepLow = -0x1.c610ca86c3899p-44

  // log(1 + r) = r − r²/2 + r³·L(r), |r| ≤ 2⁻⁷·1.01.
  static let logarithm0 = 0x1.5555555555555p-2
  static let logarithm1 = -0x1p-2
  static let logarithm2 = 0x1.9999999999a5fp-3
  static let logarithm3 = -0x1.555555555560bp-3
  static let logarithm4 = 0x1.249249156f166p-3
  static let logarithm5 = -0x1.ffffffe43f76p-4
  static let logarithm6 = 0x1.c72850c878246p-4
  static let logarithm7 = -0x1.99a47b5b84157p-4
  static let logarithmOfTwoHigh = 0x1.62e42fefa38p-1
  static let logarithmOfTwoLow = 0x1.ef35793c7673p-45

  /// 2^(j/128).
  static let powersOfTwoHigh: InlineArray<128, Double> = [
    0x1p0, 0x1.0163da9fb3335p0, 0x1.02c9a3e778061p0, 0x1.04315e86e7f85p0, 0x1.059b0d3158574p0,
    0x1.0706b29ddf6dep0, 0x1.0874518759bc8p0, 0x1.09e3ecac6f383p0, 0x1.0b5586cf9890fp0, 0x1.0cc922b7247f7p0,
    0x1.0e3ec32d3d1a2p0, 0x1.0fb66affed31bp0, 0x1.11301d0125b51p0, 0x1.12abdc06c31ccp0, 0x1.1429aaea92dep0,
    0x1.15a98c8a58e51p0, 0x1.172b83c7d517bp0, 0x1.18af9388c8deap0, 0x1.1a35beb6fcb75p0, 0x1.1bbe084045cd4p0,
    0x1.1d4873168b9aap0, 0x1.1ed5022fcd91dp0, 0x1.2063b88628cd6p0, 0x1.21f49917ddc96p0, 0x1.2387a6e756238p0,
    0x1.251ce4fb2a63fp0, 0x1.26b4565e27cddp0, 0x1.284dfe1f56381p0, 0x1.29e9df51fdee1p0, 0x1.2b87fd0dad99p0,
    0x1.2d285a6e4030bp0, 0x1.2ecafa93e2f56p0, 0x1.306fe0a31b715p0, 0x1.32170fc4cd831p0, 0x1.33c08b26416ffp0,
    0x1.356c55f929ff1p0, 0x1.371a7373aa9cbp0, 0x1.38cae6d05d866p0, 0x1.3a7db34e59ff7p0, 0x1.3c32dc313a8e5p0,
    0x1.3dea64c123422p0, 0x1.3fa4504ac801cp0, 0x1.4160a21f72e2ap0, 0x1.431f5d950a897p0, 0x1.44e086061892dp0,
    0x1.46a41ed1d0057p0, 0x1.486a2b5c13cdp0, 0x1.4a32af0d7d3dep0, 0x1.4bfdad5362a27p0, 0x1.4dcb299fddd0dp0,
    0x1.4f9b2769d2ca7p0, 0x1.516daa2cf6642p0, 0x1.5342b569d4f82p0, 0x1.551a4ca5d920fp0, 0x1.56f4736b527dap0,
    0x1.58d12d497c7fdp0, 0x1.5ab07dd485429p0, 0x1.5c9268a5946b7p0, 0x1.5e76f15ad2148p0, 0x1.605e1b976dc09p0,
    0x1.6247eb03a5585p0, 0x1.6434634ccc32p0, 0x1.6623882552225p0, 0x1.68155d44ca973p0, 0x1.6a09e667f3bcdp0,
    0x1.6c012750bdabfp0, 0x1.6dfb23c651a2fp0, 0x1.6ff7df9519484p0, 0x1.71f75e8ec5f74p0, 0x1.73f9a48a58174p0,
    0x1.75feb564267c9p0, 0x1.780694fde5d3fp0, 0x1.7a11473eb0187p0, 0x1.7c1ed0130c132p0, 0x1.7e2f336cf4e62p0,
    0x1.80427543e1a12p0, 0x1.82589994cce13p0, 0x1.8471a4623c7adp0, 0x1.868d99b4492edp0, 0x1.88ac7d98a6699p0,
    0x1.8ace5422aa0dbp0, 0x1.8cf3216b5448cp0, 0x1.8f1ae99157736p0, 0x1.9145b0b91ffc6p0, 0x1.93737b0cdc5e5p0,
    0x1.95a44cbc8520fp0, 0x1.97d829fde4e5p0, 0x1.9a0f170ca07bap0, 0x1.9c49182a3f09p0, 0x1.9e86319e32323p0,
    0x1.a0c667b5de565p0, 0x1.a309bec4a2d33p0, 0x1.a5503b23e255dp0, 0x1.a799e1330b358p0, 0x1.a9e6b5579fdbfp0,
    0x1.ac36bbfd3f37ap0, 0x1.ae89f995ad3adp0, 0x1.b0e07298db666p0, 0x1.b33a2b84f15fbp0, 0x1.b59728de5593ap0,
    0x1.b7f76f2fb5e47p0, 0x1.ba5b030a1064ap0, 0x1.bcc1e904bc1d2p0, 0x1.bf2c25bd71e09p0, 0x1.c199bdd85529cp0,
    0x1.c40ab5fffd07ap0, 0x1.c67f12e57d14bp0, 0x1.c8f6d9406e7b5p0, 0x1.cb720dcef9069p0, 0x1.cdf0b555dc3fap0,
    0x1.d072d4a07897cp0, 0x1.d2f87080d89f2p0, 0x1.d5818dcfba487p0, 0x1.d80e316c98398p0, 0x1.da9e603db3285p0,
    0x1.dd321f301b46p0, 0x1.dfc97337b9b5fp0, 0x1.e264614f5a129p0, 0x1.e502ee78b3ff6p0, 0x1.e7a51fbc74c83p0,
    0x1.ea4afa2a490dap0, 0x1.ecf482d8e67f1p0, 0x1.efa1bee615a27p0, 0x1.f252b376bba97p0, 0x1.f50765b6e454p0,
    0x1.f7bfdad9cbe14p0, 0x1.fa7c1819e90d8p0, 0x1.fd3c22b8f71f1p0,
  ]
  static let powersOfTwoLow: InlineArray<128, Double> = [
    0, 0x1.b61299ab8cdb7p-54, -0x1.19083535b085dp-56, -0x1.0a31c1977c96ep-54, 0x1.d73e2a475b465p-55,
    -0x1.c91dfe2b13c27p-55, 0x1.186be4bb284ffp-57, 0x1.1487818316136p-54, 0x1.8a62e4adc610bp-54,
    0x1.01edc16e24f71p-54, 0x1.03a1727c57b53p-59, -0x1.b9bedc44ebd7bp-57, -0x1.6c51039449b3ap-54,
    -0x1.1b514b36ca5c7p-58, -0x1.32fbf9af1369ep-54, 0x1.2406ab9eeab0ap-55, -0x1.19041b9d78a76p-55,
    -0x1.11023d1970f6cp-54, 0x1.e5b4c7b4968e4p-55, -0x1.95386352ef607p-54, 0x1.e016e00a2643cp-54,
    -0x1.1df98027bb78cp-54, 0x1.dc775814a8495p-55, 0x1.2a97e9494a5eep-55, 0x1.9b07eb6c70573p-54,
    0x1.ac155bef4f4a4p-55, 0x1.2bd339940e9d9p-55, -0x1.a4c3a8c3f0d7ep-54, 0x1.612e8afad1255p-55,
    -0x1.10adcd6381aa4p-59, 0x1.0024754db41d5p-54, 0x1.1ca0f45d52383p-56, 0x1.6f46ad23182e4p-55,
    0x1.a9ce78e18047cp-55, 0x1.32721843659a6p-54, -0x1.b5cee5c4e4628p-55, -0x1.63aeabf42eae2p-54,
    -0x1.e958d3c9904bdp-54, -0x1.5e436d661f5e3p-56, -0x1.efff8375d29c3p-54, 0x1.ada0911f09ebcp-55,
    -0x1.7d023f956f9f3p-54, -0x1.ef3691c309278p-58, -0x1.1c7dde35f7999p-55, 0x1.89b7a04ef80dp-59,
    0x1.c944bd1648a76p-54, 0x1.3c1a3b69062fp-56, 0x1.9cb62f3d1be56p-54, 0x1.d4397afec42e2p-56,
    0x1.8ecdbbc6a7833p-54, -0x1.4b309d25957e3p-54, -0x1.f768569bd93efp-55, -0x1.07abe1db13cadp-55,
    -0x1.d689cefede59bp-55, 0x1.9bb2c011d93adp-54, 0x1.295e15b9a1de8p-55, 0x1.6324c054647adp-54,
    0x1.c4b1b816986a2p-60, 0x1.ba6f93080e65ep-54, -0x1.3e2429b56de47p-54, -0x1.383c17e40b497p-54,
    -0x1.c483c759d8933p-55, -0x1.bb60987591c34p-54, 0x1.038ae44f73e65p-57, -0x1.bdd3413b26456p-54,
    -0x1.2895667ff0b0dp-56, -0x1.bbe3a683c88abp-57, -0x1.83c0f25860ef6p-55, -0x1.16e4786887a99p-55,
    -0x1.0a8d96c65d53cp-54, -0x1.0245957316dd3p-54, 0x1.866b80a02162dp-54, -0x1.41577ee04992fp-55,
    0x1.f124cd1164dd6p-54, 0x1.05d02ba15797ep-56, -0x1.27c86626d972bp-54, -0x1.d4c1dd41532d8p-54,
    -0x1.8d684a341cdfbp-55, -0x1.fc6f89bd4f6bap-54, 0x1.994c2f37cb53ap-54, 0x1.6e9f156864b27p-54,
    -0x1.0d55e32e9e3aap-56, 0x1.5cc13a2e3976cp-55, -0x1.dd6792e582524p-54, -0x1.75fc781b57ebcp-57,
    -0x1.64b7c96a5f039p-56, -0x1.d185b7c1b85d1p-54, -0x1.173bd91cee632p-54, 0x1.c7c46b071f2bep-56,
    0x1.824ca78e64c6ep-56, -0x1.359495d1cd533p-54, 0x1.6305c7ddc36abp-54, -0x1.d2f6edb8d41e1p-54,
    0x1.bcb7ecac563c7p-54, 0x1.0fac90ef7fd31p-54, -0x1.f9234cae76cdp-55, 0x1.7a1cd345dcc81p-54,
    -0x1.bdef54c80e425p-54, -0x1.2805e3084d708p-57, -0x1.c71dfbbba6de3p-54, -0x1.5584f7e54ac3bp-56,
    -0x1.efcd30e54292ep-54, 0x1.23dd07a2d9e84p-55, -0x1.efdca3f6b9c73p-54, 0x1.11065895048ddp-55,
    0x1.b4537e083c60ap-54, 0x1.2884dff483cadp-54, 0x1.1acbc48805c44p-56, 0x1.503cbd1e949dbp-56,
    -0x1.dd83b53829d72p-55, -0x1.cbc3743797a9cp-54, -0x1.d487b719d8578p-54, 0x1.2ed02d75b3707p-55,
    -0x1.11ec18beddfe8p-54, 0x1.c2300696db532p-54, 0x1.2da5778f018c3p-54, -0x1.1a5cd4f184b5cp-54,
    -0x1.7b627817a1496p-54, 0x1.39e8980a9cc8fp-55, 0x1.2d522ca0c8de2p-54, -0x1.e9c23179c2893p-54,
    -0x1.c93f3b411ad8cp-54, 0x1.dc7f486a4b6bp-54, 0x1.3a1a5bf0d8e43p-54, 0x1.9d3e12dd8a18bp-54,
    -0x1.dbb12d006350ap-54, 0x1.74853f3a5931ep-55, 0x1.2eb74966579e7p-57,
  ]
  /// For z in the i-th of 128 parts of [0.6875, 1.375): a short 1/c with c near z, and log c.
  static let logarithmInverses: InlineArray<128, Double> = [
    0x1.734p0, 0x1.714p0, 0x1.6f4p0, 0x1.6dp0, 0x1.6bp0, 0x1.69p0, 0x1.67p0, 0x1.654p0, 0x1.634p0,
    0x1.614p0, 0x1.5f8p0, 0x1.5d8p0, 0x1.5bcp0, 0x1.59cp0, 0x1.58p0, 0x1.564p0, 0x1.548p0, 0x1.52cp0,
    0x1.51p0, 0x1.4f4p0, 0x1.4d8p0, 0x1.4bcp0, 0x1.4a4p0, 0x1.488p0, 0x1.46cp0, 0x1.454p0, 0x1.43cp0,
    0x1.42p0, 0x1.408p0, 0x1.3fp0, 0x1.3d4p0, 0x1.3bcp0, 0x1.3a4p0, 0x1.38cp0, 0x1.374p0, 0x1.35cp0,
    0x1.348p0, 0x1.33p0, 0x1.318p0, 0x1.3p0, 0x1.2ecp0, 0x1.2d4p0, 0x1.2cp0, 0x1.2a8p0, 0x1.294p0,
    0x1.27cp0, 0x1.268p0, 0x1.254p0, 0x1.24p0, 0x1.22cp0, 0x1.214p0, 0x1.2p0, 0x1.1ecp0, 0x1.1d8p0,
    0x1.1c4p0, 0x1.1bp0, 0x1.1ap0, 0x1.18cp0, 0x1.178p0, 0x1.164p0, 0x1.15p0, 0x1.14p0, 0x1.12cp0,
    0x1.11cp0, 0x1.108p0, 0x1.0f4p0, 0x1.0e4p0, 0x1.0d4p0, 0x1.0cp0, 0x1.0bp0, 0x1.09cp0, 0x1.08cp0,
    0x1.07cp0, 0x1.06cp0, 0x1.058p0, 0x1.048p0, 0x1.038p0, 0x1.028p0, 0x1.018p0, 0x1p0, 0x1p0, 0x1.fap-1,
    0x1.f6p-1, 0x1.f28p-1, 0x1.ee8p-1, 0x1.ebp-1, 0x1.e78p-1, 0x1.e38p-1, 0x1.ep-1, 0x1.dc8p-1, 0x1.d9p-1,
    0x1.d6p-1, 0x1.d28p-1, 0x1.cfp-1, 0x1.ccp-1, 0x1.c88p-1, 0x1.c58p-1, 0x1.c28p-1, 0x1.bf8p-1, 0x1.bc8p-1,
    0x1.b98p-1, 0x1.b68p-1, 0x1.b38p-1, 0x1.b08p-1, 0x1.ad8p-1, 0x1.abp-1, 0x1.a8p-1, 0x1.a58p-1, 0x1.a3p-1,
    0x1.ap-1, 0x1.9d8p-1, 0x1.9bp-1, 0x1.988p-1, 0x1.96p-1, 0x1.938p-1, 0x1.91p-1, 0x1.8e8p-1, 0x1.8cp-1,
    0x1.898p-1, 0x1.878p-1, 0x1.85p-1, 0x1.828p-1, 0x1.808p-1, 0x1.7ep-1, 0x1.7cp-1, 0x1.798p-1, 0x1.778p-1,
    0x1.758p-1,
  ]
  static let logarithmsHigh: InlineArray<128, Double> = [
    -0x1.7c9e7703f9p-2, -0x1.77166c744p-2, -0x1.7186b11381p-2, -0x1.6b3bb22359p-2, -0x1.659b57303ep-2,
    -0x1.5ff3070a79p-2, -0x1.5a42ab0f4dp-2, -0x1.5541aec91cp-2, -0x1.4f81fe4764p-2, -0x1.49b9feb7c1p-2,
    -0x1.44a41b463cp-2, -0x1.3ecc460ef6p-2, -0x1.39a8619f45p-2, -0x1.33c05f128ep-2, -0x1.2e8e2bae12p-2,
    -0x1.29552f81ffp-2, -0x1.241558bfd1p-2, -0x1.1ece95528bp-2, -0x1.1980d2dd42p-2, -0x1.142bfeb9ap-2,
    -0x1.0ed005f658p-2, -0x1.096cd55591p-2, -0x1.04c8de1842p-2, -0x1.feb0233e6p-3, -0x1.f3bfa934d6p-3,
    -0x1.ea5349e23ap-3, -0x1.e0dbc3d92ap-3, -0x1.d5c216b4fcp-3, -0x1.cc320c0176p-3, -0x1.c2968558c2p-3,
    -0x1.b7526a22e4p-3, -0x1.ad9da1f828p-3, -0x1.a3dd04b938p-3, -0x1.9a10756988p-3, -0x1.9037d6a18p-3,
    -0x1.86530a8c7p-3, -0x1.7e0afd630cp-3, -0x1.740f8f5404p-3, -0x1.6a079d0f7ap-3, -0x1.5ff3070a7ap-3,
    -0x1.5782cb3092p-3, -0x1.4d56b5798ep-3, -0x1.44d2b6ccb8p-3, -0x1.3a8eb2d31ap-3, -0x1.31f693eb1ap-3,
    -0x1.279a300ab4p-3, -0x1.1eed90e2dcp-3, -0x1.16377fb124p-3, -0x1.0d77e7cd08p-3, -0x1.04aeb449f6p-3,
    -0x1.f42dba3a24p-4, -0x1.e27076e2bp-4, -0x1.d09f72b4c4p-4, -0x1.beba818148p-4, -0x1.acc1768434p-4,
    -0x1.9ab4246204p-4, -0x1.8c345d6318p-4, -0x1.7a0216f648p-4, -0x1.67bb0726ecp-4, -0x1.555efe40b4p-4,
    -0x1.42edcbea64p-4, -0x1.341d7961bcp-4, -0x1.2185b3b75cp-4, -0x1.129644403p-4, -0x1.ffae9119b8p-5,
    -0x1.da0478be38p-5, -0x1.bbc2bfc45p-5, -0x1.9d644fdff8p-5, -0x1.77458f633p-5, -0x1.58a5bafc9p-5,
    -0x1.32348c7p-5, -0x1.1352378598p-5, -0x1.e8a3ee30dp-6, -0x1.aa6721ee8p-6, -0x1.5c45a51b9p-6,
    -0x1.1d7f7eb9fp-6, -0x1.bcf712c74p-7, -0x1.3e7295d26p-7, -0x1.7ee11ebd8p-8, 0, 0, 0x1.82448a388p-7,
    0x1.432a92598p-6, 0x1.b5cc258b7p-6, 0x1.1ce5a62bcp-5, 0x1.5715c4c04p-5, 0x1.91b073efd8p-5,
    0x1.d52ed6406p-5, 0x1.08598b59e4p-4, 0x1.26536c3d8cp-4, 0x1.4485e03dbcp-4, 0x1.5e95a4d978p-4,
    0x1.7d33687c28p-4, 0x1.9c0c32d4d4p-4, 0x1.b6ac88dad4p-4, 0x1.d5f556592p-4, 0x1.f0f70cdd98p-4,
    0x1.06135354d4p-3, 0x1.13c2605c3ap-3, 0x1.2188fd9808p-3, 0x1.2f677cbbcp-3, 0x1.3d5e3126bcp-3,
    0x1.4b6d6fefe2p-3, 0x1.59958ff1d6p-3, 0x1.67d6e9d786p-3, 0x1.73cb9074fep-3, 0x1.823c16551ap-3,
    0x1.8e588ebac2p-3, 0x1.9a8778debap-3, 0x1.a93ed3c8aep-3, 0x1.b5971a213ap-3, 0x1.c2028ab18p-3,
    0x1.ce816157f2p-3, 0x1.db13db0d48p-3, 0x1.e7ba35eb78p-3, 0x1.f474b134ep-3, 0x1.00a1c6addap-2,
    0x1.07138604d6p-2, 0x1.0d8fb813ebp-2, 0x1.12c77cd007p-2, 0x1.1956d3b9bcp-2, 0x1.1ff0fe7cf4p-2,
    0x1.25410494e5p-2, 0x1.2bef07cdc9p-2, 0x1.314f1e1d36p-2, 0x1.3811728565p-2, 0x1.3d81fb5947p-2,
    0x1.42f9f3ff62p-2,
  ]
  static let logarithmsLow: InlineArray<128, Double> = [
    0x1.82d5517117a8cp-45, -0x1.2d333f054aa72p-45, -0x1.934e2677d272bp-46, -0x1.0f6257a933268p-44,
    -0x1.f281db0af8efcp-46, -0x1.e9e439f105039p-45, 0x1.e63af2df7ba69p-50, 0x1.816aadc72eeb9p-48,
    0x1.7fcf6434ff08dp-45, -0x1.dac1c58ab60d7p-44, -0x1.1ee28f37cf612p-44, 0x1.6028627c1300fp-47,
    -0x1.8ee51937354f5p-46, 0x1.2b906380e1a7dp-45, 0x1.67b1e99b72bd8p-45, -0x1.48d301771c408p-44,
    -0x1.00fff3228fcadp-44, 0x1.84e7b09b4a3b8p-46, -0x1.b7b3a7a361c9ap-45, -0x1.1ce6185b58a9ep-44,
    0x1.2dc75285aa803p-45, -0x1.f998d20550a31p-44, 0x1.fe6ba512ceb86p-46, -0x1.f316e32d5e8c7p-45,
    -0x1.d9f2a937b903bp-45, -0x1.81b934c73ccb5p-44, -0x1.59233f0529bf1p-44, 0x1.1ba91bbca681bp-45,
    -0x1.409039a653794p-45, 0x1.cfd73dee38a4p-45, -0x1.c0dbf2e78549p-45, 0x1.882b7c803f05p-44,
    -0x1.97da1366e2c5ap-45, -0x1.64aa6242cd098p-45, -0x1.30dea57c1c8d9p-45, -0x1.98bb0cb4ea3e3p-44,
    -0x1.39e7c1d8f1034p-46, 0x1.0b66c99018aa1p-44, -0x1.5a3f8448d14f5p-44, 0x1.8586f183bebf2p-44,
    0x1.3a46351794442p-44, -0x1.8058015a96555p-44, 0x1.70cc16135783cp-46, -0x1.bafb77d5d503ep-46,
    0x1.a6726e5a396fbp-45, -0x1.ef432b3235108p-44, -0x1.615637097648fp-46, -0x1.91e1abf41763ep-47,
    -0x1.cb2cd2ee2f482p-44, -0x1.afa9065ccd35cp-45, 0x1.312b732df6c0dp-44, 0x1.a342c2af0003cp-45,
    -0x1.048c000354e33p-45, 0x1.89b78b6df1f57p-44, 0x1.aa783a0b7fa4cp-45, 0x1.8a64826787061p-45,
    -0x1.b20f5acb42a66p-44, -0x1.e124ca18418ffp-44, -0x1.f724b69ef5912p-49, -0x1.0b4978c868e23p-44,
    -0x1.bc0eeea7c9acdp-46, -0x1.1d0929983761p-44, 0x1.e3189f8f32304p-44, 0x1.d53bb751aa773p-44,
    -0x1.303374262c554p-45, -0x1.252c7b1f6fe05p-45, 0x1.7d18691417dafp-46, -0x1.13c90539a473bp-44,
    0x1.181dce586af09p-44, 0x1.b2b739570ad39p-45, -0x1.696db90b1e49fp-45, 0x1.c1ac3b71fa59bp-46,
    0x1.1a9fa3de539p-45, -0x1.ad4eb5c5af494p-45, 0x1.63bb6216d87d8p-45, 0x1.4193a83fcc7a6p-46,
    -0x1.c25e097bd9771p-46, 0x1.609c1ff29a114p-45, -0x1.749d3c2d23a07p-47, 0, 0, 0x1.4554412c584ep-44,
    0x1.98139928637fep-47, 0x1.8e611b8afbfe8p-46, 0x1.a9cc78d8df999p-44, -0x1.8888ddfc47628p-44,
    -0x1.9d7c53f76ca96p-46, -0x1.3c85d2a29bbd6p-44, -0x1.7e5dd7009902cp-46, 0x1.b4bac097c5ba3p-47,
    0x1.fad46e8d26ab7p-44, 0x1.1cb7ce1d17171p-44, 0x1.3c88c3e706706p-44, -0x1.ab7c09e838668p-44,
    0x1.b1bdff50225c7p-44, 0x1.0e239cc185469p-44, 0x1.2e31f6c272c1ep-44, 0x1.6304628340ee9p-44,
    -0x1.cf5fdd94f6509p-45, -0x1.b3a1e7f50c701p-44, 0x1.52b302160f40dp-44, 0x1.3fb2f85096c4bp-46,
    0x1.522ecf56e7952p-46, -0x1.a1d059769ca05p-44, -0x1.11e8830a706d3p-44, -0x1.d66a90d0005a6p-44,
    0x1.e0ddb9a631e83p-46, 0x1.b7d5cab2d114p-44, 0x1.470fa3efec39p-44, -0x1.8724350562169p-45,
    0x1.9b50e83aa91dfp-44, -0x1.92e0ee55c7ac6p-45, -0x1.9e0aba2099515p-45, 0x1.2806a847527e6p-44,
    -0x1.d5eee23793649p-47, -0x1.bae49f1df7b5ep-44, 0x1.1cd8d688b9e18p-44, -0x1.e76324e912b17p-44,
    0x1.ee8c88753fa35p-46, 0x1.3b2948a11f797p-46, 0x1.7d2f73ad1aa14p-45, 0x1.e9d5b513ff0c1p-44,
    0x1.b1d7ac0ef77f2p-44, 0x1.a9cfa4a5004f4p-45, -0x1.8e27ad3213cb8p-45, -0x1.a71e493a0702bp-45,
    -0x1.22c7c2a9d37a4p-45, 0x1.906440f7d3354p-44,
  ]
  /// atan(i/64).
  static let arcTangentsHigh: InlineArray<65, Double> = [
    0, 0x1.fff555bbb729bp-7, 0x1.ffd55bba97625p-6, 0x1.7fb818430da2ap-5, 0x1.ff55bb72cfdeap-5,
    0x1.3f59f0e7c559dp-4, 0x1.7ee182602f10fp-4, 0x1.be39ebe6f07c3p-4, 0x1.fd5ba9aac2f6ep-4,
    0x1.1e1fafb043727p-3, 0x1.3d6eee8c6626cp-3, 0x1.5c9811e3ec26ap-3, 0x1.7b97b4bce5b02p-3,
    0x1.9a6a8e96c8626p-3, 0x1.b90d7529260a2p-3, 0x1.d77d5df205736p-3, 0x1.f5b75f92c80ddp-3,
    0x1.09dc597d86362p-2, 0x1.18bf5a30bf178p-2, 0x1.278372057ef46p-2, 0x1.362773707ebccp-2,
    0x1.44aa436c2af0ap-2, 0x1.530ad9951cd4ap-2, 0x1.614840309cfe2p-2, 0x1.6f61941e4def1p-2,
    0x1.7d5604b63b3f7p-2, 0x1.8b24d394a1b25p-2, 0x1.98cd5454d6b18p-2, 0x1.a64eec3cc23fdp-2,
    0x1.b3a911da65c6cp-2, 0x1.c0db4c94ec9fp-2, 0x1.cde53432c1351p-2, 0x1.dac670561bb4fp-2,
    0x1.e77eb7f175a34p-2, 0x1.f40dd0b541418p-2, 0x1.0039c73c1a40cp-1, 0x1.0657e94db30dp-1,
    0x1.0c6145b5b43dap-1, 0x1.1255d9bfbd2a9p-1, 0x1.1835a88be7c13p-1, 0x1.1e00babdefeb4p-1,
    0x1.23b71e2cc9e6ap-1, 0x1.2958e59308e31p-1, 0x1.2ee628406cbcap-1, 0x1.345f01cce37bbp-1,
    0x1.39c391cd4171ap-1, 0x1.3f13fb89e96f4p-1, 0x1.445065b795b56p-1, 0x1.4978fa3269ee1p-1,
    0x1.4e8de5bb6ec04p-1, 0x1.538f57b89061fp-1, 0x1.587d81f732fbbp-1, 0x1.5d58987169b18p-1,
    0x1.6220d115d7b8ep-1, 0x1.66d663923e087p-1, 0x1.6b798920b3d99p-1, 0x1.700a7c5784634p-1,
    0x1.748978fba8e0fp-1, 0x1.78f6bbd5d315ep-1, 0x1.7d528289fa093p-1, 0x1.819d0b7158a4dp-1,
    0x1.85d69576cc2c5p-1, 0x1.89ff5ff57f1f8p-1, 0x1.8e17aa99cc05ep-1, 0x1.921fb54442d18p-1,
  ]
  static let arcTangentsLow: InlineArray<65, Double> = [
    0, -0x1.220c39d4dff5p-61, -0x1.5ec431444912cp-60, -0x1.86ef8f794f105p-63, -0x1.c934d86d23f1dp-60,
    0x1.ac4ce285df847p-58, -0x1.cfb654c0c3d98p-58, 0x1.f7b8f29a05987p-58, -0x1.cd37686760c17p-59,
    -0x1.b485914dacf8cp-59, 0x1.61a3b0ce9281bp-57, -0x1.054ab2c010f3dp-58, 0x1.347b0b4f881cap-58,
    0x1.cf601e7b4348ep-59, 0x1.17b10d2e0e5abp-61, 0x1.c648d1534597ep-57, 0x1.8ab6e3cf7afbdp-57,
    0x1.62e47390cb865p-56, 0x1.30ca4748b1bf9p-57, -0x1.077cdd36dfc81p-56, -0x1.963a544b672d8p-57,
    -0x1.5d5e43c55b3bap-56, -0x1.2566480884082p-57, -0x1.a725715711fp-56, -0x1.c63aae6f6e918p-56,
    0x1.69c885c2b249ap-56, 0x1.b6d0ba3748fa8p-56, 0x1.9e6c988fd0a77p-56, -0x1.24dec1b50b7ffp-56,
    0x1.ae187b1ca504p-56, -0x1.cc1ce70934c34p-56, -0x1.a2cfa4418f1adp-56, 0x1.a2b7f222f65e2p-56,
    0x1.0e53dc1bf3435p-56, -0x1.a3992dc382a23p-57, -0x1.b32c949c9d593p-55, -0x1.d5b495f6349e6p-56,
    0x1.974fa13b5404fp-58, -0x1.2bdaee1c0ee35p-58, 0x1.c621cec00c301p-55, -0x1.928df287a668fp-58,
    0x1.c421c9f38224ep-57, -0x1.09e73b0c6c087p-56, 0x1.c5d5e9ff0cf8dp-55, 0x1.1021137c71102p-55,
    -0x1.2304331d8bf46p-55, 0x1.ecf8b492644fp-56, -0x1.f76d0163f79c8p-56, 0x1.2419a87f2a458p-56,
    0x1.4a33dbeb3796cp-55, -0x1.1bb74abda520cp-55, -0x1.5e5c9d8c5a95p-56, 0x1.0028e4bc5e7cap-57,
    -0x1.2b785350ee8c1p-57, -0x1.6ea6febe8bbbap-56, -0x1.a80386188c50ep-55, -0x1.8c34d25aadef6p-56,
    0x1.7b2a6165884a1p-59, 0x1.406a08980374p-55, 0x1.560821e2f3aa9p-55, -0x1.bf76229d3b917p-56,
    0x1.6b66e7fc8b8c3p-57, -0x1.55b9a5e177a1bp-55, -0x1.ec182ab042f61p-56, 0x1.1a62633145c07p-55,
  ]
  /// 64 zeros, then the first 1280 bits of 2/π after the point, most significant word first.
  static let twoOverPiBits: InlineArray<21, UInt64> = [
    0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
  ]
}
