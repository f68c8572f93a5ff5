"""The exchange: claims are on the disk first, outcomes count once, nobody is lost between two states."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from newsletter.dispatch import control
from newsletter.dispatch.ledger import LeaseLostError, Ledger
from newsletter.dispatch.mailings import NoMailingError
from newsletter.dispatch.model import Control, MailingState, Opened, Outcome, Stage, State
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, LOST, NOT_BEGUN, Clocks, sending


@pytest.fixture
def clocks() -> Clocks:
    """The clocks of the ledger."""
    return Clocks()


@pytest.fixture
def ledger(tmp_path: Path, clocks: Clocks) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path, clocks) as found:
        yield found


def test_a_claim_is_on_the_disk_when_it_is_given(ledger: Ledger, tmp_path: Path) -> None:
    """Another process sees it, and both flags that make it survive a power cut are set."""
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        done = ledger.exchange(sender.begin(), [], want=2)
        with closing(sqlite3.connect(tmp_path / "subscribers.db")) as other:
            rows = other.execute("SELECT state, attempt, edition FROM dispatch ORDER BY seq").fetchall()
        assert rows == [("sending", 1, 1), ("sending", 1, 1), ("pending", 0, 0)]
        assert [one.recipient.address for one in done.opened] == ["p1@x.example", "p2@x.example"]
        assert ledger.connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_recipient_comes_with_everything_the_letter_needs(ledger: Ledger) -> None:
    """Name, form of address, fields and segments, and the domain in its A-label form."""
    from tests.subscribers import crowd  # noqa: PLC0415 (only here)

    known = {
        "form": "frau",
        "title": "Dr.",
        "first_name": "Erika",
        "last_name": "Muster",
        "organisation": "Amt",
    }
    crowd.join(ledger.people, "Erika@Müller.example", fields={"region": "Süd"}, **known)
    with sending(ledger, books.planned(ledger)) as sender:
        [one] = ledger.exchange(sender.begin(), [], want=9).opened
    assert isinstance(one, Opened)
    assert (one.seq, one.attempt, one.edition, one.domain) == (1, 1, 1, "xn--mller-kva.example")
    assert one.recipient._asdict() == {
        **known,
        "person": 1,
        "address": "Erika@Müller.example",
        "fields": '{"region":"Süd"}',
        "segments": "",
    }


def test_a_mailing_comes_to_its_end(ledger: Ledger) -> None:
    """Planned, running with the first slice, finished once nobody is open."""
    books.many_people(ledger, 2100)
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        assert ledger.due(mailing.id) == [1, 2, 3]
        lease = sender.begin(2)
        assert ledger.mailing(mailing.id).state is MailingState.RUNNING
        assert ledger.finish_if_done(mailing.id) is MailingState.RUNNING
        ledger.end(lease)
        sender.go()
        assert len(set(sender.sent)) == len(sender.sent) == 2100
    done = ledger.mailing(mailing.id)
    assert (done.state, done.started_at) == (MailingState.FINISHED, done.created_at)
    assert ledger.counts(mailing.id).as_dict() == dict.fromkeys(map(str, State), 0) | {"accepted": 2100}
    assert ledger.next_due(mailing.id) is None
    books.check_whole(ledger, mailing)


def test_an_outcome_is_kept_word_for_word(ledger: Ledger) -> None:
    """Relay, stage, codes and the server's words stand in the row, with the time."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        first, second = ledger.exchange(lease, [], want=2).opened
        ledger.exchange(lease, [(first, ACCEPTED), (second, books.POLICY)], want=0)
    columns = ("state", "stage", "code", "enhanced", "reply", "relay", "reason", "at")
    at = int(books.NOON.timestamp())
    assert books.row(ledger, mailing, 1, *columns) == (
        "accepted", "dot", 250, "2.0.0", "Ok: queued as 4F2A", "main", "", at,
    )  # fmt: skip
    assert books.row(ledger, mailing, 2, *columns) == (
        "refused", "dot", 554, "5.7.1", "looks like spam", "main", "nobody", at,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 39, 40, 41, 200], ids=str)
