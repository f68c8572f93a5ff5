"""The journal: one line each, written at once, read back whole or not believed."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter.dispatch import journal
from newsletter.dispatch.journal import Journal, JournalError, Reading, is_held
from newsletter.dispatch.model import Blame, Outcome, Stage, State
from tests.dispatch.books import ACCEPTED, BOOT, DEFERRED, LOST

OUTCOMES = st.builds(
    Outcome,
    st.sampled_from(State),
    st.sampled_from(Stage),
    st.integers(0, 999),
    st.from_regex(r"([245]\.\d{1,3}\.\d{1,3})?", fullmatch=True),
    st.text(st.characters(codec="utf-8")),
    st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True),
    st.sampled_from(Blame),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is to lie."""
    return tmp_path / "subscribers.db.sending-1"


@pytest.fixture
def book(path: Path) -> Iterator[Journal]:
    """A journal of this boot."""
    made = Journal.create(path, boot=BOOT, run=1)
    yield made
    made.close()


def _read(path: Path) -> Reading:
    return Reading.of(path, boot=BOOT, run=1)


def test_it_tells_every_fate(book: Journal, path: Path) -> None:
    """Answered: the outcome; handed over: in doubt; neither: pending."""
    book.started(1, 1, 1)
    book.settled(1, 1, 1, ACCEPTED)
    assert _read(path).fate((1, 1, 1)).state is State.IN_DOUBT  # it goes with the next one
    book.started(1, 2, 3)
    reading = _read(path)
    assert reading.whole
    assert reading.fate((1, 1, 1)) == ACCEPTED
    assert reading.fate((1, 2, 3)) == Outcome(State.IN_DOUBT, Stage.DOT)
    assert reading.fate((1, 2, 2)) == Outcome(State.PENDING, Stage.LOCAL)
    assert reading.fate((1, 3, 1)) == Outcome(State.PENDING, Stage.LOCAL)


@given(outcome=OUTCOMES)
@rules(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_outcome_is_read_back(book: Journal, path: Path, outcome: Outcome) -> None:
    """Whatever the server says; only what is not printable becomes a blank."""
    book.settled(1, 2, 3, outcome)
    book.flush()
    found = _read(path)
    assert found.whole
    text = "".join(char if char.isprintable() else " " for char in outcome.text)
    assert found.outcomes[1, 2, 3] == Outcome(
        outcome.state, outcome.stage, outcome.code, outcome.enhanced, text, outcome.relay, outcome.blame
    )


def test_it_is_private_and_locked(book: Journal, path: Path) -> None:
    """Mode 0600; held for as long as its run lives, free afterwards."""
    assert path.stat().st_mode & 0o777 == 0o600
    assert is_held(path) is True
    book.started(1, 1, 1)
    os.close(os.open(path, os.O_RDONLY))
    assert is_held(path) is True
    other = Journal.create(path.with_name("other"), boot=BOOT, run=2)
    other.close()
    assert is_held(other.path) is False
    other.path.unlink()
    assert is_held(other.path) is None


def test_what_a_run_that_never_was_left_behind_is_written_over(path: Path) -> None:
    """A file of the same number is from a run whose beginning was taken back."""
    path.write_text("D\t1\t1\t1\n", encoding="ascii")
    made = Journal.create(path, boot=BOOT, run=1)
    assert _read(path) == Reading(frozenset(), {}, whole=True)
    made.remove()
    assert not path.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"D\t1\t2",
        lambda data: data + b"\0" * 40 + b"\n",
        lambda data: data.replace(b"D\t1\t1\t1\n", b"D\t1\tx\t1\n"),
        lambda data: data.replace(b"accepted", b"acc\xffpted"),
        lambda data: data.replace(b"b0", b"b1"),
        lambda data: data.replace(b"journal\t1", b"journal\t2"),
        lambda data: data[5:],
        lambda _data: b"",
    ],
    ids=["cut", "half-line", "zeros", "no-number", "no-utf8", "other-boot", "newer", "no-head", "empty"],
)
def test_a_spoilt_journal_proves_nothing_by_its_silence(path: Path, spoil: object) -> None:
    """Whom it does not name is in doubt, not pending: the line may be what was lost."""
    made = Journal.create(path, boot=BOOT, run=1)
    made.started(1, 1, 1)
    made.settled(1, 1, 1, ACCEPTED)
    made.flush()
    made.close()
    assert callable(spoil)
    path.write_bytes(spoil(path.read_bytes()))
    reading = _read(path)
    assert not reading.whole
    assert reading.fate((9, 9, 9)).state is State.IN_DOUBT
    assert reading.fate((1, 1, 1)).state in {State.ACCEPTED, State.IN_DOUBT}


