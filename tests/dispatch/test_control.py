"""Steering a mailing: each decision in the states that allow it, with who took it and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from newsletter.dispatch import control
from newsletter.dispatch.control import StateError
from newsletter.dispatch.decisions import Decision, decisions
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Control, MailingState, Outcome, State
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, LOST, NOT_BEGUN, Clocks, sending

AT = "2024-03-01T12:00:00+00:00"


@pytest.fixture
def clocks() -> Clocks:
    """The clocks of the ledger."""
    return Clocks()


@pytest.fixture
def ledger(tmp_path: Path, clocks: Clocks) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path, clocks) as found:
        yield found


def test_a_paused_mailing_goes_on_where_it_was(ledger: Ledger) -> None:
    """Before it began it is planned again, afterwards running; both decisions are kept."""
    mailing = books.planned(ledger, 2)
    paused = control.pause(ledger, mailing.id, actor="erika", reason="a wrong link")
    assert (paused.state, paused.control) == (MailingState.PAUSED, Control.PAUSE)
    assert control.resume(ledger, mailing.id, actor="max").state is MailingState.PLANNED
    with sending(ledger, mailing) as sender:
        ledger.end(sender.begin())
        control.pause(ledger, mailing.id, actor="erika")
        assert control.resume(ledger, mailing.id, actor="max").state is MailingState.RUNNING
        sender.go()
    assert decisions(ledger.connection, mailing.id) == [
        Decision(AT, "erika", "pause", "a wrong link", 0),
        Decision(AT, "max", "resume", "", 0),
        Decision(AT, "erika", "pause", "", 0),
        Decision(AT, "max", "resume", "", 0),
    ]


def test_a_cancelled_mailing_reaches_nobody_more(ledger: Ledger) -> None:
    """Pending and deferred ones are cancelled at once; what was sent or is in doubt stays what it is."""
    mailing = books.planned(ledger, 5)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=3).opened
        outcomes = (ACCEPTED, DEFERRED, LOST)
        ledger.end(lease, list(zip(opened, outcomes, strict=True)))
    assert control.cancel(ledger, mailing.id, actor="erika") == 3
    assert list(books.states(ledger, mailing).values()) == [
        "accepted", "cancelled", "in_doubt", "cancelled", "cancelled",
    ]  # fmt: skip
    assert ledger.mailing(mailing.id).control is Control.CANCEL
    assert ledger.due(mailing.id) == []
    assert ledger.next_due(mailing.id) is None
    assert ledger.finish_if_done(mailing.id) is MailingState.CANCELLED
    assert decisions(ledger.connection, mailing.id) == [Decision(AT, "erika", "cancel", "", 3)]
    books.check_whole(ledger, mailing)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(ACCEPTED, "accepted"), (NOT_BEGUN, "cancelled"), (DEFERRED, "cancelled"), (LOST, "in_doubt")],
    ids=["accepted", "not-begun", "deferred", "lost"],
)
def test_nobody_waits_in_a_cancelled_mailing(ledger: Ledger, outcome: Outcome, state: str) -> None:
    """Who was under way when it was cancelled, and would have to be tried again, is cancelled too."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=1).opened
        assert control.cancel(ledger, mailing.id, actor="erika") == 1
        done = ledger.exchange(lease, [(opened[0], outcome)], want=5)
        assert (done.control, done.opened) == (Control.CANCEL, [])
        ledger.end(lease)
    assert list(books.states(ledger, mailing).values()) == [state, "cancelled"]
    books.check_whole(ledger, mailing)


def test_a_crash_after_a_cancellation_leaves_nobody_waiting(ledger: Ledger) -> None:
    """Who was claimed and not handed over by a dead run is cancelled, not pending."""
    mailing = books.planned(ledger, 2)
    dead = books.Sender.of(ledger, mailing)
    ledger.exchange(dead.begin(), [], want=2)
    control.cancel(ledger, mailing.id, actor="erika")
    dead.owner.journal.close()
    with sending(ledger, mailing):
        pass
    assert set(books.states(ledger, mailing).values()) == {"cancelled"}
    books.check_whole(ledger, mailing)


