"""Plain text as mail likes it: 72 columns, flowed (RFC 3676), numbered links at the end.

Made from the structure, not from HTML: tables, lists and quotes keep their sense, and the words, links
and images stand in the same order as in the mail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from markdown_it.token import Token

from newsletter.compose.links import is_own_label
from newsletter.compose.markdown import Prose
from newsletter.compose.typography import SHY
from newsletter.language import Phrases

WIDTH = 72
_UNUSUAL = re.compile("[\u00ad\u0300-\u1fff\u200b-\u200f\u20d0-\u20ff\u2300-\u27ff\u2b00-\u2bff\u2e80-\U0010ffff]")
"""Where a character may be other than one column wide; German text has none of these."""


def columns(text: str) -> int:
    """Return how many columns a text takes: wide East Asian characters two, combining ones none."""
    return sum(map(_width, text)) if _UNUSUAL.search(text) else len(text)


@cache
def _width(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200b\u200c\u200d\u00ad":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fill(text: str, *, first: str = "", rest: str = "", flowed: bool = True) -> list[str]:
    """Break a paragraph into lines of at most 72 columns; a longer word (a link) gets its own line.

    Only at spaces, never at no-break spaces. Flowed lines end in a space where they go on (RFC 3676
    §4.1) and are stuffed where they begin like a quote or a `From ` line (§4.4).
    """
    lines: list[str] = []
    words: list[str] = []
    prefix, used = first, columns(first)
    for word in filter(None, text.split(" ")):
        width = columns(word)
        if words and used + 1 + width > WIDTH:
            lines.append(prefix + " ".join(words) + (" " if flowed else ""))
            words, prefix, used = [], rest, columns(rest)
        used += width + bool(words)
        words.append(word)
    lines.append(prefix + " ".join(words))
    return [" " + line if _needs_stuffing(line, first) else line for line in lines]


def _needs_stuffing(line: str, prefix: str) -> bool:
    return line.startswith((" ", "From ")) or (line.startswith(">") and not prefix.startswith(">"))


@dataclass
class Sheet:
    """One plain-text part while it is written; the numbers of its links run through it."""

    phrases: Phrases
    links: dict[str, int] = field(default_factory=dict)

    def paragraph(self, text: object) -> str:
        """Set a paragraph; line breaks in it stay."""
        return "\n".join(line for part in str(text).split("\n") for line in fill(part))

    def heading(self, text: object, level: int = 2) -> str:
        """Set a heading, underlined by its rank."""
        lines = fill(str(text), flowed=False)
        return "\n".join([*lines, "=-"[level > 1] * min(max(map(columns, lines)), WIDTH)])

    def item(self, text: object, mark: str = "*") -> str:
        """Set an entry of a list."""
        first = f"{mark} "
        return "\n".join(fill(str(text), first=first, rest=" " * len(first), flowed=False))

    def ref(self, label: object, url: str) -> str:
        """Name a link in running text: `the portal [2]`; an address that is its own label stands alone."""
        if is_own_label(str(label), url):
            return str(label)
        return f"{label} [{self.links.setdefault(url, len(self.links) + 1)}]"

    def button(self, label: object, url: str) -> str:
        """Set a button: its label, and the address on a line of its own."""
        return "\n".join([*fill(f"{label}:", flowed=False), f"<{url}>"])

    def image(self, alt: object, url: str | None = None) -> str:
        """Stand in for an image that tells something."""
        return self.paragraph(self.image_words(alt, url)) if alt else ""

    def image_words(self, alt: object, url: str | None) -> str:
        """Return the words for an image, with its link."""
        words = f"[{self.phrases('Image')}: {alt}]"
        return self.ref(words, url) if url else words

    def line(self, tokens: Sequence[Token]) -> str:
        """Return one line of Markdown as text."""
        return _Inline(self).text(tokens[0].children or ()) if tokens else ""

    def prose(self, tokens: Sequence[Token]) -> str:
        """Set paragraphs, lists, quotes, tables and code from Markdown tokens."""
        return "\n".join(_Blocks(self).lines(tokens)).strip("\n")

    def table(self, head: Sequence[object], rows: Sequence[Sequence[Prose]]) -> str:
        """Set a table section: its head, and a row of Markdown cells for each entry."""
        return table(
            [[str(cell) for cell in head], *([self.line(cell.tokens) for cell in row] for row in rows)]
        )

    def references(self) -> str:
        """Set the list of the numbered links."""
        return "\n".join(f"[{number}] {url}" for url, number in self.links.items())


class _Inline:
    """Writes the inside of a paragraph."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def text(self, tokens: Sequence[Token]) -> str:
        parts: list[str] = []
        starts: list[tuple[int, str]] = []
        for token in tokens:
            if token.type == "link_open":
                starts.append((len(parts), str(token.attrs["href"])))
            elif token.type == "link_close":
                start, url = starts.pop()
                parts[start:] = [self._sheet.ref("".join(parts[start:]), url)]
            else:
                parts.append(_BREAKS.get(token.type, token.content))
        return "".join(parts).replace(SHY, "")


