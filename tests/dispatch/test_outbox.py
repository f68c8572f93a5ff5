"""The outbox: each message once, whole, private, durable, and found again."""

from __future__ import annotations

import asyncio
import mailbox
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.dispatch.model import Blame, Job, Mailing, MailingState, Stage, State
from newsletter.dispatch.outbox import Outbox, mark_of
from newsletter.dispatch.pace import Pace
from newsletter.settings_sending import Smtp
from tests.dispatch.tray import BODY, Tray, job

MARK = "1700000000.M12"


def write(
    folder: Path, *jobs: Job, mark: str = MARK, may_start: Callable[[Job], bool] = lambda _job: True
) -> Tray:
    """Send jobs into an outbox."""
    tray = Tray(jobs, may_start=may_start)
    return tray.run(Outbox(folder, tray, Pace(Smtp()), mark=mark))


def files(folder: Path) -> list[str]:
    """Return the names of all files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: what a full disk is to `write`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_each_message_is_a_file(tmp_path: Path) -> None:
    """Every recipient has one file, which any reader of Maildirs reads."""
    tray = write(tmp_path / "outbox", *(job(seq) for seq in range(100)))
    assert set(tray.states().values()) == {State.ACCEPTED}
    assert len(tray.outcomes) == len(files(tmp_path / "outbox/new")) == len(files(tmp_path / "outbox")) == 100
    box = mailbox.Maildir(tmp_path / "outbox", create=False)
    assert sorted(str(mail["Delivered-To"]) for mail in box) == sorted(
        f"p{seq}@example.org" for seq in range(100)
    )
    assert tray.outcomes[7].stage is Stage.DOT
    assert (tmp_path / "outbox/new" / tray.outcomes[7].text).is_file()


@pytest.mark.parametrize("recipient", ["p@example.org", "jürgen@example.org"], ids=["ascii", "utf8"])
def test_the_message_stays_as_it_is(tmp_path: Path, recipient: str) -> None:
    """Below two lines with the envelope every byte is the message's."""
    data = BODY + bytes(range(1, 256)) * 300 + b"\r\n"
    write(tmp_path, job(1, data=data, recipient=recipient))
    (path,) = (tmp_path / "new").iterdir()
    envelope = f"Return-Path: <bounces@example.org>\r\nDelivered-To: {recipient}\r\n"
    assert path.read_bytes() == envelope.encode() + data


def test_everything_is_private(tmp_path: Path) -> None:
    """Nobody else may look into the folders or the files."""
    write(tmp_path / "out" / "box", job(1))
    box = tmp_path / "out" / "box"
    assert {path.stat().st_mode & 0o777 for path in (box, *box.iterdir())} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in (box / "new").iterdir()} == {0o600}


@pytest.mark.parametrize("place", ["new/{}", "cur/{}:2,S", "cur/{}:2,"], ids=["unread", "read", "seen"])
def test_a_further_attempt_finds_the_first(tmp_path: Path, place: str) -> None:
    """What a killed run has written is accepted, not written twice, even if somebody has read it since."""
    name = write(tmp_path, job(1)).outcomes[1].text
    (tmp_path / "new" / name).rename(tmp_path / place.format(name))
    tray = write(tmp_path, job(1, attempt=2), job(2, attempt=2))
    assert tray.states() == {1: State.ACCEPTED, 2: State.ACCEPTED}
    assert tray.started == [2]
    assert len(files(tmp_path)) == 2


def test_another_mailing_is_another_mail(tmp_path: Path) -> None:
    """The files of other mailings, or of a database that was deleted, stand for nobody."""
    write(tmp_path, job(1))
    write(tmp_path, job(1, attempt=2), mark="1700000001.M12")
    write(tmp_path, job(1, attempt=2), mark="1700000000.M1")
    write(tmp_path, job(1, attempt=2), mark="")
    write(tmp_path, job(1, attempt=2), mark="")
    assert len(files(tmp_path / "new")) == 5


def test_the_mark_tells_mailings_apart() -> None:
    """Mark and number: two databases may both have a first mailing, but not of the same second."""
    mailing = Mailing(
        id=12, issue="2024-1", segment=None, state=MailingState.RUNNING, edition=1, digest="d", audience=1,
        left_out={}, created_at="2023-11-14T22:13:20+00:00", created_by="me", not_before=None,
        started_at=None, finished_at=None,
    )  # fmt: skip
    assert mark_of(mailing) == MARK


def test_what_may_not_start_leaves_nothing(tmp_path: Path) -> None:
    """With the lease lost, a message that was prepared is not put into the box."""
    tray = write(tmp_path, job(1), job(2), may_start=lambda one: one.seq != 1)
    assert tray.states() == {1: State.PENDING, 2: State.ACCEPTED}
    assert files(tmp_path) == [f"new/{tray.outcomes[2].text}"]


def test_leftovers_of_a_killed_run_go(tmp_path: Path) -> None:
    """What was half written is deleted by the next run of the mailing; other programs' files stay."""
    write(tmp_path, job(1))
    (tmp_path / "tmp" / f"{MARK}R0000009.outbox.77").write_bytes(b"half")
    (tmp_path / "tmp" / "1700000000.M123R0000009.outbox.77").write_bytes(b"half")
    write(tmp_path, job(2))
    assert files(tmp_path / "tmp") == ["1700000000.M123R0000009.outbox.77"]


def test_a_full_disk_stops_the_mailing(tmp_path: Path) -> None:
    """Nobody is blamed, nothing half written stays, and the words say which folder and why."""
    with small_files(20_000):
        tray = write(tmp_path, job(1), job(2, data=BODY + b"x" * 30_000), job(3))
    assert tray.states() == {1: State.ACCEPTED, 2: State.PENDING, 3: State.ACCEPTED}
    assert [(one.blame, one.state, one.relay) for one in tray.troubles] == [
        (Blame.SENDER, State.DEFERRED, "outbox")
    ]
    assert tray.troubles[0].text == f"The outbox folder {tmp_path} cannot be written: File too large."
    assert len(files(tmp_path)) == 2


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Where a file is in the way, nothing is taken."""
    (tmp_path / "outbox").write_text("in the way")
    tray = write(tmp_path / "outbox", job(1))
    assert tray.outcomes == {}
    assert "File exists" in tray.troubles[0].text


def test_it_waits_for_work_and_for_its_time(tmp_path: Path) -> None:
    """Jobs that come later are taken on `wake`, and no quicker than the rate allows."""

    async def office() -> float:
        pace = Pace(Smtp(), rate=20)
        tray = Tray([], pace=pace)
        tray.transport = box = Outbox(tmp_path, tray, pace, mark=MARK)
        running = asyncio.create_task(box.run())
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        tray.waiting.extend(job(seq) for seq in range(8))
        box.wake()
        await running
        assert len(tray.outcomes) == 8
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(asyncio.wait_for(office(), 30)) >= (8 - 1) / 20 - 0.1


def test_no_file_stays_open(tmp_path: Path) -> None:
    """However many messages there are, descriptors do not add up."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    write(tmp_path, *(job(seq) for seq in range(200)))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
