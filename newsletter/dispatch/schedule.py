"""When a mailing begins: not before its time, and not long after it unasked."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.clock import local, stamp
from newsletter.dispatch import decisions
from newsletter.dispatch.decisions import Decision
from newsletter.dispatch.guarding import guarded
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing
from newsletter.errors import NewsletterError
from newsletter.language import _

_POSTPONE = "UPDATE mailing SET not_before = ?2 WHERE id = ?1 AND state = 'planned' RETURNING 1"


class TooEarlyError(NewsletterError, ValueError):
    """The time of this mailing has not come."""


class StaleError(NewsletterError, ValueError):
    """The time of this mailing is long gone.

    A cron job on a machine that was off, or a database put back from a backup, would else send last
    quarter's issue (as happened to others: listmonk #1801).
    """


def postpone(ledger: Ledger, mailing: int, when: datetime, *, actor: str) -> None:
    """Give a mailing that has not begun another time.

    Raises:
        StateError: it has begun.
    """
    at = stamp(when)
    with ledger.writing():
        guarded(ledger, mailing, _POSTPONE, at)
        decisions.note(ledger.connection, mailing, Decision(ledger.at, actor, "postpone", local(at), 0))


def check(mailing: Mailing, *, now: datetime, stale_hours: float, wait: bool) -> None:
    """Make sure that a mailing may begin now, or may be waited for.

    Raises:
        TooEarlyError: its time has not come, and nobody is to wait for it.
        StaleError: its time is longer gone than `stale_hours`.
    """
    if mailing.not_before is None or mailing.started_at is not None:
        return
    planned = datetime.fromisoformat(mailing.not_before)
    if now < planned and not wait:
        message = _("This mailing begins at {time}.").format(time=local(mailing.not_before))
        raise TooEarlyError(message, cure=_("--wait waits for it; --at sets another time."))
    if now > planned + timedelta(hours=stale_hours):
        message = _("This mailing should have begun at {time}; that is too long ago to send it unasked.")
        cure = _("Look at it once more, then give it a new time (“--at now”), or cancel it.")
        raise StaleError(message.format(time=local(mailing.not_before)), cure=cure)
