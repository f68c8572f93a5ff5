"""Reading in a process of its own: the same import as without it, whatever comes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from newsletter.errors import FaultsFound
from newsletter.subscribers import apart
from newsletter.subscribers.list import SubscriberList
from tests.subscribers.importer import counts, imported, written

ROWS = "".join(
    f"p{number}@x{number % 7}.example;N{number}\n" if number % 5 else f"nobody {number};N\n"
    for number in range(1, 301)
)
MESSY = f"E-Mail;Name\n{ROWS}p1@x1.example;Twice\n"


@pytest.fixture
def _always_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every file in a process of its own, on whatever machine."""
    monkeypatch.setattr(apart, "LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("_always_apart")
def test_an_import_apart_is_the_same_import(people: SubscriberList, tmp_path: Path) -> None:
    """Added, rejected, reasons and their order are those of an import in one process."""
    outcome = imported(people, written(tmp_path, MESSY))

    assert counts(outcome) == (240, 0, 0, 61)
    assert [one.line for one in outcome.rejects] == [*range(6, 302, 5), 302]
    assert people.count() == 240
    assert list(people.log.damages()) == []


@pytest.mark.usefixtures("_always_apart")
def test_a_line_that_cannot_be_read_is_told_from_apart(people: SubscriberList, tmp_path: Path) -> None:
    """A fault in the middle of the file arrives with its line, and nothing was imported."""
    text = "E-Mail;Name\n" + "a@x.example;A\n" * 5 + 'b@x.example;"' + "x" * 200_000 + "\n"

    with pytest.raises(FaultsFound) as found:
        imported(people, written(tmp_path, text))

    assert found.value.faults[0].where.line in {7, 8}
    assert people.count() == 0


@pytest.mark.usefixtures("_always_apart")
def test_a_reader_that_is_killed_loses_nothing(people: SubscriberList, tmp_path: Path) -> None:
    """When the reading process is killed the import fails as a whole and says so."""

    def kill(_done: int) -> None:
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)

    rows = "".join(f"p{number}@x.example;N\n" for number in range(60_000))
    with pytest.raises(apart.ReaderLostError):
        imported(people, written(tmp_path, f"E-Mail;Name\n{rows}"), progress=kill)

    assert people.count() == 0
    assert multiprocessing.active_children() == []


def test_rejects_beyond_those_told_are_counted(
    people: SubscriberList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of wrong rows is counted to its end, but only the first are told one by one."""
    monkeypatch.setattr(apart, "TOLD", 3)
    outcome = imported(people, written(tmp_path, "E-Mail;Name\n" + "nobody;N\n" * 10))

    assert outcome.rejected == 10
    assert [one.line for one in outcome.rejects] == [2, 3, 4]
