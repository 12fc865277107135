#!/usr/bin/env python3
"""Writes Sources/FusionPipeline/Math/PinnedTables.swift: tables and polynomials of `Pinned`.

Polynomials interpolate at Chebyshev nodes (within a small factor of minimax); the error of each,
after its coefficients are rounded to doubles, is printed beside the bound it has to meet.
Needs mpmath.
"""
import os
from mpmath import mp, mpf, sin, cos, asin, atan, exp, log, floor, nint, pi, ldexp, chop

mp.dps = 80
OUT = os.path.join(os.path.dirname(__file__), "..", "Sources/FusionPipeline/Math/PinnedTables.swift")


def double(x):
    return float(x)  # mpmath rounds to nearest


def hexed(x):
    x = double(x)
    if x == 0:
        return "0"
    text = x.hex()
    mantissa, exponent = text.split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + "p" + str(int(exponent))


def truncated(x, unit_bits):
    """x rounded to a multiple of 2**-unit_bits."""
    return nint(ldexp(x, unit_bits)) / ldexp(mpf(1), unit_bits)


def interpolate(f, low, high, degree):
    n = degree + 1
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    divided = [f(x) for x in nodes]
    for step in range(1, n):
        for i in range(n - 1, step - 1, -1):
            divided[i] = (divided[i] - divided[i - 1]) / (nodes[i] - nodes[i - step])
    coefficients = [mpf(0)] * n
    for i in range(n - 1, -1, -1):
        shifted = [mpf(0)] + coefficients[:-1]
        coefficients = [s - nodes[i] * c for s, c in zip(shifted, coefficients)]
        coefficients[0] += divided[i]
    return coefficients


def polynomial(name, f, low, high, degree, weight, bound_bits, exact=None):
    coefficients = [mpf(double(c)) for c in interpolate(f, mpf(low), mpf(high), degree)]
    worst = mpf(0)
    for i in range(1, 2000):
        z = mpf(low) + (mpf(high) - mpf(low)) * i / 2000
        if abs(z) < 1e-12:
            continue
        p = mpf(0)
        for c in reversed(coefficients):
            p = p * z + c
        worst = max(worst, abs((p - f(z)) * weight(z)))
    bits = -log(worst, 2)
    print(f"{name}: degree {degree}, error 2^-{float(bits):.1f}, needed 2^-{bound_bits}")
    assert bits > bound_bits, name
    lines = [f"  static let {name}{i} = {hexed(c)}" for i, c in enumerate(coefficients)]
    return "\n".join(lines)


def table(name, values, kind="Double"):
    lines, line = [], "   "
    for v in values:
        item = " " + (v if isinstance(v, str) else hexed(v)) + ","
        if len(line) + len(item) > 108:
            lines.append(line)
            line = "   "
        line += item
    lines.append(line)
    return f"  static let {name}: InlineArray<{len(values)}, {kind}> = [\n" + "\n".join(lines) + "\n  ]"


