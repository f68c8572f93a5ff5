"""Another edition for the rest: an explicit decision, and who has got the first one keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.dispatch import control
from newsletter.dispatch.control import EditionError, StateError
from newsletter.dispatch.decisions import decisions
from newsletter.dispatch.editions import Editions
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import State
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, sending
from tests.subscribers import crowd


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list with a segment."""
    with books.opened_ledger(tmp_path, used=crowd.settings(cities="tag = cities")) as found:
        yield found


def test_the_rest_gets_the_new_edition(ledger: Ledger) -> None:
    """Each row says which edition its mail was; the decision says who, why and how many."""
    mailing = books.planned(ledger, 4)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=2).opened
        ledger.end(lease, list(zip(opened, (ACCEPTED, DEFERRED), strict=True)))
    better = books.edition(text="Guten Morgen.")
    adopted = control.adopt(ledger, mailing.id, better, actor="erika", reason="a wrong date")
    assert (adopted.edition, adopted.digest) == (2, better.digest)
    control.retry(ledger, mailing.id, actor="erika")
    with sending(ledger, mailing) as sender:
        sender.go()
    rows = ledger.connection.execute("SELECT edition FROM dispatch ORDER BY seq").fetchall()
    assert rows == [(1,), (2,), (2,), (2,)]
    assert Editions(ledger.connection).of_mailing(mailing.id) == {1: mailing.digest, 2: better.digest}
    [decision, _retry] = decisions(ledger.connection, mailing.id)
    assert (decision.action, decision.actor, decision.reason, decision.count) == (
        "new-edition", "erika", "a wrong date", 3,
    )  # fmt: skip


def test_the_rest_is_in_the_segments_of_the_new_edition(ledger: Ledger) -> None:
    """Those who are open are placed anew, as they are now; those who are settled stay as they were."""
    for name in ("a", "b", "c"):
        crowd.join(ledger.people, f"{name}@x.example", tags=["cities"])
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        opened = ledger.exchange(lease, [], want=1).opened
        ledger.end(lease, sender.send(lease, opened, ACCEPTED))
    ledger.people.db.conn.execute("DELETE FROM subscriber WHERE id = 3")
    control.adopt(ledger, mailing.id, books.edition(segments=["cities"]), actor="erika", reason="")
    rows = ledger.connection.execute("SELECT segments FROM dispatch ORDER BY seq").fetchall()
    assert rows == [("",), ("cities",), ("",)]


def test_what_cannot_go_on_is_refused(ledger: Ledger) -> None:
    """Another issue, the same edition, a run that is at it, a mailing that is over: nothing is changed."""
    mailing = books.planned(ledger, 2)
    better = books.edition(text="Guten Morgen.")
    with pytest.raises(EditionError, match="of issue 2024-1, not of 2024-2"):
        control.adopt(ledger, mailing.id, books.edition(2), actor="erika", reason="")
    with pytest.raises(EditionError, match="is being sent with this edition"):
        control.adopt(ledger, mailing.id, books.edition(), actor="erika", reason="")
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        with pytest.raises(EditionError, match="is just being sent") as caught:
            control.adopt(ledger, mailing.id, better, actor="erika", reason="")
        assert "pause" in caught.value.cure
        ledger.end(lease)
        sender.go()
    with pytest.raises(StateError, match="is finished"):
        control.adopt(ledger, mailing.id, better, actor="erika", reason="")
    assert ledger.mailing(mailing.id).digest == mailing.digest
    assert decisions(ledger.connection, mailing.id) == []
    assert ledger.connection.execute("SELECT count(*) FROM edition").fetchone() == (1,)
    assert ledger.counts(mailing.id)[State.ACCEPTED] == 2
