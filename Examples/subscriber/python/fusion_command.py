"""Command frames (layout v1, docs/formats/command-frame.md) and their receiver, with the standard library.

Mirrors Sources/FusionPipeline/Commands/CommandReceiver.swift. Times are the receiver's own monotonic clock,
nanoseconds (`time.monotonic_ns()`), never going back.
"""

import math
import struct
import zlib
from collections import Counter, deque, namedtuple
from dataclasses import dataclass, field

FRAME_BYTES = 208
FINAL = 4  # flags: 1 from the guard, 2 limited by the guard, 4 the session's last command
MODES = ("inhibit", "auto", "degraded", "safe_stop", "emergency")
INHIBIT, AUTO, DEGRADED_MODE, SAFE_STOP, EMERGENCY = range(5)
REASONS = ("none", "not_engaged", "no_plan_yet", "no_trigger", "frame_late", "stage_hung", "stage_failed",
           "input_missing", "operator_stop", "collision_ahead", "limit_exceeded", "shutdown", "overrun_skip")
STATES = ("no data", "ok", "degraded", "invalid", "stop tail", "safe")
NO_DATA, OK, DEGRADED, INVALID, STOP_TAIL, SAFE = range(6)
REFUSALS = ("length", "magic", "version", "checksum", "topic", "mode", "not finite", "data id", "source",
            "out of range", "session", "repeated", "old", "after final", "stale")
(LENGTH, MAGIC, VERSION, CHECKSUM, TOPIC, MODE, NOT_FINITE, DATA_ID, SOURCE, OUT_OF_RANGE, SESSION, REPEATED,
 OLD, AFTER_FINAL, STALE) = range(15)

_LAYOUT = struct.Struct("<16s4sHHHHHHQIIQQqqdddBBH" + "HHI" * 4 + "If" * 8 + "I")
assert _LAYOUT.size == FRAME_BYTES


class Refused(Exception):
    """A frame that is not used; `code` indexes REFUSALS."""

    def __init__(self, code):
        super().__init__(REFUSALS[code])
        self.code = code


Command = namedtuple("Command", "topic flags source data_id session counter valid_for_us frame slot "
                                "sensed_at_ns decided_at_ns value second_value rate_limit mode reason ages tail")


def topic_bytes(name):
    """The 16 bytes to subscribe to: all of them, so that act/brake is not act/brakelight."""
    raw = name.encode()
    if not 1 <= len(raw) <= 15 or 0 in raw:
        raise ValueError(f"topic {name!r} must have 1 to 15 bytes and no NUL")
    return raw.ljust(16, b"\0")


def decode(data):
    """Bytes to a Command; raises Refused. Takes any bytes."""
    if len(data) < 26:
        raise Refused(LENGTH)
    if data[16:20] != b"FCMD":
        raise Refused(MAGIC)
    if data[20:22] != b"\1\0":
        raise Refused(VERSION)
    if len(data) != FRAME_BYTES or data[24:26] != b"\xd0\0":
        raise Refused(LENGTH)
    (topic, _, _, flags, _, source, data_id, _, session, counter, valid_for_us, frame, slot, sensed, decided,
     value, second, rate, mode, reason, _, *rest) = _LAYOUT.unpack(data)
    if rest[28] != zlib.crc32(data[:204]):
        raise Refused(CHECKSUM)
    name = topic.split(b"\0", 1)[0]
    if not 1 <= len(name) <= 15 or topic != name.ljust(16, b"\0"):
        raise Refused(TOPIC)
    if mode > EMERGENCY:
        raise Refused(MODE)
    ages = tuple((rest[i], rest[i + 2]) for i in range(0, 12, 3))
    tail = tuple((rest[i], rest[i + 1]) for i in range(12, 28, 2))
    if not (math.isfinite(value) and math.isfinite(second) and rate >= 0):
        raise Refused(NOT_FINITE)
    if not all(math.isfinite(point) for _, point in tail):
        raise Refused(NOT_FINITE)
    return Command(topic, flags, source, data_id, session, counter, valid_for_us, frame, slot, sensed, decided,
                   value, second, rate, mode, reason, ages, tail)


def tail_points(command):
    """The stop tail's points in use: (µs after receipt, value), strictly later one by one."""
    end = 0
    for time, value in command.tail:
        if time <= end:
            return
        yield time, value
        end = time


def tail_value(command, elapsed_us):
    """Linear between the points, from `value` at 0; the last point's value after it."""
    from_time, from_value = 0, command.value
    for time, value in tail_points(command):
        if elapsed_us <= time:
            return from_value + (value - from_value) * ((elapsed_us - from_time) / (time - from_time))
        from_time, from_value = time, value
    return from_value


def _saturated(number):
    return max(-(1 << 63), min((1 << 63) - 1, number))


Output = namedtuple("Output", "value second_value mode state")


