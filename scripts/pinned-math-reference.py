#!/usr/bin/env python3
"""Writes Tests/FusionPipelineTests/Math/PinnedReference.swift: exact values of elementary functions.

Each value is a sum of two doubles (about 106 bits), computed by mpmath at 1300 bits for seeded arguments.
"""
import math
import os
import random
from mpmath import mp, mpf, sin, cos, tan, atan, atan2, asin, acos, exp, log, sqrt, pi, nint

mp.prec = 1300
OUT = os.path.join(os.path.dirname(__file__), "..", "Tests/FusionPipelineTests/Math/PinnedReference.swift")
rng = random.Random(20240229)
# The double nearest to a multiple of π/2 among all (Muller, "Elementary Functions", 11.2).
WORST_REDUCTION = math.ldexp(6381956970095103.0, 797)


def hexed(x):
    if x == 0:
        return "0"
    mantissa, exponent = x.hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + "p" + str(int(exponent))


def spread(low, high, count):
    return [rng.uniform(low, high) for _ in range(count)]


def powers(low, high, count):
    return [rng.choice([-1, 1]) * 2.0 ** rng.uniform(low, high) for _ in range(count)]


ANGLES = (
    [math.pi / 2, math.pi, 355.0, WORST_REDUCTION, 1e22, 1.6e6, 1.6000001e6] + spread(-7, 7, 6)
    + spread(-1e6, 1e6, 3) + powers(20, 1023, 3) + powers(-30, -1, 2))
UNIT = [1.0, -0.5, 0.5000001, 0.9999999999999999, -0.999999] + spread(-1, 1, 9) + powers(-30, -1, 2)

CASES = [
    ("sin", sin, [(x,) for x in ANGLES]),
    ("cos", cos, [(x,) for x in ANGLES]),
    ("tan", tan, [(x,) for x in ANGLES]),
    ("wrapAngle", lambda x: x - 2 * pi * nint(x / (2 * pi)),
     [(x,) for x in ANGLES if abs(x) > math.pi]),
    ("atan", atan, [(x,) for x in [1.0, 0.1171875, -0.1171874] + spread(-3, 3, 8) + powers(-40, 60, 6)]),
    ("asin", asin, [(x,) for x in UNIT]),
    ("acos", acos, [(x,) for x in UNIT]),
    ("exp", exp, [(x,) for x in [1.0, -708.0, 709.7, 1e-10] + spread(-700, 700, 7) + spread(-1, 1, 6)]),
    ("log", log, [(x,) for x in [2.0, 10.0, 1.0078125, 0.9999999999999999, 5e-324]
                  + spread(0.9, 1.1, 6) + spread(0, 1000, 3) + [abs(x) for x in powers(-1000, 1000, 4)]]),
    ("atan2", atan2, list(zip(spread(-9, 9, 14), spread(-9, 9, 14)))
     + [(1e-300, -1.0), (3e300, 4e299), (1.0, -1e-20)]),
    ("pow", lambda x, y: x ** y, [(10.0, 3.0), (0.1, -12.0), (1.0000001, 1e9), (-3.0, 5.0), (2.0, 0.5)]
     + list(zip(spread(0, 20, 12), spread(-30, 30, 12)))),
    ("hypot", lambda x, y: sqrt(x * x + y * y), [(3e200, -4e200), (3e-200, 4e-200), (1.0, 1e-8)]
     + list(zip(spread(-9, 9, 12), spread(-9, 9, 12)))),
]


def main():
    lines = []
    for name, function, arguments in CASES:
        for case in arguments:
            value = function(*[mpf(a) for a in case])
            high = float(value)
            low = float(value - mpf(high))
            x, y = case if len(case) == 2 else (case[0], 0.0)
            lines.append(f"    .init(.{name}, {hexed(x)}, {hexed(y)}, {hexed(high)}, {hexed(low)}),")
    with open(OUT, "w") as out:
        out.write("// Written by scripts/pinned-math-reference.py; change that, not this.\n\n")
        out.write("struct PinnedReference {\n")
        out.write("  var function: PinnedFunction\n  var x, y, high, low: Double\n\n")
        out.write("  init(_ function: PinnedFunction, _ x: Double, _ y: Double, _ high: Double, _ low: Double) {\n")
        out.write("    (self.function, self.x, self.y, self.high, self.low) = (function, x, y, high, low)\n  }\n\n")
        out.write("  /// Arguments and the exact value as a sum of two doubles.\n")
        out.write("  static let all: [PinnedReference] = [\n" + "\n".join(lines) + "\n  ]\n}\n")
    print(len(lines), "values")


main()
