"""The outbox: every message becomes a file in a Maildir, and nothing leaves this machine.

A message is written into `tmp`, synced, then moved into `new`, which is synced as well before the message
counts as accepted (https://cr.yp.to/proto/maildir.html). The envelope stands in two lines before the message
(Return-Path, RFC 5321 §4.4, and Delivered-To); below them it is as it would go out, byte for byte.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from newsletter.dispatch.local import Local
from newsletter.dispatch.model import Job, Mailing, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.transport import Source
from newsletter.language import _
from newsletter.mail.letter import Letter

NAME = "outbox"
_BATCH = 32
"""Messages whose names are synced together."""
_THREADS = 4
"""Syncing four files at a time is twice as quick as one by one; eight are no quicker (measured)."""


def mark_of(mailing: Mailing) -> str:
    """Return what the files of a mailing begin with; another database's mailing has another mark."""
    return f"{datetime.fromisoformat(mailing.created_at).timestamp():.0f}.M{mailing.id}"


def name_of(mark: str, seq: int) -> str:
    """Return the name of a recipient's file."""
    return f"{mark}R{seq:07}.{NAME}"


def names(folder: Path, *places: str) -> dict[str, str]:
    """Return where the messages of an outbox lie, by their names without the flags of who has read them."""
    found = {}
    for place in places or ("new", "cur"):
        if (folder / place).is_dir():
            for path in (folder / place).iterdir():
                found[path.name.partition(":")[0]] = f"{place}/{path.name}"
    return found


class Outbox(Local):
    """The transport that writes into a folder."""

    def __init__(self, folder: Path, source: Source, pace: Pace, *, mark: str = "") -> None:
        """Write into a folder, made when there is none.

        Args:
            folder: the Maildir.
            source: where the jobs come from.
            pace: how fast they may go.
            mark: names the mailing (`mark_of`). With it a recipient's file always has the same name, so that
                a further attempt finds what an earlier one has written. Without it every file is a new one.
        """
        super().__init__(NAME, source, pace)
        self._folder = folder
        self._mark = mark
        self._read: dict[str, str] | None = None

    async def run(self) -> None:
        """Write until `finish` or `abort` is called."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix=NAME) as threads:
            prepared = False
            while not self.ending:
                prepared = prepared or self._prepared()
                batch = list(self._batch()) if prepared else []
                if batch:
                    await self._deliver(batch, threads)
                else:
                    await self.rest()

    def _prepared(self) -> bool:
        try:
            prepare(self._folder)
            self._tidy()
        except OSError as err:
            self._cannot(err)
            return False
        return True

    def _batch(self) -> Iterator[Job]:
        """Take jobs; those that an earlier attempt has brought there are settled at once."""
        for _number in range(_BATCH):
            job = self.take()
            if job is None:
                return
            if job.attempt > 1 and self._holds(self._name(job)):
                self.settle(job, State.ACCEPTED, _("was in the outbox already"), stage=Stage.DOT)
            else:
                yield job

    async def _deliver(self, batch: Sequence[Job], threads: ThreadPoolExecutor) -> None:
        in_thread = asyncio.get_running_loop().run_in_executor
        names = [self._name(job) for job in batch]
        waiting = [
            in_thread(threads, self._write, name, job.letter) for name, job in zip(names, batch, strict=True)
        ]
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        written = zip(batch, names, errors, strict=True)
        moved = [(job, name) for job, name, error in written if self._move(job, name, error)]
        error = await in_thread(threads, self._sync)
        for job, name in moved:
            state = State.IN_DOUBT if error else State.ACCEPTED
            self.settle(job, state, str(error or name), stage=Stage.DOT)

    def _write(self, name: str, letter: Letter) -> None:
        """Write a message where nobody looks for it yet."""
        path = self._part(name)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                write_all(file.fileno(), envelope(letter) + letter.data)
                os.fdatasync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _move(self, job: Job, name: str, error: BaseException | None) -> bool:
        """Put a written message where it counts; say whether it is there."""
        part = self._part(name)
        try:
            if error is not None:
                raise error
            if self.source.starts(job):
                part.rename(self._folder / "new" / name)
                return True
            part.unlink()
        except OSError as err:
            self._cannot(err)
        self.settle(job, State.PENDING)
        return False

    def _sync(self) -> OSError | None:
        try:
            sync_folder(self._folder / "new")
        except OSError as err:
            return err
        return None

    def _holds(self, name: str) -> bool:
        """Say whether a message is there: unread, or read by somebody, who has put flags behind its name."""
        if not self._mark:
            return False
        if (self._folder / "new" / name).exists():
            return True
        if self._read is None:
            self._read = names(self._folder, "cur")
        return name in self._read

    def _name(self, job: Job) -> str:
        if self._mark:
            return name_of(self._mark, job.seq)
        return f"{time.time():.0f}.T{secrets.token_hex(8)}.{NAME}"

    def _part(self, name: str) -> Path:
        """Name the file in `tmp`: each process has its own, as one that was stopped may wake up again."""
        return self._folder / "tmp" / f"{name}.{os.getpid()}"

    def _tidy(self) -> None:
        """Delete what a run that was killed has left half written."""
        for path in (self._folder / "tmp").iterdir() if self._mark else ():
            if path.name.startswith(f"{self._mark}R"):
                path.unlink(missing_ok=True)

    def _cannot(self, err: OSError) -> None:
        message = _("The outbox folder {path} cannot be written: {reason}.")
        self.fail(message.format(path=self._folder, reason=err.strerror or err))


def prepare(folder: Path) -> None:
    """Make a Maildir for its owner only; one that is there stays as it is."""
    for path in (folder, *(folder / name for name in ("tmp", "new", "cur"))):
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True)
            sync_folder(path.parent)


def envelope(letter: Letter) -> bytes:
    """Return the lines that keep the envelope (RFC 5321 §4.4)."""
    return b"Return-Path: <%b>\r\nDelivered-To: %b\r\n" % (letter.sender, letter.recipient)


def write_all(handle: int, data: bytes) -> None:
    """Write everything, however many times that takes."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_folder(path: Path) -> None:
    """Make the names in a folder last through a loss of power."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as err:
        if err.errno != errno.EINVAL:  # some network shares cannot
            raise
    finally:
        os.close(handle)