def test_many_acceptances_are_told_apart(ledger: Ledger, count: int) -> None:
    """However many are written down together, each row gets its own words."""
    books.many_people(ledger, count)
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=count).opened
        settled = [
            (
                one,
                Outcome(
                    State.ACCEPTED, Stage.DOT, 250, "2.0.0", f"queued {one.seq}", ("a", "b")[one.seq % 2]
                ),
            )
            for one in reversed(opened)
        ]
        ledger.exchange(lease, settled, want=0)
    rows = ledger.connection.execute("SELECT seq, reply, relay FROM dispatch ORDER BY seq").fetchall()
    assert rows == [(seq, f"queued {seq}", ("a", "b")[seq % 2]) for seq in range(1, count + 1)]
    books.check_whole(ledger, mailing)


@pytest.mark.parametrize("outcome", books.ALL_OUTCOMES, ids=lambda one: f"{one.state}-{one.stage}")
def test_an_outcome_counts_once(ledger: Ledger, outcome: Outcome) -> None:
    """Given twice, or after another one, it changes nothing more."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        one, other = ledger.exchange(lease, [], want=2).opened
        ledger.exchange(lease, [(one, outcome), (one, outcome)], want=0)
        before = ledger.connection.execute("SELECT * FROM dispatch").fetchall()
        counted = ledger.counts(mailing.id)
        assert counted[State.SENDING] == 1
        ledger.exchange(lease, [(one, outcome)], want=0)
        if outcome.state is not State.IN_DOUBT:  # what is in doubt may still be learnt
            ledger.exchange(lease, [(one, ACCEPTED), (one, DEFERRED)], want=0)
        assert ledger.connection.execute("SELECT * FROM dispatch").fetchall() == before
        assert ledger.counts(mailing.id) == counted
        books.check_whole(ledger, mailing)
        ledger.end(lease, [(other, ACCEPTED)])


@pytest.mark.parametrize("late", books.ALL_OUTCOMES, ids=lambda one: f"{one.state}-{one.stage}")
def test_the_outcome_of_an_older_attempt_is_not_the_newer_ones(ledger: Ledger, late: Outcome) -> None:
    """After a second claim the first one's outcome means nothing any more."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        [first] = ledger.exchange(lease, [], want=1).opened
        [second] = ledger.exchange(lease, [(first, NOT_BEGUN)], want=1).opened
        assert (first.attempt, second.attempt) == (1, 2)
        ledger.exchange(lease, [(first, late)], want=0)
        assert books.row(ledger, mailing, 1, "state", "attempt") == ("sending", 2)
        ledger.end(lease, [(second, ACCEPTED)])
    assert books.row(ledger, mailing, 1, "state", "attempt") == ("accepted", 2)


