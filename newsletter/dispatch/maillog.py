"""Read mail servers' logs: which messages did they take over, and what became of those?

Files may be as large as they like, compressed (gzip, bzip2, xz) and given in any order; they are read once, a
line at a time, the oldest first. Memory is needed only for the messages that are looked for.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

from newsletter.dispatch.maillog_formats import Evidence, Finder
from newsletter.errors import NewsletterError
from newsletter.language import _

STDIN = Path("-")
_LONGEST = 65_536
"""Bytes of a line that are looked at; no server writes a longer one."""
_FIRST_LINES = 20
_OPENERS: tuple[tuple[bytes, Callable[[Path], object]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\0", lzma.open),
)
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ISO_TIME = re.compile(rb"(?:<\d+>(?:1 )?)?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)")
_OLD_TIME = re.compile(rb"(?:<\d+>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ")


class MaillogError(NewsletterError, OSError):
    """A mail server's log cannot be read."""


@dataclass(frozen=True)
class Findings:
    """What the logs have told."""

    evidence: dict[str, Evidence]
    """By Message-ID; who is missing there was never seen."""
    lines: int
    messages: int
    """Messages of any kind that they tell of; none: these are no logs of Postfix or Exim."""
    broken: tuple[Path, ...]
    """Compressed files that end before their end."""


def search(paths: Collection[Path], message_ids: Collection[str]) -> Findings:
    """Look for messages in logs; `-` is the standard input.

    Raises:
        MaillogError: a file cannot be read.
    """
    finder, lines, broken = Finder(message_ids), 0, list[Path]()
    for path in sorted(paths, key=_begin):
        try:
            with _opened(path) as file:
                lines += finder.read(path, _lines(file))
        except _BROKEN:
            broken.append(path)
        except OSError as err:
            raise _unreadable(path, err) from err
    return Findings(finder.found, lines, finder.messages, tuple(broken))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a log, by what it begins with: whatever it is called, it may be compressed."""
    if path == STDIN:
        yield sys.stdin.buffer
        return
    with path.open("rb") as raw:
        first = raw.read(8)
    opener = next((opener for magic, opener in _OPENERS if first.startswith(magic)), None)
    if opener is None:
        with path.open("rb", buffering=1 << 20) as file:
            yield file
    else:
        with cast("IO[bytes]", opener(path)) as file:
            yield file


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Give lines; the rest of one that is too long comes as lines that look like nothing."""
    return iter(lambda: file.readline(_LONGEST), b"")


def _begin(path: Path) -> datetime:
    """Return when a log begins, so that what happened first is read first."""
    try:
        if path == STDIN:
            return datetime.max.replace(tzinfo=UTC)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with _opened(path) as file:
            return _first_time(_few(file), changed) or changed
    except _BROKEN:
        return datetime.min.replace(tzinfo=UTC)
    except OSError as err:
        raise _unreadable(path, err) from err


def _few(file: IO[bytes]) -> Iterator[bytes]:
    for _number, line in zip(range(_FIRST_LINES), _lines(file), strict=False):
        yield line


def _first_time(lines: Iterable[bytes], changed: datetime) -> datetime | None:
    for line in lines:
        try:
            if found := _ISO_TIME.match(line):
                return datetime.fromisoformat(found[1].decode()).replace(tzinfo=UTC)
            if found := _OLD_TIME.match(line):
                return _without_year(found, changed)
        except ValueError:  # the 31st of February: garbage that looks like a time
            continue
    return None


def _without_year(found: re.Match[bytes], changed: datetime) -> datetime:
    """Return a time of the year in which the file was last changed, or of the year before."""
    month = _MONTHS.index(found[1].decode()) + 1
    day, hour, minute, second = (int(found[group]) for group in range(2, 6))
    time = datetime(changed.year, month, day, hour, minute, second, tzinfo=UTC)
    return time if time <= changed + timedelta(days=1) else time.replace(year=changed.year - 1)


def _unreadable(path: Path, err: OSError) -> MaillogError:
    message = _("The log {path} cannot be read: {reason}.").format(path=path, reason=err.strerror or err)
    cure = _("Logs of mail servers often belong to root or a group such as adm: read them as one of these.")
    return MaillogError(message, cure=cure)
