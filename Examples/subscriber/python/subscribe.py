#!/usr/bin/env python3
"""Prints one actuator's commands as its receiver judges them; needs pyzmq and fusion_command.py beside it.

    ./subscribe.py --endpoint tcp://127.0.0.1:5560 --topic act/steering --data-id 1 --count 10

Exit code: 0 after --count accepted commands or at the end of --seconds with at least one, 1 with too few.
"""

import argparse
import math
import sys
import time

import fusion_command as fc

try:
    import zmq
except ImportError:
    sys.exit("pyzmq is missing: install it with `pip install pyzmq` or `apt install python3-zmq`")


def arguments():
    parser = argparse.ArgumentParser(description="Prints an actuator's commands.")
    parser.add_argument("--endpoint", default="tcp://127.0.0.1:5560")
    parser.add_argument("--topic", default="act/steering", help="1 to 15 bytes")
    parser.add_argument("--data-id", type=int, default=1, help="the actuator's data id")
    parser.add_argument("--source", type=int, default=1, help="the publisher's source id")
    parser.add_argument("--minimum", type=float, default=-math.inf)
    parser.add_argument("--maximum", type=float, default=math.inf)
    parser.add_argument("--safe", type=float, default=0.0, help="the actuator's safe value")
    parser.add_argument("--rate-limit", type=float, default=math.inf, help="greatest change a second")
    parser.add_argument("--shares-clock", action="store_true", help="the publisher runs on this host")
    parser.add_argument("--count", type=int, default=0, help="stop after so many accepted commands")
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after so long")
    parser.add_argument("--server-key", help="the publisher's CURVE public key (Z85, 40 characters)")
    return parser.parse_args()


def subscriber(context, options):
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.CONFLATE, 1)  # the newest command only; before connect
    socket.setsockopt(zmq.LINGER, 0)
    if options.server_key:
        public, secret = zmq.curve_keypair()
        socket.curve_publickey, socket.curve_secretkey = public, secret
        socket.curve_serverkey = options.server_key.encode()
    # All 16 bytes: act/brake must not receive act/brakelight.
    socket.setsockopt(zmq.SUBSCRIBE, fc.topic_bytes(options.topic))
    socket.connect(options.endpoint)
    return socket


def describe(command, out):
    reason = fc.REASONS[command.reason] if command.reason < len(fc.REASONS) else str(command.reason)
    ages = ", ".join(f"source {source} {age / 1000:.1f} ms" for source, age in command.ages if source)
    return (f"{fc.STATES[out.state]}: {fc.MODES[out.mode]} ({reason}) value {out.value:+.6f}, "
            f"frame {command.frame} slot {command.slot} counter {command.counter}, "
            f"valid {command.valid_for_us / 1000:g} ms" + (f"; ages: {ages}" if ages else ""))


def main():
    options = arguments()
    receiver = fc.Receiver(fc.topic_bytes(options.topic), options.data_id, options.source, options.minimum,
                           options.maximum, options.safe, options.rate_limit,
                           shares_clock=options.shares_clock)
    context = zmq.Context()
    socket = subscriber(context, options)
    end = time.monotonic() + options.seconds
    said = fc.NO_DATA
    print(f"{fc.STATES[said]}: waiting for {options.topic} at {options.endpoint}", flush=True)
    while time.monotonic() < end and not (options.count and receiver.accepted >= options.count):
        fresh = False
        if socket.poll(10):
            try:
                receiver.receive(socket.recv(), time.monotonic_ns())
                fresh = True
            except fc.Refused as refusal:
                print(f"refused: {refusal}", flush=True)
        # Also when nothing came: silence is what the stop tail is for.
        out = receiver.output(time.monotonic_ns())
        if fresh:
            print(describe(receiver.newest, out), flush=True)
        elif out.state != said:
            print(f"{fc.STATES[out.state]}: {fc.MODES[out.mode]} value {out.value:+.6f}", flush=True)
        said = out.state
    socket.close()
    context.term()
    print(f"accepted {receiver.accepted}, lost {receiver.lost}, refused {sum(receiver.refused.values())}, "
          f"time-outs {receiver.timeouts}")
    return 0 if receiver.accepted >= max(1, options.count) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
