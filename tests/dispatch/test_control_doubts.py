"""In doubt: settled by a decision or by a relay's log, never by itself, and only what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.dispatch import control, doubts
from newsletter.dispatch.control import StateError
from newsletter.dispatch.decisions import Decision, decisions
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing, MailingState
from newsletter.subscribers.model import Status
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, LOST, NO_SUCH, sending

AT = "2024-03-01T12:00:00+00:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path) as found:
        yield found


@pytest.fixture
def mailing(ledger: Ledger) -> Mailing:
    """A mailing with three in doubt, one accepted, and one claimed by a run that lives no more."""
    found = books.planned(ledger, 5)
    dead = books.Sender.of(ledger, found)
    lease = dead.begin()
    opened = ledger.exchange(lease, [], want=5).opened
    outcomes = (LOST, LOST, LOST, ACCEPTED)
    ledger.exchange(lease, list(zip(opened[:4], outcomes, strict=True)), want=0)
    return found


def _states(ledger: Ledger, mailing: Mailing) -> list[str]:
    books.check_whole(ledger, mailing)
    return list(books.states(ledger, mailing).values())


def test_nothing_settles_a_doubt_by_itself(ledger: Ledger) -> None:
    """A mailing with somebody in doubt is not finished, and nobody in doubt is claimed."""
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        sender.go(LOST)
        assert ledger.due(mailing.id) == []
        lease = sender.begin()
        assert ledger.exchange(lease, [], want=5).opened == []
        ledger.end(lease)
    assert ledger.finish_if_done(mailing.id) is MailingState.RUNNING
    assert [one.person for one in doubts.doubtful(ledger, mailing.id)] == [1, 2, 3]


def test_they_may_be_taken_as_accepted(ledger: Ledger, mailing: Mailing) -> None:
    """All or some; the rows and the record say that it was a decision, and who took it."""
    some = doubts.assume_accepted(ledger, mailing.id, actor="erika", persons=[2, 4, 5])
    assert (some, _states(ledger, mailing)) == (
        1,
        ["in_doubt", "accepted", "in_doubt", "accepted", "sending"],
    )
    assert doubts.assume_accepted(ledger, mailing.id, actor="erika", reason="asked them") == 2
    assert _states(ledger, mailing) == ["accepted", "accepted", "accepted", "accepted", "sending"]
    assert books.row(ledger, mailing, 2, "reason", "code") == ("assume-accepted", 0)
    assert decisions(ledger.connection, mailing.id) == [
        Decision(AT, "erika", "assume-accepted", "", 1),
        Decision(AT, "erika", "assume-accepted", "asked them", 2),
    ]


def test_they_may_be_sent_again(ledger: Ledger, mailing: Mailing) -> None:
    """They are pending with the decision in their row; what the first attempt did counts no more."""
    [first, *_others] = doubts.doubtful(ledger, mailing.id)
    assert doubts.resend(ledger, mailing.id, actor="erika", persons=[1]) == 1
    assert books.row(ledger, mailing, 1, "state", "reason", "attempt") == ("pending", "resend", 1)
    assert doubts.settle(ledger, mailing.id, {1: ACCEPTED}, actor="erika") == 0
    ledger.recorder.settle((mailing.id, 1), [(first, ACCEPTED)])
    assert _states(ledger, mailing)[0] == "pending"


def test_a_cancelled_mailing_sends_to_nobody_again(ledger: Ledger, mailing: Mailing) -> None:
    """Doubts in it can only be taken as accepted, or be cleared up by a log."""
    control.cancel(ledger, mailing.id, actor="erika")
    with pytest.raises(StateError, match="is cancelled"):
        doubts.resend(ledger, mailing.id, actor="erika")
    assert doubts.settle(ledger, mailing.id, {1: DEFERRED}, actor="erika") == 1
    assert doubts.assume_accepted(ledger, mailing.id, actor="erika") == 2
    assert _states(ledger, mailing) == ["cancelled", "accepted", "accepted", "accepted", "sending"]


def test_a_relays_log_settles_them(ledger: Ledger, mailing: Mailing) -> None:
    """Each by what the relay did with their mail; an address that does not exist is bounced as ever."""
    found = doubts.settle(
        ledger,
        mailing.id,
        {1: ACCEPTED, 2: NO_SUCH, 4: NO_SUCH, 5: ACCEPTED},
        actor="erika",
        reason="mail.log",
    )
    assert (found, _states(ledger, mailing)) == (
        2,
        ["accepted", "refused", "in_doubt", "accepted", "sending"],
    )
    assert books.row(ledger, mailing, 1, "reply", "reason") == ("Ok: queued as 4F2A", "from-log")
    assert [one.id for one in ledger.people.each("status = ?", (str(Status.BOUNCED),))] == [2]
    assert decisions(ledger.connection, mailing.id) == [Decision(AT, "erika", "from-log", "mail.log", 2)]


def test_the_last_doubt_settled_finishes_a_mailing(ledger: Ledger) -> None:
    """Once nobody is open it is over."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        sender.go(LOST)
    doubts.assume_accepted(ledger, mailing.id, actor="erika")
    assert ledger.finish_if_done(mailing.id) is MailingState.FINISHED
