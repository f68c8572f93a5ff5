"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from newsletter.dispatch.model import Outcome


class Why(StrEnum):
    """Why a run took no more work."""

    DONE = "done"  #: nothing is pending or deferred any more
    LATER = "later"  #: those left are deferred; their time has not come
    LIMIT = "limit"  #: as many as were asked for
    ALLOWANCE = "allowance"  #: as many as the warm-up allows today
    ASKED = "asked"  #: Ctrl-C, SIGTERM
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REFUSED = "refused"  #: the server refuses us: sender, login, policy
    UNREACHABLE = "unreachable"  #: no server could be reached for a while
    LOST = "lost"  #: another run has taken over
    DATABASE = "database"  #: the ledger could not be written


@dataclass(frozen=True)
class Ending:
    """What a run came to."""

    why: Why
    trouble: Outcome | None = None
    """The server's words, when it is the server's doing."""
    error: Exception | None = None
    """What the ledger said, when it could not be written."""
