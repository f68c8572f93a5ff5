"""People change while a mailing runs: they leave, are suppressed, move, are erased, or cannot be reached."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from newsletter.address import Address
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Blame, MailingState, Outcome, Stage, State
from newsletter.store.database import writing
from newsletter.subscribers import forgetting, rights
from newsletter.subscribers.model import Status
from newsletter.subscribers.suppression import Entry
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, NO_SUCH, sending
from tests.subscribers import crowd


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path) as found:
        yield found


def _p(number: int) -> Address:
    return Address.parse(f"p{number}@x.example")


def _leave(ledger: Ledger, number: int, status: Status = Status.UNSUBSCRIBED) -> None:
    with writing(ledger.people.db):
        person = ledger.people.get(_p(number))
        ledger.people.set_status(person, status, at=crowd.AT, source="test", detail={})


def _suppress(ledger: Ledger, pattern: str) -> None:
    with writing(ledger.people.db):
        ledger.people.suppression.add([Entry(pattern, "asked us", "test", crowd.AT)])


def test_who_has_left_gets_nothing_from_the_next_window_on(ledger: Ledger) -> None:
    """Each row says why, the others go on, and the window is filled with those behind them."""
    mailing = books.planned(ledger, 8)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=1).opened
        _leave(ledger, 2)
        _leave(ledger, 3, Status.COMPLAINED)
        _leave(ledger, 4, Status.BOUNCED)
        _suppress(ledger, "p5@x.example")
        _suppress(ledger, "p6@*")
        forgetting.erase(ledger.people, _p(7), source="test", now=books.NOON)
        done = ledger.exchange(lease, sender.send(lease, opened, ACCEPTED), want=3)
        assert ([one.recipient.address for one in done.opened], done.skipped, done.left) == (
            ["p8@x.example"],
            6,
            0,
        )
        ledger.end(lease, sender.send(lease, done.opened, ACCEPTED))
    assert sender.sent == ["p1@x.example", "p8@x.example"]
    reasons = ledger.connection.execute("SELECT reason FROM dispatch WHERE state = 'skipped' ORDER BY seq")
    assert [row[0] for row in reasons] == [
        "unsubscribed", "complained", "bounced", "suppressed", "suppressed", "erased",
    ]  # fmt: skip
    assert ledger.finish_if_done(mailing.id) is MailingState.FINISHED
    books.check_whole(ledger, mailing)


def test_a_whole_slice_that_has_left_is_skipped_at_once(ledger: Ledger) -> None:
    """Nobody is opened, nobody is left; the slice does not have to be asked again."""
    books.many_people(ledger, 500)
    mailing = books.planned(ledger)
    _suppress(ledger, "@x.example")
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        done = ledger.exchange(lease, [], want=200)
        assert (done.opened, done.skipped, done.left) == ([], 500, 0)
        ledger.end(lease)
    assert ledger.finish_if_done(mailing.id) is MailingState.FINISHED


def test_a_deferred_one_who_leaves_is_not_tried_again(ledger: Ledger) -> None:
    """The last look comes before every attempt, not only the first."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        sender.go(DEFERRED)
        _leave(ledger, 1)
        ledger.connection.execute("UPDATE dispatch SET next_at = 0")
        ledger.connection.execute("UPDATE slice SET next_at = 0")
        sender.go()
    assert sender.sent == ["p1@x.example"]
    assert books.row(ledger, mailing, 1, "state", "reason", "attempt") == ("skipped", "unsubscribed", 1)


def test_mail_goes_to_the_address_of_now(ledger: Ledger) -> None:
    """Who has another address since the planning gets it there, and the row says so."""
    mailing = books.planned(ledger, 2)
    change = {"address": Address.parse("new@y.example"), "first_name": "Erika"}
    rights.edit(ledger.people, _p(2), change, source="test", now=books.NOON)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        assert (opened[1].recipient.address, opened[1].recipient.first_name) == ("new@y.example", "Erika")
        assert opened[1].domain == "y.example"
        ledger.end(lease, sender.send(lease, opened, ACCEPTED))
    assert books.states(ledger, mailing) == {"p1@x.example": "accepted", "new@y.example": "accepted"}


