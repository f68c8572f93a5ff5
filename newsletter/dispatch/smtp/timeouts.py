"""How long to wait for a mail server (RFC 5321 §4.5.3.2), in seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from newsletter.dispatch.model import Stage


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """The RFC's own times, and ours where it names none.

    The ten minutes for the final dot are meant: whoever gives up earlier has many messages in doubt that were
    accepted (RFC 1047).
    """

    connect: float = 60
    """To all of a server's addresses together, encryption from the first byte included."""
    greeting: float = 300
    command: float = 300
    """MAIL and RCPT; EHLO and AUTH too."""
    encrypt: float = 60
    data: float = 120
    """The answer to DATA."""
    block: float = 180
    """Until a part of the body could be sent."""
    dot: float = 600
    quit: float = 10
    idle: float = 20
    """How long a connection is kept while there is nothing to send; servers wait for five minutes or less."""

    @cached_property
    def tick(self) -> float:
        """How often to look at the clock: no limit is passed by more than half of the shortest."""
        shortest: float = min(getattr(self, field.name) for field in fields(self))
        return shortest / 2

    @cached_property
    def at(self) -> dict[Stage, float]:
        """How long to wait at each stage."""
        return dict.fromkeys(Stage, self.command) | {
            Stage.GREETING: self.greeting,
            Stage.STARTTLS: self.encrypt,
            Stage.DATA: self.data,
            Stage.DOT: self.dot,
        }