def main():
    parts = []
    quarter = pi / 4 + mpf(2) ** -20
    parts.append("  // π/2 in four parts, the first three short enough that a 21-bit multiple is exact.")
    half_pi = pi / 2
    p1 = truncated(half_pi, 31)
    p2 = truncated(half_pi - p1, 63)
    p3 = truncated(half_pi - p1 - p2, 95)
    p4 = half_pi - p1 - p2 - p3
    for name, value in [("halfPiPart1", p1), ("halfPiPart2", p2), ("halfPiPart3", p3), ("halfPiPart4", p4)]:
        parts.append(f"  static let {name} = {hexed(value)}")
    parts.append("")
    parts.append("  // π/2 and π as sums of two doubles.")
    parts.append(f"  static let halfPiHigh = {hexed(half_pi)}")
    parts.append(f"  static let halfPiLow = {hexed(half_pi - mpf(double(half_pi)))}")
    parts.append(f"  static let piHigh = {hexed(pi)}")
    parts.append(f"  static let piLow = {hexed(pi - mpf(double(pi)))}")
    parts.append(f"  static let twoOverPi = {hexed(2 / pi)}")
    parts.append("")
    parts.append("  // sin r = r + r³·S(r²), cos r = 1 − r²/2 + r⁴·C(r²), |r| ≤ π/4.")
    zmax = quarter ** 2
    def s_of(z):
        r = mp.sqrt(z)
        return (sin(r) - r) / r ** 3
    def c_of(z):
        return (cos(mp.sqrt(z)) - 1 + z / 2) / z ** 2
    parts.append(polynomial("sine", s_of, 0, zmax, 6, lambda z: z, 56))
    parts.append(polynomial("cosine", c_of, 0, zmax, 6, lambda z: z * z, 58))
    parts.append("")
    parts.append("  // atan t = t + t³·A(t²), |t| ≤ 1/8.")
    def a_of(z):
        t = mp.sqrt(z)
        return (atan(t) - t) / t ** 3
    parts.append(polynomial("arcTangent", a_of, 0, mpf(1) / 64, 6, lambda z: z, 56))
    parts.append("")
    parts.append("  // asin x = x + x³·B(x²), |x| ≤ 1/2.")
    def b_of(z):
        x = mp.sqrt(z)
        return (asin(x) - x) / x ** 3
    parts.append(polynomial("arcSine", b_of, 0, mpf(1) / 4, 12, lambda z: z, 56))
    parts.append("")
    parts.append("  // exp r = 1 + r + r²·E(r), |r| ≤ ln2/256.")
    e_max = log(2) / 256 * (1 + mpf(2) ** -10)
    parts.append(polynomial(
        "exponential", lambda r: (exp(r) - 1 - r) / r ** 2 if r else mpf(1) / 2, -e_max, e_max, 3,
        lambda r: r ** 2, 62))
    step = log(2) / 128
    l1 = truncated(step, 42)
    parts.append(f"  static let exponentialStepInverse = {hexed(1 / step)}")
    parts.append(f"  static let exponentialStepHigh = {hexed(l1)}")
    parts.append(f"  static let exponentialStepLow = {hexed(step - l1)}")
    parts.append("")
    parts.append("  // log(1 + r) = r − r²/2 + r³·L(r), |r| ≤ 2⁻⁷·1.01.")
    l_max = mpf(2) ** -7 * mpf("1.01")
    parts.append(polynomial(
        "logarithm", lambda r: (log(1 + r) - r + r * r / 2) / r ** 3 if r else mpf(1) / 3, -l_max, l_max, 7,
        lambda r: r ** 2, 68))
    ln2 = truncated(log(2), 42)
    parts.append(f"  static let logarithmOfTwoHigh = {hexed(ln2)}")
    parts.append(f"  static let logarithmOfTwoLow = {hexed(log(2) - ln2)}")
    parts.append("")

    highs = [mpf(double(mpf(2) ** (mpf(j) / 128))) for j in range(128)]
    lows = [mpf(2) ** (mpf(j) / 128) - highs[j] for j in range(128)]
    parts.append("  /// 2^(j/128).")
    parts.append(table("powersOfTwoHigh", highs))
    parts.append(table("powersOfTwoLow", lows))

    inverses, log_highs, log_lows = [], [], []
    worst = mpf(0)
    for i in range(128):
        bits = 0x3FE6000000000000 + (i << 45)
        import struct
        low = mpf(struct.unpack("<d", struct.pack("<Q", bits))[0])
        high = mpf(struct.unpack("<d", struct.pack("<Q", bits + (1 << 45)))[0])
        inverse = truncated(2 / (low + high), 10)
        if low == 1 or high == 1:
            inverse = mpf(1)
        worst = max(worst, abs(low * inverse - 1), abs(high * inverse - 1))
        inverses.append(inverse)
        value = -log(inverse)
        log_highs.append(truncated(value, 42))
        log_lows.append(value - log_highs[-1])
    print("log table: |r| up to", float(worst), "limit", float(l_max))
    assert worst <= l_max
    parts.append("  /// For z in the i-th of 128 parts of [0.6875, 1.375): a short 1/c with c near z, and log c.")
    parts.append(table("logarithmInverses", inverses))
    parts.append(table("logarithmsHigh", log_highs))
    parts.append(table("logarithmsLow", log_lows))

    angles = [atan(mpf(i) / 64) for i in range(65)]
    angle_highs = [mpf(double(a)) for a in angles]
    parts.append("  /// atan(i/64).")
    parts.append(table("arcTangentsHigh", angle_highs))
    parts.append(table("arcTangentsLow", [a - h for a, h in zip(angles, angle_highs)]))

    mp.prec = 1500
    whole = int(floor(ldexp(2 / pi, 1280)))
    words = [(whole >> (1280 - 64 * (i + 1))) & ((1 << 64) - 1) for i in range(20)]
    parts.append("  /// 64 zeros, then the first 1280 bits of 2/π after the point, most significant word first.")
    parts.append(table("twoOverPiBits", ["0"] + [f"0x{w:016x}" for w in words], "UInt64"))

    with open(OUT, "w") as out:
        out.write("// Written by scripts/pinned-math-tables.py; change that, not this.\n\n")
        out.write("/// Constants of `Pinned`: tables and polynomials in doubles.\n")
        out.write("enum PinnedTables {\n" + "\n".join(parts) + "\n}\n")


main()
