"""When a deferred mail is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import random

from newsletter.settings_sending import Sending

_SPREAD = 0.1
"""By how much of itself a wait may be longer, so that not all of a window come back in the same second."""


@dataclass(frozen=True)
class Patience:
    """The office's rule; times in seconds."""

    waits: Sequence[float]
    give_up: float
    chance: Callable[[], float] = field(default=random)
    """A number from 0 to 1."""

    @classmethod
    def of(cls, sending: Sending) -> Patience:
        """Read the rule from the settings."""
        return cls(tuple(60 * minutes for minutes in sending.retry_minutes), 3600 * sending.give_up_hours)

    @property
    def longest(self) -> float:
        """No wait is longer; a moment further away was written by a clock that has been set back since."""
        return max(self.waits) * (1 + _SPREAD) + 1

    def next_at(self, deferrals: int, first_at: int, now: int) -> int | None:
        """Return when to try again after the n-th deferral (from 1); None: no more.

        `first_at` is when the recipient was first deferred; times are seconds since 1970.
        """
        if now - first_at >= self.give_up:
            return None
        wait = self.waits[min(deferrals, len(self.waits)) - 1]
        return now + round(wait * (1 + _SPREAD * self.chance()))
