"""Who is alive: a second run is refused while one lives, and takes over when it is dead or stands still."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.dispatch.journal import JournalError
from newsletter.dispatch.ledger import Ledger
from newsletter.dispatch.model import Mailing, State
from newsletter.dispatch.owner import AliveError, Owner, path_of
from tests.dispatch import books
from tests.dispatch.books import ACCEPTED, DEFERRED, NO_SUCH, Clocks, sending
from tests.subscribers import crowd

ROOT = Path(__file__).parents[2]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with six people that goes by this machine's clocks and boot."""
    with crowd.opened_list(tmp_path) as people:
        ledger = Ledger(people, patience=books.PATIENCE)
        books.people(ledger, 6)
        yield ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of an empty list."""
    with books.opened_ledger(tmp_path) as found:
        yield found


@contextmanager
def _stalled(folder: Path, mailing: Mailing, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Let another process send and stall; it is dead at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.dispatch.stalled", str(folder), str(mailing.id), str(seconds)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "stalled\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def _journals(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.sending-*"))


def test_a_second_run_is_refused_while_one_lives(real: Ledger, tmp_path: Path) -> None:
    """The error names the process, since when, and what can be done; the first run goes on."""
    mailing = books.planned(real)
    with _stalled(tmp_path, mailing, 600) as process:
        with pytest.raises(
            AliveError, match=rf"is being sent by process {process.pid} on .+ since"
        ) as caught:
            real.enter(mailing.id)
        assert "newsletter pause" in caught.value.cure
        living = real.runs.living(mailing.id)
        assert living is not None
        assert living.pid == process.pid
        assert real.due(mailing.id) == []
        said, _errors = process.communicate("\n", timeout=30)
    assert said.splitlines() == ["sent", "still mine"]
    assert real.runs.living(mailing.id) is None


def test_after_a_crash_its_journal_tells_what_became_of_whom(real: Ledger, tmp_path: Path) -> None:
    """Taken over at once, however long the lease: answered, in doubt, pending; nothing of the dead stays."""
    mailing = books.planned(real)
    with _stalled(tmp_path, mailing, 600) as process:
        process.kill()
        process.wait()
        assert len(_journals(tmp_path)) == 1
        with sending(real, mailing) as sender:
            assert list(books.states(real, mailing).values()) == [
                "accepted", "in_doubt", "pending", "pending", "pending", "pending",
            ]  # fmt: skip
            sender.go()
            assert sender.sent == [f"p{number}@x.example" for number in (3, 4, 5, 6)]
    assert _journals(tmp_path) == []
    assert books.row(real, mailing, 1, "reply", "relay") == ("Ok: queued as 4F2A", "main")
    books.check_whole(real, mailing)


def test_who_stands_still_past_the_lease_is_taken_over(real: Ledger, tmp_path: Path) -> None:
    """Stopped and woken, the first run sends nothing more; its late answers are written down.

    Before its lease has run out it is as good as alive.
    """
    mailing = books.planned(real)
    with _stalled(tmp_path, mailing, 4) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(AliveError):
            real.enter(mailing.id)
        owner = _when_it_can(lambda: real.enter(mailing.id))
        sender = books.Sender(real, mailing.id, owner)
        assert list(books.states(real, mailing).values())[:3] == ["accepted", "in_doubt", "pending"]
        sender.go()
        assert sender.sent == [f"p{number}@x.example" for number in (3, 4, 5, 6)]
        process.send_signal(signal.SIGCONT)
        said, _errors = process.communicate("\n", timeout=30)
        assert said.splitlines() == ["held back"]
        sender.leave()
    assert set(books.states(real, mailing).values()) == {"accepted"}
    assert _journals(tmp_path) == []
    books.check_whole(real, mailing)


def test_who_is_killed_after_it_was_taken_over_still_tells(real: Ledger, tmp_path: Path) -> None:
    """What it noted between waking and dying settles the doubts it had left, with the next run."""
    mailing = books.planned(real)
    with _stalled(tmp_path, mailing, 0.5) as process:
        process.send_signal(signal.SIGSTOP)
        sender = books.Sender(real, mailing.id, _when_it_can(lambda: real.enter(mailing.id)))
        sender.go()
        sender.leave()
        assert real.counts(mailing.id)[State.IN_DOUBT] == 1
        assert len(_journals(tmp_path)) == 1
        with sending(real, mailing):  # it stands there still, and is in nobody's way
            pass
        [path] = tmp_path.glob("*.sending-*")
        with path.open("a", encoding="utf-8") as journal:  # as it would on waking
            journal.write("R\t1\t2\t1\t250\taccepted\tdot\t2.0.0\tmain\tnobody\tOk\n")
        process.kill()
        process.wait()
        with sending(real, mailing):
            pass
    assert set(books.states(real, mailing).values()) == {"accepted"}
    assert _journals(tmp_path) == []


def _when_it_can(enter: Callable[[], Owner]) -> Owner:
    deadline = time.monotonic() + 60
    while True:
        try:
            return enter()
        except AliveError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _dies(ledger: Ledger, mailing: Mailing) -> books.Sender:
    """Let a run of this process die: its lock is let go of, and nothing else is done."""
    sender = books.Sender.of(ledger, mailing)
    lease = sender.begin()
    one, two, *_others = ledger.exchange(lease, [], want=4).opened
    sender.send(lease, [one], NO_SUCH)
    sender.owner.journal.started(1, two.seq, two.attempt)
    sender.owner.journal.close()
    return sender


@pytest.mark.parametrize(
    ("spoil", "states"),
    [
        (lambda _path: None, ["refused", "in_doubt", "pending", "pending"]),
        (os.unlink, ["in_doubt"] * 4),
        (lambda path: path.write_bytes(b""), ["in_doubt"] * 4),
        (
            lambda path: path.write_bytes(path.read_bytes().replace(b"b0", b"b1")),
            ["refused", "in_doubt", "in_doubt", "in_doubt"],
        ),
    ],
    ids=["whole", "missing", "empty", "other-boot"],
)
def test_a_journal_that_proves_nothing_leaves_all_in_doubt(
    ledger: Ledger, spoil: Callable[[Path], object], states: list[str]
) -> None:
    """Nobody who may have got the mail gets it a second time; what stands in the journal counts."""
    clocks_ran_out = Clocks(ticks=10_000)
    books.people(ledger, 5)
    mailing = books.planned(ledger)
    dead = _dies(ledger, mailing)
    spoil(path_of(ledger.connection, dead.owner.run))
    later = Ledger(
        ledger.people,
        now=clocks_ran_out.now,
        monotonic=clocks_ran_out.monotonic,
        boot=books.BOOT,
        patience=books.PATIENCE,
    )
    with sending(later, mailing):
        assert list(books.states(later, mailing).values()) == [*states, "pending"]
        books.check_whole(later, mailing)
    bounced = ledger.people.count("status = 'bounced'")
    assert bounced == (states[0] == "refused")


def test_after_another_start_of_the_machine_all_is_in_doubt(tmp_path: Path) -> None:
    """No lease and no silence of before means anything then, however the clocks stand."""
    with books.opened_ledger(tmp_path) as before:
        books.people(before, 5)
        mailing = books.planned(before)
        _dies(before, mailing)
    with books.opened_ledger(tmp_path, Clocks(ticks=1.0), boot="b1") as after:
        with sending(after, mailing) as sender:
            states = list(books.states(after, mailing).values())
            assert states == ["refused", "in_doubt", "in_doubt", "in_doubt", "pending"]
            sender.go()
            assert sender.sent == ["p5@x.example"]
        books.check_whole(after, mailing)


def test_a_journal_that_is_gone_does_not_make_a_living_run_dead(ledger: Ledger) -> None:
    """While its lease holds, a run whose file somebody deleted is left alone."""
    mailing = books.planned(ledger)
    sender = books.Sender.of(ledger, mailing)
    lease = sender.begin()
    sender.owner.journal.path.unlink()
    with pytest.raises(AliveError):
        ledger.enter(mailing.id)
    ledger.end(lease)
    sender.leave()


def test_who_was_taken_over_begins_nothing_more(ledger: Ledger, tmp_path: Path) -> None:
    """A run that stood still leases no other slice: nobody would see that it lives again."""
    books.many_people(ledger, 600)
    mailing = books.planned(ledger)
    first = books.Sender.of(ledger, mailing)
    first.begin(1)
    with books.opened_ledger(tmp_path, Clocks(ticks=10_000)) as other, sending(other, mailing) as second:
        assert ledger.begin(mailing.id, 2, first.owner, lease=60) is None
        second.go()
    first.leave()
    assert ledger.counts(mailing.id)[State.ACCEPTED] == 600


def test_a_run_that_only_waits_is_alive(ledger: Ledger) -> None:
    """With no slice leased and a lock held it waits for deferred ones."""
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        sender.go(DEFERRED)
        with pytest.raises(AliveError):
            ledger.enter(mailing.id)
    with sending(ledger, mailing):
        assert ledger.due(mailing.id) == []


def test_a_run_on_another_machine_is_left_alone(ledger: Ledger) -> None:
    """A lock that is held by a run of another boot is that of a machine that shares the folder."""
    mailing = books.planned(ledger)
    with sending(ledger, mailing) as sender:
        lease = sender.begin()
        ledger.connection.execute("UPDATE run SET boot = 'elsewhere'")
        with pytest.raises(AliveError):
            ledger.enter(mailing.id)
        ledger.end(lease)


def test_mailings_are_sent_beside_each_other(ledger: Ledger, tmp_path: Path) -> None:
    """A run of one is in the way of no other; each has a journal of its own, which goes with it."""
    first, second = books.planned(ledger), books.planned(ledger, number=2)
    with sending(ledger, first) as one, sending(ledger, second) as other:
        assert len(_journals(tmp_path)) == 2
        one.go()
        other.go(ACCEPTED)
    assert _journals(tmp_path) == []


def test_a_run_that_cannot_note_anything_does_not_begin(ledger: Ledger) -> None:
    """Without its journal there is no run, and nothing of it stays."""
    mailing = books.planned(ledger)
    path = path_of(ledger.connection, 1)
    path.mkdir()
    with pytest.raises(JournalError, match=re.escape(str(path))):
        ledger.enter(mailing.id)
    path.rmdir()
    assert ledger.connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
    with sending(ledger, mailing) as sender:
        sender.go()


def test_a_run_that_could_not_give_back_its_slice_leaves_its_journal(ledger: Ledger, tmp_path: Path) -> None:
    """Who comes next settles it by that."""
    mailing = books.planned(ledger)
    sender = books.Sender.of(ledger, mailing)
    lease = sender.begin()
    opened = ledger.exchange(lease, [], want=1).opened
    sender.send(lease, opened, ACCEPTED)
    sender.leave()
    assert len(_journals(tmp_path)) == 1
    with sending(ledger, mailing):
        assert list(books.states(ledger, mailing).values()) == ["accepted", "pending", "pending"]
    assert _journals(tmp_path) == []