def test_a_truth_that_comes_late_is_still_the_truth(ledger: Ledger) -> None:
    """An answer to what was in doubt settles it."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        one, two = ledger.exchange(lease, [], want=2).opened
        ledger.exchange(lease, [(one, LOST), (two, LOST)], want=0)
        assert ledger.counts(mailing.id)[State.IN_DOUBT] == 2
        assert ledger.finish_if_done(mailing.id) is MailingState.RUNNING
        ledger.end(lease, [(one, ACCEPTED), (two, books.POLICY)])
    assert list(books.states(ledger, mailing).values()) == ["accepted", "refused"]
    books.check_whole(ledger, mailing)


def test_a_slice_is_leased_to_one_at_a_time(ledger: Ledger) -> None:
    """It is neither due nor to be had while somebody has it, whatever time goes by."""
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin(lease=5)
        assert ledger.due(mailing.id) == []
        assert ledger.begin(mailing.id, 1, sender.owner, lease=60) is None
        ledger.end(lease)
        assert sender.begin().epoch == lease.epoch + 1


def test_an_exchange_renews_the_lease(ledger: Ledger, clocks: Clocks) -> None:
    """It then holds for as many seconds as it was begun with, by the clock that does not jump."""
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin(lease=30)
        clocks.ticks = 1020.0
        ledger.exchange(lease, [], want=0)
        assert ledger.connection.execute("SELECT lease_until FROM slice").fetchone() == (1050.0,)


def test_a_lost_lease_stops_but_loses_nothing(ledger: Ledger) -> None:
    """Who has lost a slice claims nobody more; the outcomes are written down all the same."""
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        ledger.connection.execute("UPDATE slice SET epoch = epoch + 1")
        with pytest.raises(LeaseLostError, match="taken over"):
            ledger.exchange(lease, sender.send(lease, opened[:1], ACCEPTED), want=5)
        with pytest.raises(LeaseLostError):
            ledger.end(lease, sender.send(lease, opened[1:], DEFERRED))
        ledger.connection.execute("UPDATE slice SET run = NULL")
    assert list(books.states(ledger, mailing).values()) == ["accepted", "deferred", "pending"]
    assert ledger.next_due(mailing.id) == 0.0
    books.check_whole(ledger, mailing)


def test_pause_reaches_a_run_with_its_next_exchange(ledger: Ledger) -> None:
    """It is told, and claims nobody; what was sent is still written down."""
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=1).opened
        control.pause(ledger, mailing.id, actor="erika")
        done = ledger.exchange(lease, sender.send(lease, opened, ACCEPTED), want=5)
        assert (done.control, done.opened, done.left) == (Control.PAUSE, [], 2)
        ledger.end(lease)
        assert ledger.due(mailing.id) == []
        assert ledger.begin(mailing.id, 1, sender.owner, lease=60) is None
        control.resume(ledger, mailing.id, actor="erika")
        assert ledger.due(mailing.id) == [1]


def test_ending_a_slice_leaves_nobody_claimed(ledger: Ledger) -> None:
    """Who was claimed and never handed over is pending again; who was handed over is in doubt.

    So it is when a commit seemed to fail but did not: the caller does not know of the claim.
    """
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=3).opened
        sender.owner.journal.started(1, opened[1].seq, opened[1].attempt)
        ledger.end(lease)
    assert list(books.states(ledger, mailing).values()) == ["pending", "in_doubt", "pending"]
    books.check_whole(ledger, mailing)


def test_on_a_full_disk_nothing_is_lost(ledger: Ledger) -> None:
    """An exchange that finds no room changes nothing; given again when there is, it is as if nothing was."""
    books.many_people(ledger, 400)
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=200).opened
        outcome = Outcome(State.ACCEPTED, Stage.DOT, 250, "2.0.0", "queued " * 30, "main")
        settled = sender.send(lease, opened, outcome)
        [pages] = ledger.connection.execute("PRAGMA page_count").fetchone()
        ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            ledger.exchange(lease, settled, want=200)
        assert ledger.counts(mailing.id)[State.SENDING] == 200
        assert not ledger.connection.in_transaction
        ledger.connection.execute("PRAGMA max_page_count = 100000")
        ledger.exchange(lease, settled, want=0)
        assert ledger.counts(mailing.id)[State.ACCEPTED] == 200
        ledger.end(lease)
        books.check_whole(ledger, mailing)


def test_what_is_not_there_is_told(ledger: Ledger) -> None:
    """A mailing that does not exist is an error with a cure, for every question."""
    for ask in (ledger.mailing, ledger.enter, ledger.finish_if_done):
        with pytest.raises(NoMailingError, match="no mailing 7") as caught:
            ask(7)
        assert "status" in caught.value.cure


def test_mailings_are_listed(ledger: Ledger) -> None:
    """By issue, the latest, and those of which somebody is open."""
    first, second = books.planned(ledger, 1), books.planned(ledger, 1, number=2)
    with sending(ledger, first) as sender:
        sender.go()
    assert [one.id for one in ledger.mailings.of_issue("2024-1")] == [first.id]
    assert [one.id for one in ledger.mailings.unfinished()] == [second.id]
    assert ledger.mailings.unfinished("2024-1") == []
    assert ledger.mailings.latest() == second
    latest = ledger.mailings.latest("2024-1")
    assert latest is not None
    assert latest.id == first.id
    assert ledger.mailings.latest("2023-1") is None
