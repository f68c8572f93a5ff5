"""Lines of plain text as mail likes them: 72 columns by display width, flowed (RFC 3676)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

WIDTH = 72
_NO_WIDTH = {"Mn", "Me", "Cf"}
_UNUSUAL = re.compile(
    "[\u00ad\u0300-\u1fff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u2300-\u27ff\u2b00-\u2bff]"
    "|[\u2e80-\U0010ffff]"
)
"""Where a character may be other than one column wide; German text has none of these."""
_SIGNATURE = "--"


@dataclass(frozen=True)
class Row:
    """One line; `soft` says that the paragraph goes on in the next one, `quotes` how deep it is quoted."""

    text: str
    soft: bool = False
    quotes: int = 0

    def __str__(self) -> str:
        """Write the line: quote marks together (§4.5), stuffed where it looks like one (§4.4), space last."""
        text = self.text if self.soft else self.text.rstrip(" ")
        stuffed = bool(self.quotes and text) or text.startswith((" ", ">", "From "))
        return ">" * self.quotes + " " * stuffed + text + " " * self.soft

    @property
    def shown(self) -> str:
        """The line as it stands inside a list, where quote marks are words like others."""
        return ("> " * self.quotes + self.text).rstrip(" ")


def columns(text: str) -> int:
    """Return how many columns a text takes: wide East Asian characters two, combining ones none."""
    return sum(map(_width, text)) if _UNUSUAL.search(text) else len(text)


@cache
def _width(char: str) -> int:
    if unicodedata.category(char) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fill(text: str, *, width: int = WIDTH, soft: bool = True) -> list[Row]:
    """Break a paragraph into rows; a word that is longer (a link) gets its own.

    Only at spaces, never at no-break spaces, and never behind a lone `--`, which with its space would be
    the line that begins a signature (§4.3).
    """
    rows: list[Row] = []
    words: list[str] = []
    used = 0
    for word in filter(None, text.split(" ")):
        wide = columns(word)
        if words and used + 1 + wide > width and words != [_SIGNATURE]:
            rows.append(Row(" ".join(words), soft))
            words, used = [], 0
        used += wide + bool(words)
        words.append(word)
    return [*rows, Row(" ".join(words))]


def hang(rows: Iterable[Row], mark: str) -> list[Row]:
    """Put a mark before the first row and its width in spaces before the others."""
    shown = [row.shown for row in rows] or [""]
    blank = " " * columns(mark)
    return [Row((blank if place else mark) + line) for place, line in enumerate(shown)]


def written(rows: Iterable[Row]) -> str:
    """Write rows as lines."""
    return "\n".join(map(str, rows))
