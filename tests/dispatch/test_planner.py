"""Planning: who is in a mailing, who is not and why, and that each is in it once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter.address import Address
from newsletter.dispatch import control, planner
from newsletter.dispatch.eligible import WHY_NOT
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import MailingState
from newsletter.dispatch.planner import NobodyError, OpenMailingError, Preview
from newsletter.errors import UsageError
from newsletter.store.database import writing
from newsletter.subscribers.model import Status
from newsletter.subscribers.suppression import Entry
from tests.dispatch import books
from tests.subscribers import crowd

USED = crowd.settings(cities="tag = cities", north="tag = north")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list with two segments."""
    with books.opened_ledger(tmp_path, used=USED) as found:
        yield found


def _suppress(ledger: Ledger, *patterns: str) -> None:
    with writing(ledger.people.db):
        ledger.people.suppression.add([Entry(one, "", "test", crowd.AT) for one in patterns])


def _addresses(ledger: Ledger, mailing: int) -> list[str]:
    rows = ledger.connection.execute(
        "SELECT address FROM dispatch WHERE mailing = ? ORDER BY seq", (mailing,)
    )
    return [row[0] for row in rows]


def test_the_audience_is_who_is_active_and_not_suppressed(ledger: Ledger) -> None:
    """Everybody else is left out, and counted with the reason."""
    for status in Status:
        crowd.join(ledger.people, f"{status}@x.example", status=str(status))
    for address in ("a@x.example", "b@gone.example", "info@y.example", "c@dep.kreis.example"):
        crowd.join(ledger.people, address)
    _suppress(ledger, "a@x.example", "@gone.example", "info@*", "*@*.kreis.example")
    seen = planner.preview(ledger, "2024-1")
    assert seen == Preview(
        1, {**dict.fromkeys(("pending", "unsubscribed", "bounced", "complained"), 1), "suppressed": 4}
    )
    mailing = planner.plan(ledger, books.edition(), actor="erika")
    assert (mailing.audience, mailing.left_out) == (seen.audience, seen.left_out)
    assert _addresses(ledger, mailing.id) == ["active@x.example"]


