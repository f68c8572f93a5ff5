"""Deferred recipients: tried again in their time, given up in the end, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import MailingState, State
from newsletter.dispatch.patience import Patience
from newsletter.settings_sending import Sending
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, NOT_BEGUN, Clocks, sending


@pytest.fixture
def clocks() -> Clocks:
    """The clocks of the ledger."""
    return Clocks()


@pytest.fixture
def ledger(tmp_path: Path, clocks: Clocks) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path, clocks) as found:
        yield found


def test_a_deferred_one_waits_longer_each_time(ledger: Ledger, clocks: Clocks) -> None:
    """A minute, then ten, by the office's rule; until then nothing is due."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        for wait, attempt in ((60, 1), (600, 2), (600, 3)):
            sender.go(DEFERRED)
            assert books.row(ledger, mailing, 1, "state", "attempt") == ("deferred", attempt)
            assert ledger.due(mailing.id) == []
            assert ledger.next_due(mailing.id) == wait
            clocks.pass_by(wait - 1)
            assert ledger.due(mailing.id) == []
            clocks.pass_by(1)
            assert ledger.due(mailing.id) == [1]
            assert ledger.next_due(mailing.id) == 0.0
        sender.go(ACCEPTED)
    assert ledger.mailing(mailing.id).state is MailingState.FINISHED
    assert books.row(ledger, mailing, 1, "state", "attempt", "next_at") == ("accepted", 4, None)


def test_it_is_given_up_in_the_end(ledger: Ledger, clocks: Clocks) -> None:
    """An hour after the first deferral another one is a refusal, with its reason and the server's words."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        sender.go(DEFERRED)
        clocks.pass_by(3600)
        sender.go(DEFERRED)
    assert books.row(ledger, mailing, 1, "state", "reason", "reply") == ("refused", "gave_up", "greylisted")
    assert ledger.mailing(mailing.id).state is MailingState.FINISHED
    assert ledger.people.count("status = 'active'") == 1


def test_claims_that_came_to_nothing_do_not_make_a_wait_longer(ledger: Ledger) -> None:
    """Only deferrals count: who was never handed over has not been deferred."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        for _time in range(5):
            opened = ledger.exchange(lease, [], want=1).opened
            ledger.exchange(lease, [(one, NOT_BEGUN) for one in opened], want=0)
        opened = ledger.exchange(lease, [], want=1).opened
        ledger.end(lease, sender.send(lease, opened, DEFERRED))
    assert ledger.next_due(mailing.id) == 60
    assert books.row(ledger, mailing, 1, "attempt", "deferrals") == (6, 1)


def test_waiting_ones_come_after_their_time_beside_new_ones(ledger: Ledger, clocks: Clocks) -> None:
    """A slice with both gives those who are due, counts them as left, and leaves the others waiting."""
    mailing = books.planned(ledger, 4)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        clocks.pass_by(30)
        done = ledger.exchange(lease, sender.send(lease, opened[:1], DEFERRED), want=0)
        assert done.left == 2
        clocks.pass_by(30)
        assert ledger.exchange(lease, sender.send(lease, opened[1:], DEFERRED), want=0).left == 2
        clocks.pass_by(30)
        done = ledger.exchange(lease, [], want=2)
        assert ([one.seq for one in done.opened], done.left) == ([1, 3], 1)
        assert [one.attempt for one in done.opened] == [2, 1]
        ledger.end(lease)
    assert ledger.counts(mailing.id)[State.DEFERRED] == 1


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-1), timedelta(days=400)], ids=str)
def test_the_clock_on_the_wall_may_jump(ledger: Ledger, clocks: Clocks, jump: timedelta) -> None:
    """No lease runs out by it, and nobody waits until a date that a wrong clock has set."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        clocks.wall += jump
        ledger.exchange(lease, sender.send(lease, opened, DEFERRED), want=0)
        assert ledger.due(mailing.id) == []
        ledger.end(lease)
        assert ledger.next_due(mailing.id) == 60
        clocks.wall -= jump
        assert ledger.next_due(mailing.id) in {0.0, 60.0}
        clocks.pass_by(60)
        assert ledger.due(mailing.id) == [1]
        sender.go()
    assert ledger.mailing(mailing.id).state is MailingState.FINISHED


@given(
    waits=st.lists(st.floats(0, 1000), min_size=1, max_size=5),
    deferrals=st.integers(1, 20),
    chance=st.floats(0, 1),
)
def test_a_wait_is_near_the_rule(waits: list[float], deferrals: int, chance: float) -> None:
    """It is never shorter than the rule says, up to a tenth longer, and never longer than the longest."""
    patience = Patience(tuple(waits), 10_000, chance=lambda: chance)
    at = patience.next_at(deferrals, 1_000, 1_000)
    assert at is not None
    wanted = waits[min(deferrals, len(waits)) - 1]
    assert wanted - 0.5 <= at - 1_000 <= wanted * 1.1 + 0.5
    assert at - 1_000 < patience.longest


def test_the_rule_comes_from_the_settings() -> None:
    """Minutes and hours of newsletter.toml are seconds here."""
    patience = Patience.of(Sending(retry_minutes=(1, 5), give_up_hours=2))
    assert (patience.waits, patience.give_up) == ((60, 300), 7200)
    assert patience.next_at(1, 0, 7199) is not None
    assert patience.next_at(1, 0, 7200) is None
