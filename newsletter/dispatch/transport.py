"""What a way of sending needs, and what sending needs of it."""

from __future__ import annotations

from typing import Protocol

from newsletter.dispatch.model import Job, Outcome


class Source(Protocol):
    """Where a transport gets its work; all calls come from the event loop's thread and return at once."""

    def take(self, relay: str) -> Job | None:
        """Give the next job for a relay, or None when there is none just now (`Transport.wake` follows)."""

    def starts(self, job: Job) -> bool:
        """Note that a message is about to be handed over, its final dot included.

        Called before the first of these bytes is given to the operating system. Returns False when the
        job must not go out any more (the lease is lost); then it is settled as PENDING.
        """

    def settled(self, job: Job, outcome: Outcome) -> None:
        """Take what became of a job; exactly once for each one taken."""

    def trouble(self, relay: str, outcome: Outcome) -> None:
        """Take what went wrong with a relay as a whole: no connection, greeting 421, login refused."""


class Transport(Protocol):
    """A way of sending: SMTP, the outbox folder, a sendmail program."""

    async def run(self) -> None:
        """Send until `finish` or `abort` is called; then everything taken is settled."""

    def wake(self) -> None:
        """Say that there may be work again."""

    def finish(self) -> None:
        """Take no more; bring to an end what was taken, then close politely (QUIT)."""

    def abort(self) -> None:
        """End at once: what cannot be known is settled as IN_DOUBT."""