@given(
    keys=st.lists(st.text("ab?[]*-.ö", min_size=1, max_size=5), min_size=1, max_size=4, unique=True),
    patterns=st.lists(st.text("ab?[]*-.ö", min_size=1, max_size=4), max_size=3),
)
@rules(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_agree_who_is_suppressed(ledger: Ledger, keys: list[str], patterns: list[str]) -> None:
    """Whatever signs addresses and patterns hold, planning suppresses whom the suppression list names."""
    keys = [f"{key.replace('*', '+')}@x.example" for key in keys]
    with writing(ledger.people.db, keep=False):
        for number, key in enumerate(keys, 1):
            ledger.people.insert(
                [(number, key, key, "x.example", "none", *[""] * 5, ",", "{}", "active", "", "", "", None)]
            )
        entries = [Entry(f"{pattern}@*", "", "", "") for pattern in patterns]
        ledger.people.suppression.add(
            [*entries, *(Entry(f"{one}@x.example", "", "", "") for one in patterns)]
        )
        sql = f"SELECT key FROM subscriber WHERE {WHY_NOT} = 'suppressed'"  # noqa: S608 (ours)
        found = {row[0] for row in ledger.connection.execute(sql)}
        assert found == set(ledger.people.suppression.reasons(keys))


def test_a_segment_is_planned_alone(ledger: Ledger) -> None:
    """Only its people are in the mailing, and only its people count as left out."""
    crowd.join(ledger.people, "a@x.example", tags=["cities"])
    crowd.join(ledger.people, "b@x.example", tags=["cities"], status="bounced")
    crowd.join(ledger.people, "c@x.example", status="bounced")
    crowd.join(ledger.people, "d@x.example")
    mailing = planner.plan(ledger, books.edition(), segment="cities", actor="erika")
    assert (mailing.segment, mailing.audience, mailing.left_out) == ("cities", 1, {"bounced": 1})
    with pytest.raises(UsageError, match="no segment “towns”"):
        planner.plan(ledger, books.edition(), segment="towns", actor="erika")


def test_membership_is_fixed_with_the_plan(ledger: Ledger) -> None:
    """Each row says in which of the edition's segments its person was then, by name, whatever comes later."""
    for name, tags in {"a": ["north", "cities"], "b": ["north"], "c": [], "d": ["south"]}.items():
        crowd.join(ledger.people, f"{name}@x.example", tags=tags)
    mailing = planner.plan(ledger, books.edition(segments=("cities", "north")), actor="erika")
    with writing(ledger.people.db):
        ledger.people.retag(1, frozenset(), crowd.AT)
    rows = ledger.connection.execute("SELECT segments FROM dispatch ORDER BY seq")
    assert [row[0] for row in rows] == ["cities+north", "north", "", ""]
    assert mailing.audience == 4


def test_nobody_is_in_two_mailings_of_an_issue(ledger: Ledger) -> None:
    """A second mailing goes to newcomers, and to those who were skipped or cancelled in the first one."""
    first = books.planned(ledger, 4)
    with writing(ledger.people.db):
        person = ledger.people.get(Address.parse("p2@x.example"))
        ledger.people.set_status(person, Status.UNSUBSCRIBED, at=crowd.AT, source="test", detail={})
    with books.sending(ledger, first) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        ledger.end(lease, sender.send(lease, opened, books.ACCEPTED))
    control.cancel(ledger, first.id, actor="erika")
    assert books.states(ledger, first) == {
        "p1@x.example": "accepted",
        "p2@x.example": "skipped",
        "p3@x.example": "accepted",
        "p4@x.example": "cancelled",
    }
    with writing(ledger.people.db):
        ledger.connection.execute("UPDATE subscriber SET status = 'active' WHERE id = 2")
    crowd.join(ledger.people, "new@x.example")
    second = planner.plan(ledger, books.edition(), actor="erika")
    assert _addresses(ledger, second.id) == ["p2@x.example", "p4@x.example", "new@x.example"]
    assert second.left_out == {"already": 2}
    assert planner.preview(ledger, "2024-2").audience == 5


def test_segments_may_be_sent_one_after_the_other(ledger: Ledger) -> None:
    """Who is in two segments is in the mailing of the first one only."""
    crowd.join(ledger.people, "a@x.example", tags=["north", "cities"])
    crowd.join(ledger.people, "b@x.example", tags=["cities"])
    planner.plan(ledger, books.edition(), segment="north", actor="erika")
    second = planner.plan(ledger, books.edition(), segment="cities", actor="erika")
    assert _addresses(ledger, second.id) == ["b@x.example"]


@pytest.mark.parametrize(("count", "sizes"), [(999, [999]), (1000, [1000]), (2001, [1000, 1000, 1])], ids=str)
def test_slices_hold_everybody_once(ledger: Ledger, count: int, sizes: list[int]) -> None:
    """Recipients are numbered through, in slices of 1000; progress is told slice by slice."""
    books.many_people(ledger, count)
    told: list[int] = []
    mailing = planner.plan(ledger, books.edition(), actor="erika", progress=told.append)
    rows = ledger.connection.execute("SELECT size, pending FROM slice ORDER BY number").fetchall()
    assert rows == [(size, size) for size in sizes]
    numbers = ledger.connection.execute("SELECT seq, person FROM dispatch ORDER BY slice, seq").fetchall()
    assert numbers == [(number, number) for number in range(1, count + 1)]
    assert told[-1] == count
    books.check_whole(ledger, mailing)


def test_a_mailing_of_nobody_is_refused_with_the_reasons(ledger: Ledger) -> None:
    """The error counts who was left out; nothing of the mailing stays."""
    with pytest.raises(NobodyError, match="Nobody is there") as caught:
        planner.plan(ledger, books.edition(), actor="erika")
    assert "import" in caught.value.cure
    crowd.join(ledger.people, "a@x.example", status="bounced")
    with pytest.raises(NobodyError, match="1 undeliverable"):
        planner.plan(ledger, books.edition(), actor="erika")
    assert ledger.mailings.of_issue("2024-1") == []
    assert ledger.connection.execute("SELECT count(*) FROM edition").fetchone() == (0,)


def test_a_mailing_that_is_open_is_not_planned_again(ledger: Ledger) -> None:
    """While somebody of the same audience is open, going on with it is the only way."""
    first = books.planned(ledger, 2)
    with pytest.raises(OpenMailingError, match=rf"Mailing {first.id} of issue 2024-1 is not over: planned"):
        planner.plan(ledger, books.edition(), actor="erika")
    with books.sending(ledger, first) as sender:
        sender.go()
    crowd.join(ledger.people, "new@x.example")
    assert planner.plan(ledger, books.edition(), actor="erika").audience == 1


def test_a_mailing_knows_its_edition_and_its_time(ledger: Ledger) -> None:
    """Who planned it, what it sends and when it may begin are kept with it."""
    books.people(ledger, 1)
    wanted = books.edition()
    later = books.NOON + timedelta(hours=3)
    mailing = planner.plan(ledger, wanted, actor="erika", not_before=later)
    assert (mailing.state, mailing.edition, mailing.digest) == (MailingState.PLANNED, 1, wanted.digest)
    assert (mailing.created_by, mailing.created_at) == ("erika", "2024-03-01T12:00:00+00:00")
    assert (mailing.not_before, mailing.started_at) == ("2024-03-01T15:00:00+00:00", None)