_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


@dataclass
class _Frame:
    """A list or quote that the current paragraph stands in."""

    mark: str
    number: int | None = None
    used: bool = False


class _Blocks:
    """Writes the blocks of a text."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._frames: list[_Frame] = []
        self._tight = False

    def lines(self, tokens: Sequence[Token]) -> Iterator[str]:
        stream = iter(tokens)
        for token in stream:
            if token.type == "table_open":
                yield from self._table(stream)
            elif token.type in {"fence", "code_block"}:
                yield from (" " + line for line in token.content.rstrip("\n").split("\n"))
                yield ""
            elif token.type == "hr":
                yield from ("-" * 24, "")
            elif token.type == "heading_open":
                yield from self._heading(next(stream))
            elif token.type == "inline":
                yield from self._paragraph(token)
            else:
                yield from self._frame(token)

    def _heading(self, token: Token) -> Iterator[str]:
        yield self._sheet.heading(_Inline(self._sheet).text(token.children or ()), 3)
        yield ""

    def _frame(self, token: Token) -> Iterator[str]:
        """Enter and leave lists and quotes; end a paragraph with an empty line where one belongs."""
        if token.type == "bullet_list_open":
            self._frames.append(_Frame("* "))
        elif token.type == "ordered_list_open":
            self._frames.append(_Frame("", int(token.attrs.get("start", 1)) - 1))
        elif token.type == "blockquote_open":
            self._frames.append(_Frame("> "))
        elif token.type == "list_item_open":
            self._enter_item()
        elif token.type == "paragraph_open":
            self._tight = token.hidden
        elif token.type in {"bullet_list_close", "ordered_list_close", "blockquote_close"}:
            self._frames.pop()
            if not self._frames:
                yield ""
        elif token.type == "paragraph_close" and not self._tight and not self._in_quote():
            yield ""

    def _enter_item(self) -> None:
        frame = self._frames[-1]
        frame.used = False
        if frame.number is not None:
            frame.number += 1
            frame.mark = f"{frame.number}. "

    def _in_quote(self) -> bool:
        return bool(self._frames) and self._frames[-1].mark == "> "

    def _paragraph(self, token: Token) -> Iterator[str]:
        first, rest = self._prefixes()
        flowed = not first.strip() or first.startswith(">")
        for part in _Inline(self._sheet).text(token.children or ()).split("\n"):
            yield from fill(part, first=first, rest=rest, flowed=flowed)
            first = rest

    def _prefixes(self) -> tuple[str, str]:
        """Return what stands before the first and the other lines here."""
        first = rest = ""
        for frame in self._frames:
            quote = frame.mark == "> "
            blank = frame.mark if quote else " " * len(frame.mark)
            first += frame.mark if quote or not frame.used else blank
            rest += blank
            frame.used = True
        return first, rest

    def _table(self, stream: Iterator[Token]) -> Iterator[str]:
        rows: list[list[str]] = []
        for token in stream:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(_Inline(self._sheet).text(token.children or ()))
        yield table(rows)
        yield ""


def table(rows: Sequence[Sequence[str]], *, head: bool = True) -> str:
    """Set a table: in columns where they fit, else a paragraph for each row, its cells in their order."""
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > WIDTH:
        return "\n".join(
            line for row in rows for line in fill(" · ".join(row), first="* ", rest="  ", flowed=False)
        )
    lines = [
        "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    if head:
        lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(" " + line if _needs_stuffing(line, "") else line for line in lines)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - columns(cell))