def test_an_address_that_does_not_exist_is_bounced(ledger: Ledger) -> None:
    """With an event that says what the server said; the log still verifies."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        sender.go(NO_SUCH)
    for person in ledger.people.each():
        assert person.status is Status.BOUNCED
        event = list(ledger.people.log.of_person(person.id))[-1]
        assert (event.kind, event.source) == ("bounced", "send")
        assert event.detail == {
            "address": person.address,
            "mailing": mailing.id,
            "code": 550,
            "enhanced": "5.1.1",
            "reply": "no such user",
        }
    assert list(ledger.people.log.damages()) == []
    assert ledger.counts(mailing.id)[State.REFUSED] == 2


@pytest.mark.parametrize(
    "outcome",
    [
        books.POLICY,
        books.UNWRITABLE,
        DEFERRED,
        Outcome(State.REFUSED, Stage.MAIL, 550, blame=Blame.SENDER),
        Outcome(State.DEFERRED, Stage.RCPT, 450, blame=Blame.RECIPIENT),
    ],
    ids=["policy", "local", "deferred", "sender", "deferred-recipient"],
)
def test_nobody_is_bounced_for_what_is_not_their_address(ledger: Ledger, outcome: Outcome) -> None:
    """A refusal that says nothing about the address leaves the person on the list."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        sender.go(outcome)
    assert ledger.people.get(_p(1)).status is Status.ACTIVE


def test_a_new_address_is_not_bounced_for_the_old_one(ledger: Ledger) -> None:
    """Who has changed it, or has left, while their mail was on its way stays as they are."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        rights.edit(
            ledger.people, _p(1), {"address": Address.parse("new@y.example")}, source="test", now=books.NOON
        )
        _leave(ledger, 2)
        ledger.end(lease, sender.send(lease, opened, NO_SUCH))
    assert [one.status for one in ledger.people.each()] == [Status.ACTIVE, Status.UNSUBSCRIBED]
    assert ledger.counts(mailing.id)[State.REFUSED] == 2


def test_an_erased_person_leaves_only_a_number(ledger: Ledger, tmp_path: Path) -> None:
    """Address, segments and the server's words go out of every row and out of the file; the sum stays."""
    crowd.join(ledger.people, "erika.muster@x.example")
    books.many_people(ledger, 60)
    mailing = books.planned(ledger)
    said = Outcome(State.REFUSED, Stage.DOT, 554, text="<erika.muster@x.example> refused", relay="main")
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=1).opened
        sender.go_on(lease, sender.send(lease, opened, said))
    forgetting.erase(ledger.people, Address.parse("erika.muster@x.example"), source="test", now=books.NOON)
    assert books.row(ledger, mailing, 1, "person", "address", "segments", "reply", "state") == (
        1, "", "", "", "refused",
    )  # fmt: skip
    books.check_whole(ledger, mailing)
    ledger.people.db.close()
    left = [path.name for path in tmp_path.iterdir() if b"erika.muster" in path.read_bytes()]
    assert left == []


def test_what_a_server_says_of_an_erased_person_is_not_kept(ledger: Ledger) -> None:
    """Erased while their mail is on its way: the outcome counts, the words are dropped."""
    mailing = books.planned(ledger, 2)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        for number in (1, 2):
            forgetting.erase(ledger.people, _p(number), source="test", now=books.NOON)
        ledger.end(lease, list(zip(opened, (ACCEPTED, books.POLICY), strict=True)))
    rows = ledger.connection.execute("SELECT state, address, reply FROM dispatch ORDER BY seq").fetchall()
    assert rows == [("accepted", "", ""), ("refused", "", "")]


def test_the_list_can_be_tidied_while_a_run_lives(ledger: Ledger, tmp_path: Path) -> None:
    """Erasing cleans the whole file from another process while a mailing is being sent."""
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=1).opened
        with books.opened_ledger(tmp_path) as other:
            forgetting.erase(other.people, _p(3), source="test", now=books.NOON)
        sender.go_on(lease, sender.send(lease, opened, ACCEPTED))
    assert books.states(ledger, mailing) == {
        "p1@x.example": "accepted",
        "p2@x.example": "accepted",
        "3": "skipped",
    }
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
