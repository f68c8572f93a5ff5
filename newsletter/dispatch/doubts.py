"""Settle what is in doubt, by somebody's decision or by what a relay's log says.

Only recipients who are in doubt are touched: those that a living run has under way are its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from newsletter.dispatch import decisions
from newsletter.dispatch.decisions import Decision
from newsletter.dispatch.guarding import NOT_CANCELLED, guarded
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Outcome, Stage, State
from newsletter.dispatch.records import Record, records

_REASON = "UPDATE dispatch SET reason = ? WHERE mailing = ? AND slice = ? AND seq = ?"
_ASSUMED = Outcome(State.ACCEPTED, Stage.DOT)
_NOT_SENT = Outcome(State.PENDING, Stage.LOCAL)


def doubtful(ledger: Ledger, mailing: int, persons: Collection[int] | None = None) -> list[Record]:
    """List who is in doubt, all or of some people."""
    found = records(ledger.connection, mailing, {State.IN_DOUBT})
    return [one for one in found if persons is None or one.person in persons]


def assume_accepted(
    ledger: Ledger, mailing: int, *, actor: str, reason: str = "", persons: Collection[int] | None = None
) -> int:
    """Take it that those in doubt, or some of them, have got their mail; return how many."""
    decision = Decision(ledger.at, actor, "assume-accepted", reason, 0)
    with ledger.writing():
        found = [(one, _ASSUMED) for one in doubtful(ledger, mailing, persons)]
        return _settle(ledger, mailing, found, decision)


def resend(
    ledger: Ledger, mailing: int, *, actor: str, reason: str = "", persons: Collection[int] | None = None
) -> int:
    """Let those in doubt, or some of them, get their mail again, perhaps a second time; return how many.

    Raises:
        StateError: the mailing is cancelled.
    """
    decision = Decision(ledger.at, actor, "resend", reason, 0)
    with ledger.writing():
        guarded(ledger, mailing, NOT_CANCELLED)
        found = [(one, _NOT_SENT) for one in doubtful(ledger, mailing, persons)]
        return _settle(ledger, mailing, found, decision)


def settle(
    ledger: Ledger, mailing: int, outcomes: Mapping[int, Outcome], *, actor: str, reason: str = ""
) -> int:
    """Settle those in doubt by what became of their mail, by person; return how many.

    A Message-ID stands for a person: `MessageIds.of(record.digest, settings)(record.person)`.
    """
    decision = Decision(ledger.at, actor, "from-log", reason, 0)
    with ledger.writing():
        found = [(one, outcomes[one.person]) for one in doubtful(ledger, mailing, outcomes)]
        return _settle(ledger, mailing, found, decision)


def _settle(ledger: Ledger, mailing: int, found: list[tuple[Record, Outcome]], decision: Decision) -> int:
    """Write down outcomes and the decision; inside of the caller's transaction."""
    by_slice: dict[int, list[tuple[Record, Outcome]]] = {}
    for one, outcome in found:
        by_slice.setdefault(one.slice, []).append((one, outcome))
    for number, settled in by_slice.items():
        ledger.recorder.settle((mailing, number), settled)
        ledger.connection.executemany(
            _REASON,
            [
                (decision.action, mailing, number, one.seq)
                for one, outcome in settled
                if outcome.state in {State.ACCEPTED, State.PENDING}
            ],
        )
    counted = Decision(decision.at, decision.actor, decision.action, decision.reason, len(found))
    decisions.note(ledger.connection, mailing, counted)
    return len(found)
