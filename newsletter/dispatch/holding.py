"""A slice that this run holds: its lease, what is on its way, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.dispatch.model import Lease
from newsletter.dispatch.recording import Settled


@dataclass(slots=True)
class Holding:
    """A leased slice, from its beginning to its end."""

    lease: Lease
    deadline: float
    """Until when, on the monotonic clock, nobody else may send this slice's messages."""
    renewed: float
    """When the ledger was last told that we live."""
    under_way: int = 0
    """Recipients claimed and not settled."""
    outcomes: list[Settled] = field(default_factory=list)
    """Settled, but not in the ledger yet."""
    exhausted: bool = False
    """Whether nobody is left in it to be claimed now."""
    lost: bool = False
    """Whether another run has taken it over."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing of it is on its way or still to be written down."""
        return not self.under_way and not self.outcomes
