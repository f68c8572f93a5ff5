"""Who of several relays is to take the next message, so that each gets its share."""

from __future__ import annotations

from collections.abc import Mapping

_LEAD = 2.0
"""How far a relay may be ahead of another, in messages over weight."""
_MOST_CREDIT = 4096.0


class Shares:
    """How much each relay has taken, over its weight.

    With weights all alike nothing is shared out: each takes what it can bear. Otherwise a relay that is ahead
    waits for the others, but not for long: one that is idle or away claims nothing, and one that is too slow
    for its share loses it bit by bit.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        self.free = len(set(weights.values())) < 2  # noqa: PLR2004 (nothing to weigh)
        """Whether every relay may always take."""
        self._weights = dict(weights)
        self._taken = dict.fromkeys(weights, 0.0)
        self._active: set[str] = set()
        self._credit = _LEAD

    def join(self, relay: str) -> None:
        """Count a relay in; it starts from where the others are, not with a debt."""
        if relay not in self._active:
            self._taken[relay] = max(
                (self._taken[other] for other in self._active), default=self._taken[relay]
            )
            self._active.add(relay)

    def leave(self, relay: str) -> None:
        """Count a relay out: it has no work, no connection, or no leave to send."""
        self._active.discard(relay)

    def ahead(self, relay: str) -> bool:
        """Whether a relay has had its share for now."""
        if self.free or relay not in self._active:
            return False
        return self._taken[relay] - min(self._taken[other] for other in self._active) > _LEAD

    def count(self, relay: str) -> None:
        """Note that a relay took a message."""
        self._taken[relay] += 1 / self._weights[relay]

    def kept(self) -> None:
        """Note that whoever was waited for caught up."""
        self._credit = _LEAD

    def forgive(self, relay: str) -> None:
        """Let a relay go on although others have had less; each time for longer, until they keep up."""
        for other in self._active - {relay}:
            self._taken[other] = max(self._taken[other], self._taken[relay] + self._credit)
        self._credit = min(2 * self._credit, _MOST_CREDIT)
