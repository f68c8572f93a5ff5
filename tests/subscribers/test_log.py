"""The evidence: who touches the log without the key is found out, and the tables refuse it to begin with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.address import Address
from newsletter.store.database import writing
from newsletter.subscribers import forgetting
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.log import Chain, Damage, Draft
from newsletter.subscribers.model import Status
from newsletter.subscribers.secret import Secret
from tests.subscribers import crowd
from tests.subscribers.importer import imported, written

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ROWS = "".join(f"p{one}@x.example\n" for one in range(6))

_COLUMNS = "at, person, kind, source, wording, salt, detail, commitment, hash"


@pytest.fixture
def used(people: SubscriberList, tmp_path: Path) -> SubscriberList:
    """A list of six imported people, one unsubscribed and one erased: eight events."""
    imported(people, written(tmp_path, f"E-Mail\n{ROWS}"))
    with writing(people.db):
        people.set_status(
            people.get(Address.parse("p4@x.example")), Status.UNSUBSCRIBED, at=crowd.AT, source="t", detail={}
        )
    forgetting.erase(people, Address.parse("p5@x.example"), source="test", now=NOW)
    return people


@pytest.fixture
def raw(used: SubscriberList, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The same database in the hands of somebody who has taken the triggers away."""
    assert _damages(used) == []
    with closing(sqlite3.connect(tmp_path / "subscribers.db", isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def _damages(people: SubscriberList) -> list[Damage]:
    return list(people.log.damages())


@pytest.mark.parametrize("seq", [1, 3, 8], ids=["first", "middle", "last"])
@pytest.mark.parametrize(
    "change",
    [
        "at = '2020-01-01T00:00:00+00:00'",
        "person = person + 1",
        "kind = 'added'",
        "source = 'somewhere'",
        "wording = CASE WHEN wording IS NULL THEN 1 END",
        "salt = zeroblob(16)",
        "salt = NULL",
        "detail = '{}X'",
        "detail = NULL",
        "salt = NULL, detail = NULL",
        "commitment = zeroblob(32)",
        "hash = zeroblob(32)",
        "seq = 99",
    ],
)
def test_a_change_in_any_column_is_found(
    used: SubscriberList, raw: sqlite3.Connection, change: str, seq: int
) -> None:
    """Whatever is changed of an event, first, middle or last, verifying finds it there."""
    raw.execute(f"UPDATE event SET {change} WHERE seq = ?", (seq,))  # noqa: S608 (constants)
    assert seq in {damage.seq for damage in _damages(used)} or change == "seq = 99"
    assert _damages(used) != []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM event WHERE seq = 1",
        "DELETE FROM event WHERE seq = 4",
        "DELETE FROM event WHERE seq = 8",
        "DELETE FROM event WHERE seq > 5",
        "DELETE FROM event",
        (
            "UPDATE event SET seq = -seq;"
            "UPDATE event SET seq = CASE seq WHEN -2 THEN 3 WHEN -3 THEN 2 ELSE -seq END"
        ),
        (
            "DELETE FROM event WHERE seq = 8;"
            "UPDATE log_head SET seq = 7, hash = (SELECT hash FROM event WHERE seq = 7)"
        ),
        "UPDATE log_head SET seal = zeroblob(32)",
        "DELETE FROM log_head",
        "DELETE FROM event; DELETE FROM log_head",
        "UPDATE wording SET text = 'No, thank you.'",
        "UPDATE wording SET version = 'form 9'",
        "DELETE FROM wording",
        f"INSERT INTO event SELECT 9, {_COLUMNS} FROM event WHERE seq = 8",  # noqa: S608 (constants)
        f"INSERT OR REPLACE INTO event SELECT 2, {_COLUMNS} FROM event WHERE seq = 3",  # noqa: S608 (as above)
    ],
    ids=[
        "first missing",
        "middle missing",
        "last missing",
        "end missing",
        "all missing",
        "two changed places",
        "cut and sealed anew",
        "seal changed",
        "seal missing",
        "all and seal missing",
        "words changed",
        "version changed",
        "words missing",
        "one added",
        "one replaced",
    ],
)
def test_what_is_missing_moved_or_added_is_found(
    used: SubscriberList, raw: sqlite3.Connection, change: str
) -> None:
    """A gap, another order, a shorter log, other words under a consent: each is found."""
    raw.executescript(change)
    assert _damages(used) != []


