"""Replays a trace through the Python receiver, printing what check_trace.c prints; see CommandTraceTests.swift."""

import struct
import sys

import fusion_command as fc


def bits(value):
    return format(struct.unpack("<Q", struct.pack("<d", value))[0], "x")


def decoded(data):
    try:
        c = fc.decode(data)
    except fc.Refused as refusal:
        return f"D x {refusal.code}"
    ages = " ".join(f"{source}:{age}" for source, age in c.ages)
    tail = " ".join(f"{time}:{struct.unpack('<I', struct.pack('<f', value))[0]:x}" for time, value in c.tail)
    low, high = struct.unpack("<QQ", c.topic)
    return (f"D {low:x} {high:x} {c.flags} {c.source} {c.data_id} {c.session:x} {c.counter} "
            f"{c.valid_for_us} {c.frame} "
            f"{c.slot} {c.sensed_at_ns} {c.decided_at_ns} {bits(c.value)} {bits(c.second_value)} "
            f"{bits(c.rate_limit)} {c.mode} {c.reason} {ages} {tail}")


def main(path):
    with open(path, "rb") as file:
        trace = file.read()
    topic, data_id, source, losses, longest, shares, low, high, rate, safe = struct.unpack_from(
        "<16sHHII?3xdddd", trace)
    receiver = fc.Receiver(topic, data_id, source, low, high, safe, rate, losses, longest, shares)
    at = 64
    while at + 11 <= len(trace):
        kind, now, count = struct.unpack_from("<BqH", trace, at)
        data = trace[at + 11:at + 11 + count]
        at += 11 + count
        if kind == 0:
            try:
                print("A", receiver.receive(data, now))
            except fc.Refused as refusal:
                print("R", refusal.code)
        elif kind == 1:
            out = receiver.output(now)
            print("O", out.state, out.mode, bits(out.value), bits(out.second_value))
        else:
            print(decoded(data))
    print("C", receiver.accepted, receiver.lost, receiver.timeouts, receiver.sessions,
          *(receiver.refused[code] for code in range(len(fc.REFUSALS))))


main(sys.argv[1])
