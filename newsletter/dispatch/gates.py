"""Gates that messages go through: so many a second, so many at a time, fewer after a server asked for it.

The rate is GCRA (ITU-T I.371, “generic cell rate algorithm”): continuous, no windows at whose edges twice
as much gets through, one number of state. Slowing down is AIMD, as TCP does it: half at once, back step by
step. All times are seconds of one monotonic clock, given by the caller.
"""

from __future__ import annotations

import math

EARLY = 0.1
"""Seconds that a message may come before its time, so that late timers cost no rate."""
_ROUNDING = 1e-6
"""Waits below this are rounding errors; no timer is as exact."""
_LEAST = 1 / 16
_STEP = 1 / 8
_TOGETHER = 1.0
"""Refusals within this time are one: ten connections hear the same 421."""
_STEP_SECONDS = 5.0
_STEP_MESSAGES = 20
"""A step back towards full speed needs this time and so many messages gone through since the last."""
_LONGEST_REST = 60.0


class Bucket:
    """So many a second: in any time `t` at most `rate * (t + EARLY) + 1` (GCRA)."""

    __slots__ = ("_due", "_interval")

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._due = -math.inf

    def wait(self, now: float) -> float:
        """Return the seconds until the next one may come."""
        left = self._due - EARLY - now
        return left if left > _ROUNDING else 0.0

    def spend(self, now: float) -> None:
        """Count one that comes."""
        due = self._due
        self._due = (max(now, due)) + self._interval

    def turn(self, rate: float) -> None:
        """Change the rate; what was spent stays spent."""
        self._interval = 1 / rate


class Gate:
    """A relay, or a domain of recipients: what may go through, and what the last answers made of it."""

    __slots__ = (
        "_bucket", "_connections", "_last_refusal", "_level", "_rate", "_rest_until", "_since", "_strikes",
        "_supposed", "connections", "in_flight", "through",
    )  # fmt: skip

    def __init__(self, now: float, *, connections: int | None = None, rate: float | None = None) -> None:
        self._connections = connections
        self._rate = rate
        self._supposed: tuple[int | None, float | None] = (None, None)
        self.connections = connections
        """How many at a time just now."""
        self._bucket = Bucket(rate) if rate else None
        self._level = 1.0
        self._rest_until = self._last_refusal = -math.inf
        self._since = now
        self._strikes = 0
        self.in_flight = 0
        self.through = 0
        """How many went through since the last change of speed."""

    @property
    def slowed(self) -> bool:
        """Whether it goes slower than it might."""
        return self._level < 1

    def wait(self, now: float) -> float:
        """Return the seconds until another message may come, by rate and rest."""
        if self._bucket is None:
            return max(self._rest_until - now, 0.0)
        return max(self._bucket.wait(now), self._rest_until - now)

    def full(self) -> bool:
        """Say whether as many are under way as may be at a time."""
        return self.connections is not None and self.in_flight >= self.connections

    def idle(self, now: float) -> bool:
        """Say whether nothing would change if the gate were made anew."""
        return not self.in_flight and not self.slowed and self.wait(now) <= 0

    def spend(self, now: float) -> None:
        """Let one in."""
        self.in_flight += 1
        if self._bucket:
            self._bucket.spend(now)

    def free(self) -> None:
        """Let one out; it may have come in before anybody counted."""
        self.in_flight = max(self.in_flight - 1, 0)

    def rest(self, now: float) -> bool:
        """Let nothing in for a while, longer each time until one gets through; no if it just began."""
        if now - self._last_refusal < _TOGETHER:
            return False
        self._last_refusal = now
        self._rest_until = now + min(2.0**self._strikes, _LONGEST_REST)
        self._strikes = min(self._strikes + 1, 10)
        return True

    def slow(self, now: float, *, connections: int | None = None, rate: float | None = None) -> None:
        """Halve rate and connections, and rest; what is given is halved where nothing is limited yet."""
        if not self.rest(now):
            return
        if self._level >= 1:
            self._supposed = (connections, self._measured(now) or rate)
        self._turn(now, max(self._level / 2, _LEAST))

    def succeed(self, now: float) -> bool:
        """Note one that got through; say whether this was the last step back to full speed."""
        self.through += 1
        self._strikes = 0
        if self._level >= 1 or self.through < _STEP_MESSAGES or now - self._since < _STEP_SECONDS:
            return False
        self._turn(now, min(self._level + _STEP, 1.0))
        return self._level >= 1

    def _measured(self, now: float) -> float | None:
        """Return how many a second got through lately, if enough did to say so."""
        passed = now - self._since
        return self.through / passed if self.through >= _STEP_MESSAGES and passed > 0 else None

    def _turn(self, now: float, level: float) -> None:
        """Set the speed; what was supposed for the time of slowness goes with it."""
        self._level, self._since, self.through = level, now, 0
        if level >= 1:
            self._supposed = (None, None)
        connections = self._connections or self._supposed[0]
        rate = self._rate or self._supposed[1]
        self.connections = math.ceil(connections * level) if connections else None
        if rate is None:
            self._bucket = None
        elif self._bucket is None:
            self._bucket = Bucket(rate * level)
        else:
            self._bucket.turn(rate * level)
