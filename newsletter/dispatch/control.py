"""Steer a mailing: pause, resume, cancel, try again, go on with another edition.

Each is one transaction with a record of who decided it and why; a run that is at it learns of it with its
next exchange.
"""

from __future__ import annotations

from newsletter.dispatch import counters, decisions
from newsletter.dispatch.adopting import EditionError, adopt
from newsletter.dispatch.counters import Changes
from newsletter.dispatch.decisions import Decision
from newsletter.dispatch.guarding import NOT_CANCELLED, StateError, decide, guarded
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing, State

__all__ = ["EditionError", "StateError", "adopt", "cancel", "pause", "resume", "retry"]

_PAUSE = (
    "UPDATE mailing SET state = 'paused'"
    " WHERE id = ? AND (state = 'planned' OR state = 'running') RETURNING 1"
)
_RESUME = (
    "UPDATE mailing SET state = CASE WHEN started_at IS NULL THEN 'planned' ELSE 'running' END"
    " WHERE id = ? AND state = 'paused' RETURNING 1"
)
_CANCEL = (
    "UPDATE mailing SET state = 'cancelled', finished_at = ?2 WHERE id = ?1"
    " AND state <> 'cancelled' AND state <> 'finished' RETURNING 1"
)
_REOPEN = (
    "UPDATE mailing SET state = CASE state WHEN 'finished' THEN 'running' ELSE state END, finished_at = NULL"
    " WHERE id = ? AND state <> 'cancelled' RETURNING 1"
)
_DUE_NOW = "UPDATE dispatch SET next_at = ? WHERE mailing = ? AND slice = ? AND state = 'deferred'"
_SLICE_DUE_NOW = "UPDATE slice SET next_at = ? WHERE mailing = ? AND number = ?"
_AGAIN = (
    "UPDATE dispatch SET state = 'pending', deferrals = 0, first_at = NULL WHERE mailing = ? AND slice = ?"
    " AND state = 'refused' AND (reason <> 'recipient' OR stage = 'local')"
)
"""Refused, but not because the server said that the address is no good."""


def pause(ledger: Ledger, mailing: int, *, actor: str, reason: str = "") -> Mailing:
    """Begin nobody any more until it is resumed; what is on the wire comes to its end.

    Raises:
        StateError: it is paused, cancelled or finished.
    """
    return decide(ledger, mailing, _PAUSE, Decision(ledger.at, actor, "pause", reason, 0))


def resume(ledger: Ledger, mailing: int, *, actor: str, reason: str = "") -> Mailing:
    """Let a paused mailing go on.

    Raises:
        StateError: it is not paused.
    """
    return decide(ledger, mailing, _RESUME, Decision(ledger.at, actor, "resume", reason, 0))


def cancel(ledger: Ledger, mailing: int, *, actor: str, reason: str = "") -> int:
    """Send to nobody any more, for good; return how many get nothing. What is on the wire comes to its end.

    Raises:
        StateError: it is cancelled or finished.
    """
    at = ledger.at
    with ledger.writing():
        guarded(ledger, mailing, _CANCEL, at)
        waiting = counters.slices(ledger.connection, mailing, State.PENDING, State.DEFERRED)
        found = sum(counters.cancel(ledger.connection, place) for place in waiting)
        decisions.note(ledger.connection, mailing, Decision(at, actor, "cancel", reason, found))
    return found


def retry(ledger: Ledger, mailing: int, *, actor: str, reason: str = "", refused: bool = False) -> int:
    """Let deferred ones be tried again at once; with `refused` also those refused through no fault of theirs.

    Those are who was given up, whom we could not write to, and whom the server refused because of us. A
    finished mailing is open again then. Return how many there are.

    Raises:
        StateError: it is cancelled.
    """
    with ledger.writing():
        found = _due_now(ledger, mailing) + (_again(ledger, mailing) if refused else 0)
        guarded(ledger, mailing, _REOPEN if found else NOT_CANCELLED)
        decisions.note(ledger.connection, mailing, Decision(ledger.at, actor, "retry", reason, found))
    return found


def _due_now(ledger: Ledger, mailing: int) -> int:
    now, found = int(ledger.now().timestamp()), 0
    for place in counters.slices(ledger.connection, mailing, State.DEFERRED):
        found += ledger.connection.execute(_DUE_NOW, (now, *place)).rowcount
        ledger.connection.execute(_SLICE_DUE_NOW, (now, *place))
    return found


def _again(ledger: Ledger, mailing: int) -> int:
    found = 0
    for place in counters.slices(ledger.connection, mailing, State.REFUSED):
        changed = ledger.connection.execute(_AGAIN, place).rowcount
        counters.count(ledger.connection, place, Changes({State.REFUSED: -changed, State.PENDING: changed}))
        found += changed
    return found
