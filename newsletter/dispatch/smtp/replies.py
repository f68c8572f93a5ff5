"""What a mail server answers (RFC 5321 §4.2), read from a stream of bytes within limits."""

from __future__ import annotations

import re
from typing import NamedTuple

from newsletter.language import _

MAX_LINE = 2048
"""Bytes in a line; RFC 5321 §4.5.3.1.5 says 512, but some servers explain themselves at length."""
MAX_LINES = 128
"""Lines in an answer; the longest EHLO of a big server has some twenty."""
MAX_TEXT = 300
"""Characters of the server's words that are kept."""
_KNOWN = 64
"""How many different answers a reader remembers: most are the same for every message."""
_CODES = {
    b"%d%d%d" % (a, b, c): a * 100 + b * 10 + c for a in range(2, 6) for b in range(6) for c in range(10)
}
"""The codes there are (RFC 5321 §4.2: %x32-35 %x30-35 %x30-39)."""
_ENHANCED = re.compile(rb"([245])\.[0-9]{1,3}\.[0-9]{1,3}(?= |\r|\n|$)")


class Reply(NamedTuple):
    """One answer; what it says is looked at only when it matters."""

    code: int
    raw: bytes
    """Without the codes; lines parted by line feeds, perhaps with carriage returns."""

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 2034), such as 5.1.1; empty when there is none that fits the code."""
        return self.words()[0]

    @property
    def text(self) -> str:
        """The words, printable and on one line, without the enhanced code."""
        return self.words()[1]

    def words(self) -> tuple[str, str]:
        """Return enhanced code and text."""
        raw = self.raw
        found = _ENHANCED.match(raw)
        enhanced = found[0].decode() if found and int(found[1]) == self.code // 100 else ""
        if b"\n" in raw:
            raw = b" ".join(_ENHANCED.sub(b"", line, count=1).strip() for line in raw.split(b"\n"))
        elif found:
            raw = raw[found.end() :]
        return enhanced, one_line(raw.strip().decode("utf-8", "replace"))

    @property
    def lines(self) -> list[str]:
        """The lines as they came, for EHLO and AUTH."""
        return [line.strip().decode("utf-8", "replace") for line in self.raw.split(b"\n")]


def one_line(text: str) -> str:
    """Return a text as it may stand in a report: printable, on one line, of bounded length."""
    if not text.isprintable():
        text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


class Reader:
    """Cuts a stream of bytes into answers.

    What makes no sense ends it: `fault` says why, and nothing is read from then on. Answers that came
    before are still given out, as one of them may say that a message was accepted.
    """

    __slots__ = ("_begun", "_code", "_known", "_rest", "fault")

    def __init__(self) -> None:
        self._rest = b""
        self._begun: list[bytes] = []
        self._code = 0
        self._known: dict[bytes, Reply] = {}
        self.fault = ""

    @property
    def idle(self) -> bool:
        """Whether nothing was begun: no part of a line, no answer of several lines."""
        return not self._rest and not self._begun

    def feed(self, data: bytes) -> list[Reply]:
        """Take what came over the wire and return the answers completed by it."""
        if self.fault:
            return []
        lines = (self._rest + data if self._rest else data).split(b"\n")
        self._rest = lines.pop()
        done: list[Reply] = []
        for line in lines:
            reply = None if self._begun else self._known.get(line)
            if reply is None:
                reply = self._read(line)
            if reply is not None:
                done.append(reply)
            if self.fault:
                break
        if len(self._rest) > MAX_LINE:
            self._refuse(self._rest)
        return done

    def _read(self, line: bytes) -> Reply | None:
        """Read a line; None when the answer goes on, or makes no sense."""
        code = _CODES.get(line[:3])
        if code is None or len(line) > MAX_LINE or (self._begun and code != self._code):
            self._refuse(line)
            return None
        mark = line[3:4]
        if mark == b"-" and len(self._begun) < MAX_LINES:
            self._code = code
            self._begun.append(line[4:])
            return None
        if mark not in {b" ", b"\r", b""}:
            self._refuse(line)
            return None
        reply = Reply(code, b"\n".join((*self._begun, line[4:])))
        if not self._begun and len(self._known) < _KNOWN:
            self._known[line] = reply
        self._begun = []
        return reply

    def _refuse(self, line: bytes) -> None:
        """Read no further."""
        shown = one_line(line[:60].decode("utf-8", "replace").strip())
        self.fault = _("The server's answer makes no sense: {text}").format(text=shown)
