"""The words of a segment's expression, each with its place, and the error that points at one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from newsletter.errors import NewsletterError
from newsletter.language import _

SHOWN = 60
"""Characters shown on each side of a fault."""
_TOKEN = re.compile(
    r"""(?P<sign>[=<>!]+)
    | (?P<mark>[(),])
    | (?P<quoted>"(?:[^"]|"")*" | '(?:[^']|'')*' | „[^“”"]*[“”"] | “[^”]*” | ‚[^‘’]*[‘’] | ‘[^’]*’)
    | (?P<word>[^\s=<>!(),"„“”'‚‘][^\s=<>!(),"„“”]*)""",
    re.VERBOSE,
)


class SegmentError(NewsletterError, ValueError):
    """The expression of a segment cannot be used."""

    def __init__(self, text: str, at: int, reason: str, cure: str = "") -> None:
        self.text = text
        self.at = at
        """Where, counted from 0."""
        self.reason = reason
        super().__init__(f"{reason}\n{_pointed_at(text, at)}", cure=cure)


@dataclass(frozen=True)
class Token:
    """A piece of an expression; the last one is `end`."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Cut an expression into its pieces.

    Raises:
        SegmentError: a quotation mark is not closed, or there is a control character.
    """
    found_so_far, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            raise SegmentError(text, at, _("This quotation mark is not closed, or not opened."))
        found_so_far.append(Token(str(found.lastgroup), found[0], at))
        at = found.end()
    for at, char in enumerate(text):
        if unicodedata.category(char) in {"Cc", "Cs"} and not char.isspace():
            raise SegmentError(text, at, _("There is a control character."), _("Write it anew, by hand."))
    return [*found_so_far, Token("end", "", len(text))]


def unquoted(text: str) -> str:
    """Return what stands between quotation marks."""
    mark, inside = text[0], text[1:-1]
    return inside.replace(mark * 2, mark) if mark in "\"'" else inside


def _pointed_at(text: str, at: int) -> str:
    """Return the piece of the text around a place, and below it a caret."""
    start = max(at - SHOWN, 0)
    piece = text[start : at + SHOWN]
    shown = "".join(char if char.isprintable() else " " for char in piece)
    return f"    {shown}\n    {' ' * (at - start)}^"
