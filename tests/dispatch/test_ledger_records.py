"""The record of a mailing, its audit, and the day's allowance of a warm-up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.address import Address
from newsletter.dispatch import warmup
from newsletter.dispatch.accounts import discrepancies
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import State
from newsletter.dispatch.records import records
from newsletter.settings_sending import Smtp
from newsletter.subscribers import forgetting
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, LOST, Clocks, sending
from tests.subscribers import crowd


@pytest.fixture
def clocks() -> Clocks:
    """The clocks of the ledger."""
    return Clocks()


@pytest.fixture
def ledger(tmp_path: Path, clocks: Clocks) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path, clocks) as found:
        yield found


def test_each_recipient_has_a_record(ledger: Ledger) -> None:
    """In their order, with all that is known of them; who has not been begun has no edition yet."""
    mailing = books.planned(ledger, 3)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        ledger.end(lease, list(zip(opened, (ACCEPTED, DEFERRED), strict=True)))
    first, second, third = records(ledger.connection, mailing.id)
    assert first._asdict() == {
        "seq": 1, "slice": 1, "person": 1, "address": "p1@x.example", "segments": "", "state": State.ACCEPTED,
        "attempt": 1, "edition": 1, "digest": mailing.digest, "stage": "dot", "code": 250,
        "enhanced": "2.0.0", "reply": "Ok: queued as 4F2A", "relay": "main", "reason": "",
        "at": "2024-03-01T12:00:00+00:00",
        "next_at": None,
    }  # fmt: skip
    assert (second.state, second.next_at) == (State.DEFERRED, "2024-03-01T12:01:00+00:00")
    assert (third.state, third.edition, third.digest, third.at) == (State.PENDING, 0, None, None)


def test_records_of_some_states_alone(ledger: Ledger) -> None:
    """Of many slices, only those are given that are in one of the states asked for."""
    books.many_people(ledger, 1200)
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin(2)
        opened = ledger.exchange(lease, [], want=4).opened
        ledger.end(lease, list(zip(opened, (ACCEPTED, LOST, DEFERRED, LOST), strict=True)))
    found = records(ledger.connection, mailing.id, {State.IN_DOUBT, State.DEFERRED})
    assert [(one.seq, one.state) for one in found] == [
        (1002, "in_doubt"),
        (1003, "deferred"),
        (1004, "in_doubt"),
    ]
    assert len(list(records(ledger.connection, mailing.id))) == 1200


def test_an_erased_recipient_keeps_a_record_without_a_name(ledger: Ledger) -> None:
    """It still counts, and its Message-ID can still be worked out."""
    mailing = books.planned(ledger, 1)
    with sending(ledger, mailing) as sender:
        sender.go()
    forgetting.erase(ledger.people, Address.parse("p1@x.example"), source="test", now=books.NOON)
    [one] = records(ledger.connection, mailing.id)
    assert (one.address, one.reply, one.person, one.digest) == ("", "", 1, mailing.digest)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE dispatch SET state = 'accepted' WHERE seq = 1", "slice 1 counts 0 accepted, but 1 rows are"),
        ("DELETE FROM dispatch WHERE seq = 2", "slice 1 has 3 recipients, but 2 rows"),
        ("DELETE FROM slice", "slice 1 is missing, but has rows"),
        ("UPDATE mailing SET audience = 4", "4 recipients were planned, but 3 are there"),
    ],
    ids=["state", "row", "slice", "audience"],
)
def test_what_does_not_add_up_is_found(ledger: Ledger, damage: str, told: str) -> None:
    """An audit counts every row anew; in a whole ledger it finds nothing."""
    mailing = books.planned(ledger, 3)
    assert list(discrepancies(ledger.connection, mailing.id)) == []
    ledger.connection.execute(damage)
    assert told in list(discrepancies(ledger.connection, mailing.id))


def test_a_days_allowance_shrinks_and_grows_by_the_day(tmp_path: Path, clocks: Clocks) -> None:
    """What went out today counts, of all mailings; days without sending don't; after the last no limit."""
    used = crowd.settings().model_copy(update={"smtp": Smtp(warmup=(2, 4))})
    with books.opened_ledger(tmp_path, clocks, used=used) as ledger:
        clocks.wall = datetime(2024, 3, 1, 22, 30, tzinfo=UTC)  # half an hour before midnight in Berlin
        books.people(ledger, 6)
        mailing = books.planned(ledger)
        assert warmup.allowance(ledger) == 2
        with sending(ledger, mailing) as sender:
            lease = sender.begin()
            opened = ledger.exchange(lease, [], want=3).opened
            ledger.end(lease, list(zip(opened, (ACCEPTED, LOST, books.POLICY), strict=True)))
        assert warmup.allowance(ledger) == 0
        clocks.pass_by(3600)
        assert warmup.allowance(ledger) == 4
        clocks.pass_by(10 * 86_400)
        assert warmup.allowance(ledger) == 4
        with sending(ledger, mailing) as sender:
            sender.go()
        assert warmup.allowance(ledger) == 1
        clocks.pass_by(86_400)
        assert warmup.allowance(ledger) is None


def test_without_a_warm_up_there_is_no_limit(ledger: Ledger) -> None:
    """That is how it is from the start."""
    assert warmup.allowance(ledger) is None