@dataclass
class Receiver:
    """One actuator's receiver: give it every frame, ask it for the output at the actuator's own rate."""

    topic: bytes  # from topic_bytes
    data_id: int
    source: int
    minimum: float
    maximum: float
    safe_value: float
    rate_limit: float = math.inf
    tolerated_losses: int = 2
    maximum_valid_for_us: int = 1_000_000
    shares_clock: bool = False
    accepted: int = 0
    lost: int = 0
    timeouts: int = 0
    sessions: int = 0
    refused: Counter = field(default_factory=Counter)
    newest: Command = None

    def __post_init__(self):
        # Limits that make no sense fall to the safe side.
        if not math.isfinite(self.safe_value):
            self.safe_value = 0.0
        if not self.minimum <= self.maximum:
            self.minimum = self.maximum = self.safe_value
        if not self.rate_limit >= 0:
            self.rate_limit = math.inf
        self._health = NO_DATA
        self._received_at = self._valid_until = self._promptest_at = self._driven_at = -(1 << 63)
        self._promptest = self._newest_counter = 0
        self._ended = self._timed_out = False
        self._driven = None
        self._left = deque(maxlen=8)

    def receive(self, data, now):
        """Judges one frame; the number of commands lost before it, or raises Refused."""
        self._notice_timeout(now)
        try:
            command = decode(data)
            lost = self._check(command, now)
        except Refused as refusal:
            self.refused[refusal.code] += 1
            if self.newest:
                self._health = INVALID
            raise
        if not self.newest or self.newest.session != command.session:
            if self.newest:
                self._left.append(self.newest.session)
            self.sessions += 1
            self._promptest, self._promptest_at = self._first_arrival(command, now), now
        elif not self.shares_clock:
            delay = _saturated(now - command.decided_at_ns)
            if delay < self._expected_arrival(now):
                self._promptest, self._promptest_at = delay, now
        self.newest = command
        self._newest_counter = command.counter
        self._ended = bool(command.flags & FINAL)
        self._received_at = now
        self._valid_until = _saturated(now + self._validity_ns(command))
        self._timed_out = False
        self._health = OK if lost == 0 else DEGRADED if lost <= self.tolerated_losses else INVALID
        self.accepted += 1
        self.lost += lost
        return lost

    def output(self, now):
        """What to do now. Do not drive the actuator while `mode` is INHIBIT."""
        self._notice_timeout(now)
        command = self.newest
        if not command:
            self._driven = None
            return Output(self.safe_value, 0.0, INHIBIT, NO_DATA)
        holds = now < self._valid_until
        if command.mode == INHIBIT:
            self._driven = None
            return Output(self.safe_value, 0.0, INHIBIT, self._health if holds else SAFE)
        if holds and not self._ended:
            value = self._approach(command.value, min(command.rate_limit, self.rate_limit), now)
            return Output(value, command.second_value, command.mode, self._health)
        elapsed = max(0, _saturated(now - self._received_at))
        mode = EMERGENCY if command.mode == EMERGENCY else SAFE_STOP
        end_us = max((time for time, _ in tail_points(command)), default=0)
        if elapsed < end_us * 1000:
            planned = tail_value(command, elapsed // 1000)
            planned = self.maximum if planned > self.maximum else planned
            planned = self.minimum if planned < self.minimum else planned
            return Output(self._approach(planned, self.rate_limit, now), 0.0, mode, STOP_TAIL)
        return Output(self._approach(self.safe_value, self.rate_limit, now), 0.0, mode, SAFE)

    def _check(self, command, now):
        if command.topic != self.topic:
            raise Refused(TOPIC)
        if command.data_id != self.data_id:
            raise Refused(DATA_ID)
        if command.source != self.source:
            raise Refused(SOURCE)
        if command.mode != INHIBIT and not self.minimum <= command.value <= self.maximum:
            raise Refused(OUT_OF_RANGE)
        if not self.newest or command.session != self.newest.session:
            if self.newest and (now < self._valid_until or command.session in self._left):
                raise Refused(SESSION)
            if self._is_stale(command, now, self._first_arrival(command, now)):
                raise Refused(STALE)
            return 0
        step = (command.counter - self._newest_counter) % (1 << 32)
        if step == 0:
            raise Refused(REPEATED)
        if step >= 1 << 31:
            raise Refused(OLD)
        if self._ended:
            raise Refused(AFTER_FINAL)
        if self._is_stale(command, now, self._expected_arrival(now)):
            self._newest_counter = command.counter
            raise Refused(STALE)
        return step - 1

    def _validity_ns(self, command):
        return min(command.valid_for_us, self.maximum_valid_for_us) * 1000

    def _first_arrival(self, command, now):
        return 0 if self.shares_clock else _saturated(now - command.decided_at_ns)

    def _expected_arrival(self, now):
        """The session's promptest arrival, with what 200 ppm of drift may have added since."""
        if self.shares_clock:
            return 0
        since = _saturated(now - self._promptest_at)
        return _saturated(self._promptest + (since // 5000 if since >= 0 else -(-since // 5000)))

    def _is_stale(self, command, now, promptest):
        delay = _saturated(now - command.decided_at_ns)
        return _saturated(delay - promptest) >= self._validity_ns(command)

    def _notice_timeout(self, now):
        if self.newest and not self._timed_out and now >= self._valid_until:
            self._timed_out = True
            if not self._ended:
                self.timeouts += 1

    def _approach(self, target, limit, now):
        value = target
        if self._driven is not None and limit < math.inf:
            step = limit * float(max(0, _saturated(now - self._driven_at))) * 1e-9
            if target - self._driven > step:
                value = self._driven + step
            elif self._driven - target > step:
                value = self._driven - step
        self._driven = value
        self._driven_at = max(self._driven_at, now)
        return value
