"""What the relays of a pool have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.dispatch.pace import Pace
from newsletter.dispatch.smtp.shares import Shares
from newsletter.dispatch.transport import Source


@dataclass(kw_only=True)
class Office:
    """What the relays of a pool have in common."""

    source: Source
    pace: Pace
    shares: Shares
    pauses: tuple[float, ...]
    """Seconds that a relay in trouble rests, the first time, the second, and so on."""
    changed: Callable[[], None]
    """Called when a relay has less to do."""
    failed: Callable[[BaseException], None]
    """Called with what must not happen: an error of the source."""
    hello: str = ""
    """What we call ourselves where the settings do not say; empty: our address."""
    draining: bool = False
    waiting: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Relays that wait until others have had their share, and how to wake them."""