def test_deferred_ones_may_be_tried_at_once(ledger: Ledger) -> None:
    """A retry makes them due; their attempts go on counting."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        sender.go(DEFERRED)
        assert control.retry(ledger, mailing.id, actor="erika", reason="the relay is back") == 2
        assert ledger.next_due(mailing.id) == 0.0
        sender.go()
    assert books.row(ledger, mailing, 1, "state", "attempt", "deferrals") == ("accepted", 2, 1)
    assert decisions(ledger.connection, mailing.id)[0].action == "retry"


def test_refused_ones_may_be_tried_again_if_it_was_not_their_address(ledger: Ledger, clocks: Clocks) -> None:
    """Given up, refused by policy, or not to be written to: once more; no such user: never."""
    mailing = books.planned(ledger, 4)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=4).opened
        outcomes = (DEFERRED, books.POLICY, books.UNWRITABLE, books.NO_SUCH)
        ledger.end(lease, list(zip(opened, outcomes, strict=True)))
        clocks.pass_by(4000)
        sender.go(DEFERRED)
        assert ledger.mailing(mailing.id).state is MailingState.FINISHED
        assert control.retry(ledger, mailing.id, actor="erika") == 0
        assert ledger.mailing(mailing.id).state is MailingState.FINISHED
        assert control.retry(ledger, mailing.id, actor="erika", refused=True) == 3
        reopened = ledger.mailing(mailing.id)
        assert (reopened.state, reopened.finished_at) == (MailingState.RUNNING, None)
        sender.go()
    assert list(books.states(ledger, mailing).values()) == ["accepted", "accepted", "accepted", "refused"]
    books.check_whole(ledger, mailing)


_Action = Callable[[Ledger, int], object]
_PAUSE: _Action = partial(control.pause, actor="erika")
_RESUME: _Action = partial(control.resume, actor="erika")
_CANCEL: _Action = partial(control.cancel, actor="erika")
_RETRY: _Action = partial(control.retry, actor="erika")


@pytest.mark.parametrize(
    ("before", "action", "state"),
    [
        ([], _RESUME, "planned"),
        ([_PAUSE], _PAUSE, "paused"),
        ([_CANCEL], _PAUSE, "cancelled"),
        ([_CANCEL], _RESUME, "cancelled"),
        ([_CANCEL], _CANCEL, "cancelled"),
        ([_CANCEL], _RETRY, "cancelled"),
    ],
    ids=[
        "resume-planned",
        "pause-paused",
        "pause-cancelled",
        "resume-cancelled",
        "cancel-twice",
        "retry-cancelled",
    ],
)
def test_what_a_state_does_not_allow_is_refused(
    ledger: Ledger, before: list[_Action], action: _Action, state: str
) -> None:
    """The error says in which state the mailing is; nothing is changed, no decision is kept."""
    mailing = books.planned(ledger, 1)
    for one in before:
        one(ledger, mailing.id)
    kept = decisions(ledger.connection, mailing.id)
    with pytest.raises(StateError, match=f"Mailing {mailing.id} is {state}; this cannot be done") as caught:
        action(ledger, mailing.id)
    assert caught.value.cure
    assert decisions(ledger.connection, mailing.id) == kept
    assert ledger.mailing(mailing.id).state == state


def test_a_finished_mailing_is_neither_paused_nor_cancelled(ledger: Ledger) -> None:
    """Everybody in it has been dealt with."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        sender.go()
    for action in (_PAUSE, _CANCEL, _RESUME):
        with pytest.raises(StateError, match="is finished"):
            action(ledger, mailing.id)
    assert ledger.counts(mailing.id)[State.ACCEPTED] == 1
