"""The journal of a run: what was handed over and what was answered, one line each, written at once.

    newsletter-journal⇥1⇥BOOT ID⇥RUN
    D⇥slice⇥seq⇥attempt                                       before the message goes to the kernel
    R⇥slice⇥seq⇥attempt⇥code⇥state⇥stage⇥enhanced⇥relay⇥blame⇥text      with the next D, or `flush`

Written by write(2) at the end of the file, without fsync: it survives the death of the process, but not of
the machine. So what is *missing* in it counts only within the same boot; what stands in it counts always.
Outcomes go out together with the next message that is noted (half as many writes), so that those that can be
lost never outnumber the connections. The run holds a lock (flock) on the file for as long as it lives.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

from newsletter.dispatch.model import Blame, Outcome, Stage, State
from newsletter.errors import NewsletterError
from newsletter.language import _

Key = tuple[int, int, int]
"""Slice, seq, attempt."""
_MAGIC = "newsletter-journal\t1"
_LARGE = 8 << 20
"""Bytes after which a journal is written anew with what is still needed of it."""
_KEY_FIELDS = 4
_FIELDS = 11


class JournalError(NewsletterError, OSError):
    """The journal of the sending cannot be written."""


class Journal:
    """The journal of a living run; one thread writes it."""

    def __init__(self, path: Path, file: int, header: bytes) -> None:
        self.path = path
        self._file = file
        self._header = header
        self._needed: dict[Key, bytes] = {}
        self._unwritten: list[bytes] = []
        self._size = len(header)
        self._most = _LARGE

    @classmethod
    def create(cls, path: Path, *, boot: str, run: int) -> Self:
        """Make a journal, mode 0600, and lock it.

        Raises:
            JournalError: the file cannot be written.
        """
        header = f"{_MAGIC}\t{boot}\t{run}\n".encode()
        try:
            return cls(path, _created(path, header), header)
        except OSError as err:
            raise _told(path, err) from err

    def started(self, part: int, seq: int, attempt: int) -> None:
        """Note that a message of a slice is about to be handed over.

        Raises:
            JournalError: it could not be noted, so it must not be handed over.
        """
        line = b"D\t%d\t%d\t%d\n" % (part, seq, attempt)
        self._write(b"".join((*self._unwritten, line)))
        self._unwritten.clear()
        self._needed[part, seq, attempt] = line

    def settled(self, part: int, seq: int, attempt: int, outcome: Outcome) -> None:
        """Take what became of it; it is written with the next message that is noted, or by `flush`."""
        text = outcome.text if outcome.text.isprintable() else _printable(outcome.text)
        words = (outcome.state, outcome.stage, outcome.enhanced, outcome.relay, outcome.blame, text)
        # Joined, as the words of an Enum take three times as long to format.
        line = b"R\t%d\t%d\t%d\t%d\t%b\n" % (part, seq, attempt, outcome.code, "\t".join(words).encode())
        self._needed[part, seq, attempt] = line
        self._unwritten.append(line)

    def flush(self) -> None:
        """Write the outcomes that wait.

        Raises:
            JournalError: they could not be noted; they still belong into the ledger.
        """
        if self._unwritten:
            self._write(b"".join(self._unwritten))
            self._unwritten.clear()

    def recorded(self, keys: Iterable[Key]) -> None:
        """Forget what the ledger has committed; a journal grown large is written anew without it."""
        for key in keys:
            self._needed.pop(key, None)
        if self._size > self._most:
            self._compact()

    def remove(self) -> None:
        """Delete the file and let go of the lock: nothing of it is needed."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the lock; the file stays for who comes next."""
        os.close(self._file)

    def _write(self, line: bytes) -> None:
        try:
            if os.write(self._file, line) != len(line):
                _cut(self._file, self._size)
        except OSError as err:
            raise _told(self.path, err) from err
        self._size += len(line)

    def _compact(self) -> None:
        """Put a new file in the old one's place, locked before it gets there."""
        new = self.path.with_name(f"{self.path.name}.new")
        content = b"".join((self._header, *self._needed.values()))
        self._most = max(_LARGE, 2 * len(content))
        try:
            file = _created(new, content)
        except OSError:
            self._most = 2 * self._size  # no room for both: the old one goes on
            with suppress(OSError):
                new.unlink()
            return
        new.replace(self.path)
        os.close(self._file)
        self._file, self._size = file, len(content)


@dataclass(frozen=True)
class Reading:
    """What a journal says about a run that is dead or stands still."""

    started: frozenset[Key]
    outcomes: dict[Key, Outcome]
    whole: bool
    """Whether what is missing in it never happened: of this boot, complete, readable."""

    @classmethod
    def of(cls, path: Path, *, boot: str, run: int) -> Self:
        """Read a journal; one that is missing or spoilt tells what it can, and is not whole."""
        try:
            header, *lines = path.read_bytes().decode(errors="replace").split("\n")
        except OSError:
            return cls(frozenset(), {}, whole=False)
        *lines, rest = lines or [""]
        started, outcomes, spoilt = set(), {}, False
        for line in lines:
            fields = line.split("\t")
            try:
                key = _key(fields)
                if fields[0] == "R":
                    outcomes[key] = _outcome(fields)
                started.add(key)
            except ValueError:
                spoilt = True
        whole = bool(boot) and header == f"{_MAGIC}\t{boot}\t{run}" and not rest and not spoilt
        return cls(frozenset(started), outcomes, whole=whole)

    def fate(self, key: Key) -> Outcome:
        """Say what became of an attempt that the ledger knows as under way."""
        if key in self.outcomes:
            return self.outcomes[key]
        if key in self.started or not self.whole:
            return Outcome(State.IN_DOUBT, Stage.DOT)
        return Outcome(State.PENDING, Stage.LOCAL)


def is_held(path: Path) -> bool | None:
    """Say whether a living process holds a journal; None: the file is gone.

    A shared lock is asked for, so that two who look at the same time don't take each other for the owner.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _created(path: Path, content: bytes) -> int:
    """Make and lock a file; one left by a run that never came to be is written over."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(file, 0)
        if os.write(file, content) != len(content):
            _cut(file, 0)
    except BaseException:
        os.close(file)
        raise
    return file


def _cut(file: int, size: int) -> NoReturn:
    """Take back a line of which only a part was written: it would spoil the next one."""
    os.ftruncate(file, size)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _key(fields: list[str]) -> Key:
    if fields[0] not in {"D", "R"} or len(fields) not in {_KEY_FIELDS, _FIELDS}:
        raise ValueError(fields[0])
    return int(fields[1]), int(fields[2]), int(fields[3])


def _outcome(fields: list[str]) -> Outcome:
    code, state, stage, enhanced, relay, blame, text = fields[_KEY_FIELDS:]
    return Outcome(State(state), Stage(stage), int(code), enhanced, text, relay, Blame(blame))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _told(path: Path, err: OSError) -> JournalError:
    return JournalError(
        _("{path} cannot be written: {reason}.").format(path=path, reason=err.strerror),
        cure=_("Make room on the disk, then give the same command again; it goes on where it stopped."),
    )