def test_a_log_of_another_key_is_found(used: SubscriberList, tmp_path: Path) -> None:
    """Who rebuilds the whole log needs the key to seal it."""
    other = SubscriberList(used.db, used.settings, Secret.load(tmp_path / "other.key", fresh=True))
    assert _damages(other) == [Damage(0, "the seal of the log was not made with this list's key")]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM event WHERE seq = 1", "events are never deleted"),
        ("UPDATE event SET kind = 'x' WHERE seq = 1", "events are never changed"),
        ("UPDATE event SET detail = '{}' WHERE seq = 1", "events are never changed"),
        ("UPDATE event SET salt = NULL, detail = 'x' WHERE seq = 1", "events are never changed"),
        ("INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 1", "events are never deleted"),
        ("UPDATE wording SET text = 'x'", "wordings are never changed"),
        ("DELETE FROM wording", "wordings are never deleted"),
    ],
)
def test_the_tables_refuse_it(used: SubscriberList, statement: str, told: str) -> None:
    """Without dropping triggers nothing of the log can be changed or taken out."""
    with pytest.raises(sqlite3.IntegrityError, match=told), writing(used.db):
        used.db.conn.execute(statement)
    assert _damages(used) == []


def test_forgetting_leaves_the_chain_whole(used: SubscriberList) -> None:
    """After an erasure nothing personal is left in the events, and the log verifies."""
    number = used.get(Address.parse("p2@x.example")).id
    forgetting.erase(used, Address.parse("p2@x.example"), source="test", now=NOW)
    assert [(event.kind, event.detail) for event in used.log.of_person(number)] == [
        ("imported", None),
        ("erased", {}),
    ]
    assert _damages(used) == []
    assert not any("p2@x" in str(row) for row in used.db.conn.execute("SELECT * FROM event"))


def test_data_that_vanish_without_a_reason_are_found(used: SubscriberList) -> None:
    """Personal data that are gone from an event need a later event that says why."""
    with writing(used.db):
        used.log.erase(1)
    assert _damages(used) == [Damage(1, "the personal data are gone, but nobody erased them")]


def test_nothing_is_written_outside_of_a_transaction(people: SubscriberList) -> None:
    """A change without its event cannot happen: both refuse to begin outside of `writing`."""
    number = crowd.join(people, "a@x.example")
    with pytest.raises(RuntimeError, match="writing"):
        people.log.append(crowd.AT, [Draft(number, "edited", "t", {})])
    with pytest.raises(RuntimeError, match="writing"):
        people.set_status(
            people.get(Address.parse("a@x.example")), Status.UNSUBSCRIBED, at=crowd.AT, source="t", detail={}
        )
    assert people.get(Address.parse("a@x.example")).status is Status.ACTIVE


def test_an_event_tells_the_words_of_the_consent(used: SubscriberList) -> None:
    """The evidence of a person has the wording they agreed to, with its version."""
    [event] = used.log.of_person(1)
    assert (event.kind, event.wording, event.wording_version) == (
        "imported",
        "Form 2022: yes, please.",
        "import 2024-05-01T08:00:00+00:00",
    )
    assert event.as_dict()["detail"] == {
        "address": "p0@x.example",
        "status": "active",
        "file": "people.csv",
        "line": 2,
    }


def test_a_version_names_one_text(people: SubscriberList) -> None:
    """Another text under a version's name gets a version of its own; the same one does not."""
    with writing(people.db):
        one, same, other = (people.log.wording("form 1", text) for text in ("yes", "yes", "no"))
        again = people.log.wording("form 1", "no")
    assert one == same != other == again


def test_a_chain_goes_on_where_it_ended(people: SubscriberList) -> None:
    """Many appends make the same chain as one, and an empty list verifies."""
    assert _damages(people) == []
    with writing(people.db):
        chain = Chain(people.log, crowd.AT)
        chain.append("added", "t", [(1, "{}"), (2, "{}")])
        chain.append("added", "t", [])
        chain.append("added", "t", [(3, '{"ü":"‚"}')])
        assert chain.seal() == 3
    with writing(people.db):
        assert people.log.append(crowd.AT, [Draft(1, "edited", "t", {})]) == 4
    assert _damages(people) == []
