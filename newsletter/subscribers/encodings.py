"""Find out how a text file is written, in one pass and in flat memory: UTF-8, Windows-1252 or UTF-16.

Nothing is guessed that would put wrong letters on the list: a file that is mostly UTF-8 and broken in one
line is refused with that line, not read as something else.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import IO

from newsletter.errors import NewsletterError
from newsletter.language import _

MAX_LINE = 1_000_000
"""Bytes of a line; a person needs some hundred."""
_BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_LIKE_UTF8 = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")
"""Letters of Europe in UTF-8; in Windows-1252 they would be `Ã` to `Å` before a sign or a capital."""


class Unreadable(NewsletterError, ValueError):
    """The file cannot be read as a table."""

    def __init__(self, message: str, cure: str, line: int = 0) -> None:
        self.line = line
        super().__init__(message, cure=cure)


@dataclass(frozen=True)
class Text:
    """What was found out about a text file."""

    encoding: str
    lines: int


def looked_through(file: IO[bytes]) -> Text:
    """Read a file to its end.

    Raises:
        Unreadable: it is empty, no text, has an endless line, or its encoding is damaged.
    """
    start = file.read(4)
    if not start.strip():
        raise Unreadable(_("The file is empty."), _("Export it again, with its headings."))
    file.seek(0)
    encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
    if encoding == "utf-16":
        return _wide(file)
    found = _Narrow()
    while block := file.read(_BLOCK):
        found.feed(block)
    found.feed(b"")
    return Text(found.encoding(encoding), found.lines + (found.since > 0))


class _Narrow:
    """The state of looking through a file whose letters begin in one byte."""

    def __init__(self) -> None:
        self.lines = 0
        self.since = 0
        """Bytes since the last line's end."""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._not_utf8 = self._not_cp1252 = 0
        """The line where it is not."""
        self._like_utf8 = False

    def feed(self, block: bytes) -> None:
        """Look at the next block; an empty one ends the file."""
        if (at := block.find(b"\0")) >= 0:
            message = _("There is a NUL byte in the file.")
            cure = _("This is no text file, or a damaged one; export it again as CSV.")
            raise Unreadable(message, cure, self._line(block, at))
        self._decode(block)
        if self._not_utf8:
            self._like_utf8 = self._like_utf8 or _LIKE_UTF8.search(block) is not None
        if not self._not_cp1252 and not block.isascii() and (found := _NOT_CP1252.search(block)):
            self._not_cp1252 = self._line(block, found.start())
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.since = len(block) - last - 1 if last >= 0 else self.since + len(block)
        if self.since > MAX_LINE:
            raise _endless(self._line(block, len(block)))
        self.lines += _line_ends(block)

    def encoding(self, expected: str) -> str:
        """Say which encoding it is."""
        if not self._not_utf8:
            return expected
        if expected == "utf-8" and not self._like_utf8 and not self._not_cp1252:
            return "cp1252"
        raise _damaged(self._not_utf8)

    def _decode(self, block: bytes) -> None:
        if self._not_utf8:
            return
        before = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as err:
            at = max(err.start - before, 0)
            self._not_utf8 = self._line(block, at)
            self._like_utf8 = self._like_utf8 or _LIKE_UTF8.search(block[:at]) is not None
        else:
            self._like_utf8 = self._like_utf8 or not text.isascii()

    def _line(self, block: bytes, at: int) -> int:
        return self.lines + _line_ends(block[:at]) + 1


def _wide(file: IO[bytes]) -> Text:
    """Look through UTF-16, decoded: a byte alone tells nothing there."""
    decoder = codecs.getincrementaldecoder("utf-16")()
    lines = since = 0
    while True:
        block = file.read(_BLOCK)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as err:
            raise _damaged(lines + 1) from err
        if (at := text.find("\0")) >= 0:
            raise _damaged(lines + (text.count("\n", 0, at) or text.count("\r", 0, at)) + 1)
        last = max(text.rfind("\n"), text.rfind("\r"))
        since = len(text) - last - 1 if last >= 0 else since + len(text)
        lines += text.count("\n") or text.count("\r")
        if since > MAX_LINE:
            raise _endless(lines + 1)
        if not block:
            return Text("utf-16", lines + (since > 0))


def _line_ends(block: bytes) -> int:
    return block.count(b"\n") or block.count(b"\r")


def _endless(line: int) -> Unreadable:
    return Unreadable(
        _("The line is longer than {count} bytes.").format(count=MAX_LINE),
        _("This is no table of subscribers; export it again as CSV."),
        line,
    )


def _damaged(line: int) -> Unreadable:
    return Unreadable(
        _("The encoding is damaged here, or the file mixes two encodings."),
        _("Put the letters in this line right and save the file as “CSV UTF-8”."),
        line,
    )