def test_without_a_journal_or_a_boot_id_all_is_in_doubt(book: Journal, path: Path) -> None:
    """A missing file, and a system that does not name its boots, prove nothing."""
    book.started(1, 1, 1)
    for reading in (_read(path.with_name("none")), Reading.of(path, boot="", run=1)):
        assert reading.fate((1, 2, 1)).state is State.IN_DOUBT


def test_answers_count_after_another_start_of_the_machine_too(book: Journal, path: Path) -> None:
    """What stands there happened; only silence means nothing then."""
    book.settled(1, 1, 1, DEFERRED)
    book.flush()
    reading = Reading.of(path, boot="b1", run=1)
    assert reading.fate((1, 1, 1)) == DEFERRED
    assert reading.fate((1, 2, 1)).state is State.IN_DOUBT


def test_a_large_journal_is_written_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the ledger has committed goes, what it has not stays, and the lock is never free."""
    monkeypatch.setattr(journal, "_LARGE", 2_000)
    made = Journal.create(path, boot=BOOT, run=1)
    for seq in range(100):
        made.started(1, seq, 1)
        made.settled(1, seq, 1, LOST if seq % 2 else ACCEPTED)
        if seq >= 90:
            continue
        made.recorded([(1, seq, 1)])
    made.started(2, 1, 1)
    made.recorded([])
    reading = _read(path)
    assert reading.whole
    assert {(1, seq, 1) for seq in range(90, 100)} <= set(reading.outcomes)
    assert reading.started - set(reading.outcomes) == {(2, 1, 1)}
    assert (1, 1, 1) not in reading.started
    assert path.stat().st_size < 2_100
    assert is_held(path) is True
    assert path.stat().st_mode & 0o777 == 0o600
    made.started(2, 2, 1)
    assert (2, 2, 1) in _read(path).started
    made.remove()
    assert list(path.parent.iterdir()) == []


def test_without_room_for_a_new_one_the_old_journal_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows on, and nothing of it is lost."""
    monkeypatch.setattr(journal, "_LARGE", 500)
    path.with_name(f"{path.name}.new").mkdir()
    made = Journal.create(path, boot=BOOT, run=1)
    for seq in range(100):
        made.settled(1, seq, 1, ACCEPTED)
        made.flush()
        made.recorded([(1, seq, 1)])
    assert len(_read(path).outcomes) == 100
    assert is_held(path) is True
    made.close()


def test_a_full_disk_stops_the_sending_and_spoils_no_line(path: Path) -> None:
    """A line that does not fit is taken back whole, so the ones before are believed."""
    child = os.fork()
    if not child:
        os._exit(_write_until_full(path))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    reading = _read(path)
    assert reading.whole
    assert len(reading.started) == len(path.read_bytes().splitlines()) - 1 > 10


def _write_until_full(path: Path) -> int:
    """Fill a journal up to a limit of the system, which cuts a line like a full disk; 0: all was well."""
    made = Journal.create(path, boot=BOOT, run=1)
    soft = path.stat().st_size + 205
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, soft))
    for seq in range(10_000):
        try:
            made.started(1, seq, 1)
        except JournalError as err:
            return 0 if "cannot be written" in str(err) and "room" in err.cure else 1
    return 2


def test_a_journal_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """With its name and a cure."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match=r"folder cannot be written: Is a directory") as caught:
        Journal.create(tmp_path / "folder", boot=BOOT, run=1)
    assert caught.value.cure
