"""Frozen editions: what was planned is what is sent; tests and approvals belong to a digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.dispatch import editions as kept
from newsletter.dispatch.editions import Approval, Editions, NoEditionError
from newsletter.dispatch.ledger import Ledger
from tests.dispatch import books

AT = "2024-03-01T12:00:00+00:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path) as found:
        yield found


def test_an_edition_is_kept_as_it_is(ledger: Ledger) -> None:
    """Read back it is the same, to its digest; frozen twice it is kept once."""
    editions, edition = Editions(ledger.connection), books.edition(segments=("cities",))
    with ledger.writing():
        assert editions.freeze(edition, AT) == editions.freeze(edition, AT) == edition.digest
    assert editions.load(edition.digest) == edition
    rows = ledger.connection.execute("SELECT digest, issue, at FROM edition").fetchall()
    assert rows == [(edition.digest, "2024-1", AT)]


def test_an_edition_that_is_not_there_is_told(ledger: Ledger) -> None:
    """By the beginning of its digest."""
    with pytest.raises(NoEditionError, match="no frozen edition 0123456789ab"):
        Editions(ledger.connection).load("0123456789abcdef")


def test_tests_and_approvals_belong_to_a_digest(ledger: Ledger) -> None:
    """Of another edition there are none; the same person approves once."""
    editions = Editions(ledger.connection)
    with ledger.writing():
        editions.tested("d1", at=AT, actor="erika", count=2)
        editions.tested("d1", at=AT, actor="max", count=1)
        assert editions.approve("d1", at=AT, actor="max")
        assert not editions.approve("d1", at=AT, actor="max")
    assert editions.tests("d1") == [kept.Test(AT, "erika", 2), kept.Test(AT, "max", 1)]
    assert editions.approvals("d1") == [Approval(AT, "max")]
    assert editions.tests("d2") == []
    assert editions.approvals("d2") == []
