"""Settle attempts with all that follows: the row, the slice's counters, an address that is no good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from newsletter.clock import stamp
from newsletter.dispatch.counters import Changes, Place, cancel, count
from newsletter.dispatch.model import MailingState, State
from newsletter.dispatch.patience import Patience
from newsletter.dispatch.recording import Hard, Settled, record
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.model import Status


class Recorder:
    """Writes outcomes into the ledger, inside of the caller's transaction."""

    def __init__(self, people: SubscriberList, patience: Patience, now: Callable[[], datetime]) -> None:
        self._people = people
        self._patience = patience
        self._now = now

    def settle(self, place: Place, settled: Sequence[Settled]) -> Changes:
        """Write down the outcomes of a slice; return what changed."""
        now = self._now()
        connection = self._people.db.conn
        done = record(connection, place, settled, patience=self._patience, now=int(now.timestamp()))
        count(connection, place, done.changes)
        if done.changes[State.PENDING] > 0 or done.changes[State.DEFERRED] > 0:
            self._cancelled(place)
        for hard in done.hard:
            self._bounced(hard, place[0], stamp(now))
        return done.changes

    def _cancelled(self, place: Place) -> None:
        """Let nobody wait in a mailing that was cancelled while they were under way."""
        connection = self._people.db.conn
        row = connection.execute("SELECT state FROM mailing WHERE id = ?", place[:1]).fetchone()
        if row[0] == MailingState.CANCELLED:
            cancel(connection, place)

    def _bounced(self, hard: Hard, mailing: int, at: str) -> None:
        """Note that mail does not reach somebody, unless they have left or have another address by now."""
        where = "id = ? AND address = ? AND status = 'active'"
        for person in list(self._people.each(where, (hard.person, hard.address))):
            outcome = hard.outcome
            detail = {
                "mailing": mailing,
                "code": outcome.code,
                "enhanced": outcome.enhanced,
                "reply": outcome.text,
            }
            self._people.set_status(person, Status.BOUNCED, at=at, source="send", detail=detail)
